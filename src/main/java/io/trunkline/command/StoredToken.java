package io.trunkline.command;

import java.time.OffsetDateTime;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A token as the database has it: without its secret, which nobody has but its holder. */
record StoredToken(
        String id,
        String principal,
        List<String> roles,
        String description,
        String createdBy,
        OffsetDateTime createdAt,
        @Nullable OffsetDateTime expiresAt,
        @Nullable OffsetDateTime revokedAt,
        @Nullable OffsetDateTime lastUsedAt,
        State state) {
    StoredToken {
        roles = List.copyOf(roles);
    }

    /** Whether it lets its holder in. */
    enum State {
        VALID,
        EXPIRED,
        REVOKED
    }
}
