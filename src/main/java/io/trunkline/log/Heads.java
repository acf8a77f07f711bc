package io.trunkline.log;

import io.trunkline.error.ErrorCode;
import io.trunkline.error.Failures;
import io.trunkline.error.TrunklineException;
import io.trunkline.jdbc.WorkerPool;
import java.util.Collection;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;

/**
 * Tells where partitions begin and end now. Questions that come while one is being answered are asked together, so that
 * many fetches cost PostgreSQL hardly more than one. Nobody gets an answer that is older than the question.
 */
final class Heads {
    private static final int MOST_UNDER_WAY = 2;

    private final FetchStore store;
    private final WorkerPool pool;
    /** Guarded by this, as the following. */
    private Map<Integer, CompletableFuture<OffsetRange>> asked = new HashMap<>();

    private int underWay;

    Heads(FetchStore store, WorkerPool pool) {
        this.store = store;
        this.pool = pool;
    }

    /** What of a partition can be read; fails with {@code PARTITION_NOT_FOUND} when it does not exist any more. */
    CompletableFuture<OffsetRange> range(int partitionId) {
        CompletableFuture<OffsetRange> answer;
        synchronized (this) {
            answer = asked.computeIfAbsent(partitionId, id -> new CompletableFuture<>());
        }
        next();
        return answer;
    }

    /** What can be read of those of the partitions that exist. */
    CompletableFuture<Map<Integer, OffsetRange>> ranges(Collection<Integer> partitionIds) {
        Map<Integer, CompletableFuture<OffsetRange>> answers = new HashMap<>();
        synchronized (this) {
            for (Integer partitionId : partitionIds) {
                answers.put(partitionId, asked.computeIfAbsent(partitionId, id -> new CompletableFuture<>()));
            }
        }
        next();
        CompletableFuture<Map<Integer, OffsetRange>> all = CompletableFuture.completedFuture(new HashMap<>());
        for (Map.Entry<Integer, CompletableFuture<OffsetRange>> entry : answers.entrySet()) {
            all = all.thenCombine(
                    entry.getValue()
                            .thenApply(Optional::of)
                            .exceptionallyCompose(failure -> Failures.code(failure) == ErrorCode.PARTITION_NOT_FOUND
                                    ? CompletableFuture.completedFuture(Optional.empty())
                                    : CompletableFuture.failedFuture(failure)),
                    (ranges, range) -> {
                        range.ifPresent(r -> ranges.put(entry.getKey(), r));
                        return ranges;
                    });
        }
        return all;
    }

    private void next() {
        Map<Integer, CompletableFuture<OffsetRange>> mine;
        synchronized (this) {
            if (asked.isEmpty() || underWay == MOST_UNDER_WAY) {
                return;
            }
            mine = asked;
            asked = new HashMap<>();
            underWay++;
        }
        pool.call(() -> store.ranges(mine.keySet())).whenComplete((ranges, failure) -> {
            synchronized (this) {
                underWay--;
            }
            next();
            mine.forEach((partitionId, answer) -> {
                if (failure != null) {
                    answer.completeExceptionally(failure);
                } else if (ranges.containsKey(partitionId)) {
                    answer.complete(ranges.get(partitionId));
                } else {
                    answer.completeExceptionally(gone());
                }
            });
        });
    }

    static TrunklineException gone() {
        return new TrunklineException(ErrorCode.PARTITION_NOT_FOUND, "The partition does not exist any more.");
    }
}
