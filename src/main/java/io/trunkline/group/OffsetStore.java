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

/** Where groups go on reading, all groups at once or one. */
@ApplicationScoped
class OffsetStore {
    private static final String OFFSETS_OF_ALL = """
            SELECT g.name, o.tp_id, t.name, h.partition, o.committed_offset, o.start_offset, m.name
              FROM consumer_group g
              JOIN group_offset o ON o.group_id = g.group_id
              JOIN partition_head h ON h.tp_id = o.tp_id
              JOIN topic t ON t.topic_id = h.topic_id
              LEFT JOIN member_partition p
                     ON p.group_id = o.group_id AND p.tp_id = o.tp_id AND p.generation IS NOT NULL
              LEFT JOIN group_member m ON m.member_id = p.member_id
             ORDER BY g.name, t.name, h.partition
            """;
    private static final String OFFSETS_OF_GROUP = """
            SELECT g.name, o.tp_id, t.name, h.partition, o.committed_offset, o.start_offset, m.name
              FROM consumer_group g
              JOIN group_offset o ON o.group_id = g.group_id
              JOIN partition_head h ON h.tp_id = o.tp_id
              JOIN topic t ON t.topic_id = h.topic_id
              LEFT JOIN member_partition p
                     ON p.group_id = o.group_id AND p.tp_id = o.tp_id AND p.generation IS NOT NULL
              LEFT JOIN group_member m ON m.member_id = p.member_id
             WHERE g.name = ?
             ORDER BY t.name, h.partition
            """;

    private final Database database;

    OffsetStore(Database database) {
        this.database = database;
    }

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
                        rows.getLong(2),
                        partition.get(),
                        optional(rows, 5),
                        optional(rows, 6),
                        Optional.ofNullable(member)));
            }
        }
        return offsets;
    }

    private static OptionalLong optional(ResultSet row, int column) throws SQLException {
        long value = row.getLong(column);
        return row.wasNull() ? OptionalLong.empty() : OptionalLong.of(value);
    }
}
