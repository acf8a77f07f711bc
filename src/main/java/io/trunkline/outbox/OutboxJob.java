package io.trunkline.outbox;

import io.quarkus.runtime.ShutdownEvent;
import io.trunkline.async.WorkerPool;
import io.trunkline.error.Failures;
import io.trunkline.jdbc.ConnectionUser;
import io.trunkline.jdbc.Quiet;
import io.trunkline.schema.DatabaseReady;
import jakarta.annotation.Priority;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Observes;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.jboss.logging.Logger;

/**
 * Moves records from the outbox to the log, on whichever replica comes first. While there are some it goes on at once; when there are
 * none it looks less and less often, and in the end by the look that all jobs share, so that a database whose outbox nobody uses is
 * left alone.
 */
@ApplicationScoped
class OutboxJob implements ConnectionUser {
    private static final Logger LOG = Logger.getLogger(OutboxJob.class);
    private static final int ROWS = 1_000;
    /** Rows of partitions that are held fill a turn: more are looked at, so that others get past them. */
    private static final int MOST_ROWS = 10_000;

    private static final long BYTES = 8L << 20;
    private static final long MOST_BYTES = 64L << 20;
    /** How many times as long as a turn that found all rows held nothing is looked at. */
    private static final int REST = 9;

    private static final Duration IDLE = Duration.ofSeconds(15);
    /** Looks at an empty outbox before the pause doubles. */
    private static final int PATIENT_LOOKS = 600;

    private final OutboxStore store;
    private final OutboxConfig config;
    private final OutboxMetrics metrics;
    private final Quiet quiet;
    private final ScheduledExecutorService timer = WorkerPool.timer("outbox", 1);
    private final OutboxPace pace;
    private volatile boolean stopping;

    OutboxJob(OutboxStore store, OutboxConfig config, OutboxMetrics metrics, Quiet quiet) {
        this.store = store;
        this.config = config;
        this.metrics = metrics;
        this.quiet = quiet;
        pace = new OutboxPace(config.pollInterval(), IDLE, PATIENT_LOOKS);
    }

    void start(@Observes @Priority(300) DatabaseReady event) {
        if (config.enabled()) {
            later(config.pollInterval());
        }
    }

    void stop(@Observes @Priority(5) ShutdownEvent event) {
        stopping = true;
        WorkerPool.stop(timer);
    }

    private void later(Duration pause) {
        try {
            timer.schedule(this::look, pause.toMillis(), TimeUnit.MILLISECONDS);
        } catch (RejectedExecutionException e) {
            LOG.debug("The outbox is not looked at: the service is being stopped");
        }
    }

    private void look() {
        Duration pause = IDLE;
        try {
            pause = moveAll();
        } catch (RuntimeException e) {
            metrics.failed();
            LOG.warnf("Records could not be moved from the outbox; will try again code=%s", Failures.code(e));
            pause = pace.next(false);
        } finally {
            later(pause);
        }
    }

    /** Moves what can be moved now; answers when to look again. */
    private Duration moveAll() {
        if (pace.isLongest() && quiet.isOutboxEmpty()) {
            metrics.nothingHeld();
            return pace.next(false);
        }
        boolean found = false;
        int rows = ROWS;
        long bytes = BYTES;
        while (!stopping) {
            long begin = System.nanoTime();
            Optional<OutboxStore.Turn> result = store.move(rows, bytes);
            if (result.isEmpty() || result.get().rows() == 0) {
                metrics.nothingHeld();
                break;
            }
            found = true;
            OutboxStore.Turn turn = result.get();
            metrics.turn(turn);
            if (turn.refused() > 0) {
                LOG.warnf(
                        "Rows of the outbox cannot become records; the table outbox_refused has them and the reasons count=%d",
                        turn.refused());
            }
            boolean onlyHeld = turn.moved() + turn.refused() == 0;
            if (onlyHeld && rows == MOST_ROWS) {
                pace.next(true);
                // Looking at rows that stay costs PostgreSQL a small part of the time.
                return within(config.pollInterval(), Duration.ofNanos((System.nanoTime() - begin) * REST), IDLE);
            }
            if (onlyHeld || turn.held() > rows / 2) {
                rows = MOST_ROWS;
                bytes = MOST_BYTES;
            }
        }
        return pace.next(found);
    }

    private static Duration within(Duration least, Duration wanted, Duration most) {
        return wanted.compareTo(least) < 0 ? least : wanted.compareTo(most) > 0 ? most : wanted;
    }
}
