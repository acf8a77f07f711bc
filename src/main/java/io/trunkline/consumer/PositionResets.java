package io.trunkline.consumer;

import io.trunkline.async.WorkerPool;
import io.trunkline.error.ErrorCode;
import io.trunkline.error.TrunklineException;
import io.trunkline.group.ConsumerRef;
import io.trunkline.group.OffsetReset;
import io.trunkline.log.Logs;
import io.trunkline.log.OffsetRange;
import io.trunkline.log.Position;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;

/** Moves positions that retention has overtaken, or that were sought beyond the end, to where their consumer says. */
final class PositionResets {
    private final PositionStore store;
    private final WorkerPool pool;
    private final Logs logs;

    PositionResets(PositionStore store, WorkerPool pool, Logs logs) {
        this.store = store;
        this.pool = pool;
        this.logs = logs;
    }

    /**
     * Moves those of a consumer's positions that cannot be read. Fails with {@code NO_OFFSET} where it says that nothing shall be moved.
     *
     * @param read where was read from, which may lie behind the consumer's position
     * @param outOfRange what can be read of the partitions for which that failed
     */
    CompletableFuture<Boolean> reset(
            ConsumerRef consumer, ConsumerSnapshot member, List<Position> read, Map<Long, OffsetRange> outOfRange) {
        if (member.options().reset() instanceof OffsetReset.None) {
            return CompletableFuture.failedFuture(new TrunklineException(
                    ErrorCode.NO_OFFSET,
                    "The position of consumer " + consumer.name()
                            + " is below the log start or beyond the end, and its auto.offset.reset is none: seek to an"
                            + " offset first."));
        }
        CompletableFuture<List<PositionStore.Reset>> resets = CompletableFuture.completedFuture(new ArrayList<>());
        Map<Long, Long> positions = member.positions();
        for (Position position : read) {
            OffsetRange range = outOfRange.get(position.partitionId());
            Long from = positions.get(position.partitionId());
            if (range != null && from != null) {
                // One after the other: some are a search in PostgreSQL.
                resets = resets.thenCompose(all -> target(member.options().reset(), position.partitionId(), range)
                        .thenApply(to -> {
                            all.add(new PositionStore.Reset(position.partitionId(), from, to));
                            return all;
                        }));
            }
        }
        return resets.thenCompose(all -> pool.call(() -> {
            store.reset(member.memberId(), all);
            return true;
        }));
    }

    private CompletableFuture<Long> target(OffsetReset reset, long partitionId, OffsetRange range) {
        return switch (reset) {
            case OffsetReset.Earliest earliest -> CompletableFuture.completedFuture(range.logStartOffset());
            case OffsetReset.ByDuration(Duration duration) -> logs.offsetForAge(partitionId, duration);
            case OffsetReset.Latest latest -> CompletableFuture.completedFuture(range.endOffset());
            case OffsetReset.None none -> CompletableFuture.failedFuture(new IllegalStateException());
        };
    }
}
