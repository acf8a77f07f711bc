package io.trunkline.log;

import io.trunkline.error.ErrorCode;
import io.trunkline.error.Failures;
import io.trunkline.error.TrunklineException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.jboss.logging.Logger;

/**
 * Wakes fetches that wait at the end of a partition: at once for appends of this replica, and by one shared look at the
 * partitions that somebody waits for, for what other replicas and SQL append. The look costs by partitions waited for,
 * not by callers, and stops when nobody waits.
 */
final class Wakeups implements AutoCloseable {
    private static final Logger LOG = Logger.getLogger(Wakeups.class);

    /** A fetch that waits. Completes when there may be something to read from its offset, or when the wait failed. */
    static final class Waiter {
        private final int partitionId;
        private final long offset;
        final CompletableFuture<Void> woken = new CompletableFuture<>();

        private Waiter(int partitionId, long offset) {
            this.partitionId = partitionId;
            this.offset = offset;
        }
    }

    private final FetchStore store;
    private final LogConfig.Fetch config;
    private final ScheduledExecutorService poller = Executors.newSingleThreadScheduledExecutor(task -> {
        Thread thread = new Thread(task, "wake-up");
        thread.setDaemon(true);
        return thread;
    });
    /** Guarded by this. */
    private final Map<Integer, Set<Waiter>> waiters = new HashMap<>();
    /** Guarded by this. */
    private int waiting;
    /** Guarded by this. */
    private boolean polling;

    Wakeups(FetchStore store, LogConfig.Fetch config) {
        this.store = store;
        this.config = config;
    }

    synchronized int waiting() {
        return waiting;
    }

    /**
     * Registers a fetch. Register before reading, so that nothing appended in between is missed.
     *
     * @throws TrunklineException {@code OVERLOADED} when too many fetches wait already
     */
    synchronized Waiter register(int partitionId, long offset) {
        if (waiting >= config.maxWaiting()) {
            throw new TrunklineException(
                    ErrorCode.OVERLOADED,
                    "Too many fetches wait for records (trunkline.log.fetch.max-waiting). Try again.");
        }
        Waiter waiter = new Waiter(partitionId, offset);
        waiters.computeIfAbsent(partitionId, id -> new HashSet<>()).add(waiter);
        waiting++;
        if (!polling) {
            polling = true;
            schedule();
        }
        return waiter;
    }

    synchronized void deregister(Waiter waiter) {
        Set<Waiter> ofPartition = waiters.get(waiter.partitionId);
        if (ofPartition != null && ofPartition.remove(waiter)) {
            waiting--;
            if (ofPartition.isEmpty()) {
                waiters.remove(waiter.partitionId);
            }
        }
    }

    /** Tells that a partition reaches at least to this offset. */
    void reached(int partitionId, long endOffset) {
        List<Waiter> due = new ArrayList<>();
        synchronized (this) {
            for (Waiter waiter : waiters.getOrDefault(partitionId, Set.of())) {
                if (waiter.offset < endOffset) {
                    due.add(waiter);
                }
            }
            due.forEach(this::deregister);
        }
        due.forEach(waiter -> waiter.woken.complete(null));
    }

    @Override
    public void close() {
        poller.shutdownNow();
    }

    private void schedule() {
        Duration interval = config.pollInterval();
        poller.schedule(this::poll, interval.toMillis(), TimeUnit.MILLISECONDS);
    }

    private void poll() {
        Integer[] waitedFor;
        synchronized (this) {
            waitedFor = waiters.keySet().toArray(new Integer[0]);
            if (waitedFor.length == 0) {
                polling = false;
                return;
            }
        }
        try {
            Map<Integer, Long> ends = store.ends(waitedFor);
            for (Integer partitionId : waitedFor) {
                // A partition that is gone wakes everybody: they will find out.
                reached(partitionId, ends.getOrDefault(partitionId, Long.MAX_VALUE));
            }
        } catch (RuntimeException e) {
            LOG.debugf(e, "Wake-up poll failed partitions=%d", waitedFor.length);
            if (Failures.code(e) == ErrorCode.DATABASE_UNAVAILABLE) {
                failAll(e);
            }
        } finally {
            schedule();
        }
    }

    private void failAll(RuntimeException failure) {
        List<Waiter> all = new ArrayList<>();
        synchronized (this) {
            waiters.values().forEach(all::addAll);
            waiters.clear();
            waiting = 0;
        }
        all.forEach(waiter -> waiter.woken.completeExceptionally(failure));
    }
}
