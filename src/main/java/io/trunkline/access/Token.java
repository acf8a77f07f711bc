package io.trunkline.access;

import java.time.Instant;
import java.util.List;
import java.util.Optional;

/**
 * A token as administrators see it: without its secret, which is stored nowhere.
 *
 * @param roles those that it brings, beside those of its principal
 * @param lastUsedAt noted about once a minute
 */
public record Token(
        String id,
        String principal,
        List<String> roles,
        String description,
        String createdBy,
        Instant createdAt,
        Optional<Instant> expiresAt,
        Optional<Instant> revokedAt,
        Optional<Instant> lastUsedAt) {
    public Token {
        roles = List.copyOf(roles);
    }
}
