package io.trunkline.bench;

import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;

/**
 * The clock of the log, put forward day by day so that slices end. Nobody but the scenario purges meanwhile. Closing it puts
 * the clock right.
 */
final class RetentionClock implements AutoCloseable {
    private static final String KEEP_TURN = """
            UPDATE trunkline.retention_lease
               SET holder = gen_random_uuid(), held_until = trunkline.log_now() + interval '119 s'
            """;

    private final Postgres postgres;
    private int days;

    RetentionClock(Postgres postgres) {
        this.postgres = postgres;
    }

    /** Goes on by a day: appends go to the slice of that day. */
    void nextDay() throws SQLException {
        days++;
        execute(
                "CREATE OR REPLACE FUNCTION trunkline.log_now() RETURNS timestamptz LANGUAGE sql AS"
                        + " 'SELECT pg_catalog.clock_timestamp() + interval ''" + days + " days'''",
                "SELECT trunkline.prepare_slices(interval '1 day', 2)",
                KEEP_TURN);
    }

    /** Keeps the service from purging for the next two minutes. */
    void keepTurn() throws SQLException {
        execute(KEEP_TURN);
    }

    @Override
    public void close() throws SQLException {
        execute(
                "CREATE OR REPLACE FUNCTION trunkline.log_now() RETURNS timestamptz LANGUAGE sql AS"
                        + " 'SELECT pg_catalog.clock_timestamp()'",
                "UPDATE trunkline.retention_lease SET holder = NULL, held_until = NULL, started_at = NULL");
    }

    private void execute(String... statements) throws SQLException {
        try (Connection connection = postgres.owner();
                Statement statement = connection.createStatement()) {
            // Together, so that nobody takes the turn in between.
            connection.setAutoCommit(false);
            for (String sql : statements) {
                statement.execute(sql);
            }
            connection.commit();
        }
    }
}
