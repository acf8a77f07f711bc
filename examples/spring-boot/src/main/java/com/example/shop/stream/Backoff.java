package com.example.shop.stream;

import java.time.Duration;
import java.util.random.RandomGenerator;

/**
 * How long to wait before the next attempt: twice as long after each failure, up to a limit. A random part keeps clients that
 * were disconnected together from coming back together.
 */
final class Backoff {
    private final Duration first;
    private final Duration most;
    private final RandomGenerator random;
    private int failures;

    Backoff(Duration first, Duration most, RandomGenerator random) {
        this.first = first;
        this.most = most;
        this.random = random;
    }

    /** The time to wait after one more failure: between half of the limit for it and all of it. */
    Duration next() {
        long limit = Math.min(most.toMillis(), first.toMillis() << Math.min(failures, 20));
        failures++;
        return Duration.ofMillis(random.nextLong(limit / 2, limit + 1));
    }

    /** Notes a success. */
    void reset() {
        failures = 0;
    }
}
