package io.trunkline.rest;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonProperty;
import io.quarkus.runtime.annotations.RegisterForReflection;
import io.trunkline.access.Resource;
import io.trunkline.access.StoredRule;
import org.eclipse.microprofile.openapi.annotations.media.Schema;
import org.jspecify.annotations.Nullable;

/** A rule. */
@RegisterForReflection
@JsonInclude(JsonInclude.Include.NON_NULL)
@Schema(name = "Rule", description = "Either a principal or a role, and either a topic or a group.")
record RuleView(
        long id,
        @Nullable String principal,
        @Nullable String role,

        @Schema(enumeration = {"read", "write", "manage", "use"})
        String right,

        @Schema(description = "A name, the beginning of names with * behind it, or * for all.") @Nullable
        String topic,

        @Schema(description = "A name, the beginning of names with * behind it, or * for all.") @Nullable
        String group,

        @Schema(
                enumeration = {"api", "file"},
                description = "Where it comes from. A rule of a file comes back with the next migration.")
        String source,

        @JsonProperty("created_by") String createdBy,
        @JsonProperty("created_at") String createdAt) {
    static RuleView of(StoredRule rule) {
        boolean topic = rule.resource() == Resource.TOPIC;
        String name = rule.name().toString();
        return new RuleView(
                rule.id(),
                rule.forRole() ? null : rule.subject(),
                rule.forRole() ? rule.subject() : null,
                rule.right().text(),
                topic ? name : null,
                topic ? null : name,
                rule.source(),
                rule.createdBy(),
                rule.createdAt().toString());
    }
}
