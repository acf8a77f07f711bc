package io.trunkline.bench;

import java.sql.Array;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Locale;

/** Everything that the benchmark knows about the tables of the log. */
final class LogTables {
    private static final String TOTALS = """
            SELECT count(*), coalesce(sum(b.record_count), 0)
              FROM trunkline.topic t
              JOIN trunkline.partition_head h ON h.topic_id = t.topic_id
              JOIN trunkline.partition_slice s ON s.tp_id = h.tp_id
              JOIN trunkline.log_batch b ON b.slice = s.slice AND b.tp_id = s.tp_id
             WHERE t.name = ?
            """;
    private static final String RECORDS_AFTER = """
            SELECT coalesce(sum(b.record_count), 0)
              FROM trunkline.partition_slice s
              JOIN trunkline.log_batch b ON b.slice = s.slice AND b.tp_id = s.tp_id
             WHERE s.tp_id > ?
            """;
    private static final String APPEND = """
            SELECT trunkline.append(?, NULL, NULL, ?, NULL, NULL, NULL)
            """;
    private static final int BATCHES_PER_COMMIT = 100;
    private static final String PLACE = """
            SELECT h.tp_id, h.slice
              FROM trunkline.topic t
              JOIN trunkline.partition_head h ON h.topic_id = t.topic_id
             WHERE t.name = ? AND h.partition = ?
            """;

    private final Postgres postgres;

    LogTables(Postgres postgres) {
        this.postgres = postgres;
    }

    /** How many batches and records a topic has. */
    record Totals(long batches, long records) {
        /** The mean size of a batch, rounded. */
        int recordsPerBatch() {
            return (int) Math.max(1, Math.round((double) records / Math.max(1, batches)));
        }
    }

    /** Where a partition is: its number in the log and the newest slice that it has been written to. */
    record Place(int partitionId, int slice) {
        /** The table of the slice. */
        String leaf() {
            return "trunkline.log_batch_" + slice;
        }
    }

    Totals totals(String topic) throws SQLException {
        try (Connection connection = postgres.owner();
                PreparedStatement statement = connection.prepareStatement(TOTALS)) {
            statement.setString(1, topic);
            try (ResultSet row = statement.executeQuery()) {
                row.next();
                return new Totals(row.getLong(1), row.getLong(2));
            }
        }
    }

    /** The number that the last partition got. */
    int lastPartitionId() throws SQLException {
        try (Connection connection = postgres.owner();
                Statement statement = connection.createStatement();
                ResultSet row =
                        statement.executeQuery("SELECT coalesce(max(tp_id), 0) FROM trunkline.partition_head")) {
            row.next();
            return row.getInt(1);
        }
    }

    /** How many records there are in partitions that are newer than one. */
    long recordsAfter(int partitionId) throws SQLException {
        try (Connection connection = postgres.owner();
                PreparedStatement statement = connection.prepareStatement(RECORDS_AFTER)) {
            statement.setInt(1, partitionId);
            try (ResultSet row = statement.executeQuery()) {
                row.next();
                return row.getLong(1);
            }
        }
    }

    /** Appends batches to a partition by SQL, many a commit. */
    void append(int partitionId, byte[][] values, int batches) throws SQLException {
        try (Connection connection = postgres.owner();
                PreparedStatement statement = connection.prepareStatement(APPEND)) {
            connection.setAutoCommit(false);
            Array array = connection.createArrayOf("bytea", values);
            for (int i = 1; i <= batches; i++) {
                statement.setInt(1, partitionId);
                statement.setArray(2, array);
                statement.executeQuery().close();
                if (i % BATCHES_PER_COMMIT == 0) {
                    connection.commit();
                }
            }
            connection.commit();
        }
    }

    void vacuum(String table) throws SQLException {
        try (Connection connection = postgres.owner();
                Statement statement = connection.createStatement()) {
            statement.execute("VACUUM (ANALYZE) " + table);
        }
    }

    /** The bytes of a table on disk, with its indexes. */
    long bytes(String table) throws SQLException {
        try (Connection connection = postgres.owner();
                PreparedStatement statement =
                        connection.prepareStatement("SELECT pg_total_relation_size(?::regclass)")) {
            statement.setString(1, table);
            try (ResultSet row = statement.executeQuery()) {
                row.next();
                return row.getLong(1);
            }
        }
    }

    Place place(String topic, int partition) throws SQLException {
        try (Connection connection = postgres.owner();
                PreparedStatement statement = connection.prepareStatement(PLACE)) {
            statement.setString(1, topic);
            statement.setInt(2, partition);
            try (ResultSet row = statement.executeQuery()) {
                if (!row.next()) {
                    throw new IllegalStateException("no such partition: " + topic + "-" + partition);
                }
                return new Place(row.getInt(1), row.getInt(2));
            }
        }
    }

    /** Makes an empty table that looks like a slice of the log but belongs to nobody. */
    String newBareTable() throws SQLException {
        String table = String.format(Locale.ROOT, "bench.bare_%d", System.nanoTime());
        try (Connection connection = postgres.owner();
                Statement statement = connection.createStatement()) {
            statement.execute("CREATE TABLE " + table + " (LIKE trunkline.log_batch INCLUDING ALL)");
        }
        return table;
    }

    void drop(String table) throws SQLException {
        try (Connection connection = postgres.owner();
                Statement statement = connection.createStatement()) {
            statement.execute("DROP TABLE " + table);
        }
    }

    long countBare(String table) throws SQLException {
        try (Connection connection = postgres.owner();
                Statement statement = connection.createStatement();
                ResultSet row = statement.executeQuery("SELECT coalesce(sum(record_count), 0) FROM " + table)) {
            row.next();
            return row.getLong(1);
        }
    }

    /** Inserts one batch into a bare table: tp_id, last and base offset, timestamp twice, count, size, timestamps, values. */
    static String insertInto(String table) {
        return """
                INSERT INTO %s
                    (slice, tp_id, last_offset, base_offset, max_timestamp, running_max_timestamp, appended_at,
                     record_count, byte_size, timestamps, keys, values)
                VALUES (1, ?, ?, ?, ?, ?, clock_timestamp(), ?, ?, ?, NULL, ?)
                """.formatted(table);
    }

    /** Reads the batches of a page of a partition. */
    static String readFrom(String table) {
        return """
                SELECT base_offset, timestamps, keys, values
                  FROM %s
                 WHERE slice = ? AND tp_id = ? AND last_offset >= ? AND last_offset <= ?
                 ORDER BY last_offset
                """.formatted(table);
    }
}
