package io.trunkline.rest;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonProperty;
import io.quarkus.runtime.annotations.RegisterForReflection;
import io.trunkline.access.Token;
import io.trunkline.access.Tokens;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.eclipse.microprofile.openapi.annotations.media.Schema;
import org.jspecify.annotations.Nullable;

/** An API token. */
@RegisterForReflection
@Schema(name = "Token")
record TokenView(
        String id,

        @JsonInclude(JsonInclude.Include.NON_NULL)
        @Schema(description = "The token itself, to be kept secret; only in the response to its creation.")
        @Nullable
        String token,

        String principal,

        @Schema(description = "Those that the token brings, beside those of its principal.")
        List<String> roles,

        String description,
        @JsonProperty("created_by") String createdBy,
        @JsonProperty("created_at") String createdAt,

        @JsonProperty("expires_at") @Schema(nullable = true, description = "Null for one that does not.") @Nullable
        String expiresAt,

        @JsonProperty("revoked_at") @Schema(nullable = true, description = "Null for one that was not.") @Nullable
        String revokedAt,

        @JsonProperty("last_used_at")
        @Schema(nullable = true, description = "Noted about once a minute; null before the first time.")
        @Nullable
        String lastUsedAt) {
    static TokenView of(Token token) {
        return of(token, null);
    }

    static TokenView of(Tokens.Created created) {
        return of(created.token(), created.secret().reveal());
    }

    private static TokenView of(Token token, @Nullable String secret) {
        return new TokenView(
                token.id(),
                secret,
                token.principal(),
                token.roles(),
                token.description(),
                token.createdBy(),
                token.createdAt().toString(),
                text(token.expiresAt()),
                text(token.revokedAt()),
                text(token.lastUsedAt()));
    }

    private static @Nullable String text(Optional<Instant> instant) {
        return instant.map(Instant::toString).orElse(null);
    }
}
