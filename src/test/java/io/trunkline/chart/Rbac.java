package io.trunkline.chart;

import io.fabric8.kubernetes.api.model.ObjectMeta;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The fields of roles and their bindings that the chart may set. */
final class Rbac {
    private Rbac() {}

    record Role(String apiVersion, String kind, ObjectMeta metadata, List<Rule> rules) {}

    record Rule(
            List<String> apiGroups,
            List<String> resources,
            @Nullable List<String> resourceNames,
            List<String> verbs) {}

    record RoleBinding(String apiVersion, String kind, ObjectMeta metadata, RoleRef roleRef, List<Subject> subjects) {}

    record RoleRef(String apiGroup, String kind, String name) {}

    record Subject(String kind, String name, @Nullable String namespace) {}
}
