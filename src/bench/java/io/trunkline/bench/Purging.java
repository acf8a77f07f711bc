package io.trunkline.bench;

import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/** A purge beside a load, with the rights of the service: log starts, then one slice. It is timed by its steps. */
final class Purging implements Beside.Work {
    private static final long DELAY_NANOS = TimeUnit.SECONDS.toNanos(1);
    private static final String DEAD_TUPLES = """
            SELECT coalesce(sum(s.n_dead_tup), 0)
              FROM pg_inherits i
              JOIN pg_class c ON c.oid = i.inhrelid
              JOIN pg_stat_all_tables s ON s.relid IN (c.oid, c.reltoastrelid)
             WHERE i.inhparent = 'trunkline.log_batch'::regclass
            """;

    private final Postgres postgres;
    private final long slice;
    private final Map<String, Object> details = new HashMap<>();

    Purging(Postgres postgres, long slice) {
        this.postgres = postgres;
        this.slice = slice;
    }

    /** How long each step took in milliseconds, the bytes that were given back, and the dead tuples that came of it. */
    Map<String, Object> details() {
        return Map.copyOf(details);
    }

    /** Purges in the second second in which the load is measured. */
    @Override
    public void run(Window window) throws SQLException {
        try (Connection connection = DriverManager.getConnection(
                        postgres.url(), postgres.applicationUsername(), postgres.applicationPassword());
                Statement statement = connection.createStatement()) {
            long deadBefore = number(statement, DEAD_TUPLES);
            Window.await(window.from() + DELAY_NANOS, () -> {});
            timed(
                    "purgeMillis",
                    statement,
                    "SELECT count(trunkline.purge_partition(p)) FROM trunkline.purgeable() AS p");
            long bytes = timed("freeSliceMillis", statement, "SELECT trunkline.free_slice(" + slice + ")");
            details.put("freedBytes", bytes);
            statement.execute("SELECT pg_stat_force_next_flush()");
            details.put("deadTuples", number(statement, DEAD_TUPLES) - deadBefore);
            long left = number(statement, "SELECT pg_total_relation_size('trunkline.log_batch_" + slice + "')");
            if (bytes == 0 || left > bytes / 100) {
                throw new IllegalStateException("slice " + slice + " gave " + bytes + " bytes back and kept " + left);
            }
            timed("dropSliceMillis", statement, "SELECT trunkline.drop_slice(" + slice + ")::int");
        }
    }

    private long timed(String name, Statement statement, String query) throws SQLException {
        long begin = System.nanoTime();
        long answer = number(statement, query);
        details.put(name, (System.nanoTime() - begin) / 1e6);
        return answer;
    }

    private static long number(Statement statement, String query) throws SQLException {
        try (ResultSet row = statement.executeQuery(query)) {
            row.next();
            return row.getLong(1);
        }
    }
}
