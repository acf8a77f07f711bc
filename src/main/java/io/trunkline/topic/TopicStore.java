package io.trunkline.topic;

import io.trunkline.error.TrunklineException;
import io.trunkline.jdbc.Database;
import io.trunkline.jdbc.Sql;
import io.trunkline.jdbc.StoredJson;
import jakarta.enterprise.context.ApplicationScoped;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;

/** The topics and their partitions. What writes them are functions that run with the owner's rights. */
@ApplicationScoped
class TopicStore {
    private static final String NAMES = """
            SELECT name
              FROM topic
             ORDER BY name
            """;
    private static final String FIND = """
            SELECT t.topic_id, t.config,
                   ARRAY(SELECT h.tp_id FROM partition_head h WHERE h.topic_id = t.topic_id ORDER BY h.partition)
              FROM topic t
             WHERE t.name = ?
            """;
    private static final String LOCK = """
            SELECT partition_count, config, created_by
              FROM lock_topic(?)
            """;
    private static final String CREATE = """
            SELECT create_topic(?, ?, ?::jsonb, ?)
            """;
    private static final String GROW = """
            SELECT grow_topic(?, ?)
            """;
    private static final String CONFIGURE = """
            SELECT configure_topic(?, ?::jsonb)
            """;
    private static final String DELETE = """
            SELECT delete_topic(?)
            """;
    private static final String VERSION = """
            SELECT version
              FROM topic_version
            """;
    private static final String TOTALS = """
            SELECT (SELECT count(*) FROM topic),
                   (SELECT coalesce(sum(partition_count), 0) FROM topic)
                       + (SELECT count(*) FROM retired_partition)
            """;
    private static final String TOTALS_OF_CREATOR = """
            SELECT count(*), coalesce(sum(partition_count), 0)
              FROM topic
             WHERE created_by = ?
            """;
    private static final String IDS_OF_TOPICS = """
            SELECT t.name, h.tp_id
              FROM topic t
              JOIN partition_head h ON h.topic_id = t.topic_id
             WHERE t.name = ANY (?)
             ORDER BY t.name, h.partition
            """;
    private static final String NAMED = """
            SELECT h.tp_id, t.name, h.partition
              FROM partition_head h
              JOIN topic t ON t.topic_id = h.topic_id
             WHERE h.tp_id = ANY (?)
            """;

    private final Database database;

    TopicStore(Database database) {
        this.database = database;
    }

    /** As they are stored, in order. */
    List<String> names() {
        return database.read(new Sql(NAMES).list(row -> row.getString(1)));
    }

    /** A topic; without partitions where SQL has removed them. */
    Optional<Topic> find(TopicName name) {
        return database.read(new Sql(FIND, name.value())
                .first(row -> new Topic(
                        row.getObject(1, UUID.class),
                        name,
                        List.of((Long[]) row.getArray(3).getArray()),
                        config(row, 2))));
    }

    /** What of a topic is locked to the end of the transaction. */
    record Locked(int partitionCount, TopicConfig config, Optional<String> createdBy) {}

    /** Locks a topic to the end of the transaction, so that changes of one topic follow one another. */
    Optional<Locked> lock(TopicName name) {
        return database.write(new Sql(LOCK, name.value())
                .first(row -> new Locked(row.getInt(1), config(row, 2), Optional.ofNullable(row.getString(3)))));
    }

    /** @throws TrunklineException {@code TOPIC_ALREADY_EXISTS} */
    void create(TopicName name, int partitionCount, TopicConfig config, Optional<String> creator) {
        database.write(
                new Sql(CREATE, name.value(), partitionCount, StoredJson.of(config.overrides()), creator.orElse(null))
                        .call());
    }

    /** Gives a topic so many partitions in all. */
    void grow(TopicName name, int partitionCount) {
        database.write(new Sql(GROW, name.value(), partitionCount).call());
    }

    void configure(TopicName name, TopicConfig config) {
        database.write(new Sql(CONFIGURE, name.value(), StoredJson.of(config.overrides())).call());
    }

    void delete(TopicName name) {
        database.write(new Sql(DELETE, name.value()).call());
    }

    private static TopicConfig config(ResultSet row, int column) throws SQLException {
        return TopicConfig.stored(StoredJson.texts(row.getString(column)));
    }

    /** Grows with every topic or partition that comes or goes. */
    long version() {
        return database.read(new Sql(VERSION).one(row -> row.getLong(1)));
    }

    /** How many topics there are, and how many partitions of them and of deleted topics whose space is not freed yet. */
    record Totals(long topics, long partitions) {}

    Totals totals() {
        return database.read(new Sql(TOTALS).one(row -> new Totals(row.getLong(1), row.getLong(2))));
    }

    /** How many topics somebody has created, and how many partitions they have. */
    Totals totals(String creator) {
        return database.read(
                new Sql(TOTALS_OF_CREATOR, creator).one(row -> new Totals(row.getLong(1), row.getLong(2))));
    }

    /** The partitions, in order, of those topics that exist. */
    Map<TopicName, List<Long>> idsOf(Collection<TopicName> topics) {
        return database.read(new Sql(IDS_OF_TOPICS, Sql.array("text", topics, TopicName::value))
                .into(
                        HashMap<TopicName, List<Long>>::new,
                        (ids, row) -> ids.computeIfAbsent(new TopicName(row.getString(1)), name -> new ArrayList<>())
                                .add(row.getLong(2))));
    }

    /** What those of the partitions that exist are called. */
    Map<Long, TopicPartition> named(Collection<Long> partitionIds) {
        return database.read(new Sql(NAMED, Sql.longs(partitionIds))
                .into(HashMap<Long, TopicPartition>::new, (named, row) -> {
                    long id = row.getLong(1);
                    TopicPartition.stored(row.getString(2), row.getInt(3))
                            .ifPresent(partition -> named.put(id, partition));
                }));
    }
}
