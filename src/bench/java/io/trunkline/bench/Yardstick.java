package io.trunkline.bench;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Arrays;

/** The yardstick: what one durable commit of one row costs now. A run beside an unusual one was disturbed. */
final class Yardstick implements AutoCloseable {
    private static final int COMMITS = 200;

    private final Connection connection;

    Yardstick(Postgres postgres) throws SQLException {
        connection = postgres.owner();
        try (Statement statement = connection.createStatement()) {
            statement.execute("CREATE SCHEMA IF NOT EXISTS bench");
            statement.execute("CREATE TABLE IF NOT EXISTS bench.yardstick (at timestamptz)");
        }
    }

    /** The median, in milliseconds. */
    double commitMillis() throws SQLException {
        long[] nanos = new long[COMMITS];
        try (Statement truncate = connection.createStatement();
                PreparedStatement insert =
                        connection.prepareStatement("INSERT INTO bench.yardstick VALUES (clock_timestamp())")) {
            truncate.execute("TRUNCATE bench.yardstick");
            for (int i = 0; i < COMMITS; i++) {
                long start = System.nanoTime();
                insert.executeUpdate();
                nanos[i] = System.nanoTime() - start;
            }
        }
        Arrays.sort(nanos);
        return nanos[COMMITS / 2] / 1e6;
    }

    @Override
    public void close() throws SQLException {
        connection.close();
    }
}
