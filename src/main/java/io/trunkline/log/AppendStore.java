package io.trunkline.log;

import io.trunkline.error.ErrorCode;
import io.trunkline.error.TrunklineException;
import io.trunkline.jdbc.Database;
import io.trunkline.jdbc.Sql;
import io.trunkline.jdbc.SqlFailure;
import io.trunkline.jdbc.Work;
import io.trunkline.record.ByteColumn;
import io.trunkline.record.Headers;
import io.trunkline.record.RecordBatch;
import jakarta.inject.Singleton;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Types;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.postgresql.core.BaseConnection;
import org.postgresql.core.Oid;
import org.postgresql.jdbc.PgArray;

/**
 * Appends batches through the append functions of the slices, the one way in that the application role has. Columns go
 * as they are: they have the layout of PostgreSQL's binary arrays.
 */
@Singleton
class AppendStore {
    /** Rows instead of arrays: for results that know no bound the driver asks the server twice, first whether it is ready. */
    private static final String APPEND = """
            SELECT unnest(base_offsets), unnest(log_start_offsets), unnest(append_times)
              FROM append_%d(?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
            """;

    private static final String CURRENT_SLICE = """
            SELECT current_slice()
            """;
    private static final String SLICE_OF = """
            SELECT greatest(h.slice, current_slice())
              FROM partition_head h
             WHERE h.tp_id = ?
            """;
    /**
     * Calls the append function for a partition that does not exist, and writes a row elsewhere: it needs the rights, the
     * function, the table and the space that an append needs, and leaves the log as it is.
     */
    private static final String TRY_TO_WRITE = """
            WITH tried AS (
                SELECT base_offsets
                  FROM append_%1$d(ARRAY[0], NULL, false, NULL, NULL, NULL, ARRAY[''::bytea], NULL, NULL, NULL)
            ), readable AS (
                SELECT FROM log_batch_%1$d
            )
            INSERT INTO write_probe (filler)
            SELECT repeat('.', 6000)
              FROM tried
            """;
    /** What stands in the place of a base offset where nothing was written. */
    private static final long LOCKED = -1;

    private static final long MOVED = -2;
    /** Slices begin at different times for nobody, so more than two turns mean that something is wrong. */
    private static final int MOST_TURNS = 3;

    private final Database database;
    /** Reads 0 where there is none. */
    private final Work<Integer> currentSlice = new Sql(CURRENT_SLICE).one(row -> row.getInt(1));
    /** Where appends go; 0 when that is not known yet. */
    private volatile int slice;
    /** What is known of whether records can be written; null as long as nothing is. */
    private volatile @Nullable Seen seen;

    AppendStore(Database database) {
        this.database = database;
    }

    /** Appends what goes to one partition and commits it, waiting while another transaction holds the partition. */
    AppendOutcome append(SharedAppend append) {
        int target = currentSlice();
        boolean missing = false;
        for (int turn = 1; turn <= MOST_TURNS; turn++) {
            List<AppendOutcome> outcomes = call(target, append, true);
            missing = outcomes.isEmpty();
            if (!missing && !(outcomes.getFirst() instanceof AppendOutcome.Moved)) {
                return outcomes.getFirst();
            }
            Optional<Integer> next =
                    database.read(new Sql(SLICE_OF, append.partitionIds()[0]).first(row -> row.getInt(1)));
            if (next.isEmpty()) {
                return new AppendOutcome.Gone();
            }
            target = next.get();
            slice = target;
        }
        if (missing) {
            slice = 0;
            throw noted(sliceMissing());
        }
        return new AppendOutcome.Moved();
    }

    /**
     * Appends to several partitions in one transaction, without waiting for those that others hold.
     *
     * @return what became of each; those that are locked or have moved can be appended by {@link #append}
     */
    List<AppendOutcome> tryAppend(SharedAppend append) {
        List<AppendOutcome> outcomes = call(currentSlice(), append, false);
        return outcomes.isEmpty() ? Collections.nCopies(append.counts().length, new AppendOutcome.Moved()) : outcomes;
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
            int target = database.read(currentSlice);
            if (target == 0) {
                throw sliceMissing();
            }
            database.rehearse(connection -> {
                try {
                    return new Sql(TRY_TO_WRITE.formatted(target)).update().with(connection);
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
    private List<AppendOutcome> call(int slice, SharedAppend append, boolean wait) {
        try {
            List<AppendOutcome> outcomes = database.write(connection -> call(connection, slice, append, wait));
            if (outcomes.stream().anyMatch(AppendOutcome.Appended.class::isInstance)) {
                seen = new Seen(null, System.nanoTime());
            }
            return outcomes;
        } catch (TrunklineException e) {
            throw noted(e);
        }
    }

    private List<AppendOutcome> call(Connection connection, int slice, SharedAppend append, boolean wait)
            throws SQLException {
        RecordBatch all = append.records();
        Headers headers = all.headers();
        try (PreparedStatement statement = connection.prepareStatement(APPEND.formatted(slice))) {
            statement.setObject(1, append.partitionIds());
            statement.setObject(2, append.counts());
            statement.setBoolean(3, wait);
            bind(
                    connection,
                    statement,
                    4,
                    Oid.INT8_ARRAY,
                    "int8[]",
                    append.timestamps() ? all.timestamps().array() : null);
            statement.setObject(5, append.maxTimestamps());
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
                List<AppendOutcome> outcomes = new ArrayList<>(append.counts().length);
                while (row.next()) {
                    outcomes.add(outcome(row));
                }
                return outcomes;
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

    private int currentSlice() {
        if (slice == 0) {
            slice = database.read(currentSlice);
        }
        return slice;
    }

    private static AppendOutcome outcome(ResultSet row) throws SQLException {
        long baseOffset = row.getLong(1);
        long logStartOffset = row.getLong(2);
        long time = row.getLong(3);
        if (!row.wasNull()) {
            return new AppendOutcome.Appended(baseOffset, time, logStartOffset);
        }
        return baseOffset == LOCKED
                ? new AppendOutcome.Locked()
                : baseOffset == MOVED ? new AppendOutcome.Moved() : new AppendOutcome.Gone();
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
