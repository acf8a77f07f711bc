package io.trunkline.group;

import io.trunkline.error.ErrorCode;
import io.trunkline.error.TrunklineException;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.function.LongFunction;
import java.util.function.LongSupplier;

/**
 * Lets calls for the same key follow one another, so that they do not hold threads and connections while they wait for
 * each other's locks. How many wait is bounded.
 *
 * @param <K> what calls are for
 */
final class KeyedQueue<K> {
    /** Who has waited for longer has gone, most likely. */
    private static final Duration MOST_WAIT = Duration.ofSeconds(10);

    private final int most;
    private final LongSupplier nanoTime;
    /** The last call of each key. Guarded by this, as the following. */
    private final Map<K, CompletableFuture<?>> last = new HashMap<>();

    private int waiting;

    KeyedQueue(int most) {
        this(most, System::nanoTime);
    }

    KeyedQueue(int most, LongSupplier nanoTime) {
        this.most = most;
        this.nanoTime = nanoTime;
    }

    /**
     * Makes a call when those before it have ended, however; fails with {@code OVERLOADED} when too many wait.
     *
     * @param call is told since when its caller waits, by {@link System#nanoTime}
     */
    <T> CompletableFuture<T> call(K key, LongFunction<CompletableFuture<T>> call) {
        CompletableFuture<T> mine = new CompletableFuture<>();
        CompletableFuture<?> before;
        synchronized (this) {
            if (waiting >= most) {
                return CompletableFuture.failedFuture(new TrunklineException(
                        ErrorCode.OVERLOADED,
                        "Too many changes of consumer groups are waiting; nothing was done. Try again."));
            }
            waiting++;
            before = last.put(key, mine);
        }
        CompletableFuture<?> start = before == null ? CompletableFuture.completedFuture(null) : before;
        long asked = nanoTime.getAsLong();
        start.handle((result, failure) -> nanoTime.getAsLong() - asked > MOST_WAIT.toNanos()
                        ? CompletableFuture.<T>failedFuture(
                                new TrunklineException(
                                        ErrorCode.OVERLOADED,
                                        "The change of the consumer group waited too long for its turn; nothing was done. Try again."))
                        : call.apply(asked))
                .thenCompose(made -> made)
                .whenComplete((result, failure) -> {
                    synchronized (this) {
                        waiting--;
                        last.remove(key, mine);
                    }
                    if (failure == null) {
                        mine.complete(result);
                    } else {
                        mine.completeExceptionally(failure);
                    }
                });
        return mine;
    }
}
