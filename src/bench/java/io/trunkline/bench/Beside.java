package io.trunkline.bench;

import java.io.IOException;
import java.sql.SQLException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** A load, and something that is done beside it on a thread of its own. */
final class Beside implements Load {
    private static final int PATIENCE_SECONDS = 60;

    private final Load load;
    private final Work work;
    private final CompletableFuture<Void> ended = new CompletableFuture<>();

    /** What is done beside a load. */
    interface Work {
        /** Waits for its time, does it, and ends. */
        void run(Window window) throws SQLException;
    }

    Beside(Load load, Work work) {
        this.load = load;
        this.work = work;
    }

    @Override
    public void start(Window window) throws IOException, SQLException {
        Thread thread = new Thread(() -> run(window), "beside");
        thread.setDaemon(true);
        thread.start();
        load.start(window);
    }

    private void run(Window window) {
        try {
            work.run(window);
            ended.complete(null);
        } catch (SQLException | RuntimeException e) {
            ended.completeExceptionally(e);
        }
    }

    @Override
    public void check() {
        load.check();
        if (ended.isCompletedExceptionally()) {
            awaitEnd();
        }
    }

    @Override
    public Meter finish() {
        awaitEnd();
        return load.finish();
    }

    private void awaitEnd() {
        try {
            ended.get(PATIENCE_SECONDS, TimeUnit.SECONDS);
        } catch (ExecutionException | TimeoutException e) {
            throw new IllegalStateException("what was done beside the load failed: " + e, e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }

    @Override
    public void close() {
        load.close();
    }
}
