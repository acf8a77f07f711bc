package io.trunkline.log;

import io.trunkline.jdbc.Database;
import io.trunkline.jdbc.Sql;
import io.trunkline.jdbc.SqlFailure;
import jakarta.inject.Singleton;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;

/** Reads batches downwards from an offset. What that costs goes by what is read, not by the length of the log. */
@Singleton
class ReverseStore {
    private static final String SLICE_BELOW = """
            SELECT slice
              FROM partition_slice
             WHERE tp_id = ? AND slice < ?
             ORDER BY slice DESC
             LIMIT 1
            """;
    private static final String BATCH_OF = """
            SELECT last_offset
              FROM log_batch_%d
             WHERE tp_id = ? AND last_offset >= ?
             ORDER BY last_offset
             LIMIT 1
            """;
    private static final String SIZES_TO = """
            SELECT last_offset, record_count, byte_size
              FROM log_batch_%d
             WHERE tp_id = ? AND last_offset <= ? AND last_offset >= ?
             ORDER BY last_offset DESC
             LIMIT ?
            """;

    private final Database database;

    ReverseStore(Database database) {
        this.database = database;
    }

    /**
     * The batches that hold the records from an offset downwards, the highest first and without a hole: about as many as fit, and
     * one at least, unless records have been removed meanwhile.
     *
     * @param offset of the first record, below the end of the range
     */
    List<FetchedBatch> read(long partitionId, long offset, long maxBytes, OffsetRange range) {
        return database.read(connection -> {
            List<FetchedBatch> batches = new ArrayList<>();
            try {
                read(connection, batches, partitionId, offset, maxBytes, range);
            } catch (SQLException e) {
                if (!SqlFailure.isMissing(e)) {
                    throw e;
                }
                // A slice was dropped meanwhile: as when its records were removed. What lies above it is still there.
            }
            return batches;
        });
    }

    private static void read(
            Connection connection,
            List<FetchedBatch> batches,
            long partitionId,
            long offset,
            long maxBytes,
            OffsetRange range)
            throws SQLException {
        long next = offset;
        long bytes = 0;
        Optional<Integer> slice = FetchStore.sliceOf(connection, partitionId, next);
        while (slice.isPresent() && next >= range.logStartOffset() && bytes < maxBytes) {
            List<FetchedBatch> some = read(
                    connection,
                    slice.get(),
                    partitionId,
                    next,
                    batches.isEmpty(),
                    maxBytes - bytes,
                    range.logStartOffset());
            for (FetchedBatch batch : some.reversed()) {
                if (batch.nextOffset() <= next || batch.baseOffset() > next) {
                    return; // there is a hole: records were removed between the statements
                }
                batches.add(batch);
                bytes += batch.records().memorySize();
                next = batch.baseOffset() - 1;
            }
            slice = some.isEmpty()
                    ? new Sql(SLICE_BELOW, partitionId, slice.get())
                            .first(row -> row.getInt(1))
                            .with(connection)
                    : slice;
        }
    }

    /**
     * The batches of one slice that hold the offset and those below, in the order of their offsets, maybe none.
     *
     * @param within whether the offset may lie within a batch; otherwise it is the last one of a batch
     */
    private static List<FetchedBatch> read(
            Connection connection,
            int slice,
            long partitionId,
            long offset,
            boolean within,
            long maxBytes,
            long logStart)
            throws SQLException {
        long top = offset;
        if (within) {
            OptionalLong last = new Sql(BATCH_OF.formatted(slice), partitionId, offset)
                    .first(row -> row.getLong(1))
                    .with(connection)
                    .map(OptionalLong::of)
                    .orElse(OptionalLong.empty());
            if (last.isEmpty()) {
                return List.of();
            }
            top = last.getAsLong();
        }
        long lowest = lowest(connection, slice, partitionId, top, maxBytes, logStart);
        return lowest > top ? List.of() : FetchStore.readBetween(connection, slice, partitionId, lowest, top);
    }

    /** The last offset of the lowest batch that fits, of which the highest always does; beyond {@code top} if there is none. */
    private static long lowest(
            Connection connection, int slice, long partitionId, long top, long maxBytes, long logStart)
            throws SQLException {
        return new Sql(SIZES_TO.formatted(slice), partitionId, top, logStart, FetchStore.SIZES)
                .reading(rows -> {
                    long lowest = Long.MAX_VALUE;
                    long bytes = 0;
                    while (rows.next() && bytes < maxBytes) {
                        lowest = rows.getLong(1);
                        bytes += FetchStore.cost(rows.getInt(3), rows.getInt(2));
                    }
                    return lowest;
                })
                .with(connection);
    }
}
