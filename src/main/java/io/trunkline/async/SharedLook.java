package io.trunkline.async;

import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * A look at something that is made now and then, and more often while somebody wants it to be fresh. All who want that at the
 * same time share one look; they cause at most one every five seconds, and none that would have looks take more than a twentieth of
 * the time.
 */
public final class SharedLook {
    /** What was found is fresh for so long. */
    public static final Duration FRESH = Duration.ofSeconds(5);

    private static final Duration MOST_PAUSE = Duration.ofMinutes(1);
    /** A look is followed by a pause of so many times its duration. */
    private static final int PAUSES = 20;

    private final Executor thread;
    private final Runnable look;
    private final LongSupplier nanoTime;
    /** The look that is being made or will be, for those who want one; null without. Guarded by this, as the following. */
    private @Nullable CompletableFuture<Void> wanted;

    private boolean looked;
    private long endedAt;
    private long took;

    /**
     * @param thread runs one look at a time
     * @param look reports its own failures
     */
    public SharedLook(Executor thread, Runnable look) {
        this(thread, look, System::nanoTime);
    }

    SharedLook(Executor thread, Runnable look, LongSupplier nanoTime) {
        this.thread = thread;
        this.look = look;
        this.nanoTime = nanoTime;
    }

    /** Notes that a look was made, which others have caused; {@code began} by {@link System#nanoTime}. */
    public void looked(long began) {
        CompletableFuture<Void> done;
        synchronized (this) {
            looked = true;
            endedAt = nanoTime.getAsLong();
            took = endedAt - began;
            done = wanted;
            wanted = null;
        }
        if (done != null) {
            done.complete(null);
        }
    }

    /**
     * Completes, and never with a failure, when what the last look found is fresh, or when one has ended that found nothing. Returns
     * at once.
     */
    public CompletableFuture<Void> fresh() {
        CompletableFuture<Void> mine;
        synchronized (this) {
            if (isFresh()) {
                return CompletableFuture.completedFuture(null);
            }
            if (wanted != null) {
                return wanted.copy();
            }
            mine = new CompletableFuture<>();
            wanted = mine;
        }
        CompletableFuture<Void> result = mine.copy();
        try {
            thread.execute(this::run);
        } catch (RejectedExecutionException e) {
            // The service is being stopped.
            looked(nanoTime.getAsLong());
        }
        return result;
    }

    private void run() {
        synchronized (this) {
            if (wanted == null) {
                return; // another look has come before
            }
        }
        long began = nanoTime.getAsLong();
        try {
            look.run();
        } finally {
            looked(began);
        }
    }

    private boolean isFresh() {
        long pause = Math.clamp(took * PAUSES, FRESH.toNanos(), MOST_PAUSE.toNanos());
        return looked && nanoTime.getAsLong() - endedAt < pause;
    }
}
