package io.trunkline.log;

import io.trunkline.error.ErrorCode;
import io.trunkline.error.TrunklineException;
import io.trunkline.jdbc.Database;
import jakarta.enterprise.context.ApplicationScoped;
import java.sql.Array;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** Reads batches. What a page costs goes by the page, not by the length of the log. */
@ApplicationScoped
class FetchStore {
    /** Sizes are looked at this many batches at a time, before any record is read. */
    private static final int SIZES = 500;

    private static final String HEAD = """
            SELECT log_start_offset, slice
              FROM trunkline.partition_head
             WHERE tp_id = ?
            """;
    private static final String TAIL = """
            SELECT last_offset
              FROM trunkline.log_batch
             WHERE slice = ? AND tp_id = ?
             ORDER BY last_offset DESC
             LIMIT 1
            """;
    private static final String HEADS = """
            SELECT tp_id, slice, log_start_offset
              FROM trunkline.partition_head
             WHERE tp_id = ANY (?)
            """;
    private static final String TAILS = """
            SELECT w.tp_id, t.last_offset
              FROM unnest(?) AS w (tp_id)
             CROSS JOIN LATERAL (SELECT b.last_offset
                                   FROM trunkline.log_batch b
                                  WHERE b.slice = ? AND b.tp_id = w.tp_id
                                  ORDER BY b.last_offset DESC
                                  LIMIT 1) t
            """;
    private static final String SLICE_OF = """
            SELECT slice
              FROM trunkline.partition_slice
             WHERE tp_id = ? AND base_offset <= ?
             ORDER BY slice DESC
             LIMIT 1
            """;
    private static final String NEXT_SLICE = """
            SELECT slice
              FROM trunkline.partition_slice
             WHERE tp_id = ? AND slice > ?
             ORDER BY slice
             LIMIT 1
            """;
    private static final String SIZES_FROM = """
            SELECT last_offset, record_count, byte_size
              FROM trunkline.log_batch
             WHERE slice = ? AND tp_id = ? AND last_offset >= ?
             ORDER BY last_offset
             LIMIT ?
            """;
    private static final String READ_BETWEEN = """
            SELECT base_offset, timestamps, keys, values, header_counts, header_keys, header_values
              FROM trunkline.log_batch
             WHERE slice = ? AND tp_id = ? AND last_offset >= ? AND last_offset <= ?
             ORDER BY last_offset
            """;
    private static final String OFFSET_FOR_TIME = """
            SELECT trunkline.offset_for_time(?, ?)
            """;

    private final Database database;

    FetchStore(Database database) {
        this.database = database;
    }

    /** Where a partition begins and ends; empty when it does not exist any more. */
    Optional<OffsetRange> range(int partitionId) {
        return database.read(connection -> range(connection, partitionId));
    }

    /** The end offsets of those partitions that still exist. */
    Map<Integer, Long> ends(Integer[] partitionIds) {
        return database.read(connection -> {
            Map<Integer, Long> ends = new HashMap<>();
            Map<Integer, List<Integer>> bySlice = new TreeMap<>();
            try (PreparedStatement statement = connection.prepareStatement(HEADS)) {
                statement.setArray(1, connection.createArrayOf("int4", partitionIds));
                try (ResultSet rows = statement.executeQuery()) {
                    while (rows.next()) {
                        bySlice.computeIfAbsent(rows.getInt(2), slice -> new ArrayList<>())
                                .add(rows.getInt(1));
                        ends.put(rows.getInt(1), rows.getLong(3));
                    }
                }
            }
            // A statement for each slice, so that each looks at one table: partitions in use are mostly in the same
            // one.
            for (Map.Entry<Integer, List<Integer>> slice : bySlice.entrySet()) {
                try (PreparedStatement statement = connection.prepareStatement(TAILS)) {
                    statement.setArray(
                            1, connection.createArrayOf("int4", slice.getValue().toArray()));
                    statement.setInt(2, slice.getKey());
                    try (ResultSet rows = statement.executeQuery()) {
                        while (rows.next()) {
                            ends.merge(rows.getInt(1), rows.getLong(2) + 1, Math::max);
                        }
                    }
                }
            }
            return ends;
        });
    }

    /** The first offset with at least this timestamp, or empty when there is none. */
    OptionalLong offsetForTime(int partitionId, long timestamp) {
        return database.read(connection -> {
            try (PreparedStatement statement = connection.prepareStatement(OFFSET_FOR_TIME)) {
                statement.setInt(1, partitionId);
                statement.setLong(2, timestamp);
                try (ResultSet row = statement.executeQuery()) {
                    row.next();
                    long offset = row.getLong(1);
                    return row.wasNull() ? OptionalLong.empty() : OptionalLong.of(offset);
                }
            }
        });
    }

    /** One page from an offset. */
    FetchOutcome read(int partitionId, long offset, long maxBytes, int maxRecords) {
        return database.read(connection -> {
            OffsetRange range = range(connection, partitionId)
                    .orElseThrow(() -> new TrunklineException(
                            ErrorCode.PARTITION_NOT_FOUND, "The partition does not exist any more."));
            if (!range.readableFrom(offset)) {
                return new FetchOutcome.OutOfRange(range);
            }
            List<FetchedBatch> batches = new ArrayList<>();
            long next = offset;
            long bytesLeft = maxBytes;
            int recordsLeft = maxRecords;
            @Nullable Integer slice = sliceOf(connection, partitionId, offset);
            while (slice != null && next < range.endOffset() && bytesLeft > 0 && recordsLeft > 0) {
                long last = lastWithin(connection, slice, partitionId, next, bytesLeft, recordsLeft);
                if (last < next) {
                    slice = nextSlice(connection, partitionId, slice);
                    continue;
                }
                for (FetchedBatch batch : readBetween(connection, slice, partitionId, next, last)) {
                    if (batch.baseOffset() > next || bytesLeft <= 0 || recordsLeft <= 0) {
                        break; // a hole: records were purged between the two statements
                    }
                    FetchedBatch part = batch.part(next, bytesLeft, recordsLeft, batches.isEmpty());
                    if (part.records().count() == 0) {
                        bytesLeft = 0;
                        break;
                    }
                    batches.add(part);
                    next = part.nextOffset();
                    bytesLeft = next < batch.nextOffset()
                            ? 0
                            : bytesLeft - part.records().memorySize();
                    recordsLeft -= part.records().count();
                }
                if (next <= last) {
                    break;
                }
            }
            if (batches.isEmpty() && offset < range.endOffset()) {
                // There should have been records: retention has moved past the offset since the range was read.
                OffsetRange now = range(connection, partitionId).orElse(range);
                if (!now.readableFrom(offset)) {
                    return new FetchOutcome.OutOfRange(now);
                }
                throw new IllegalStateException("records are missing: partition id " + partitionId + " offset " + offset
                        + " log start " + now.logStartOffset() + " end " + now.endOffset());
            }
            boolean full = next < range.endOffset() && (bytesLeft <= 0 || recordsLeft <= 0);
            return new FetchOutcome.Page(batches, offset, next, range, full);
        });
    }

    private static Optional<OffsetRange> range(Connection connection, int partitionId) throws SQLException {
        Optional<Head> head = head(connection, partitionId);
        while (head.isPresent()) {
            OptionalLong tail = tail(connection, head.get().slice(), partitionId);
            if (tail.isPresent()) {
                return Optional.of(new OffsetRange(
                        head.get().logStartOffset(), Math.max(head.get().logStartOffset(), tail.getAsLong() + 1)));
            }
            // Nothing was ever appended there, or all of it was purged: then the log start is the end, as it is by now.
            Optional<Head> now = head(connection, partitionId);
            if (now.equals(head)) {
                return Optional.of(
                        new OffsetRange(head.get().logStartOffset(), head.get().logStartOffset()));
            }
            head = now;
        }
        return Optional.empty();
    }

    private record Head(long logStartOffset, int slice) {}

    private static Optional<Head> head(Connection connection, int partitionId) throws SQLException {
        try (PreparedStatement statement = connection.prepareStatement(HEAD)) {
            statement.setInt(1, partitionId);
            try (ResultSet row = statement.executeQuery()) {
                return row.next() ? Optional.of(new Head(row.getLong(1), row.getInt(2))) : Optional.empty();
            }
        }
    }

    private static OptionalLong tail(Connection connection, int slice, int partitionId) throws SQLException {
        try (PreparedStatement statement = connection.prepareStatement(TAIL)) {
            statement.setInt(1, slice);
            statement.setInt(2, partitionId);
            try (ResultSet row = statement.executeQuery()) {
                return row.next() ? OptionalLong.of(row.getLong(1)) : OptionalLong.empty();
            }
        }
    }

    private static @Nullable Integer sliceOf(Connection connection, int partitionId, long offset) throws SQLException {
        try (PreparedStatement statement = connection.prepareStatement(SLICE_OF)) {
            statement.setInt(1, partitionId);
            statement.setLong(2, offset);
            try (ResultSet row = statement.executeQuery()) {
                return row.next() ? (Integer) row.getInt(1) : null;
            }
        }
    }

    private static @Nullable Integer nextSlice(Connection connection, int partitionId, int slice) throws SQLException {
        try (PreparedStatement statement = connection.prepareStatement(NEXT_SLICE)) {
            statement.setInt(1, partitionId);
            statement.setInt(2, slice);
            try (ResultSet row = statement.executeQuery()) {
                return row.next() ? (Integer) row.getInt(1) : null;
            }
        }
    }

    /** The last offset of the batches that fit, of which the first always does; below {@code from} if there is none. */
    private static long lastWithin(
            Connection connection, int slice, int partitionId, long from, long maxBytes, int maxRecords)
            throws SQLException {
        try (PreparedStatement statement = connection.prepareStatement(SIZES_FROM)) {
            statement.setInt(1, slice);
            statement.setInt(2, partitionId);
            statement.setLong(3, from);
            statement.setInt(4, Math.min(SIZES, maxRecords));
            long last = -1;
            long bytes = 0;
            long records = 0;
            try (ResultSet rows = statement.executeQuery()) {
                while (rows.next()) {
                    last = rows.getLong(1);
                    // The first batch may begin before the offset that is asked for.
                    records += Math.min(rows.getInt(2), last - from + 1);
                    bytes += rows.getInt(3);
                    if (bytes >= maxBytes || records >= maxRecords) {
                        break;
                    }
                }
            }
            return last;
        }
    }

    private static List<FetchedBatch> readBetween(Connection connection, int slice, int partitionId, long from, long to)
            throws SQLException {
        try (PreparedStatement statement = connection.prepareStatement(READ_BETWEEN)) {
            statement.setInt(1, slice);
            statement.setInt(2, partitionId);
            statement.setLong(3, from);
            statement.setLong(4, to);
            List<FetchedBatch> batches = new ArrayList<>();
            try (ResultSet rows = statement.executeQuery()) {
                while (rows.next()) {
                    batches.add(new FetchedBatch(rows.getLong(1), batch(rows)));
                }
            }
            return batches;
        }
    }

    private static RecordBatch batch(ResultSet row) throws SQLException {
        Long[] timestamps = (Long[]) array(row, 2);
        byte[][] keys = row.getArray(3) == null ? null : (byte[][]) array(row, 3);
        byte[][] values = (byte[][]) array(row, 4);
        boolean headers = row.getArray(5) != null;
        Integer[] headerCounts = headers ? (Integer[]) array(row, 5) : new Integer[0];
        String[] headerKeys = headers ? (String[]) array(row, 6) : new String[0];
        byte[][] headerValues = headers ? (byte[][]) array(row, 7) : new byte[0][];
        RecordBatch.Builder builder = new RecordBatch.Builder(values.length);
        int header = 0;
        for (int i = 0; i < values.length; i++) {
            for (int end = header + (headers ? headerCounts[i] : 0); header < end; header++) {
                builder.header(headerKeys[header], headerValues[header]);
            }
            builder.add(timestamps[i], keys == null ? null : keys[i], values[i]);
        }
        return builder.build();
    }

    private static Object array(ResultSet row, int column) throws SQLException {
        Array array = row.getArray(column);
        try {
            return array.getArray();
        } finally {
            array.free();
        }
    }
}
