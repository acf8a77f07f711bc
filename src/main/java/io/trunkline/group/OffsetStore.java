package io.trunkline.group;

import io.trunkline.jdbc.Database;
import io.trunkline.jdbc.Sql;
import io.trunkline.topic.TopicPartition;
import jakarta.enterprise.context.ApplicationScoped;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/** Where groups go on reading, all groups at once or one. */
@ApplicationScoped
class OffsetStore {
    private static final String OFFSETS_OF_ALL = """
            SELECT g.name, o.tp_id, t.name, h.partition, o.committed_offset, o.commit_metadata, o.start_offset, m.name
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
            SELECT g.name, o.tp_id, t.name, h.partition, o.committed_offset, o.commit_metadata, o.start_offset, m.name
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
        return offsets(database.readAtLeisure(new Sql(OFFSETS_OF_ALL).list(OffsetStore::offset)));
    }

    List<GroupOffset> offsets(GroupName group) {
        return offsets(database.read(new Sql(OFFSETS_OF_GROUP, group.value()).list(OffsetStore::offset)));
    }

    private static List<GroupOffset> offsets(List<Optional<GroupOffset>> rows) {
        return rows.stream().flatMap(Optional::stream).toList();
    }

    /** Empty for a row of a topic whose name only SQL can have given. */
    private static Optional<GroupOffset> offset(ResultSet row) throws SQLException {
        Optional<TopicPartition> partition = TopicPartition.stored(row.getString(3), row.getInt(4));
        if (partition.isEmpty()) {
            return Optional.empty();
        }
        OptionalLong committed = Sql.optionalLong(row, 5);
        @Nullable String member = row.getString(8);
        return Optional.of(new GroupOffset(
                row.getString(1),
                row.getLong(2),
                partition.get(),
                committed.isEmpty()
                        ? Optional.empty()
                        : Optional.of(new OffsetAndMetadata(committed.getAsLong(), row.getString(6))),
                Sql.optionalLong(row, 7),
                Optional.ofNullable(member)));
    }
}
