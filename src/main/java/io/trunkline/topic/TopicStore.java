package io.trunkline.topic;

import io.trunkline.error.TrunklineException;
import io.trunkline.jdbc.Database;
import io.trunkline.jdbc.StoredJson;
import jakarta.enterprise.context.ApplicationScoped;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** The topics and their partitions. What writes them are functions that run with the owner's rights. */
@ApplicationScoped
class TopicStore {
    private static final String NAMES = """
            SELECT name
              FROM trunkline.topic
             ORDER BY name
            """;
    private static final String FIND = """
            SELECT t.topic_id, t.config,
                   ARRAY(SELECT h.tp_id FROM trunkline.partition_head h WHERE h.topic_id = t.topic_id ORDER BY h.partition)
              FROM trunkline.topic t
             WHERE t.name = ?
            """;
    private static final String LOCK = """
            SELECT partition_count, config, created_by
              FROM trunkline.lock_topic(?)
            """;
    private static final String CREATE = """
            SELECT trunkline.create_topic(?, ?, ?::jsonb, ?)
            """;
    private static final String GROW = """
            SELECT trunkline.grow_topic(?, ?)
            """;
    private static final String CONFIGURE = """
            SELECT trunkline.configure_topic(?, ?::jsonb)
            """;
    private static final String DELETE = """
            SELECT trunkline.delete_topic(?)
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
    private static final String TOTALS_OF_CREATOR = """
            SELECT count(*), coalesce(sum(partition_count), 0)
              FROM trunkline.topic
             WHERE created_by = ?
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

    TopicStore(Database database) {
        this.database = database;
    }

    /** As they are stored, in order. */
    List<String> names() {
        return database.read(connection -> {
            try (PreparedStatement statement = connection.prepareStatement(NAMES);
                    ResultSet rows = statement.executeQuery()) {
                List<String> names = new ArrayList<>();
                while (rows.next()) {
                    names.add(rows.getString(1));
                }
                return names;
            }
        });
    }

    /** A topic; without partitions where SQL has removed them. */
    Optional<Topic> find(TopicName name) {
        return database.read(connection -> {
            try (PreparedStatement statement = connection.prepareStatement(FIND)) {
                statement.setString(1, name.value());
                try (ResultSet row = statement.executeQuery()) {
                    return row.next()
                            ? Optional.of(new Topic(row.getObject(1, UUID.class), name, ids(row, 3), config(row, 2)))
                            : Optional.empty();
                }
            }
        });
    }

    /** What of a topic is locked to the end of the transaction. */
    record Locked(int partitionCount, TopicConfig config, Optional<String> createdBy) {}

    /** Locks a topic to the end of the transaction, so that changes of one topic follow one another. */
    Optional<Locked> lock(TopicName name) {
        return database.write(connection -> {
            try (PreparedStatement statement = connection.prepareStatement(LOCK)) {
                statement.setString(1, name.value());
                try (ResultSet row = statement.executeQuery()) {
                    return row.next()
                            ? Optional.of(
                                    new Locked(row.getInt(1), config(row, 2), Optional.ofNullable(row.getString(3))))
                            : Optional.empty();
                }
            }
        });
    }

    /** @throws TrunklineException {@code TOPIC_ALREADY_EXISTS} */
    void create(TopicName name, int partitionCount, TopicConfig config, Optional<String> creator) {
        write(CREATE, name.value(), partitionCount, StoredJson.of(config.overrides()), creator.orElse(null));
    }

    /** Gives a topic so many partitions in all. */
    void grow(TopicName name, int partitionCount) {
        write(GROW, name.value(), partitionCount);
    }

    void configure(TopicName name, TopicConfig config) {
        write(CONFIGURE, name.value(), StoredJson.of(config.overrides()));
    }

    void delete(TopicName name) {
        write(DELETE, name.value());
    }

    private void write(String sql, @Nullable Object... parameters) {
        database.<Boolean>write(connection -> {
            try (PreparedStatement statement = connection.prepareStatement(sql)) {
                for (int i = 0; i < parameters.length; i++) {
                    statement.setObject(i + 1, parameters[i]);
                }
                return statement.execute();
            }
        });
    }

    private static List<Long> ids(ResultSet row, int column) throws SQLException {
        return List.of((Long[]) row.getArray(column).getArray());
    }

    private static TopicConfig config(ResultSet row, int column) throws SQLException {
        return TopicConfig.stored(StoredJson.texts(row.getString(column)));
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

    /** How many topics somebody has created, and how many partitions they have. */
    Totals totals(String creator) {
        return database.read(connection -> {
            try (PreparedStatement statement = connection.prepareStatement(TOTALS_OF_CREATOR)) {
                statement.setString(1, creator);
                try (ResultSet row = statement.executeQuery()) {
                    row.next();
                    return new Totals(row.getLong(1), row.getLong(2));
                }
            }
        });
    }

    /** The partitions, in order, of those topics that exist. */
    Map<TopicName, List<Long>> idsOf(Collection<TopicName> topics) {
        return database.read(connection -> {
            try (PreparedStatement statement = connection.prepareStatement(IDS_OF_TOPICS)) {
                statement.setArray(
                        1,
                        connection.createArrayOf(
                                "text", topics.stream().map(TopicName::value).toArray()));
                Map<TopicName, List<Long>> ids = new HashMap<>();
                try (ResultSet rows = statement.executeQuery()) {
                    while (rows.next()) {
                        ids.computeIfAbsent(new TopicName(rows.getString(1)), name -> new ArrayList<>())
                                .add(rows.getLong(2));
                    }
                }
                return ids;
            }
        });
    }

    /** What those of the partitions that exist are called. */
    Map<Long, TopicPartition> named(Collection<Long> partitionIds) {
        return database.read(connection -> {
            try (PreparedStatement statement = connection.prepareStatement(NAMED)) {
                statement.setObject(
                        1, partitionIds.stream().mapToLong(Long::longValue).toArray());
                Map<Long, TopicPartition> named = new HashMap<>();
                try (ResultSet rows = statement.executeQuery()) {
                    while (rows.next()) {
                        long id = rows.getLong(1);
                        TopicPartition.stored(rows.getString(2), rows.getInt(3))
                                .ifPresent(partition -> named.put(id, partition));
                    }
                }
                return named;
            }
        });
    }
}
