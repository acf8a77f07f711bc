package io.trunkline.overview;

import java.time.Instant;
import java.util.List;
import java.util.Optional;

/**
 * A part of a list.
 *
 * @param total of the whole list
 * @param lookedAt when it was looked up; empty before the first look
 */
public record Page<T>(int total, Optional<Instant> lookedAt, List<T> items) {
    public Page {
        items = List.copyOf(items);
    }
}
