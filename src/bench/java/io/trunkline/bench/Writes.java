package io.trunkline.bench;

import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.HashMap;
import java.util.Map;

/**
 * What PostgreSQL has written so far.
 *
 * @param transactions that wrote, in the whole server, its own like analyzing included; known at once
 * @param walBytes of the whole server; known at once
 * @param rows inserted, updated and deleted, by table of the service; known up to {@link #DELAY_SECONDS} later
 */
record Writes(long transactions, long walBytes, Map<String, Long> rows) {
    /** A connection that goes idle tells what it wrote within 10 seconds. */
    static final int DELAY_SECONDS = 11;

    private static final String TOTALS = """
            SELECT pg_snapshot_xmax(pg_current_snapshot())::text::bigint,
                   pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '0/0')::bigint
            """;
    private static final String ROWS = """
            SELECT relname, n_tup_ins + n_tup_upd + n_tup_del
              FROM pg_stat_user_tables
             WHERE schemaname = 'trunkline'
            """;

    Writes {
        rows = Map.copyOf(rows);
    }

    static Writes until(Connection connection) throws SQLException {
        try (Statement statement = connection.createStatement()) {
            long transactions;
            long walBytes;
            try (ResultSet row = statement.executeQuery(TOTALS)) {
                row.next();
                transactions = row.getLong(1);
                walBytes = row.getLong(2);
            }
            Map<String, Long> rows = new HashMap<>();
            try (ResultSet row = statement.executeQuery(ROWS)) {
                while (row.next()) {
                    rows.put(row.getString(1), row.getLong(2));
                }
            }
            return new Writes(transactions, walBytes, rows);
        }
    }

    /** What was written since an earlier look; only tables that were written to. */
    Writes since(Writes earlier) {
        Map<String, Long> written = new HashMap<>();
        rows.forEach((table, count) -> {
            long more = count - earlier.rows.getOrDefault(table, 0L);
            if (more != 0) {
                written.put(table, more);
            }
        });
        return new Writes(transactions - earlier.transactions, walBytes - earlier.walBytes, written);
    }
}
