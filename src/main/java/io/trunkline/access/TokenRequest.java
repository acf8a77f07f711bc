package io.trunkline.access;

import java.time.Instant;
import java.util.Collections;
import java.util.Optional;
import java.util.SortedSet;
import java.util.TreeSet;

/**
 * A token that is to be created.
 *
 * @param principal a legal name
 * @param roles legal names, at most 100
 * @param description at most 1,000 characters
 */
public record TokenRequest(String principal, SortedSet<String> roles, String description, Optional<Instant> expiresAt) {
    public TokenRequest {
        if (!Principal.isLegalName(principal) || !roles.stream().allMatch(Principal::isLegalRole)) {
            throw new IllegalArgumentException("illegal name of a principal or role");
        }
        roles = Collections.unmodifiableSortedSet(new TreeSet<>(roles));
    }
}
