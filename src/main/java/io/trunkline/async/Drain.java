package io.trunkline.async;

import io.quarkus.runtime.ShutdownDelayInitiatedEvent;
import io.quarkus.runtime.ShutdownEvent;
import jakarta.annotation.Priority;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Observes;
import java.time.Duration;
import org.jboss.logging.Logger;
import org.jspecify.annotations.Nullable;

/**
 * Ends waits when the service is being stopped, so that those who wait have their answer and go elsewhere: waits under way
 * at once, and those that begin while the service still serves when that time is over.
 */
@ApplicationScoped
public class Drain {
    private static final Logger LOG = Logger.getLogger(Drain.class);

    /** Both by {@link System#nanoTime}. */
    private record Begun(long at, long end) {}

    private final Duration delay;
    private volatile @Nullable Begun begun;

    Drain(ShutdownConfig config) {
        delay = config.delay();
    }

    /** Before those who wait are woken, so that they see it. */
    void begin(@Observes @Priority(1) ShutdownDelayInitiatedEvent event) {
        long now = System.nanoTime();
        begun = new Begun(now, now + delay.toNanos());
        LOG.infof("Stopping: not ready any more, and serving for delay=%s before requests under way are ended", delay);
    }

    /** After all else: later nobody writes to the service log any more. */
    void ended(@Observes @Priority(Integer.MAX_VALUE) ShutdownEvent event) {
        LOG.info("Trunkline has ended.");
    }

    /** How much is left of a wait that began at a {@link System#nanoTime}; zero when it is over. */
    public Duration left(long start, Duration wait) {
        long now = System.nanoTime();
        long left = wait.toNanos() - (now - start);
        Begun drain = begun;
        if (drain != null) {
            left = start - drain.at() < 0 ? 0 : Math.min(left, drain.end() - now);
        }
        return Duration.ofNanos(Math.max(0, left));
    }
}
