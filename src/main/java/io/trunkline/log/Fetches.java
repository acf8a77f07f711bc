package io.trunkline.log;

import io.trunkline.async.Drain;
import io.trunkline.error.ErrorCode;
import io.trunkline.error.Failures;
import io.trunkline.error.TrunklineException;
import io.trunkline.record.RecordBatch;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/** Reads from partitions within one budget of bytes, and waits for records as long as there are too few. No fetch holds a thread. */
final class Fetches {
    /** So many are read at once, and share the bytes; others have their turn when these leave some. */
    private static final int AT_ONCE = 16;
    /** What is left of the bytes is used as long as it is more than this part of them. */
    private static final int REST = 8;

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
                : new Round(known, limits).read(atHand);
    }

    /** What is to be read now of partitions that have these ranges at least. Waits for nothing. */
    CompletableFuture<Map<Long, FetchOutcome>> read(
            List<Position> positions, Map<Long, OffsetRange> ranges, FetchLimits limits) {
        return new Round(ranges, limits).read(positions);
    }

    private CompletableFuture<Map<Long, OffsetRange>> ranges(List<Position> positions) {
        return ends.ranges(positions.stream().map(Position::partitionId).toList());
    }

    /** One fetch: looks, and looks again when more has come. */
    private final class Fetch {
        private final FetchLimits limits;
        private final CompletableFuture<Void> abandoned;
        /** Where the pages begin. */
        private final Map<Long, Long> begins = new HashMap<>();
        /** Where is read next: behind what was looked at in vain. Used by one step after the other. */
        private List<Position> positions;

        private final long start = System.nanoTime();

        Fetch(List<Position> positions, FetchLimits limits, CompletableFuture<Void> abandoned) {
            this.positions = positions;
            this.limits = limits;
            this.abandoned = abandoned;
            positions.forEach(position -> begins.put(position.partitionId(), position.offset()));
        }

        CompletableFuture<Map<Long, FetchOutcome>> find() {
            return look(Map.of()).thenApply(this::fromTheirBegins);
        }

        /** The pages with what was looked at in vain before them. */
        private Map<Long, FetchOutcome> fromTheirBegins(Map<Long, FetchOutcome> found) {
            found.replaceAll((partitionId, outcome) -> outcome instanceof FetchOutcome.Page page
                    ? page.from(begins.getOrDefault(partitionId, page.offset()))
                    : outcome);
            return found;
        }

        /**
         * Looks at the partitions, and waits where there is too little.
         *
         * @param seen what an earlier look found, beyond which something new is waited for
         */
        private CompletableFuture<Map<Long, FetchOutcome>> look(Map<Long, OffsetRange> seen) {
            if (left().isZero()) {
                return ranges(positions).thenCompose(this::read);
            }
            // Before the ends are looked up, so that nothing appended in between is missed.
            DelayedFetches.Waiter waiter;
            try {
                waiter = delayed.register(offsets(seen));
            } catch (TrunklineException e) {
                return CompletableFuture.failedFuture(e);
            }
            return ranges(positions)
                    .thenCompose(ranges -> {
                        if (limits.minBytes() <= 1 && limits.search().isEmpty() && hasSomething(ranges)) {
                            delayed.deregister(waiter); // reads what is there and waits for nothing
                            return read(ranges);
                        }
                        return read(ranges)
                                .thenCompose(found -> enough(found)
                                        ? CompletableFuture.completedFuture(found)
                                        : await(found, ranges, waiter));
                    })
                    .whenComplete((found, failure) -> delayed.deregister(waiter));
        }

        /** Whether some partition has records, or is not as its reader believes. */
        private boolean hasSomething(Map<Long, OffsetRange> ranges) {
            return positions.stream().anyMatch(position -> {
                OffsetRange range = ranges.get(position.partitionId());
                return range == null || range.endOffset() != position.offset();
            });
        }

        private CompletableFuture<Map<Long, FetchOutcome>> read(Map<Long, OffsetRange> ranges) {
            return new Round(ranges, limits).read(positions).thenApply(found -> {
                if (limits.search().isPresent()) {
                    positions = positions.stream()
                            .map(position -> position.behind(found.get(position.partitionId())))
                            .toList();
                }
                return found;
            });
        }

        private Map<Long, Long> offsets(Map<Long, OffsetRange> seen) {
            Map<Long, Long> offsets = new HashMap<>();
            for (Position position : positions) {
                OffsetRange range = seen.get(position.partitionId());
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

        private CompletableFuture<Map<Long, FetchOutcome>> await(
                Map<Long, FetchOutcome> found, Map<Long, OffsetRange> ranges, DelayedFetches.Waiter waiter) {
            abandoned.thenRun(() -> waiter.woken.complete(Optional.empty()));
            // After it was registered: a stop that begins before this is seen here, and a later one wakes it.
            return waiter.woken
                    .completeOnTimeout(Optional.empty(), left().toNanos(), TimeUnit.NANOSECONDS)
                    .exceptionallyCompose(failure -> Failures.code(failure) == ErrorCode.PARTITION_NOT_FOUND
                            // The next look finds that it is gone.
                            ? CompletableFuture.completedFuture(Optional.of(NOTHING))
                            : CompletableFuture.failedFuture(failure))
                    .thenCompose(woken -> {
                        delayed.deregister(waiter);
                        if (woken.isEmpty()) {
                            return CompletableFuture.completedFuture(found);
                        }
                        DelayedFetches.Reached reached = woken.get();
                        if (positions.size() > 1 || reached == NOTHING) {
                            return look(ranges);
                        }
                        Map<Long, OffsetRange> now = Map.of(reached.partitionId(), reached.range());
                        return read(now)
                                .thenCompose(
                                        more -> enough(more) ? CompletableFuture.completedFuture(more) : look(now));
                    });
        }
    }

    private static final DelayedFetches.Reached NOTHING = new DelayedFetches.Reached(0, new OffsetRange(0, 0));

    /** One reading of several partitions; its turns follow one another. */
    private final class Round {
        private final Map<Long, OffsetRange> ranges;
        private final long maxBytes;
        /** Of each partition. */
        private final int maxRecords;

        private final Optional<Search> search;
        private final Map<Long, FetchOutcome> outcomes = new HashMap<>();
        private final Deque<Position> waiting = new ArrayDeque<>();
        private long bytes;
        private boolean found;

        Round(Map<Long, OffsetRange> ranges, FetchLimits limits) {
            this.ranges = ranges;
            maxBytes = limits.maxBytes();
            maxRecords = limits.maxRecords();
            search = limits.search();
        }

        CompletableFuture<Map<Long, FetchOutcome>> read(List<Position> positions) {
            positions.forEach(this::look);
            return next();
        }

        /** Finds out what there is to be read of a partition. */
        private void look(Position position) {
            OffsetRange range = ranges.get(position.partitionId());
            if (range == null) {
                return;
            }
            if (!range.readableFrom(position.offset())) {
                outcomes.put(position.partitionId(), new FetchOutcome.OutOfRange(range));
            } else if (position.offset() < range.endOffset()) {
                waiting.add(position);
            } else {
                pages.want(position.partitionId());
                outcomes.put(position.partitionId(), nothing(position.partitionId(), position.offset(), range, false));
            }
        }

        /** Reads a part of each of some partitions, and goes on while bytes are left and there is something to read. */
        private CompletableFuture<Map<Long, FetchOutcome>> next() {
            long left = maxBytes - bytes;
            boolean used = (found && left <= maxBytes / REST)
                    || search.map(Search::isOver).orElse(false);
            if (waiting.isEmpty() || used) {
                return CompletableFuture.completedFuture(withWaiting());
            }
            List<Position> turn = new ArrayList<>();
            while (!waiting.isEmpty() && turn.size() < AT_ONCE) {
                turn.add(waiting.remove());
            }
            long share = left / turn.size();
            int sharing = turn.size();
            CompletableFuture<List<FetchOutcome>> read = CompletableFuture.completedFuture(new ArrayList<>());
            for (int i = 0; i < turn.size(); i++) {
                boolean strict = found || i > 0;
                Position position = turn.get(i);
                if (strict && share <= RecordBatch.OVERHEAD_BYTES) {
                    turn.subList(i, turn.size()).forEach(waiting::addFirst);
                    break;
                }
                FetchRequest request = new FetchRequest(
                        position.partitionId(), position.offset(), share, recordsLeft(position.partitionId()), strict);
                OffsetRange range = ranges.get(position.partitionId());
                if (range != null) {
                    read = read.thenCombine(page(request, range, sharing), (all, outcome) -> {
                        all.add(outcome);
                        return all;
                    });
                }
            }
            return read.thenCompose(all -> {
                long before = bytes;
                for (int i = 0; i < all.size(); i++) {
                    took(turn.get(i).partitionId(), all.get(i), turn.size() > 1);
                }
                return bytes > before || !found ? next() : CompletableFuture.completedFuture(withWaiting());
            });
        }

        /** @param sharing how many share what may still be looked at */
        private CompletableFuture<FetchOutcome> page(FetchRequest request, OffsetRange range, int sharing) {
            return search.isPresent()
                    ? scans.up(
                            request,
                            range,
                            search.get(),
                            Math.max(1, search.get().bytesLeft() / sharing))
                    : pages.page(request, range);
        }

        /** Those that had no turn have something to be read too. */
        private Map<Long, FetchOutcome> withWaiting() {
            for (Position position : waiting) {
                OffsetRange range = ranges.get(position.partitionId());
                if (range != null) {
                    outcomes.putIfAbsent(
                            position.partitionId(), nothing(position.partitionId(), position.offset(), range, true));
                }
            }
            return outcomes;
        }

        private static FetchOutcome.Page nothing(long partitionId, long offset, OffsetRange range, boolean full) {
            return new FetchOutcome.Page(partitionId, List.of(), offset, offset, range, full, false);
        }

        private int recordsLeft(long partitionId) {
            return outcomes.get(partitionId) instanceof FetchOutcome.Page page ? maxRecords - page.count() : maxRecords;
        }

        /** @param shared whether others had a share of the bytes too: otherwise nothing fits beside what was read */
        private void took(long partitionId, FetchOutcome outcome, boolean shared) {
            if (!(outcome instanceof FetchOutcome.Page page)) {
                outcomes.put(partitionId, outcome);
                return;
            }
            long size = page.batches().stream()
                    .mapToLong(b -> b.records().memorySize())
                    .sum();
            if (page.nextOffset() == page.offset()) {
                outcomes.putIfAbsent(partitionId, page);
                return;
            }
            if (found && bytes + size > maxBytes) {
                // A first record that is larger than its share has taken that of others.
                outcomes.putIfAbsent(partitionId, nothing(partitionId, page.offset(), page.range(), true));
                return;
            }
            found |= !page.isEmpty();
            bytes += size;
            outcomes.merge(partitionId, page, Round::joined);
            if (shared && page.full() && recordsLeft(partitionId) > 0) {
                waiting.add(new Position(partitionId, page.nextOffset()));
            }
        }

        private static FetchOutcome joined(FetchOutcome before, FetchOutcome after) {
            if (!(before instanceof FetchOutcome.Page first) || !(after instanceof FetchOutcome.Page second)) {
                return before;
            }
            List<FetchedBatch> batches = new ArrayList<>(first.batches());
            batches.addAll(second.batches());
            return new FetchOutcome.Page(
                    first.partitionId(),
                    batches,
                    first.offset(),
                    second.nextOffset(),
                    second.range(),
                    second.full(),
                    first.shared() && second.shared());
        }
    }
}
