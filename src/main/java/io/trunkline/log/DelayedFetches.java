package io.trunkline.log;

import io.trunkline.async.WorkerPool;
import io.trunkline.error.ErrorCode;
import io.trunkline.error.Failures;
import io.trunkline.error.TrunklineException;
import io.trunkline.jdbc.ConnectionUser;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.jboss.logging.Logger;

/**
 * Wakes fetches that wait at the end of a partition: at once for appends of this replica, and by one shared look at the
 * partitions that somebody waits for, for what other replicas and SQL append. The look costs by partitions waited for,
 * not by callers; it comes more often while it finds something, and stops when nobody waits.
 */
final class DelayedFetches implements AutoCloseable, ConnectionUser {
    private static final Logger LOG = Logger.getLogger(DelayedFetches.class);
    /** How much shorter the interval is while others write. */
    private static final int EAGER = 8;
    /** A look that takes long is not repeated before so many times its length. */
    private static final int BUSY = 4;

    private static final int WAKERS = 2;
    private static final Duration MOST_DELAY = Duration.ofSeconds(1);
    /**
     * A reader that waits, at the end of one partition or of several. Completes with one of them that goes beyond its offset
     * now; empty when nothing came; or with the reason why waiting is of no use.
     */
    static final class Waiter {
        private final Map<Long, Long> offsets;
        final CompletableFuture<Optional<Reached>> woken = new CompletableFuture<>();

        private Waiter(Map<Long, Long> offsets) {
            this.offsets = offsets;
        }

        private boolean isDue(long partitionId, long endOffset) {
            return offsets.getOrDefault(partitionId, Long.MAX_VALUE) < endOffset;
        }
    }

    record Reached(long partitionId, OffsetRange range) {}

    private final FetchStore store;
    private final LogConfig.Fetch config;
    private final LogMetrics metrics;
    private final ScheduledExecutorService poller;
    /** What readers do with what they get does not hold up appends. Each waiting reader stands in the queue at most once. */
    private final WorkerPool wakers;

    /** Guarded by this. */
    private final Map<Long, Set<Waiter>> waiters = new HashMap<>();
    /** All of them, those that wait for no partition too. Guarded by this. */
    private final Set<Waiter> all = new HashSet<>();
    /** Guarded by this. */
    private boolean polling;
    /** Used by the poller, and by whoever starts it. */
    private volatile Duration delay;

    DelayedFetches(FetchStore store, LogConfig.Fetch config, LogMetrics metrics) {
        this(
                store,
                config,
                metrics,
                WorkerPool.timer("wake-up", 1),
                new WorkerPool("wake-up", WAKERS, config.maxWaiting()));
    }

    DelayedFetches(
            FetchStore store,
            LogConfig.Fetch config,
            LogMetrics metrics,
            ScheduledExecutorService poller,
            WorkerPool wakers) {
        this.store = store;
        this.config = config;
        this.metrics = metrics;
        this.poller = poller;
        this.wakers = wakers;
        delay = config.pollInterval();
    }

    synchronized int waiting() {
        return all.size();
    }

    /**
     * Registers a reader of partitions, by their ids, from these offsets on. Register before reading, so that nothing appended in
     * between is missed.
     *
     * @throws TrunklineException {@code OVERLOADED} when too many fetches wait already
     */
    synchronized Waiter register(Map<Long, Long> offsets) {
        if (all.size() >= config.maxWaiting()) {
            throw new TrunklineException(
                    ErrorCode.OVERLOADED,
                    "Too many fetches wait for records (trunkline.log.fetch.max-waiting). Try again.");
        }
        Waiter waiter = new Waiter(offsets);
        offsets.keySet()
                .forEach(partitionId -> waiters.computeIfAbsent(partitionId, id -> new HashSet<>())
                        .add(waiter));
        all.add(waiter);
        if (!polling) {
            delay = config.pollInterval();
            polling = schedule();
        }
        return waiter;
    }

    synchronized void deregister(Waiter waiter) {
        if (!all.remove(waiter)) {
            return;
        }
        for (Long partitionId : waiter.offsets.keySet()) {
            Set<Waiter> ofPartition = waiters.get(partitionId);
            if (ofPartition != null && ofPartition.remove(waiter) && ofPartition.isEmpty()) {
                waiters.remove(partitionId);
            }
        }
    }

    /** Wakes the fetches that wait for less than can be read of a partition now, on another thread than that of the caller. */
    void reached(long partitionId, OffsetRange range) {
        List<Waiter> due = take(partitionId, range.endOffset());
        if (!due.isEmpty()) {
            Optional<Reached> reached = Optional.of(new Reached(partitionId, range));
            wake(() -> due.forEach(waiter -> waiter.woken.complete(reached)));
        }
    }

    private void wake(Runnable wake) {
        try {
            wakers.run(wake);
        } catch (RejectedExecutionException e) {
            LOG.debug("The service is being stopped: readers are woken at once");
            wake.run();
        }
    }

    /** Takes out those who wait for less than this end. */
    private List<Waiter> take(long partitionId, long endOffset) {
        List<Waiter> due = new ArrayList<>();
        synchronized (this) {
            for (Waiter waiter : waiters.getOrDefault(partitionId, Set.of())) {
                if (waiter.isDue(partitionId, endOffset)) {
                    due.add(waiter);
                }
            }
            due.forEach(this::deregister);
        }
        return due;
    }

    /** Ends the waits that are under way, as if nothing had come until their time was over. */
    void endAll() {
        takeAll().forEach(waiter -> waiter.woken.complete(Optional.empty()));
    }

    @Override
    public void close() {
        poller.shutdownNow();
        wakers.close();
    }

    /** Answers whether there will be another look; not so when the service is being stopped. */
    private boolean schedule() {
        try {
            poller.schedule(this::poll, delay.toNanos(), TimeUnit.NANOSECONDS);
            return true;
        } catch (RejectedExecutionException e) {
            LOG.debug("No wake-up poll any more: the service is being stopped");
            return false;
        }
    }

    private void poll() {
        Set<Long> waitedFor;
        synchronized (this) {
            waitedFor = Set.copyOf(waiters.keySet());
            if (waitedFor.isEmpty()) {
                polling = false;
                return;
            }
        }
        metrics.wakeupPoll();
        long start = System.nanoTime();
        int found = 0;
        try {
            Map<Long, OffsetRange> ranges = store.ranges(waitedFor);
            for (Long partitionId : waitedFor) {
                OffsetRange range = ranges.get(partitionId);
                List<Waiter> due = take(partitionId, range == null ? Long.MAX_VALUE : range.endOffset());
                found += due.size();
                for (Waiter waiter : due) {
                    if (range == null) {
                        waiter.woken.completeExceptionally(LogEnds.gone());
                    } else {
                        waiter.woken.complete(Optional.of(new Reached(partitionId, range)));
                    }
                }
            }
        } catch (RuntimeException e) {
            LOG.debugf(e, "Wake-up poll failed partitions=%d", waitedFor.size());
            if (Failures.code(e) == ErrorCode.DATABASE_UNAVAILABLE) {
                failAll(e);
            }
        } finally {
            delay = next(found > 0, Duration.ofNanos(System.nanoTime() - start));
            schedule();
        }
    }

    /** Sooner where others write what is waited for, later where they do not, and never most of the time. */
    private Duration next(boolean found, Duration took) {
        Duration most = config.pollInterval();
        Duration wanted = found ? most.dividedBy(EAGER) : min(delay.multipliedBy(2), most);
        Duration least = min(took.multipliedBy(BUSY), MOST_DELAY);
        return wanted.compareTo(least) < 0 ? least : wanted;
    }

    private static Duration min(Duration a, Duration b) {
        return a.compareTo(b) < 0 ? a : b;
    }

    private void failAll(RuntimeException failure) {
        takeAll().forEach(waiter -> waiter.woken.completeExceptionally(failure));
    }

    private synchronized Set<Waiter> takeAll() {
        Set<Waiter> taken = Set.copyOf(all);
        taken.forEach(this::deregister);
        return taken;
    }
}
