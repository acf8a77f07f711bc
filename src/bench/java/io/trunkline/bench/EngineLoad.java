package io.trunkline.bench;

import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** An append engine as a load. It tells only how many records it has written in all, and no latency. */
final class EngineLoad implements Load {
    private static final int PATIENCE_SECONDS = 60;

    private final AppendEngine engine;
    private final int partitions;
    private final byte[][][] batches;
    private final CompletableFuture<Meter> done = new CompletableFuture<>();

    EngineLoad(AppendEngine engine, int partitions, byte[][][] batches) {
        this.engine = engine;
        this.partitions = partitions;
        this.batches = batches;
    }

    @Override
    public void start(Window window) {
        Thread thread = new Thread(
                () -> {
                    try {
                        done.complete(run(window));
                    } catch (RuntimeException e) {
                        done.completeExceptionally(e);
                    }
                },
                "append-engine");
        thread.setDaemon(true);
        thread.start();
    }

    private Meter run(Window window) {
        Meter meter = new Meter(window);
        Window.await(window.start(), () -> {});
        if (window.from() > window.start()) {
            run(meter, window.start(), window.from());
        }
        run(meter, window.from(), window.to());
        return meter;
    }

    /** Counts what was written as if it had been written in even steps. */
    private void run(Meter meter, long from, long to) {
        long records = engine.run(partitions, batches, Duration.ofNanos(to - from));
        long seconds = Math.max(1, TimeUnit.NANOSECONDS.toSeconds(to - from));
        for (long s = 0; s < seconds; s++) {
            long count = records * (s + 1) / seconds - records * s / seconds;
            meter.count(from + TimeUnit.SECONDS.toNanos(s), count);
        }
    }

    @Override
    public void check() {
        if (done.isCompletedExceptionally()) {
            finish();
        }
    }

    @Override
    public Meter finish() {
        try {
            return done.get(PATIENCE_SECONDS, TimeUnit.SECONDS);
        } catch (ExecutionException | TimeoutException e) {
            throw new IllegalStateException("the append engine failed: " + e, e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }

    @Override
    public void close() {}
}
