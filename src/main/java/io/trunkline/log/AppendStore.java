package io.trunkline.log;

import io.trunkline.error.ErrorCode;
import io.trunkline.error.TrunklineException;
import io.trunkline.jdbc.Database;
import io.trunkline.jdbc.SqlFailure;
import io.trunkline.record.ByteColumn;
import io.trunkline.record.Headers;
import io.trunkline.record.RecordBatch;
import jakarta.enterprise.context.ApplicationScoped;
import java.sql.Array;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Types;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.postgresql.core.BaseConnection;
import org.postgresql.core.Oid;
import org.postgresql.jdbc.PgArray;

/**
 * Appends batches through the append functions of the slices, the one way in that the application role has. Columns go
 * as they are: they have the layout of PostgreSQL's binary arrays.
 */
@ApplicationScoped
class AppendStore {
    /** A batch for a partition. */
    record Append(int partitionId, RecordBatch records) {}

    /**
     * A batch that is durable.
     *
     * @param baseOffset the offset of its first record
     * @param logStartOffset the first offset of the partition that could be read at that moment
     * @param time when, in milliseconds since the epoch
     */
    record Appended(long baseOffset, long logStartOffset, long time) {}

    private static final String APPEND = """
            SELECT base_offsets, log_start_offsets, append_times
              FROM trunkline.append_%d(?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
            """;
    private static final String CURRENT_SLICE = """
            SELECT trunkline.current_slice()
            """;
    private static final String SLICE_OF = """
            SELECT greatest(h.slice, trunkline.current_slice())
              FROM trunkline.partition_head h
             WHERE h.tp_id = ?
            """;
    /**
     * Calls the append function for a partition that does not exist, and writes a row elsewhere: it needs the rights, the
     * function, the table and the space that an append needs, and leaves the log as it is.
     */
    private static final String TRY_TO_WRITE = """
            WITH tried AS (
                SELECT base_offsets
                  FROM trunkline.append_%1$d(ARRAY[0], NULL, false, NULL, NULL, NULL, ARRAY[''::bytea], NULL, NULL, NULL)
            ), readable AS (
                SELECT FROM trunkline.log_batch_%1$d
            )
            INSERT INTO trunkline.write_probe (filler)
            SELECT repeat('.', 6000)
              FROM tried
            """;
    /** Slices begin at different times for nobody, so more than two turns mean that something is wrong. */
    private static final int MOST_TURNS = 3;

    private final Database database;
    /** Where appends go; 0 when that is not known yet. */
    private volatile int slice;
    /** What is known of whether records can be written; null as long as nothing is. */
    private volatile @Nullable Seen seen;

    AppendStore(Database database) {
        this.database = database;
    }

    /**
     * Appends a batch and commits it, waiting while another transaction holds the partition.
     *
     * @param timestamps whether the records bring their own; otherwise they get the time of the append
     */
    Appended append(Append append, boolean timestamps) {
        int target = currentSlice();
        boolean missing = false;
        for (int turn = 1; turn <= MOST_TURNS; turn++) {
            List<@Nullable Appended> results = call(target, List.of(append), timestamps, true);
            missing = results.isEmpty();
            Appended appended = missing ? null : results.getFirst();
            if (appended != null) {
                return appended;
            }
            target = sliceOf(append.partitionId());
            slice = target;
        }
        if (missing) {
            slice = 0;
            throw noted(sliceMissing());
        }
        throw new TrunklineException(
                ErrorCode.OVERLOADED, "The slices of the log change too fast; nothing was written. Try again.");
    }

    /**
     * Appends batches for different partitions in one transaction, without waiting for partitions that others hold.
     *
     * @param timestamps whether the records bring their own; otherwise they get the time of the append
     * @return for each batch what became of it, or null when it was not written: its partition is locked or gone, or
     *     goes on in another slice. {@link #append} tells which.
     */
    List<@Nullable Appended> tryAppend(List<Append> appends, boolean timestamps) {
        List<@Nullable Appended> results = call(currentSlice(), appends, timestamps, false);
        return results.isEmpty() ? Collections.nCopies(appends.size(), null) : results;
    }

    /**
     * What the last append, or the last try, came to.
     *
     * @param failure why it was refused; null where records could be written
     * @param at by {@link System#nanoTime}
     */
    record Seen(@Nullable TrunklineException failure, long at) {}

    Optional<Seen> seen() {
        return Optional.ofNullable(seen);
    }

    /** Tries whether records can be written, without writing one. */
    Seen tryToWrite() {
        TrunklineException failure = null;
        try {
            int target = database.read(AppendStore::currentSlice);
            if (target == 0) {
                throw sliceMissing();
            }
            database.<Integer>rehearse(connection -> {
                try (PreparedStatement statement = connection.prepareStatement(TRY_TO_WRITE.formatted(target))) {
                    return statement.executeUpdate();
                } catch (SQLException e) {
                    if (SqlFailure.isMissing(e)) {
                        throw sliceMissing();
                    }
                    throw e;
                }
            });
        } catch (TrunklineException e) {
            failure = e;
        }
        Seen tried = new Seen(failure, System.nanoTime());
        seen = tried;
        return tried;
    }

    private static TrunklineException sliceMissing() {
        return new TrunklineException(
                ErrorCode.SLICE_MISSING, "The log has no slice to write to; nothing was written. Try again later.");
    }

    /** Keeps a failure that all appends would meet. */
    private TrunklineException noted(TrunklineException failure) {
        switch (failure.code()) {
            case DATABASE_READ_ONLY, STORAGE_FULL, DATABASE_PERMISSION_MISSING, SLICE_MISSING ->
                seen = new Seen(failure, System.nanoTime());
            default -> {
                // Of this append only, or of the connection.
            }
        }
        return failure;
    }

    /** None where the slice is not there. */
    private List<@Nullable Appended> call(int slice, List<Append> appends, boolean timestamps, boolean wait) {
        RecordBatch all =
                RecordBatch.concat(appends.stream().map(Append::records).toList());
        try {
            List<@Nullable Appended> results =
                    database.write(connection -> call(connection, slice, appends, all, timestamps, wait));
            if (results.stream().anyMatch(Objects::nonNull)) {
                seen = new Seen(null, System.nanoTime());
            }
            return results;
        } catch (TrunklineException e) {
            throw noted(e);
        }
    }

    private List<@Nullable Appended> call(
            Connection connection, int slice, List<Append> appends, RecordBatch all, boolean timestamps, boolean wait)
            throws SQLException {
        Headers headers = all.headers();
        try (PreparedStatement statement = connection.prepareStatement(APPEND.formatted(slice))) {
            statement.setObject(
                    1, appends.stream().mapToInt(Append::partitionId).toArray());
            statement.setObject(
                    2, appends.stream().mapToInt(a -> a.records().count()).toArray());
            statement.setBoolean(3, wait);
            bind(
                    connection,
                    statement,
                    4,
                    Oid.INT8_ARRAY,
                    "int8[]",
                    timestamps ? all.timestamps().array() : null);
            statement.setObject(
                    5,
                    appends.stream()
                            .mapToLong(a -> a.records().timestamps().max())
                            .toArray());
            ByteColumn keys = all.keys();
            bind(connection, statement, 6, Oid.BYTEA_ARRAY, "bytea[]", keys == null ? null : keys.array());
            bind(
                    connection,
                    statement,
                    7,
                    Oid.BYTEA_ARRAY,
                    "bytea[]",
                    all.values().array());
            if (headers == null) {
                statement.setNull(8, Types.ARRAY, "int4[]");
                statement.setNull(9, Types.ARRAY, "text[]");
                statement.setNull(10, Types.ARRAY, "bytea[]");
            } else {
                statement.setObject(8, headers.counts());
                statement.setArray(9, connection.createArrayOf("text", headers.keys()));
                statement.setArray(10, connection.createArrayOf("bytea", headers.values()));
            }
            try (ResultSet row = statement.executeQuery()) {
                row.next();
                return appended(longs(row, 1), longs(row, 2), longs(row, 3));
            }
        } catch (SQLException e) {
            if (!SqlFailure.isMissing(e)) {
                throw e;
            }
            // Retention has dropped a slice that this replica has not written to for long.
            this.slice = 0;
            return List.of();
        }
    }

    private int sliceOf(int partitionId) {
        return database.read(connection -> {
            try (PreparedStatement statement = connection.prepareStatement(SLICE_OF)) {
                statement.setInt(1, partitionId);
                return one(statement);
            }
        });
    }

    private int currentSlice() {
        if (slice == 0) {
            slice = database.read(AppendStore::currentSlice);
        }
        return slice;
    }

    /** Answers 0 where there is none. */
    private static int currentSlice(Connection connection) throws SQLException {
        try (PreparedStatement statement = connection.prepareStatement(CURRENT_SLICE)) {
            return one(statement);
        }
    }

    private static int one(PreparedStatement statement) throws SQLException {
        try (ResultSet row = statement.executeQuery()) {
            if (!row.next()) {
                throw new TrunklineException(ErrorCode.PARTITION_NOT_FOUND, "The partition does not exist any more.");
            }
            return row.getInt(1);
        }
    }

    private static List<@Nullable Appended> appended(
            @Nullable Long[] baseOffsets, @Nullable Long[] logStartOffsets, @Nullable Long[] times) {
        List<@Nullable Appended> appended = new ArrayList<>(baseOffsets.length);
        for (int i = 0; i < baseOffsets.length; i++) {
            Long base = baseOffsets[i];
            Long logStart = logStartOffsets[i];
            Long time = times[i];
            appended.add(base == null || logStart == null || time == null ? null : new Appended(base, logStart, time));
        }
        return appended;
    }

    private static @Nullable Long[] longs(ResultSet row, int column) throws SQLException {
        Array array = row.getArray(column);
        try {
            return (Long[]) array.getArray();
        } finally {
            array.free();
        }
    }

    private static void bind(
            Connection connection,
            PreparedStatement statement,
            int index,
            int oid,
            String type,
            byte @Nullable [] array)
            throws SQLException {
        if (array == null) {
            statement.setNull(index, Types.ARRAY, type);
        } else {
            statement.setArray(index, new PgArray(connection.unwrap(BaseConnection.class), oid, array));
        }
    }
}
