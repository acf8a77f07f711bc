package io.trunkline.log;

import io.trunkline.record.RecordBatch;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;

/** One reading of several partitions; its turns follow one another. */
final class FetchRound {
    /** So many are read at once, and share the bytes; others have their turn when these leave some. */
    private static final int AT_ONCE = 16;
    /** What is left of the bytes is used as long as it is more than this part of them. */
    private static final int REST = 8;

    private final PageReader pages;
    private final Scans scans;
    /** What can be read, at least: as it is known, and as pages have shown since, which may go beyond an end that was known. */
    private final Map<Long, OffsetRange> ranges;

    private final long maxBytes;
    /** Of each partition. */
    private final int maxRecords;

    private final Optional<Search> search;
    private final Map<Long, FetchOutcome> outcomes = new HashMap<>();
    private final Deque<Position> waiting = new ArrayDeque<>();
    private long bytes;
    private boolean found;

    /** @param ranges what can be read of the partitions, at least */
    FetchRound(PageReader pages, Scans scans, Map<Long, OffsetRange> ranges, FetchLimits limits) {
        this.pages = pages;
        this.scans = scans;
        this.ranges = new HashMap<>(ranges);
        maxBytes = limits.maxBytes();
        maxRecords = limits.maxRecords();
        search = limits.search();
    }

    CompletableFuture<Map<Long, FetchOutcome>> read(List<Position> positions) {
        positions.forEach(this::look);
        return next().thenApply(read -> {
            search.ifPresent(Search::requireProgress);
            return read;
        });
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
        boolean used =
                (found && left <= maxBytes / REST) || search.map(Search::isOver).orElse(false);
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
                        request, range, search.get(), Math.max(1, search.get().bytesLeft() / sharing))
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
        ranges.merge(partitionId, page.range(), OffsetRange::merged);
        long size =
                page.batches().stream().mapToLong(b -> b.records().memorySize()).sum();
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
        outcomes.merge(partitionId, page, FetchRound::joined);
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
