package io.trunkline.bench;

import java.io.IOException;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** A load during a part of which some other connection keeps a transaction open that has an id and a snapshot. */
final class OpenTransaction implements Load {
    private static final int PATIENCE_SECONDS = 30;

    private final Postgres postgres;
    private final Load load;
    private final long after;
    private final long duration;
    private final CompletableFuture<Void> ended = new CompletableFuture<>();

    /**
     * A load with a transaction.
     *
     * @param after seconds from the measured start to the begin of the transaction
     * @param duration seconds that it lasts
     */
    OpenTransaction(Postgres postgres, Load load, int after, int duration) {
        this.postgres = postgres;
        this.load = load;
        this.after = TimeUnit.SECONDS.toNanos(after);
        this.duration = TimeUnit.SECONDS.toNanos(duration);
    }

    @Override
    public void start(Window window) throws IOException, SQLException {
        Connection connection = postgres.owner();
        Thread thread = new Thread(
                () -> {
                    try (connection) {
                        keepOpen(connection, window.from() + after);
                        ended.complete(null);
                    } catch (SQLException | RuntimeException e) {
                        ended.completeExceptionally(e);
                    }
                },
                "open-transaction");
        thread.setDaemon(true);
        thread.start();
        load.start(window);
    }

    private void keepOpen(Connection connection, long from) throws SQLException {
        Window.await(from, () -> {});
        connection.setAutoCommit(false);
        connection.setTransactionIsolation(Connection.TRANSACTION_REPEATABLE_READ);
        try (Statement statement = connection.createStatement()) {
            statement.execute("SELECT pg_current_xact_id()");
        }
        Window.await(from + duration, () -> {});
        connection.rollback();
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
            throw new IllegalStateException("the open transaction failed: " + e, e);
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
