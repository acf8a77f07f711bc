package io.trunkline.chart;

import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The fields of a {@code kustomization.yaml} that are used here. */
record Kustomization(
        String apiVersion,
        String kind,
        @Nullable List<String> resources,
        @Nullable List<Generator> configMapGenerator,
        @Nullable List<Generator> secretGenerator,
        @Nullable List<Patch> patches,
        @Nullable List<Image> images,
        @Nullable List<Replicas> replicas) {
    record Generator(
            String name,
            @Nullable String type,
            @Nullable String behavior,
            List<String> literals,
            @Nullable Options options) {}

    record Options(Map<String, String> labels) {}

    record Patch(String path) {}

    record Image(String name, String newName, String newTag) {}

    record Replicas(String name, int count) {}
}
