package io.trunkline.access;

import java.time.Instant;

/**
 * A rule as it is stored.
 *
 * @param forRole whether the subject is a role, and not a principal
 * @param source {@code api}, or {@code file} for one that goes with its line in a file
 */
public record StoredRule(
        long id,
        boolean forRole,
        String subject,
        Right right,
        Resource resource,
        NamePattern name,
        String source,
        String createdBy,
        Instant createdAt) {}
