package io.trunkline.log;

import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;

/**
 * The idempotency keys that a replica is writing. A key that is in two transactions at once makes one of them wait for the other
 * and fail, with all that it writes. Guarded by itself.
 */
final class KeysInFlight {
    /** In how many transactions each is. */
    private final Map<UUID, Integer> transactions = new HashMap<>();

    /** Whether one of these is being written. */
    synchronized boolean hasAny(List<UUID> keys) {
        return !Collections.disjoint(transactions.keySet(), keys);
    }

    synchronized void begin(List<UUID> keys) {
        keys.forEach(key -> transactions.merge(key, 1, Integer::sum));
    }

    synchronized void end(List<UUID> keys) {
        keys.forEach(key -> transactions.computeIfPresent(key, (id, count) -> count == 1 ? null : count - 1));
    }
}
