package io.trunkline.group;

import io.trunkline.jdbc.Database;
import io.trunkline.topic.TopicPartition;
import jakarta.enterprise.context.ApplicationScoped;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/** What groups have committed, all groups at once or one. */
@ApplicationScoped
class LagStore {
    private static final String OFFSETS_OF_ALL = """
            SELECT g.name, o.tp_id, t.name, h.partition, o.committed_offset, o.start_offset, m.name
              FROM trunkline.consumer_group g
              JOIN trunkline.group_offset o ON o.group_id = g.group_id
              JOIN trunkline.partition_head h ON h.tp_id = o.tp_id
              JOIN trunkline.topic t ON t.topic_id = h.topic_id
              LEFT JOIN trunkline.member_partition p
                     ON p.group_id = o.group_id AND p.tp_id = o.tp_id AND p.generation IS NOT NULL
              LEFT JOIN trunkline.group_member m ON m.member_id = p.member_id
             ORDER BY g.name, t.name, h.partition
            """;
    private static final String OFFSETS_OF_GROUP = """
            SELECT g.name, o.tp_id, t.name, h.partition, o.committed_offset, o.start_offset, m.name
              FROM trunkline.consumer_group g
              JOIN trunkline.group_offset o ON o.group_id = g.group_id
              JOIN trunkline.partition_head h ON h.tp_id = o.tp_id
              JOIN trunkline.topic t ON t.topic_id = h.topic_id
              LEFT JOIN trunkline.member_partition p
                     ON p.group_id = o.group_id AND p.tp_id = o.tp_id AND p.generation IS NOT NULL
              LEFT JOIN trunkline.group_member m ON m.member_id = p.member_id
             WHERE g.name = ?
             ORDER BY t.name, h.partition
            """;
    private static final String SIZES = """
            SELECT g.name, g.generation, count(m.member_id)
              FROM trunkline.consumer_group g
              LEFT JOIN trunkline.group_member m ON m.group_id = g.group_id
             GROUP BY g.group_id
             ORDER BY g.name
            """;
    private static final String SILENT = """
            SELECT g.name
              FROM trunkline.consumer_group g
             WHERE EXISTS (SELECT FROM trunkline.group_member m
                            WHERE m.group_id = g.group_id
                              AND m.last_seen < clock_timestamp() - make_interval(secs => ?))
             ORDER BY random()
             LIMIT 1000
            """;
    private static final String FORGET = """
            DELETE FROM trunkline.consumer_group g
             WHERE g.empty_since < clock_timestamp() - make_interval(secs => ?)
               AND NOT EXISTS (SELECT FROM trunkline.group_member m WHERE m.group_id = g.group_id)
            """;

    private final Database database;

    LagStore(Database database) {
        this.database = database;
    }

    /**
     * Where a group stands in a partition.
     *
     * @param committed the next offset to read, as committed
     * @param start where the group began, which counts while nothing is committed
     * @param member who has the partition
     */
    record GroupOffset(
            String group,
            int partitionId,
            TopicPartition topicPartition,
            OptionalLong committed,
            OptionalLong start,
            Optional<String> member) {
        /** Where the group would go on; empty where nobody knows. */
        OptionalLong resumes() {
            return committed.isPresent() ? committed : start;
        }
    }

    /** How far a group is behind in a partition. */
    record PartitionLag(String group, TopicPartition topicPartition, long lag) {}

    /** How many members a group has. */
    record Size(String group, int generation, int members) {}

    /** The offsets of all groups, in order. */
    List<GroupOffset> offsets() {
        return database.readAtLeisure(connection -> {
            try (PreparedStatement statement = connection.prepareStatement(OFFSETS_OF_ALL)) {
                return offsets(statement);
            }
        });
    }

    /** The offsets of a group, in order. */
    List<GroupOffset> offsets(GroupName group) {
        return database.read(connection -> {
            try (PreparedStatement statement = connection.prepareStatement(OFFSETS_OF_GROUP)) {
                statement.setString(1, group.value());
                return offsets(statement);
            }
        });
    }

    private static List<GroupOffset> offsets(PreparedStatement statement) throws SQLException {
        List<GroupOffset> offsets = new ArrayList<>();
        try (ResultSet rows = statement.executeQuery()) {
            while (rows.next()) {
                @Nullable String member = rows.getString(7);
                Optional<TopicPartition> partition = TopicPartition.stored(rows.getString(3), rows.getInt(4));
                if (partition.isEmpty()) {
                    continue;
                }
                offsets.add(new GroupOffset(
                        rows.getString(1),
                        rows.getInt(2),
                        partition.get(),
                        optional(rows, 5),
                        optional(rows, 6),
                        Optional.ofNullable(member)));
            }
        }
        return offsets;
    }

    /** All groups. */
    List<Size> sizes() {
        return database.read(connection -> {
            try (PreparedStatement statement = connection.prepareStatement(SIZES);
                    ResultSet rows = statement.executeQuery()) {
                List<Size> sizes = new ArrayList<>();
                while (rows.next()) {
                    sizes.add(new Size(rows.getString(1), rows.getInt(2), rows.getInt(3)));
                }
                return sizes;
            }
        });
    }

    /**
     * Some groups with members of which nothing was noted for so long; others the next time, so that none is held up by
     * groups that fail again and again.
     */
    List<GroupName> withSilentMembers(double seconds) {
        return database.read(connection -> {
            try (PreparedStatement statement = connection.prepareStatement(SILENT)) {
                statement.setDouble(1, seconds);
                List<GroupName> groups = new ArrayList<>();
                try (ResultSet rows = statement.executeQuery()) {
                    while (rows.next()) {
                        GroupName.stored(rows.getString(1)).ifPresent(groups::add);
                    }
                }
                return groups;
            }
        });
    }

    /** Removes groups that have been empty for so long; answers how many. */
    int forgetEmpty(double seconds) {
        return database.writeAtLeisure(connection -> {
            try (PreparedStatement statement = connection.prepareStatement(FORGET)) {
                statement.setDouble(1, seconds);
                return statement.executeUpdate();
            }
        });
    }

    private static OptionalLong optional(ResultSet row, int column) throws SQLException {
        long value = row.getLong(column);
        return row.wasNull() ? OptionalLong.empty() : OptionalLong.of(value);
    }
}
