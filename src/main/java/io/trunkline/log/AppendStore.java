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
              FROM append_%d(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL)
            """;
    /** As many rows as there are partitions or parts, nulls where there are more of the others. */
    private static final String APPEND_ON_TERMS = """
            SELECT unnest(base_offsets), unnest(log_start_offsets), unnest(append_times),
                   unnest(part_verdicts), unnest(part_tp_ids), unnest(part_offsets), unnest(part_times),
                   unnest(part_partition_counts), unnest(part_max_bytes), unnest(part_record_counts)
              FROM append_%d(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
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
                  FROM append_%1$d(ARRAY[0], NULL, false, NULL, NULL, NULL, ARRAY[''::bytea], NULL, NULL, NULL,
                                   NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL)
            ), readable AS (
                SELECT FROM log_batch_%1$d
            )
            INSERT INTO write_probe (filler)
            SELECT repeat('.', 6000)
              FROM tried
            """;

    private static final String FIND_KEY = """
            SELECT tp_id, base_offset, record_count, floor(extract(epoch FROM appended_at) * 1000)::bigint, partition_count,
                   max_message_bytes, fingerprint = ?
              FROM find_key(?)
            """;
    /** What stands in the place of a base offset where nothing was written. */
    private static final long LOCKED = -1;

    private static final long MOVED = -2;
    private static final long JUDGED = -4;
    private static final BatchOutcome MOVED_ON = new BatchOutcome.Ended(new AppendOutcome.Moved());
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
    BatchOutcome append(SharedAppend append) {
        int target = currentSlice();
        boolean missing = false;
        for (int turn = 1; turn <= MOST_TURNS; turn++) {
            List<BatchOutcome> outcomes = call(target, append, true);
            missing = outcomes.isEmpty();
            if (!missing && !outcomes.getFirst().equals(MOVED_ON)) {
                return outcomes.getFirst();
            }
            Optional<Integer> next =
                    database.read(new Sql(SLICE_OF, append.partitionIds()[0]).first(row -> row.getInt(1)));
            if (next.isEmpty()) {
                return new BatchOutcome.Ended(new AppendOutcome.Gone());
            }
            target = next.get();
            slice = target;
        }
        if (missing) {
            slice = 0;
            throw noted(sliceMissing());
        }
        return MOVED_ON;
    }

    /**
     * Appends to several partitions in one transaction, without waiting for those that others hold.
     *
     * @return what became of each; those that are locked or have moved can be appended by {@link #append}
     */
    List<BatchOutcome> tryAppend(SharedAppend append) {
        List<BatchOutcome> outcomes = call(currentSlice(), append, false);
        return outcomes.isEmpty() ? Collections.nCopies(append.counts().length, MOVED_ON) : outcomes;
    }

    /** What became of an append with this key, {@code Repeated} or {@code KeyReused}; empty where none is remembered. */
    Optional<AppendOutcome> find(ProduceKey key) {
        return database.read(new Sql(FIND_KEY, key.fingerprint(), AppendParts.bytes(key.id()))
                .first(row -> row.getBoolean(7)
                        ? new AppendOutcome.Repeated(
                                row.getLong(1),
                                row.getLong(2),
                                row.getInt(3),
                                row.getLong(4),
                                new ProducePlan(row.getInt(5), row.getInt(6)))
                        : new AppendOutcome.KeyReused()));
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
    private List<BatchOutcome> call(int slice, SharedAppend append, boolean wait) {
        try {
            List<BatchOutcome> outcomes = database.write(connection -> call(connection, slice, append, wait));
            if (outcomes.stream().anyMatch(AppendStore::isWritten)) {
                seen = new Seen(null, System.nanoTime());
            }
            return outcomes;
        } catch (TrunklineException e) {
            throw noted(e);
        }
    }

    private static boolean isWritten(BatchOutcome outcome) {
        return outcome instanceof BatchOutcome.Ended ended && ended.outcome() instanceof AppendOutcome.Appended;
    }

    private List<BatchOutcome> call(Connection connection, int slice, SharedAppend append, boolean wait)
            throws SQLException {
        String sql = append.parts().isPresent() ? APPEND_ON_TERMS : APPEND;
        RecordBatch all = append.records();
        Headers headers = all.headers();
        try (PreparedStatement statement = connection.prepareStatement(sql.formatted(slice))) {
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
            if (append.parts().isPresent()) {
                bind(connection, statement, append.parts().get());
            }
            try (ResultSet row = statement.executeQuery()) {
                return outcomes(row, append);
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

    private static List<BatchOutcome> outcomes(ResultSet row, SharedAppend append) throws SQLException {
        int partitions = append.counts().length;
        int parts = append.parts().map(AppendParts::count).orElse(0);
        List<BatchOutcome> outcomes = new ArrayList<>(partitions);
        boolean[] judged = new boolean[partitions];
        List<Optional<AppendOutcome>> verdicts = new ArrayList<>(parts);
        for (int i = 0; row.next(); i++) {
            if (i < partitions) {
                judged[i] = row.getLong(1) == JUDGED;
                outcomes.add(new BatchOutcome.Ended(outcome(row)));
            }
            if (i < parts) {
                verdicts.add(verdict(row, append.parts().get().identity(i)));
            }
        }
        for (int i = 0; i < partitions && parts > 0; i++) {
            if (judged[i]) {
                outcomes.set(
                        i,
                        new BatchOutcome.Judged(verdicts(append, append.parts().get(), i, verdicts)));
            }
        }
        return outcomes;
    }

    /** The verdicts of the parts of one batch, at the places of their appends. */
    private static List<Optional<AppendOutcome>> verdicts(
            SharedAppend append, AppendParts parts, int batch, List<Optional<AppendOutcome>> all) {
        List<Optional<AppendOutcome>> ofBatch =
                new ArrayList<>(Collections.nCopies(append.appends(batch), Optional.empty()));
        for (int i = 0; i < parts.count(); i++) {
            if (parts.batch(i) == batch) {
                ofBatch.set(parts.append(i), all.get(i));
            }
        }
        return ofBatch;
    }

    /** What the append function says of a part; empty where it has nothing against it. */
    private static Optional<AppendOutcome> verdict(ResultSet row, Optional<AppendIdentity> identity)
            throws SQLException {
        long partitionId = row.getLong(5);
        long offset = row.getLong(6);
        long time = row.getLong(7);
        int verdict = row.getInt(4);
        return switch (verdict) {
            case 0 -> Optional.empty();
            case 1 ->
                Optional.of(
                        identity.orElse(null) instanceof ProduceKey
                                ? new AppendOutcome.Repeated(
                                        partitionId,
                                        offset,
                                        row.getInt(10),
                                        time,
                                        new ProducePlan(row.getInt(8), row.getInt(9)))
                                : new AppendOutcome.Duplicate(offset, time));
            case 2 -> Optional.of(new AppendOutcome.OutOfOrderSequence());
            case 3 -> Optional.of(new AppendOutcome.ProducerFenced());
            case 4 -> Optional.of(new AppendOutcome.KeyReused());
            case 5 -> Optional.of(new AppendOutcome.EndMoved(offset));
            default -> throw new IllegalStateException("unknown verdict " + verdict);
        };
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

    private static void bind(Connection connection, PreparedStatement statement, AppendParts parts)
            throws SQLException {
        statement.setObject(11, parts.batches());
        statement.setObject(12, parts.firsts());
        statement.setObject(13, parts.counts());
        bind(statement, 14, "int8[]", parts.expectedEnds());
        bind(statement, 15, "int8[]", parts.producerIds());
        bind(statement, 16, "int4[]", parts.producerEpochs());
        bind(statement, 17, "int4[]", parts.baseSequences());
        bind(connection, statement, 18, parts.keyIds());
        bind(connection, statement, 19, parts.fingerprints());
        bind(statement, 20, "int4[]", parts.partitionCounts());
        bind(statement, 21, "int4[]", parts.maxMessageBytes());
    }

    private static void bind(PreparedStatement statement, int index, String type, @Nullable Object array)
            throws SQLException {
        if (array == null) {
            statement.setNull(index, Types.ARRAY, type);
        } else {
            statement.setObject(index, array);
        }
    }

    private static void bind(
            Connection connection, PreparedStatement statement, int index, byte @Nullable [] @Nullable [] array)
            throws SQLException {
        if (array == null) {
            statement.setNull(index, Types.ARRAY, "bytea[]");
        } else {
            statement.setArray(index, connection.createArrayOf("bytea", array));
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
