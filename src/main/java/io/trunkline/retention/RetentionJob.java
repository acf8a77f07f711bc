package io.trunkline.retention;

import io.quarkus.runtime.ShutdownEvent;
import io.trunkline.error.ErrorCode;
import io.trunkline.error.Failures;
import io.trunkline.error.TrunklineException;
import io.trunkline.jdbc.DatabaseReady;
import io.trunkline.jdbc.WorkerPool;
import io.trunkline.topic.Topics;
import jakarta.annotation.Priority;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Observes;
import java.time.Duration;
import java.util.UUID;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.jboss.logging.Logger;

/**
 * Purges at intervals, on one replica at a time: whoever comes first when it is due takes the turn, a row that is theirs
 * until they are done, or have not been heard of for the time of the lease.
 */
@ApplicationScoped
class RetentionJob {
    private static final Logger LOG = Logger.getLogger(RetentionJob.class);
    private static final Duration LEASE = Duration.ofMinutes(2);
    private static final Duration RENEWAL = LEASE.dividedBy(8);
    private static final int LOOKS = 10;

    private final RetentionStore store;
    private final Topics topics;
    private final RetentionConfig config;
    private final RetentionMetrics metrics;
    private final ScheduledExecutorService timer = WorkerPool.timer("retention", 1);
    private final CountDownLatch stop = new CountDownLatch(1);
    /** Tells this replica's turns from those of others. */
    private final UUID holder = UUID.randomUUID();

    private long renewedAt;

    RetentionJob(RetentionStore store, Topics topics, RetentionConfig config, RetentionMetrics metrics) {
        this.store = store;
        this.topics = topics;
        this.config = config;
        this.metrics = metrics;
    }

    void start(@Observes @Priority(300) DatabaseReady event) {
        // The replicas look at different times: so often, that the interval is kept with any number of them.
        long pause = config.checkInterval().dividedBy(LOOKS).toMillis();
        timer.scheduleWithFixedDelay(this::look, pause, pause, TimeUnit.MILLISECONDS);
    }

    void stop(@Observes @Priority(5) ShutdownEvent event) {
        stop.countDown();
        // What it does takes short steps; a turn that is not given back in time ends with its lease.
        if (!WorkerPool.stop(timer)) {
            LOG.info("The purge was stopped in the middle; another replica goes on with it");
        }
    }

    /** Purges when it is due, and again at once when it took longer than the interval. */
    private void look() {
        try {
            boolean succeeded = true;
            while (succeeded && stop.getCount() > 0 && store.claim(holder, LEASE, config.checkInterval())) {
                succeeded = purge();
            }
            store.succeededAt().ifPresent(metrics::succeededAt);
        } catch (RuntimeException | Error e) {
            // Whatever it was, the next look tries again.
            ErrorCode code = Failures.code(e);
            if (code == null || code == ErrorCode.INTERNAL) {
                LOG.error("Expired records could not be removed; will try again", e);
            } else {
                LOG.warnf("Expired records could not be removed; will try again code=%s", code);
            }
        }
    }

    /** One purge, whose turn this replica has; answers whether it did all that was to do. */
    boolean purge() {
        long begin = System.nanoTime();
        renewedAt = begin;
        boolean succeeded = false;
        try {
            succeeded = new Purge(
                            store,
                            topics,
                            metrics,
                            config.maxDeleteRate().asLongValue(),
                            config.checkInterval(),
                            this::keepsTurn,
                            stop)
                    .run();
        } catch (RuntimeException e) {
            end(begin, false);
            throw e;
        }
        end(begin, succeeded);
        return succeeded;
    }

    private void end(long begin, boolean succeeded) {
        metrics.ended(Duration.ofNanos(System.nanoTime() - begin), succeeded);
        try {
            store.end(holder, succeeded);
        } catch (TrunklineException e) {
            // It ends with its lease.
            LOG.warnf("The turn to purge could not be given back code=%s", e.code());
        }
    }

    private boolean keepsTurn() {
        long now = System.nanoTime();
        if (now - renewedAt < RENEWAL.toNanos()) {
            return true;
        }
        renewedAt = now;
        return store.renew(holder, LEASE);
    }
}
