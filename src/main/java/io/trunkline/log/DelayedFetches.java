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

    /** Somebody who waits at the end of one partition or of several. */
    private abstract static sealed class Reader {
        private final Map<Long, Long> offsets;

        private Reader(Map<Long, Long> offsets) {
            this.offsets = offsets;
        }

        private boolean isDue(long partitionId, long endOffset) {
            return offsets.getOrDefault(partitionId, Long.MAX_VALUE) < endOffset;
        }
    }

    /**
     * A reader that waits once. Completes with one partition that goes beyond its offset now; empty when nothing came; or with
     * the reason why waiting is of no use.
     */
    static final class Waiter extends Reader {
        final CompletableFuture<Optional<Reached>> woken = new CompletableFuture<>();

        private Waiter(Map<Long, Long> offsets) {
            super(offsets);
        }

        private void wake(long partitionId, Optional<OffsetRange> range) {
            range.ifPresentOrElse(
                    now -> woken.complete(Optional.of(new Reached(partitionId, now))),
                    () -> woken.completeExceptionally(LogEnds.gone()));
        }
    }

    /** A reader that stays, with what it has not been told yet. */
    static final class Follower extends Reader {
        private final Runnable wake;
        private final Map<Long, Optional<OffsetRange>> news = new HashMap<>();
        /** When the first of the news came, by {@link System#nanoTime}. */
        private long newsAt;
        /** Whether it has been called and has not taken the news yet: it stands in the queue at most once. */
        private boolean told;

        private Follower(Map<Long, Long> ends, Runnable wake) {
            super(ends);
            this.wake = wake;
        }
    }

    /** Who is to be woken. */
    private record Due(List<Waiter> waiters, List<Follower> followers) {
        boolean isEmpty() {
            return waiters.isEmpty() && followers.isEmpty();
        }
    }

    record Reached(long partitionId, OffsetRange range) {}

    /**
     * What has happened to partitions.
     *
     * @param ranges what can be read of them; empty for one that does not exist any more
     * @param at when that was so, or before, by {@link System#nanoTime}
     */
    record News(Map<Long, Optional<OffsetRange>> ranges, long at) {}

    private final FetchStore store;
    private final LogConfig.Fetch config;
    private final LogMetrics metrics;
    private final ScheduledExecutorService poller;
    /** What readers do with what they get does not hold up appends. Each waiting reader stands in the queue at most once. */
    private final WorkerPool wakers;

    /** Guarded by this. */
    private final Map<Long, Set<Reader>> waiters = new HashMap<>();
    /**
     * Up to where nobody who waits for a partition is due: a look that finds nothing new of it passes over its readers, however many
     * they are. Has the partitions of the waiters. Guarded by this.
     */
    private final Map<Long, Long> passed = new HashMap<>();
    /** All of them, those that wait for no partition too. Guarded by this. */
    private final Set<Reader> all = new HashSet<>();
    /** Guarded by this. */
    private boolean polling;
    /** Used by the poller, and by whoever starts it. */
    private volatile Duration delay;
    /** When a look found something last, by {@link System#nanoTime}. */
    private volatile long foundAt;

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
        foundAt = System.nanoTime() - config.pollInterval().toNanos();
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
        Waiter waiter = new Waiter(offsets);
        admit(waiter);
        return waiter;
    }

    /**
     * Registers a reader that stays until it is deregistered, and is told of each end that moves beyond the last one that it
     * knows of.
     *
     * @param ends where it knows the partitions to end, by their ids; it is told of what lies beyond
     * @param wake is called when there is news, on a thread that holds up no append; not again before the news was taken
     * @throws TrunklineException {@code OVERLOADED} when too many fetches wait already
     */
    synchronized Follower follow(Map<Long, Long> ends, Runnable wake) {
        Follower follower = new Follower(new HashMap<>(ends), wake);
        admit(follower);
        return follower;
    }

    /** Lets a follower wait at further partitions. */
    synchronized void extend(Follower follower, Map<Long, Long> ends) {
        if (all.contains(follower)) {
            ((Reader) follower).offsets.putAll(ends);
            ends.forEach((partitionId, offset) -> enter(follower, partitionId, offset));
        }
    }

    private void enter(Reader reader, long partitionId, long offset) {
        waiters.computeIfAbsent(partitionId, none -> new HashSet<>()).add(reader);
        passed.merge(partitionId, offset, Math::min);
    }

    /** Takes what has happened to the partitions since this was asked before. */
    synchronized News news(Follower follower) {
        News news = new News(Map.copyOf(follower.news), follower.newsAt);
        follower.news.clear();
        follower.told = false;
        return news;
    }

    /** Whether somebody waits at the end of a partition. */
    synchronized boolean isWaitedFor(long partitionId) {
        return waiters.containsKey(partitionId);
    }

    private void admit(Reader reader) {
        if (all.size() >= config.maxWaiting()) {
            throw new TrunklineException(
                    ErrorCode.OVERLOADED,
                    "Too many fetches wait for records (trunkline.log.fetch.max-waiting). Try again.");
        }
        reader.offsets.forEach((partitionId, offset) -> enter(reader, partitionId, offset));
        all.add(reader);
        if (!polling) {
            delay = first();
            polling = schedule();
        }
    }

    /** Those who wait again while others write what they wait for need not wait for the slow pace first. */
    private Duration first() {
        boolean moving = System.nanoTime() - foundAt < config.pollInterval().toNanos();
        return moving ? config.pollInterval().dividedBy(EAGER) : config.pollInterval();
    }

    synchronized void deregister(Reader reader) {
        if (!all.remove(reader)) {
            return;
        }
        for (Long partitionId : reader.offsets.keySet()) {
            Set<Reader> ofPartition = waiters.get(partitionId);
            if (ofPartition != null && ofPartition.remove(reader) && ofPartition.isEmpty()) {
                waiters.remove(partitionId);
                passed.remove(partitionId);
            }
        }
    }

    /** Wakes those who wait for less than can be read of a partition now, on another thread than that of the caller. */
    void reached(long partitionId, OffsetRange range) {
        Due due = take(partitionId, Optional.of(range));
        if (!due.isEmpty()) {
            wake(() -> {
                due.waiters().forEach(waiter -> waiter.wake(partitionId, Optional.of(range)));
                due.followers().forEach(follower -> follower.wake.run());
            });
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

    /** Takes out the waiters for whom this is new, and notes it for the followers; empty for a partition that is gone. */
    private Due take(long partitionId, Optional<OffsetRange> range) {
        long endOffset = range.isPresent() ? range.get().endOffset() : Long.MAX_VALUE;
        Due due = new Due(new ArrayList<>(), new ArrayList<>());
        synchronized (this) {
            Long before = passed.get(partitionId);
            if (before == null || before >= endOffset) {
                return due;
            }
            for (Reader reader : waiters.getOrDefault(partitionId, Set.of())) {
                if (!reader.isDue(partitionId, endOffset)) {
                    continue;
                }
                switch (reader) {
                    case Waiter waiter -> due.waiters().add(waiter);
                    case Follower follower -> {
                        reader.offsets.put(partitionId, endOffset);
                        if (follower.news.isEmpty()) {
                            follower.newsAt = System.nanoTime();
                        }
                        follower.news.put(partitionId, range);
                        if (!follower.told) {
                            follower.told = true;
                            due.followers().add(follower);
                        }
                    }
                }
            }
            due.waiters().forEach(this::deregister);
            passed.computeIfPresent(partitionId, (id, end) -> endOffset);
        }
        return due;
    }

    /** Ends the waits that are under way, as if nothing had come until their time was over. Followers end by themselves. */
    void endAll() {
        takeWaiters().forEach(waiter -> waiter.woken.complete(Optional.empty()));
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
        boolean found = false;
        try {
            Map<Long, OffsetRange> ranges = store.ranges(waitedFor);
            List<Follower> followers = new ArrayList<>();
            for (Long partitionId : waitedFor) {
                Optional<OffsetRange> range = Optional.ofNullable(ranges.get(partitionId));
                Due due = take(partitionId, range);
                found |= !due.isEmpty();
                due.waiters().forEach(waiter -> waiter.wake(partitionId, range));
                followers.addAll(due.followers());
            }
            if (!followers.isEmpty()) {
                // They are many, and the next look does not wait for them.
                wake(() -> followers.forEach(follower -> follower.wake.run()));
            }
        } catch (RuntimeException e) {
            LOG.debugf(e, "Wake-up poll failed partitions=%d", waitedFor.size());
            if (Failures.code(e) == ErrorCode.DATABASE_UNAVAILABLE) {
                failAll(e);
            }
        } finally {
            long now = System.nanoTime();
            if (found) {
                foundAt = now;
            }
            delay = next(found, Duration.ofNanos(now - start));
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

    /** Followers go on when PostgreSQL answers again. */
    private void failAll(RuntimeException failure) {
        takeWaiters().forEach(waiter -> waiter.woken.completeExceptionally(failure));
    }

    private synchronized List<Waiter> takeWaiters() {
        List<Waiter> taken = all.stream()
                .filter(Waiter.class::isInstance)
                .map(Waiter.class::cast)
                .toList();
        taken.forEach(this::deregister);
        return taken;
    }
}
