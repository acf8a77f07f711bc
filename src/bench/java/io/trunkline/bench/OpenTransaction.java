package io.trunkline.bench;

import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.concurrent.TimeUnit;

/** A connection that keeps a transaction open that has an id and a snapshot. */
final class OpenTransaction implements Beside.Work {
    private final Postgres postgres;
    private final long after;
    private final long duration;

    /**
     * A transaction beside a load.
     *
     * @param after seconds from the measured start to the begin of the transaction
     * @param duration seconds that it lasts
     */
    OpenTransaction(Postgres postgres, int after, int duration) {
        this.postgres = postgres;
        this.after = TimeUnit.SECONDS.toNanos(after);
        this.duration = TimeUnit.SECONDS.toNanos(duration);
    }

    @Override
    public void run(Window window) throws SQLException {
        long from = window.from() + after;
        try (Connection connection = postgres.owner()) {
            Window.await(from, () -> {});
            connection.setAutoCommit(false);
            connection.setTransactionIsolation(Connection.TRANSACTION_REPEATABLE_READ);
            try (Statement statement = connection.createStatement()) {
                statement.execute("SELECT pg_current_xact_id()");
            }
            Window.await(from + duration, () -> {});
            connection.rollback();
        }
    }
}
