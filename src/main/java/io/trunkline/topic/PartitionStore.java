package io.trunkline.topic;

import io.trunkline.jdbc.Database;
import jakarta.enterprise.context.ApplicationScoped;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;

/** Which topics have which partitions. */
@ApplicationScoped
class PartitionStore {
    private static final String IDS_OF_TOPIC = """
            SELECT tp_id
              FROM trunkline.partition_head
             WHERE topic_id = ?
             ORDER BY partition
            """;
    private static final String VERSION = """
            SELECT version
              FROM trunkline.topic_version
            """;
    private static final String TOTALS = """
            SELECT (SELECT count(*) FROM trunkline.topic),
                   (SELECT coalesce(sum(partition_count), 0) FROM trunkline.topic)
                       + (SELECT count(*) FROM trunkline.retired_partition)
            """;
    private static final String IDS_OF_TOPICS = """
            SELECT t.name, h.tp_id
              FROM trunkline.topic t
              JOIN trunkline.partition_head h ON h.topic_id = t.topic_id
             WHERE t.name = ANY (?)
             ORDER BY t.name, h.partition
            """;
    private static final String NAMED = """
            SELECT h.tp_id, t.name, h.partition
              FROM trunkline.partition_head h
              JOIN trunkline.topic t ON t.topic_id = h.topic_id
             WHERE h.tp_id = ANY (?)
            """;

    private final Database database;

    PartitionStore(Database database) {
        this.database = database;
    }

    List<Integer> idsOf(UUID topic) {
        return database.read(connection -> {
            try (PreparedStatement statement = connection.prepareStatement(IDS_OF_TOPIC)) {
                statement.setObject(1, topic);
                List<Integer> ids = new ArrayList<>();
                try (ResultSet rows = statement.executeQuery()) {
                    while (rows.next()) {
                        ids.add(rows.getInt(1));
                    }
                }
                return ids;
            }
        });
    }

    /** Grows with every topic or partition that comes or goes. */
    long version() {
        return database.read(connection -> {
            try (PreparedStatement statement = connection.prepareStatement(VERSION);
                    ResultSet row = statement.executeQuery()) {
                row.next();
                return row.getLong(1);
            }
        });
    }

    /** How many topics there are, and how many partitions of them and of deleted topics whose space is not freed yet. */
    record Totals(long topics, long partitions) {}

    Totals totals() {
        return database.read(connection -> {
            try (PreparedStatement statement = connection.prepareStatement(TOTALS);
                    ResultSet row = statement.executeQuery()) {
                row.next();
                return new Totals(row.getLong(1), row.getLong(2));
            }
        });
    }

    /** The partitions, in order, of those topics that exist. */
    Map<TopicName, List<Integer>> idsOf(Collection<TopicName> topics) {
        return database.read(connection -> {
            try (PreparedStatement statement = connection.prepareStatement(IDS_OF_TOPICS)) {
                statement.setArray(
                        1,
                        connection.createArrayOf(
                                "text", topics.stream().map(TopicName::value).toArray()));
                Map<TopicName, List<Integer>> ids = new HashMap<>();
                try (ResultSet rows = statement.executeQuery()) {
                    while (rows.next()) {
                        ids.computeIfAbsent(new TopicName(rows.getString(1)), name -> new ArrayList<>())
                                .add(rows.getInt(2));
                    }
                }
                return ids;
            }
        });
    }

    /** What those of the partitions that exist are called. */
    Map<Integer, TopicPartition> named(Collection<Integer> partitionIds) {
        return database.read(connection -> {
            try (PreparedStatement statement = connection.prepareStatement(NAMED)) {
                statement.setObject(
                        1, partitionIds.stream().mapToInt(Integer::intValue).toArray());
                Map<Integer, TopicPartition> named = new HashMap<>();
                try (ResultSet rows = statement.executeQuery()) {
                    while (rows.next()) {
                        int id = rows.getInt(1);
                        TopicPartition.stored(rows.getString(2), rows.getInt(3))
                                .ifPresent(partition -> named.put(id, partition));
                    }
                }
                return named;
            }
        });
    }
}
