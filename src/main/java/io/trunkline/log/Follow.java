package io.trunkline.log;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Stream;

/**
 * One reader's way through some partitions, without an end. The reader asks for a page at a time: at most one is under way, and
 * nothing is read ahead, so that a slow reader holds no more than what it was given last. Between two pages a follow stays
 * registered for what is appended, by this replica and by others, and costs PostgreSQL no query of its own. Any thread may call.
 */
public final class Follow implements AutoCloseable {
    /**
     * For so long a reader goes on by what it knows of a partition; then it asks anew. Records that were deleted are still there for
     * a while, and only the log start tells that they are not to be read.
     */
    static final Duration FRESH = Duration.ofSeconds(1);

    private final Fetches fetches;
    private final LogEnds ends;
    private final DelayedFetches delayed;
    private final DelayedFetches.Follower follower;

    /** The next offset of each partition. Guarded by this, as the following. */
    private final Map<Long, Long> next = new HashMap<>();

    private final Map<Long, OffsetRange> known = new HashMap<>();
    /** When that was so, by {@link System#nanoTime}. */
    private final Map<Long, Long> knownAt = new HashMap<>();
    /** The partitions that have something, those that had no turn for longest first. */
    private final Set<Long> ready = new LinkedHashSet<>();
    /** The partitions of which it is not known yet where they end. */
    private final Set<Long> unknown = new LinkedHashSet<>();

    private boolean gone;
    private boolean closed;
    private boolean underWay;
    /** Completes when there is news. */
    private CompletableFuture<Void> news = new CompletableFuture<>();

    Follow(List<Position> positions, Fetches fetches, LogEnds ends, DelayedFetches delayed) {
        this.fetches = fetches;
        this.ends = ends;
        this.delayed = delayed;
        positions.forEach(position -> {
            next.put(position.partitionId(), position.offset());
            unknown.add(position.partitionId());
        });
        // Before the ends are looked up, so that nothing appended in between is missed.
        follower = delayed.follow(next, this::wake);
    }

    /**
     * The next page: of some of the partitions, within one budget of bytes. It completes when there is a record, or something else
     * that the reader has to know, however long that takes.
     *
     * @param limits bytes of all partitions together, records of each, and what is searched for; nothing else of them counts
     * @param beforeReading is called when there is something to read, once or several times; nothing is read where it throws
     * @return by partition id, what was found: pages, of which one at least has records or, of a search, has passed over some, or
     *     that an offset cannot be read any more, in which case {@link #seek} says where to go on. Empty when the follow was closed. Fails with
     *     {@code PARTITION_NOT_FOUND} when a partition does not exist any more, and otherwise with a reason after which the same
     *     page may be asked for again, such as what {@code beforeReading} has thrown
     * @throws IllegalStateException while a page is under way
     */
    public CompletableFuture<Map<Long, FetchOutcome>> next(FetchLimits limits, Runnable beforeReading) {
        synchronized (this) {
            if (underWay) {
                throw new IllegalStateException("a page is under way");
            }
            underWay = true;
        }
        return find(limits, beforeReading).whenComplete((found, failure) -> {
            synchronized (this) {
                underWay = false;
            }
        });
    }

    /** As {@link #next(FetchLimits, Runnable)}, for a reader that has nothing to do before. */
    CompletableFuture<Map<Long, FetchOutcome>> next(FetchLimits limits) {
        return next(limits, () -> {});
    }

    /**
     * Goes on with a partition at an offset.
     *
     * @param range what could be read of it a moment ago
     */
    public synchronized void seek(Position position, OffsetRange range) {
        next.put(position.partitionId(), position.offset());
        known.put(position.partitionId(), range); // which is as old as it was
        check(position.partitionId());
    }

    /** Follows further partitions, each of which is none of those before. The page that is under way may have some of them. */
    public void add(List<Position> positions) {
        Map<Long, Long> offsets = new HashMap<>();
        synchronized (this) {
            for (Position position : positions) {
                if (next.putIfAbsent(position.partitionId(), position.offset()) == null) {
                    offsets.put(position.partitionId(), position.offset());
                    unknown.add(position.partitionId());
                }
            }
        }
        delayed.extend(follower, offsets);
        wake();
    }

    /** Ends it: what it waits for ends with nothing, and nothing of it is kept. */
    @Override
    public void close() {
        synchronized (this) {
            closed = true;
        }
        delayed.deregister(follower);
        wake();
    }

    private void wake() {
        CompletableFuture<Void> before;
        synchronized (this) {
            before = news;
            news = new CompletableFuture<>();
        }
        before.complete(null);
    }

    private CompletableFuture<Map<Long, FetchOutcome>> find(FetchLimits limits, Runnable beforeReading) {
        CompletableFuture<Void> later;
        List<Long> unseen;
        List<Position> positions = new ArrayList<>();
        Map<Long, OffsetRange> ranges = new HashMap<>();
        synchronized (this) {
            later = news;
        }
        DelayedFetches.News told = delayed.news(follower);
        synchronized (this) {
            told.ranges().forEach((partitionId, range) -> learn(partitionId, range, told.at()));
            if (closed) {
                return CompletableFuture.completedFuture(Map.of());
            }
            if (gone) {
                return CompletableFuture.failedFuture(LogEnds.gone());
            }
            long now = System.nanoTime();
            unseen = Stream.concat(unknown.stream(), ready.stream().filter(partitionId -> isOld(partitionId, now)))
                    .distinct()
                    .toList();
            for (Long partitionId : ready) {
                OffsetRange range = known.get(partitionId);
                if (range != null) {
                    positions.add(new Position(partitionId, next.getOrDefault(partitionId, 0L)));
                    ranges.put(partitionId, range);
                }
            }
        }
        if (!unseen.isEmpty()) {
            return ends.ranges(unseen).thenCompose(found -> {
                // From now on: an answer that took long would be old at once, and asked for again without an end.
                learn(unseen, found, System.nanoTime());
                return find(limits, beforeReading);
            });
        }
        if (positions.isEmpty()) {
            return later.thenCompose(woken -> find(limits, beforeReading));
        }
        try {
            beforeReading.run();
        } catch (RuntimeException e) {
            return CompletableFuture.failedFuture(e);
        }
        return fetches.read(positions, ranges, limits).thenCompose(found -> {
            Map<Long, FetchOutcome> given = took(found);
            return given.isEmpty() ? find(limits, beforeReading) : CompletableFuture.completedFuture(given);
        });
    }

    private boolean isOld(long partitionId, long now) {
        Long at = knownAt.get(partitionId);
        return at == null || now - at >= FRESH.toNanos();
    }

    private synchronized void learn(Collection<Long> partitionIds, Map<Long, OffsetRange> found, long at) {
        partitionIds.forEach(partitionId -> {
            unknown.remove(partitionId);
            learn(partitionId, Optional.ofNullable(found.get(partitionId)), at);
        });
    }

    /** @param at when this was so, by {@link System#nanoTime} */
    private void learn(long partitionId, Optional<OffsetRange> range, long at) {
        if (range.isEmpty()) {
            gone = true;
            return;
        }
        knownAt.merge(partitionId, at, (before, now) -> now - before > 0 ? now : before);
        merge(partitionId, range.get());
    }

    private void merge(long partitionId, OffsetRange range) {
        known.merge(partitionId, range, OffsetRange::merged);
        check(partitionId);
    }

    /** Whether there is something of a partition: records, or that its reader stands where none can be. */
    private void check(long partitionId) {
        OffsetRange range = known.get(partitionId);
        if (range != null && next.getOrDefault(partitionId, 0L) != range.endOffset()) {
            ready.add(partitionId);
        } else {
            ready.remove(partitionId);
        }
    }

    /** Notes what has been read, and keeps what its reader has to know. */
    private synchronized Map<Long, FetchOutcome> took(Map<Long, FetchOutcome> found) {
        Map<Long, FetchOutcome> given = new HashMap<>();
        found.forEach((partitionId, outcome) -> {
            if (!(outcome instanceof FetchOutcome.Page page)) {
                given.put(partitionId, outcome);
            } else if (page.nextOffset() != page.offset()) {
                given.put(partitionId, page);
                next.put(partitionId, page.nextOffset());
                ready.remove(partitionId); // to the end of the line
                merge(partitionId, page.range()); // of which only the end is newer
            }
        });
        return given;
    }
}
