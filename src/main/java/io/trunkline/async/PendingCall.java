package io.trunkline.async;

import io.trunkline.error.ErrorCode;
import io.trunkline.error.TrunklineException;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * A call that waits for its turn or is under way. When its time is over its caller is told, whatever the thread waits for: a
 * PostgreSQL that hangs, a connection, or those before it.
 */
public final class PendingCall<T> implements Runnable {
    /** How far a call has come: until it writes it can be taken back. */
    private enum Stage {
        WAITING,
        STARTED,
        WRITING,
        OVER
    }

    private static final ThreadLocal<@Nullable PendingCall<?>> CURRENT = new ThreadLocal<>();
    private static final ScheduledThreadPoolExecutor DEADLINES = deadlines();
    /** What connections and queues may take beside the answer of PostgreSQL itself. */
    private static final Duration SLACK = Duration.ofSeconds(2);

    private static volatile Duration most = Duration.ofSeconds(10).plus(SLACK);

    private final String pool;
    private final Supplier<T> call;
    private final AtomicReference<Stage> stage = new AtomicReference<>(Stage.WAITING);
    private final CompletableFuture<T> result = new CompletableFuture<>();
    private final Future<?> deadline;

    /**
     * @param pool where it runs, for the message
     * @param since when its caller began to wait, by {@link System#nanoTime}
     */
    PendingCall(String pool, Supplier<T> call, long since) {
        this.pool = pool;
        this.call = call;
        long left = most.toNanos() - (System.nanoTime() - since);
        deadline = DEADLINES.schedule(this::expire, Math.max(0, left), TimeUnit.NANOSECONDS);
    }

    /** How long callers wait at most where PostgreSQL may take so long for an answer. */
    public static void responseTimeout(Duration timeout) {
        most = timeout.plus(SLACK);
    }

    static Duration most() {
        return most;
    }

    /**
     * Is called before anything is changed in PostgreSQL, so that a call whose caller was told that nothing was done does
     * nothing.
     *
     * @throws TrunklineException if this thread's call is over
     */
    public static void beginsToWrite() {
        PendingCall<?> current = CURRENT.get();
        if (current != null
                && !current.stage.compareAndSet(Stage.STARTED, Stage.WRITING)
                && current.stage.get() == Stage.OVER) {
            throw unavailable();
        }
    }

    CompletableFuture<T> result() {
        return result;
    }

    @Override
    public void run() {
        if (!stage.compareAndSet(Stage.WAITING, Stage.STARTED)) {
            return;
        }
        CURRENT.set(this);
        try {
            result.complete(call.get());
        } catch (RuntimeException | Error e) {
            result.completeExceptionally(e);
        } finally {
            CURRENT.remove();
            deadline.cancel(false);
        }
    }

    /** The pool did not take it. */
    void reject(TrunklineException reason) {
        deadline.cancel(false);
        result.completeExceptionally(reason);
    }

    private void expire() {
        if (stage.compareAndSet(Stage.WAITING, Stage.OVER)) {
            result.completeExceptionally(new TrunklineException(
                    ErrorCode.OVERLOADED,
                    "The call waited too long for its turn (" + pool + "); nothing was done. Try again."));
        } else if (stage.compareAndSet(Stage.STARTED, Stage.OVER)) {
            result.completeExceptionally(unavailable());
        } else {
            result.completeExceptionally(new TrunklineException(
                    ErrorCode.OUTCOME_UNKNOWN,
                    "PostgreSQL did not answer in time: what was to be written may or may not have been."
                            + " Repeating it can do it twice, unless it is a produce request with an"
                            + " Idempotency-Key: repeat that with the same key."));
        }
    }

    private static TrunklineException unavailable() {
        return new TrunklineException(
                ErrorCode.DATABASE_UNAVAILABLE,
                "PostgreSQL did not answer in time; nothing was done. Try again later.");
    }

    private static ScheduledThreadPoolExecutor deadlines() {
        ScheduledThreadPoolExecutor executor = new ScheduledThreadPoolExecutor(1, task -> {
            Thread thread = new Thread(task, "deadlines");
            thread.setDaemon(true);
            return thread;
        });
        // Calls end before their deadline: nothing is to be held for that long.
        executor.setRemoveOnCancelPolicy(true);
        return executor;
    }
}
