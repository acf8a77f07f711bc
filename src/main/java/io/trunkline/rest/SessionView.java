package io.trunkline.rest;

import com.fasterxml.jackson.annotation.JsonProperty;
import io.quarkus.runtime.annotations.RegisterForReflection;
import java.util.List;
import java.util.Map;
import org.eclipse.microprofile.openapi.annotations.media.Schema;
import org.jspecify.annotations.Nullable;

/** Who makes a request, and what it may do, as it is told to whoever asks. */
@RegisterForReflection
@Schema(name = "Session")
record SessionView(
        @Schema(
                enumeration = {"none", "required"},
                description = "Whether clients must prove who they are.")
        String access,

        @Schema(nullable = true, description = "Who makes the request; null for somebody who has not proven it.")
        @Nullable
        String principal,

        @Schema(description = "Those of the proof, and those that the service gives to the principal; in order.")
        List<String> roles,

        @Schema(description = "Whether it may do everything, and administer tokens and rules.")
        boolean administrator,

        @Schema(
                nullable = true,
                enumeration = {"token", "oidc", "certificate"},
                description = "What has proven who it is.")
        @Nullable
        String by,

        @Schema(description = "Whether the proof is the cookie of a session.")
        boolean cookie,

        @JsonProperty("expires_at")
        @Schema(
                format = "date-time",
                nullable = true,
                description = "Until when the proof counts; null where it has no end.")
        @Nullable
        String expiresAt,

        @JsonProperty("oidc_login")
        @Schema(description = "Whether people can log in at an OpenID provider, by /session/login.")
        boolean oidcLogin,

        @JsonProperty("read_only") @Schema(description = "Whether the console only shows things.")
        boolean readOnly,

        @Schema(description = "What it may do with the topics and groups that the request names.")
        RightsView rights) {

    /** Rights by name. */
    @RegisterForReflection
    @Schema(name = "SessionRights")
    record RightsView(
            @Schema(description = "read, write and manage, by the name of the topic.")
            Map<String, List<String>> topics,

            @Schema(description = "use and manage, by the name of the group.")
            Map<String, List<String>> groups) {}
}
