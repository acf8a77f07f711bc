package io.trunkline.log;

import io.trunkline.jdbc.Database;
import io.trunkline.jdbc.Sql;
import jakarta.enterprise.context.ApplicationScoped;
import java.util.List;
import java.util.Map;

/** How much there is of all topics. */
@ApplicationScoped
class SizeStore {
    /** A partition, how many bytes it has ever had, and how much there is of it. */
    record PartitionState(long partitionId, String topic, int partition, long endBytes, LogState state) {}

    private static final String STATES = """
            SELECT s.tp_id, t.name, h.partition, h.log_start_bytes + s.byte_size,
                   s.log_start_offset, s.end_offset, s.byte_size, s.oldest_timestamp
              FROM log_state() s
              JOIN partition_head h ON h.tp_id = s.tp_id
              JOIN topic t ON t.topic_id = h.topic_id
            """;
    /** A slice is a table of all topics: each is reckoned the share that its bytes have in it. */
    private static final String DISK_BYTES = """
            WITH place AS (
                SELECT h.topic_id,
                       p.slice,
                       greatest(0, coalesce(lead(p.base_bytes) OVER (PARTITION BY p.tp_id ORDER BY p.slice), s.end_bytes, r.end_bytes)
                                       - greatest(p.base_bytes, p.freed_bytes)) AS bytes
                  FROM partition_slice p
                  LEFT JOIN partition_head h ON h.tp_id = p.tp_id
                  LEFT JOIN unnest(?::bigint[], ?::bigint[]) AS s (tp_id, end_bytes) ON s.tp_id = p.tp_id
                  LEFT JOIN retired_partition r ON r.tp_id = p.tp_id
            ), share AS (
                SELECT topic_id, slice, sum(bytes) AS bytes, sum(sum(bytes)) OVER (PARTITION BY slice) AS total
                  FROM place
                 GROUP BY topic_id, slice
            ), disk AS (
                SELECT slice, pg_total_relation_size(to_regclass('log_batch_' || slice)) AS bytes
                  FROM slice
            )
            SELECT t.name, round(sum(d.bytes * s.bytes / s.total))::bigint
              FROM share s
              JOIN disk d ON d.slice = s.slice
              JOIN topic t ON t.topic_id = s.topic_id
             WHERE s.total > 0
             GROUP BY t.name
            """;

    private final Database database;

    SizeStore(Database database) {
        this.database = database;
    }

    List<PartitionState> states() {
        return database.readAtLeisure(new Sql(STATES)
                .list(row -> new PartitionState(
                        row.getLong(1),
                        row.getString(2),
                        row.getInt(3),
                        row.getLong(4),
                        new LogState(
                                new OffsetRange(row.getLong(5), row.getLong(6)),
                                row.getLong(7),
                                Sql.optionalLong(row, 8)))));
    }

    /** Bytes on disk by topic: estimated, since topics share tables. */
    Map<String, Long> diskBytes(List<PartitionState> states) {
        return database.readAtLeisure(new Sql(
                        DISK_BYTES,
                        Sql.longs(states, PartitionState::partitionId),
                        Sql.longs(states, PartitionState::endBytes))
                .map(row -> row.getString(1), row -> row.getLong(2)));
    }
}
