package io.trunkline.log;

import java.util.concurrent.CompletableFuture;

/** Somebody's waiting for records. Close it in any case: it holds a place that is bounded. */
public final class Arrival implements AutoCloseable {
    private final DelayedFetches delayed;
    private final DelayedFetches.Waiter waiter;
    private final CompletableFuture<Void> come;

    Arrival(DelayedFetches delayed, DelayedFetches.Waiter waiter) {
        this.delayed = delayed;
        this.waiter = waiter;
        come = waiter.woken.thenAccept(reached -> {});
    }

    /** Completes when there may be records; fails when waiting is of no use. */
    public CompletableFuture<Void> come() {
        return come;
    }

    @Override
    public void close() {
        delayed.deregister(waiter);
    }
}
