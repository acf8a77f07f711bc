package com.example.shop.stream;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.Random;
import org.junit.jupiter.api.Test;

class BackoffTest {
    private static final Duration FIRST = Duration.ofMillis(100);
    private static final Duration MOST = Duration.ofSeconds(1);

    private final Backoff backoff = new Backoff(FIRST, MOST, new Random(1));

    @Test
    void pausesGrowToTheLimitAndStayThere() {
        for (long limit : new long[] {100, 200, 400, 800, 1000, 1000}) {
            assertThat(backoff.next().toMillis()).isBetween(limit / 2, limit);
        }
        for (int i = 0; i < 100; i++) {
            assertThat(backoff.next().toMillis()).isBetween(500L, 1000L);
        }
    }

    @Test
    void aSuccessBeginsAnew() {
        backoff.next();
        backoff.next();

        backoff.reset();

        assertThat(backoff.next()).isLessThanOrEqualTo(FIRST);
    }
}
