package io.trunkline.rest;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** How late something is asked for again. */
class BackoffTest {
    private final Backoff backoff = new Backoff();

    @Test
    void waitsTwiceAsLongEachTimeUpToABound() {
        for (long most : List.of(500L, 1_000L, 2_000L, 4_000L, 5_000L, 5_000L, 5_000L)) {
            assertThat(backoff.nextMillis()).isBetween(most / 2, most);
        }

        backoff.reset();
        assertThat(backoff.nextMillis()).isBetween(250L, 500L);
    }

    @Test
    void thoseWhoAreRefusedAtOnceDoNotAllComeBackAtOnce() {
        Set<Long> waits = new HashSet<>();
        for (int i = 0; i < 100; i++) {
            waits.add(new Backoff().nextMillis());
        }

        assertThat(waits).hasSizeGreaterThan(20);
    }
}
