package io.trunkline.log;

import io.trunkline.async.Drain;
import io.trunkline.error.ErrorCode;
import io.trunkline.error.Failures;
import io.trunkline.error.TrunklineException;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** Reads from partitions within one budget of bytes, and waits for records as long as there are too few. No fetch holds a thread. */
final class Fetches {
    private static final DelayedFetches.Reached NOTHING = new DelayedFetches.Reached(0, new OffsetRange(0, 0));

    private final LogEnds ends;
    private final PageReader pages;
    private final Scans scans;
    private final DelayedFetches delayed;
    private final Drain drain;

    Fetches(LogEnds ends, PageReader pages, Scans scans, DelayedFetches delayed, Drain drain) {
        this.ends = ends;
        this.pages = pages;
        this.scans = scans;
        this.delayed = delayed;
        this.drain = drain;
    }

    CompletableFuture<Map<Long, FetchOutcome>> fetch(
            List<Position> positions,
            FetchLimits limits,
            Map<Long, OffsetRange> known,
            CompletableFuture<Void> abandoned) {
        List<Position> atHand = known.isEmpty()
                ? List.of()
                : positions.stream()
                        .filter(position -> {
                            OffsetRange range = known.get(position.partitionId());
                            return range != null
                                    && range.readableFrom(position.offset())
                                    && position.offset() < range.endOffset();
                        })
                        .toList();
        return atHand.isEmpty()
                ? new Fetch(positions, limits, abandoned).find()
                : new FetchRound(pages, scans, known, limits).read(atHand);
    }

    /** What is to be read now of partitions that have these ranges at least. Waits for nothing. */
    CompletableFuture<Map<Long, FetchOutcome>> read(
            List<Position> positions, Map<Long, OffsetRange> ranges, FetchLimits limits) {
        return new FetchRound(pages, scans, ranges, limits).read(positions);
    }

    private CompletableFuture<Map<Long, OffsetRange>> ranges(List<Position> positions) {
        return ends.ranges(positions.stream().map(Position::partitionId).toList());
    }

    /** One fetch: looks, and looks again when more has come. Its rounds follow one another, and nothing is kept of one that is over. */
    private final class Fetch {
        private final FetchLimits limits;
        private final CompletableFuture<Void> abandoned;
        private final CompletableFuture<Map<Long, FetchOutcome>> result = new CompletableFuture<>();
        /** Where the pages begin. */
        private final Map<Long, Long> begins = new HashMap<>();
        /** What can be read of the partitions, at least: as it was looked up last, and learned since. Used as the following. */
        private final Map<Long, OffsetRange> known = new HashMap<>();
        /** Where is read next: behind what was looked at in vain. Used by one step after the other. */
        private List<Position> positions;

        private volatile DelayedFetches.@Nullable Waiter waiter;
        private final long start = System.nanoTime();

        Fetch(List<Position> positions, FetchLimits limits, CompletableFuture<Void> abandoned) {
            this.positions = positions;
            this.limits = limits;
            this.abandoned = abandoned;
            positions.forEach(position -> begins.put(position.partitionId(), position.offset()));
        }

        CompletableFuture<Map<Long, FetchOutcome>> find() {
            // Once, however often it waits.
            abandoned.whenComplete((nothing, failure) -> stopWaiting());
            go();
            return result.thenApply(this::fromTheirBegins);
        }

        /** The pages with what was looked at in vain before them. */
        private Map<Long, FetchOutcome> fromTheirBegins(Map<Long, FetchOutcome> found) {
            found.replaceAll((partitionId, outcome) -> outcome instanceof FetchOutcome.Page page
                    ? page.from(begins.getOrDefault(partitionId, page.offset()))
                    : outcome);
            return found;
        }

        /** Goes on with rounds until one of them is the last. */
        private void go() {
            while (true) {
                CompletableFuture<Optional<Map<Long, FetchOutcome>>> round = round();
                if (!round.isDone()) {
                    round.whenComplete((found, failure) -> {
                        if (!isLast(found, failure)) {
                            go();
                        }
                    });
                    return;
                }
                if (round.isCompletedExceptionally()
                        ? isLast(Optional.empty(), round.exceptionNow())
                        : isLast(round.resultNow(), null)) {
                    return;
                }
            }
        }

        private boolean isLast(Optional<Map<Long, FetchOutcome>> found, @Nullable Throwable failure) {
            if (failure != null) {
                return result.completeExceptionally(Failures.unwrapped(failure));
            }
            found.ifPresent(result::complete);
            return found.isPresent();
        }

        /** Looks at the partitions, and waits where there is too little. Empty when it is time to look again. */
        private CompletableFuture<Optional<Map<Long, FetchOutcome>>> round() {
            if (left().isZero()) {
                return lookUp().thenCompose(looked -> read()).thenApply(Optional::of);
            }
            // Before the ends are looked up, so that nothing appended in between is missed.
            DelayedFetches.Waiter registered;
            try {
                registered = delayed.register(ends());
            } catch (TrunklineException e) {
                return CompletableFuture.failedFuture(e);
            }
            waiter = registered;
            if (abandoned.isDone()) {
                stopWaiting();
            }
            return lookUp().thenCompose(looked -> {
                        if (limits.minBytes() <= 1 && limits.search().isEmpty() && hasSomething()) {
                            delayed.deregister(registered); // reads what is there and waits for nothing
                            return read().thenApply(Optional::of);
                        }
                        return read().thenCompose(found -> enough(found)
                                ? CompletableFuture.completedFuture(Optional.of(found))
                                : await(found, registered));
                    })
                    .whenComplete((found, failure) -> delayed.deregister(registered));
        }

        private void stopWaiting() {
            DelayedFetches.Waiter current = waiter;
            if (current != null) {
                current.woken.complete(Optional.empty());
            }
        }

        private CompletableFuture<Void> lookUp() {
            return ranges(positions).thenAccept(ranges -> {
                known.clear();
                known.putAll(ranges);
            });
        }

        /** News may be older than what is known already, from pages that went beyond the end of then. */
        private void learn(long partitionId, OffsetRange range) {
            known.merge(partitionId, range, OffsetRange::merged);
        }

        /** Whether some partition has records, or is not as its reader believes. */
        private boolean hasSomething() {
            return positions.stream().anyMatch(position -> {
                OffsetRange range = known.get(position.partitionId());
                return range == null || range.endOffset() != position.offset();
            });
        }

        private CompletableFuture<Map<Long, FetchOutcome>> read() {
            return new FetchRound(pages, scans, known, limits).read(positions).thenApply(found -> {
                found.forEach((partitionId, outcome) -> {
                    if (outcome instanceof FetchOutcome.Page page) {
                        learn(partitionId, page.range());
                    }
                });
                if (limits.search().isPresent()) {
                    positions = positions.stream()
                            .map(position -> position.behind(found.get(position.partitionId())))
                            .toList();
                }
                return found;
            });
        }

        /** Beyond which something new is waited for. */
        private Map<Long, Long> ends() {
            Map<Long, Long> offsets = new HashMap<>();
            for (Position position : positions) {
                OffsetRange range = known.get(position.partitionId());
                offsets.put(
                        position.partitionId(),
                        range == null ? position.offset() : Math.max(position.offset(), range.endOffset()));
            }
            return offsets;
        }

        private Duration left() {
            return drain.left(start, limits.maxWait());
        }

        /** Whether there is nothing to wait for: enough records, or something of a partition that its reader has to know. */
        private boolean enough(Map<Long, FetchOutcome> found) {
            long bytes = 0;
            boolean records = false;
            for (FetchOutcome outcome : found.values()) {
                if (!(outcome instanceof FetchOutcome.Page page) || page.full()) {
                    return true;
                }
                bytes += page.byteSize();
                records |= !page.isEmpty();
            }
            // A record may have no bytes at all.
            long least = limits.search().isPresent() ? 1 : limits.minBytes();
            return records && (least <= 1 || bytes >= least) || found.size() < positions.size();
        }

        private CompletableFuture<Optional<Map<Long, FetchOutcome>>> await(
                Map<Long, FetchOutcome> found, DelayedFetches.Waiter registered) {
            // After it was registered: a stop that begins before this is seen here, and a later one wakes it.
            return registered
                    .woken
                    .completeOnTimeout(Optional.empty(), left().toNanos(), TimeUnit.NANOSECONDS)
                    .exceptionallyCompose(failure -> Failures.code(failure) == ErrorCode.PARTITION_NOT_FOUND
                            // The next look finds that it is gone.
                            ? CompletableFuture.completedFuture(Optional.of(NOTHING))
                            : CompletableFuture.failedFuture(failure))
                    .thenCompose(woken -> {
                        delayed.deregister(registered);
                        return woken.isEmpty()
                                ? CompletableFuture.completedFuture(Optional.of(found))
                                : woken(woken.get());
                    });
        }

        /** Reads what has come of the only partition; where there are several, they are looked at again. */
        private CompletableFuture<Optional<Map<Long, FetchOutcome>>> woken(DelayedFetches.Reached reached) {
            if (positions.size() > 1 || reached == NOTHING) {
                return CompletableFuture.completedFuture(Optional.empty());
            }
            learn(reached.partitionId(), reached.range());
            if (reached.range().endOffset() <= positions.getFirst().offset()) {
                return CompletableFuture.completedFuture(Optional.empty()); // it has been looked at already
            }
            return read().thenApply(more -> enough(more) ? Optional.of(more) : Optional.empty());
        }
    }
}
