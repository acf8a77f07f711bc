package io.trunkline.rest;

import com.fasterxml.jackson.annotation.JsonProperty;
import java.util.List;
import org.eclipse.microprofile.openapi.annotations.media.Schema;

/** The bodies of the operations on tokens and rules, as the OpenAPI document describes them. */
final class AccessSchemas {
    private static final String NAME = "A name, the beginning of names with * behind it, or * for all.";

    private AccessSchemas() {}

    @Schema(name = "NewToken")
    record NewToken(
            @Schema(required = true, maxLength = 255, description = "Whom the token stands for.")
            String principal,

            @Schema(
                    maxItems = 100,
                    description =
                            "Roles that whoever shows the token has, beside those of its principal: admin, writer,"
                                    + " reader, or those that rules name.")
            List<String> roles,

            @Schema(maxLength = 1000) String description,

            @JsonProperty("expires_at")
            @Schema(
                    format = "date-time",
                    description = "Not together with expires_in; without both it does not expire.")
            String expiresAt,

            @JsonProperty("expires_in") @Schema(format = "duration", examples = "P90D")
            String expiresIn) {}

    @Schema(name = "NewSession")
    record NewSession(
            @Schema(
                    required = true,
                    maxLength = 3_800,
                    description = "An API token, or a token of the OpenID provider.")
            String token) {}

    @Schema(name = "NewRule", description = "Either a principal or a role, and either a topic or a group.")
    record NewRule(
            @Schema(maxLength = 255) String principal,
            @Schema(maxLength = 100) String role,

            @Schema(
                    required = true,
                    enumeration = {"read", "write", "manage", "use"},
                    description = "read, write or manage on topics; use or manage on groups.")
            String right,

            @Schema(description = NAME) String topic,
            @Schema(description = NAME) String group) {}
}
