package io.trunkline.async;

import static org.assertj.core.api.Assertions.assertThat;

import io.quarkus.runtime.ShutdownDelayInitiatedEvent;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.Test;

/** How much is left of a wait, while the service runs and while it is being stopped. */
class DrainTest {
    private static final Duration DELAY = Duration.ofSeconds(5);
    private static final Duration MINUTE = Duration.ofMinutes(1);

    private final Drain drain = new Drain(new ShutdownConfig() {
        @Override
        public Duration delay() {
            return DELAY;
        }

        @Override
        public Duration timeout() {
            return MINUTE;
        }

        @Override
        public Path terminationLog() {
            return Path.of("/dev/termination-log");
        }
    });

    @Test
    void waitEndsWhenItsTimeIsOver() {
        long now = System.nanoTime();

        assertThat(drain.left(now, MINUTE)).isBetween(MINUTE.minusSeconds(1), MINUTE);
        assertThat(drain.left(now - MINUTE.toNanos() - 1, MINUTE)).isZero();
    }

    @Test
    void waitThatBeganBeforeTheStopEndsAtOnce() {
        long before = System.nanoTime() - 1;

        drain.begin(new ShutdownDelayInitiatedEvent());

        assertThat(drain.left(before, MINUTE)).isZero();
    }

    @Test
    void waitThatBeginsDuringTheStopDoesNotGoBeyondIt() {
        drain.begin(new ShutdownDelayInitiatedEvent());

        assertThat(drain.left(System.nanoTime(), MINUTE)).isBetween(DELAY.minusSeconds(1), DELAY);
        assertThat(drain.left(System.nanoTime(), Duration.ofSeconds(1))).isLessThanOrEqualTo(Duration.ofSeconds(1));
    }
}
