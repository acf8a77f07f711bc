package io.trunkline.access;

import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.BiConsumer;
import java.util.function.BiPredicate;
import java.util.function.LongFunction;

/**
 * One value for each key that clients choose, and at most some number of them: idle ones make room, and keys for which there is
 * none share one value.
 */
final class BoundedTable<V> {
    private static final long SWEEP_INTERVAL = TimeUnit.SECONDS.toNanos(1);

    private final Map<String, V> values = new ConcurrentHashMap<>();
    private final int most;
    private final LongFunction<V> creation;
    private final BiPredicate<V, Long> idle;
    private final V shared;
    private final AtomicLong sweepAt;

    /** @param idle whether a value, at a time in nanoseconds, is as good as a new one */
    BoundedTable(int most, LongFunction<V> creation, BiPredicate<V, Long> idle, long now) {
        this.most = most;
        this.creation = creation;
        this.idle = idle;
        shared = creation.apply(now);
        sweepAt = new AtomicLong(now);
    }

    V of(String key, long now) {
        V known = values.get(key);
        if (known != null) {
            return known;
        }
        if (values.size() >= most) {
            sweep(now);
            if (values.size() >= most) {
                return shared;
            }
        }
        return values.computeIfAbsent(key, absent -> creation.apply(now));
    }

    int size() {
        return values.size();
    }

    private void sweep(long now) {
        long at = sweepAt.get();
        if (now - at >= 0 && sweepAt.compareAndSet(at, now + SWEEP_INTERVAL)) {
            values.values().removeIf(value -> idle.test(value, now));
        }
    }

    /** Each value with its key, the shared one with an empty one. */
    void forEach(BiConsumer<String, V> action) {
        values.forEach(action);
        action.accept("", shared);
    }
}
