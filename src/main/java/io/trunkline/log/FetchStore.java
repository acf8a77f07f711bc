package io.trunkline.log;

import io.trunkline.jdbc.Database;
import io.trunkline.jdbc.Sql;
import io.trunkline.jdbc.SqlFailure;
import io.trunkline.record.ByteColumn;
import io.trunkline.record.Headers;
import io.trunkline.record.RecordBatch;
import io.trunkline.record.Timestamps;
import jakarta.inject.Singleton;
import java.sql.Array;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Arrays;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.postgresql.jdbc.PgArray;

/** Reads batches. What a page costs goes by the page, not by the length of the log. */
@Singleton
class FetchStore {
    /** Sizes are looked at this many batches at a time, before any record is read. */
    static final int SIZES = 500;

    private static final String HEADS = """
            SELECT h.tp_id, h.slice, h.log_start_offset, t.last_offset
              FROM partition_head h
              LEFT JOIN LATERAL (SELECT b.last_offset
                                   FROM log_batch_%1$d b
                                  WHERE h.slice = %1$d AND b.tp_id = h.tp_id AND b.last_offset >= h.log_start_offset
                                  ORDER BY b.last_offset DESC
                                  LIMIT 1) t ON true
             WHERE h.tp_id = ANY (?)
            """;
    private static final String NEWEST_SLICE = """
            SELECT current_slice()
            """;
    private static final String SLICE_OF = """
            SELECT slice
              FROM partition_slice
             WHERE tp_id = ? AND base_offset <= ?
             ORDER BY slice DESC
             LIMIT 1
            """;
    private static final String NEXT_SLICE = """
            SELECT slice
              FROM partition_slice
             WHERE tp_id = ? AND slice > ?
             ORDER BY slice
             LIMIT 1
            """;
    private static final String SIZES_FROM = """
            SELECT last_offset, record_count, byte_size
              FROM log_batch_%d
             WHERE tp_id = ? AND last_offset >= ?
             ORDER BY last_offset
             LIMIT ?
            """;
    private static final String READ_BETWEEN = """
            SELECT base_offset, timestamps, keys, values, header_counts, header_keys, header_values
              FROM log_batch_%d
             WHERE tp_id = ? AND last_offset >= ? AND last_offset <= ?
             ORDER BY last_offset
            """;
    private static final String STATES = """
            SELECT tp_id, log_start_offset, end_offset, byte_size, oldest_timestamp
              FROM log_state(?)
            """;
    private static final String OFFSET_FOR_TIME = """
            SELECT offset_for_time(?, ?)
            """;

    /** The newest slice is looked up this often; until then partitions that have gone on to it cost a turn more. */
    private static final long NEWEST_SLICE_NANOS = Duration.ofMinutes(1).toNanos();

    /** What an array of PostgreSQL has for each record beside its bytes: 8 for its time, about 6 for its value. */
    private static final int STORED_OVERHEAD_BYTES = 14;

    private record NewestSlice(int slice, long knownAt) {}

    private final Database database;
    private volatile @Nullable NewestSlice newestSlice;

    FetchStore(Database database) {
        this.database = database;
    }

    /** What can be read of those partitions that still exist. */
    Map<Long, OffsetRange> ranges(Collection<Long> partitionIds) {
        return database.read(connection -> {
            try {
                return ranges(connection, partitionIds);
            } catch (SQLException e) {
                if (!SqlFailure.isMissing(e)) {
                    throw e;
                }
                // Retention has just dropped a slice, and moved its partitions on before.
                newestSlice = null;
                return ranges(connection, partitionIds);
            }
        });
    }

    private Map<Long, OffsetRange> ranges(Connection connection, Collection<Long> partitionIds) throws SQLException {
        Map<Long, OffsetRange> ranges = new HashMap<>();
        Map<Integer, Set<Long>> bySlice = new HashMap<>();
        bySlice.put(newestSlice(connection), new HashSet<>(partitionIds));
        // Mostly all of them write to the newest slice. Others tell theirs, which is looked at in another turn.
        while (!bySlice.isEmpty()) {
            int slice = bySlice.keySet().iterator().next();
            Set<Long> members = bySlice.remove(slice);
            ranges(connection, slice, members, ranges)
                    .forEach((partitionId, other) ->
                            bySlice.computeIfAbsent(other, s -> new HashSet<>()).add(partitionId));
        }
        return ranges;
    }

    /** Puts the ranges of those partitions that write to a slice; answers the slices of the others. */
    private static Map<Long, Integer> ranges(
            Connection connection, int slice, Set<Long> partitionIds, Map<Long, OffsetRange> ranges)
            throws SQLException {
        return new Sql(HEADS.formatted(slice), Sql.longs(partitionIds))
                .into(HashMap<Long, Integer>::new, (others, row) -> {
                    long logStart = row.getLong(3);
                    if (row.getInt(2) != slice) {
                        others.put(row.getLong(1), row.getInt(2));
                    } else {
                        // Where nothing was ever appended, or all of it was purged, the log start is the end.
                        long end = Sql.optionalLong(row, 4).orElse(-1) + 1;
                        ranges.put(row.getLong(1), new OffsetRange(logStart, Math.max(logStart, end)));
                    }
                })
                .with(connection);
    }

    private int newestSlice(Connection connection) throws SQLException {
        long now = System.nanoTime();
        NewestSlice known = newestSlice;
        if (known != null && now - known.knownAt() < NEWEST_SLICE_NANOS) {
            return known.slice();
        }
        int slice = new Sql(NEWEST_SLICE).one(row -> row.getInt(1)).with(connection);
        newestSlice = new NewestSlice(slice, now);
        return slice;
    }

    /** How much there is of those partitions that exist, and are not just being moved on from a slice that is dropped. */
    Map<Long, LogState> states(Collection<Long> partitionIds) {
        return database.read(new Sql(STATES, Sql.longs(partitionIds))
                .map(
                        row -> row.getLong(1),
                        row -> new LogState(
                                new OffsetRange(row.getLong(2), row.getLong(3)),
                                row.getLong(4),
                                Sql.optionalLong(row, 5))));
    }

    /** The first offset with at least this timestamp, or empty when there is none. */
    OptionalLong offsetForTime(long partitionId, long timestamp) {
        return database.read(new Sql(OFFSET_FOR_TIME, partitionId, timestamp).one(row -> Sql.optionalLong(row, 1)));
    }

    /**
     * A page of a partition that has this range at least. It is empty, or ends early, when records of it have been removed
     * meanwhile.
     */
    PageBuilder read(FetchRequest request, OffsetRange range) {
        return database.read(connection -> {
            PageBuilder page = PageBuilder.empty(request);
            try {
                read(connection, page, request.partitionId(), range);
            } catch (SQLException e) {
                if (!SqlFailure.isMissing(e)) {
                    throw e;
                }
                // The slice was dropped meanwhile: as when its records were removed.
            }
            return page;
        });
    }

    private static void read(Connection connection, PageBuilder page, long partitionId, OffsetRange range)
            throws SQLException {
        Optional<Integer> at = sliceOf(connection, partitionId, page.next());
        while (at.isPresent() && page.next() < range.endOffset() && !page.isFull()) {
            int slice = at.get();
            Stretch stretch = stretch(connection, slice, partitionId, page);
            if (stretch.last() < page.next()) {
                if (stretch.ended()) {
                    page.end();
                } else {
                    at = slice(connection, NEXT_SLICE, partitionId, slice);
                }
                continue;
            }
            for (FetchedBatch batch : readBetween(connection, slice, partitionId, page.next(), stretch.last())) {
                if (!page.add(batch)) {
                    break;
                }
            }
            if (page.next() <= stretch.last()) {
                break; // full, or there is a hole: records were removed between the two statements
            }
            if (stretch.ended()) {
                page.end();
            }
        }
    }

    /** The slice that holds an offset, or would. */
    static Optional<Integer> sliceOf(Connection connection, long partitionId, long offset) throws SQLException {
        return slice(connection, SLICE_OF, partitionId, offset);
    }

    private static Optional<Integer> slice(Connection connection, String query, long partitionId, Object from)
            throws SQLException {
        return new Sql(query, partitionId, from).first(row -> row.getInt(1)).with(connection);
    }

    /**
     * Batches of a slice that are read at once.
     *
     * @param last the last offset of them; below the next one of the page if there are none
     * @param ended whether the page ends with them, because the next batch does not fit as a whole
     */
    private record Stretch(long last, boolean ended) {}

    /** The batches that fit into the rest of a page, of which the first always does where the page has none yet. */
    private static Stretch stretch(Connection connection, int slice, long partitionId, PageBuilder page)
            throws SQLException {
        long from = page.next();
        return new Sql(SIZES_FROM.formatted(slice), partitionId, from, Math.min(SIZES, page.recordsLeft()))
                .reading(rows -> {
                    long last = -1;
                    long bytes = 0;
                    long records = 0;
                    while (rows.next()) {
                        long lastOfThis = rows.getLong(1);
                        // The first batch may begin before the offset that is asked for.
                        int count = rows.getInt(2);
                        long wanted = Math.min(count, lastOfThis - from + 1);
                        records += wanted;
                        bytes += cost(rows.getInt(3), count) * wanted / count;
                        if (page.isBeyond(bytes, last < 0)) {
                            return new Stretch(last, true);
                        }
                        last = lastOfThis;
                        if (bytes >= page.bytesLeft() || records >= page.recordsLeft()) {
                            break;
                        }
                    }
                    return new Stretch(last, false);
                })
                .with(connection);
    }

    /** About what the records of a batch count for in a page: stored ones have lengths and times beside their bytes. */
    static long cost(int bytes, int count) {
        return bytes + (long) count * (RecordBatch.OVERHEAD_BYTES - STORED_OVERHEAD_BYTES);
    }

    /** The batches whose last offsets lie between two, in their order. */
    static List<FetchedBatch> readBetween(Connection connection, int slice, long partitionId, long from, long to)
            throws SQLException {
        return new Sql(READ_BETWEEN.formatted(slice), partitionId, from, to)
                .list(row -> new FetchedBatch(row.getLong(1), batch(row)))
                .with(connection);
    }

    private static RecordBatch batch(ResultSet row) throws SQLException {
        byte[] timestamps = binary(row, 2);
        ByteColumn values = column(row, 4);
        ByteColumn keys = row.getArray(3) == null ? null : column(row, 3);
        Headers headers = null;
        if (row.getArray(5) != null) {
            Integer[] counts = (Integer[]) array(row, 5);
            headers = Headers.of(
                    Arrays.stream(counts).mapToInt(Integer::intValue).toArray(), (String[]) array(row, 6), (byte[][])
                            array(row, 7));
        }
        return new RecordBatch(
                timestamps == null ? decoded((Long[]) array(row, 2)) : Timestamps.ofArray(timestamps),
                keys,
                values,
                headers);
    }

    private static ByteColumn column(ResultSet row, int column) throws SQLException {
        byte[] binary = binary(row, column);
        if (binary != null) {
            return ByteColumn.ofArray(binary);
        }
        byte[][] elements = (byte[][]) array(row, column);
        ByteColumn.Builder builder = new ByteColumn.Builder(elements.length, 0);
        for (byte[] element : elements) {
            builder.add(element);
        }
        return builder.build();
    }

    private static Timestamps decoded(Long[] timestamps) {
        return Timestamps.of(
                Arrays.stream(timestamps).mapToLong(Long::longValue).toArray(), timestamps.length);
    }

    /** The array as PostgreSQL sent it, or null where the connection is set to the text format. */
    private static byte @Nullable [] binary(ResultSet row, int column) throws SQLException {
        return row.getArray(column) instanceof PgArray array ? array.toBytes() : null;
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
