package io.trunkline.retention;

import io.quarkus.runtime.ShutdownEvent;
import io.trunkline.async.WorkerPool;
import io.trunkline.error.ErrorCode;
import io.trunkline.error.Failures;
import io.trunkline.error.TrunklineException;
import io.trunkline.jdbc.ConnectionUser;
import io.trunkline.jdbc.Quiet;
import io.trunkline.log.IdempotencyConfig;
import io.trunkline.schema.DatabaseReady;
import io.trunkline.topic.Topics;
import jakarta.annotation.Priority;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Observes;
import java.time.Duration;
import java.util.UUID;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.jboss.logging.Logger;

/**
 * Purges at intervals, on one replica at a time: whoever comes first when it is due takes the turn, a row that is theirs
 * until they are done, or have not been heard of for the time of the lease.
 */
@ApplicationScoped
class RetentionJob implements ConnectionUser {
    private static final Logger LOG = Logger.getLogger(RetentionJob.class);
    private static final Duration LEASE = Duration.ofMinutes(2);
    private static final Duration RENEWAL = LEASE.dividedBy(8);
    private static final int LOOKS = 10;
    /** While nothing is written, nothing but age makes records expire, and the interval is so many times as long. */
    private static final int SELDOM = 6;
    /** A purge deletes single batches for no longer, so that its turn does not end before it does. */
    private static final Duration MOST_TIME = Duration.ofMinutes(30);
    /** A replica that has not purged for so many intervals, and so long, does not wait for its turn any more. */
    private static final int MOST_MISSED = 12;

    private static final Duration LEAST_MISSED = Duration.ofHours(1);

    private final RetentionStore store;
    private final Topics topics;
    private final RetentionConfig config;
    private final IdempotencyConfig idempotency;
    private final RetentionMetrics metrics;
    private final Quiet quiet;
    private final ScheduledExecutorService timer = WorkerPool.timer("retention", 1);
    private final CountDownLatch stop = new CountDownLatch(1);
    /** Tells this replica's turns from those of others. */
    private final UUID holder = UUID.randomUUID();

    private long renewedAt;
    /** When this replica purged last, or started. */
    private long purgedAt = System.nanoTime();

    RetentionJob(
            RetentionStore store,
            Topics topics,
            RetentionConfig config,
            IdempotencyConfig idempotency,
            RetentionMetrics metrics,
            Quiet quiet) {
        this.store = store;
        this.topics = topics;
        this.config = config;
        this.idempotency = idempotency;
        this.metrics = metrics;
        this.quiet = quiet;
    }

    void start(@Observes @Priority(300) DatabaseReady event) {
        // The replicas look at different times: so often, that the interval is kept with any number of them.
        long pause = config.checkInterval().dividedBy(LOOKS).toMillis();
        timer.scheduleWithFixedDelay(
                // A look purges only when the last purge is an interval ago.
                quiet.paced(config.checkInterval().multipliedBy(SELDOM), config.checkInterval(), this::look),
                pause,
                pause,
                TimeUnit.MILLISECONDS);
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
            purgeWhenMissed(System.nanoTime());
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

    /**
     * Purges without a turn when the last purge was long ago: whoever holds the turn may never give it back. Two purges at once
     * do some work twice and no harm. Answers whether it purged.
     *
     * @param now by {@link System#nanoTime}
     */
    boolean purgeWhenMissed(long now) {
        Duration most = config.checkInterval().multipliedBy(MOST_MISSED);
        if (now - purgedAt < (most.compareTo(LEAST_MISSED) < 0 ? LEAST_MISSED : most).toNanos()) {
            return false;
        }
        LOG.debug("Purging without a turn");
        purgedAt = System.nanoTime();
        boolean succeeded = false;
        try {
            succeeded = newPurge(() -> true).run();
        } finally {
            metrics.ended(Duration.ofNanos(System.nanoTime() - purgedAt), succeeded);
        }
        return true;
    }

    /** One purge, whose turn this replica has; answers whether it did all that was to do. */
    boolean purge() {
        long begin = System.nanoTime();
        renewedAt = begin;
        purgedAt = begin;
        Purge purge = newPurge(this::keepsTurn);
        boolean succeeded = false;
        try {
            succeeded = purge.run();
        } catch (RuntimeException e) {
            end(begin, false, false);
            throw e;
        }
        end(begin, succeeded, succeeded && !purge.outOfTime());
        return succeeded;
    }

    private Purge newPurge(BooleanSupplier mayGoOn) {
        Duration time = config.checkInterval();
        return new Purge(
                store,
                topics,
                metrics,
                config.maxDeleteRate().asLongValue(),
                idempotency.retention(),
                time.compareTo(MOST_TIME) < 0 ? time : MOST_TIME,
                mayGoOn,
                stop);
    }

    private void end(long begin, boolean succeeded, boolean done) {
        metrics.ended(Duration.ofNanos(System.nanoTime() - begin), succeeded);
        try {
            store.end(holder, succeeded, done);
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
