package io.trunkline.consumer;

import io.trunkline.async.WorkerPool;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;

/** Calls of {@link PositionStore} by single members. */
final class PositionCalls {
    private final PositionStore store;
    private final WorkerPool pool;

    PositionCalls(PositionStore store, WorkerPool pool) {
        this.store = store;
        this.pool = pool;
    }

    /** Commits offsets, by partition; answers false, and commits none, when the member does not have all of them. */
    CompletableFuture<Boolean> commit(long memberId, Map<Integer, Long> offsets) {
        return pool.call(() -> store.commit(memberId, offsets));
    }

    /** Commits what was delivered; answers false, and commits nothing, while an answer is being sent. */
    CompletableFuture<Boolean> commitDelivered(long memberId) {
        return pool.call(() -> store.commitDelivered(memberId));
    }

    /** Moves positions, by partition; answers false, and moves none, when the member does not have all of them. */
    CompletableFuture<Boolean> seek(long memberId, Map<Integer, Long> positions) {
        return pool.call(() -> store.seek(memberId, positions));
    }

    /** Moves positions that nobody else has moved. */
    CompletableFuture<Boolean> reset(long memberId, List<PositionStore.Reset> resets) {
        return pool.call(() -> {
            store.reset(memberId, resets);
            return true;
        });
    }
}
