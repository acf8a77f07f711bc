package io.trunkline.log;

import io.trunkline.async.Coalescer;
import io.trunkline.async.WorkerPool;
import io.trunkline.error.ErrorCode;
import io.trunkline.error.TrunklineException;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;

/**
 * Tells where partitions begin and end now. Questions that come while one is being answered are asked together, so that
 * many fetches cost PostgreSQL hardly more than one. Nobody gets an answer that is older than the question.
 */
final class LogEnds {
    private static final int MOST_UNDER_WAY = 2;

    private final Coalescer<Long, Optional<OffsetRange>> questions;

    LogEnds(FetchStore store, WorkerPool pool) {
        // Who asks is bounded: fetches that wait, and requests.
        questions = new Coalescer<>(pool, MOST_UNDER_WAY, Integer.MAX_VALUE, 0, partitionIds -> {
            Map<Long, OffsetRange> ranges = store.ranges(new HashSet<>(partitionIds));
            return partitionIds.stream()
                    .map(partitionId -> Optional.ofNullable(ranges.get(partitionId)))
                    .toList();
        });
    }

    /** What of a partition can be read; fails with {@code PARTITION_NOT_FOUND} when it does not exist any more. */
    CompletableFuture<OffsetRange> range(long partitionId) {
        return questions.ask(partitionId).thenApply(range -> range.orElseThrow(LogEnds::gone));
    }

    /** What can be read of those of the partitions that exist. */
    CompletableFuture<Map<Long, OffsetRange>> ranges(Collection<Long> partitionIds) {
        Map<Long, CompletableFuture<Optional<OffsetRange>>> answers = new HashMap<>();
        partitionIds.forEach(partitionId -> answers.computeIfAbsent(partitionId, questions::ask));
        return CompletableFuture.allOf(answers.values().toArray(CompletableFuture[]::new))
                .thenApply(all -> {
                    Map<Long, OffsetRange> ranges = new HashMap<>();
                    answers.forEach(
                            (partitionId, answer) -> answer.join().ifPresent(range -> ranges.put(partitionId, range)));
                    return ranges;
                });
    }

    static TrunklineException gone() {
        return new TrunklineException(ErrorCode.PARTITION_NOT_FOUND, "The partition does not exist any more.");
    }
}
