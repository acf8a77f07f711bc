package io.trunkline.log;

import io.trunkline.record.RecordBatch;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;

/** Reads from several partitions within one budget of bytes. */
final class PartitionPolls {
    /** So many are read at once, and share the bytes; others have their turn when these leave some. */
    private static final int AT_ONCE = 16;
    /** What is left of the bytes is used as long as it is more than this part of them. */
    private static final int REST = 8;

    private final LogEnds ends;
    private final Fetches fetches;
    private final DelayedFetches delayedFetches;

    PartitionPolls(LogEnds ends, Fetches fetches, DelayedFetches delayedFetches) {
        this.ends = ends;
        this.fetches = fetches;
        this.delayedFetches = delayedFetches;
    }

    CompletableFuture<Map<Integer, FetchOutcome>> poll(
            List<Position> positions, long maxBytes, Map<Integer, OffsetRange> known) {
        List<Position> atHand = positions.stream()
                .filter(position -> {
                    OffsetRange range = known.get(position.partitionId());
                    return range != null
                            && range.readableFrom(position.offset())
                            && position.offset() < range.endOffset();
                })
                .toList();
        if (!atHand.isEmpty()) {
            Poll poll = new Poll(known, maxBytes);
            atHand.forEach(poll::look);
            return poll.next();
        }
        return ends.ranges(positions.stream().map(Position::partitionId).toList())
                .thenCompose(ranges -> {
                    Poll poll = new Poll(ranges, maxBytes);
                    positions.forEach(poll::look);
                    return poll.next();
                });
    }

    Arrival arrival(List<Position> positions) {
        Map<Integer, Long> offsets = new HashMap<>();
        positions.forEach(position -> offsets.put(position.partitionId(), position.offset()));
        return new Arrival(delayedFetches, delayedFetches.register(offsets));
    }

    /** One poll; its rounds follow one another. */
    private final class Poll {
        private final Map<Integer, OffsetRange> ranges;
        private final long maxBytes;
        private final Map<Integer, FetchOutcome> outcomes = new HashMap<>();
        private final Deque<Position> waiting = new ArrayDeque<>();
        private long bytes;
        private boolean found;

        Poll(Map<Integer, OffsetRange> ranges, long maxBytes) {
            this.ranges = ranges;
            this.maxBytes = maxBytes;
        }

        /** Finds out what there is to be read of a partition. */
        void look(Position position) {
            OffsetRange range = ranges.get(position.partitionId());
            if (range == null) {
                return;
            }
            if (!range.readableFrom(position.offset())) {
                outcomes.put(position.partitionId(), new FetchOutcome.OutOfRange(range));
            } else if (position.offset() < range.endOffset()) {
                waiting.add(position);
            }
        }

        /** Reads a part of each of some partitions, and goes on while bytes are left and there is something to read. */
        CompletableFuture<Map<Integer, FetchOutcome>> next() {
            long left = maxBytes - bytes;
            if (waiting.isEmpty() || (found && left <= maxBytes / REST)) {
                return CompletableFuture.completedFuture(withWaiting());
            }
            List<Position> turn = new ArrayList<>();
            while (!waiting.isEmpty() && turn.size() < AT_ONCE) {
                turn.add(waiting.remove());
            }
            long share = left / turn.size();
            CompletableFuture<List<FetchOutcome>> read = CompletableFuture.completedFuture(new ArrayList<>());
            for (int i = 0; i < turn.size(); i++) {
                boolean strict = found || i > 0;
                Position position = turn.get(i);
                if (strict && share <= RecordBatch.OVERHEAD_BYTES) {
                    turn.subList(i, turn.size()).forEach(waiting::addFirst);
                    break;
                }
                FetchRequest request = new FetchRequest(
                        position.partitionId(), position.offset(), share, Integer.MAX_VALUE, strict);
                OffsetRange range = ranges.get(position.partitionId());
                if (range != null) {
                    read = read.thenCombine(fetches.page(request, range), (all, outcome) -> {
                        all.add(outcome);
                        return all;
                    });
                }
            }
            return read.thenCompose(all -> {
                long before = bytes;
                for (int i = 0; i < all.size(); i++) {
                    took(turn.get(i).partitionId(), all.get(i));
                }
                return bytes > before || !found ? next() : CompletableFuture.completedFuture(withWaiting());
            });
        }

        /** Those that had no turn have something to be read too. */
        private Map<Integer, FetchOutcome> withWaiting() {
            for (Position position : waiting) {
                OffsetRange range = ranges.get(position.partitionId());
                if (range != null) {
                    outcomes.putIfAbsent(
                            position.partitionId(), nothingFits(position.partitionId(), position.offset(), range));
                }
            }
            return outcomes;
        }

        private static FetchOutcome.Page nothingFits(int partitionId, long offset, OffsetRange range) {
            return new FetchOutcome.Page(partitionId, List.of(), offset, offset, range, true, false);
        }

        private void took(int partitionId, FetchOutcome outcome) {
            if (!(outcome instanceof FetchOutcome.Page page)) {
                outcomes.put(partitionId, outcome);
                return;
            }
            long size = page.batches().stream()
                    .mapToLong(b -> b.records().memorySize())
                    .sum();
            if (page.isEmpty()) {
                outcomes.putIfAbsent(partitionId, page);
                return;
            }
            if (found && bytes + size > maxBytes) {
                // A first record that is larger than its share has taken that of others.
                outcomes.putIfAbsent(partitionId, nothingFits(partitionId, page.offset(), page.range()));
                return;
            }
            found = true;
            bytes += size;
            outcomes.merge(partitionId, page, Poll::joined);
            if (page.full()) {
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
