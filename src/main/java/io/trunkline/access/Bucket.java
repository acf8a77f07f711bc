package io.trunkline.access;

import java.util.concurrent.atomic.AtomicLong;

/**
 * A bucket of tokens that fills at a steady rate up to its capacity. All of its state is the moment at which it will be full, in
 * nanoseconds (the generic cell rate algorithm, ITU-T I.371), so that it needs neither a lock nor a timer.
 */
final class Bucket {
    private static final double NANOS = 1e9;
    /** The longest debt: a century would overflow with the next one. */
    private static final long MOST = Long.MAX_VALUE / 8;

    private final double nanosPerToken;
    private final long capacity;
    private final AtomicLong fullAt;

    /**
     * A full one.
     *
     * @param perSecond tokens that come in a second
     * @param most tokens that it holds
     */
    Bucket(double perSecond, double most, long now) {
        nanosPerToken = NANOS / perSecond;
        capacity = nanos(most);
        fullAt = new AtomicLong(now);
    }

    /**
     * Takes tokens, of which those beyond the capacity become a debt.
     *
     * @return 0, or in how many nanoseconds it will have them; then nothing is taken
     */
    long take(long tokens, long now) {
        long cost = nanos(tokens);
        while (true) {
            long at = fullAt.get();
            long missing = Math.max(0, at - now);
            long wait = missing + Math.min(cost, capacity) - capacity;
            if (wait > 0) {
                return wait;
            }
            if (fullAt.compareAndSet(at, now + missing + cost)) {
                return 0;
            }
        }
    }

    /** Takes tokens that are used already, into debt where it does not have them. */
    void charge(long tokens, long now) {
        long cost = nanos(tokens);
        fullAt.updateAndGet(at -> now + Math.min(MOST, Math.max(0, at - now) + cost));
    }

    /** In how many nanoseconds it will have at least one token; 0 where it has. */
    long untilOne(long now) {
        return Math.max(0, fullAt.get() - now + Math.min(nanos(1), capacity) - capacity);
    }

    boolean isFull(long now) {
        return fullAt.get() - now <= 0;
    }

    private long nanos(double tokens) {
        return (long) Math.min(MOST, Math.ceil(tokens * nanosPerToken));
    }
}
