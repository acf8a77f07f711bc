package io.trunkline.async;

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
 */
public final class KeyedQueue<K> {
    /** Who has waited for longer has gone, most likely. */
    private static final Duration MOST_WAIT = Duration.ofSeconds(10);

    private final String calls;
    private final int most;
    private final LongSupplier nanoTime;
    /** The last call of each key. Guarded by this, as the following. */
    private final Map<K, CompletableFuture<?>> last = new HashMap<>();

    private int waiting;

    /**
     * @param calls what they are called in messages, such as {@code changes of consumer groups}
     * @param most how many may wait
     */
    public KeyedQueue(String calls, int most) {
        this(calls, most, System::nanoTime);
    }

    KeyedQueue(String calls, int most, LongSupplier nanoTime) {
        this.calls = calls;
        this.most = most;
        this.nanoTime = nanoTime;
    }

    /**
     * Makes a call when those before it have ended, however; fails with {@code OVERLOADED} when too many wait.
     *
     * @param call is told since when its caller waits, by {@link System#nanoTime}
     */
    public <T> CompletableFuture<T> call(K key, LongFunction<CompletableFuture<T>> call) {
        CompletableFuture<T> mine = new CompletableFuture<>();
        CompletableFuture<?> before;
        synchronized (this) {
            if (waiting >= most) {
                return CompletableFuture.failedFuture(new TrunklineException(
                        ErrorCode.OVERLOADED, "Too many " + calls + " are waiting; nothing was done. Try again."));
            }
            waiting++;
            before = last.put(key, mine);
        }
        CompletableFuture<?> start = before == null ? CompletableFuture.completedFuture(null) : before;
        long asked = nanoTime.getAsLong();
        start.handle((result, failure) -> nanoTime.getAsLong() - asked > MOST_WAIT.toNanos()
                        ? CompletableFuture.<T>failedFuture(new TrunklineException(
                                ErrorCode.OVERLOADED,
                                "The call waited too long for its turn (" + calls + "); nothing was done. Try again."))
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
