package io.trunkline.group;

import io.trunkline.topic.TopicName;
import io.trunkline.topic.TopicPartition;
import jakarta.persistence.Column;
import jakarta.persistence.Entity;
import jakarta.persistence.GeneratedValue;
import jakarta.persistence.GenerationType;
import jakarta.persistence.Id;
import jakarta.persistence.Table;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Set;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.hibernate.annotations.DynamicUpdate;
import org.hibernate.annotations.JdbcTypeCode;
import org.hibernate.type.SqlTypes;
import org.jspecify.annotations.Nullable;

/** A row of {@code group_member}. When it was seen last is kept by PostgreSQL's clock, past Hibernate. */
@Entity
@Table(schema = "trunkline", name = "group_member")
@DynamicUpdate
class MemberEntity {
    @Id
    @GeneratedValue(strategy = GenerationType.IDENTITY)
    @Column(name = "member_id")
    @Nullable
    Long id;

    @Column(name = "group_id", updatable = false)
    int groupId;

    @Column(updatable = false)
    String name;

    @Column(updatable = false)
    String format;

    @Column(name = "auto_offset_reset", updatable = false)
    String autoOffsetReset;

    @Column(name = "reset_duration_ms", updatable = false)
    @Nullable
    Long resetDurationMillis;

    @Column(name = "enable_auto_commit", updatable = false)
    boolean enableAutoCommit;

    @Column(name = "fetch_min_bytes", updatable = false)
    int fetchMinBytes;

    @Column(name = "request_timeout_ms", updatable = false)
    @Nullable
    Integer requestTimeoutMillis;

    @Column(name = "isolation_level", updatable = false)
    String isolationLevel;

    String subscription;

    @JdbcTypeCode(SqlTypes.JSON)
    @Nullable
    List<String> topics;

    @Column(name = "topic_pattern")
    @Nullable
    String topicPattern;

    @JdbcTypeCode(SqlTypes.JSON)
    @Nullable
    Map<String, List<Integer>> assigned;

    /** For Hibernate, which sets the fields. */
    @SuppressWarnings("NullAway.Init")
    MemberEntity() {}

    MemberEntity(int groupId, MemberName name, ConsumerOptions options) {
        this.groupId = groupId;
        this.name = name.value();
        format = options.format();
        autoOffsetReset = options.reset().storedText();
        OptionalLong resetMillis = options.reset().storedMillis();
        resetDurationMillis = resetMillis.isPresent() ? (Long) resetMillis.getAsLong() : null;
        enableAutoCommit = options.autoCommit();
        fetchMinBytes = options.minBytes();
        requestTimeoutMillis = options.requestTimeoutMillis().isPresent()
                ? (Integer) options.requestTimeoutMillis().getAsInt()
                : null;
        isolationLevel = options.readCommitted() ? "read_committed" : "read_uncommitted";
        subscription = "none";
    }

    OffsetReset reset() {
        return OffsetReset.stored(
                autoOffsetReset,
                resetDurationMillis == null ? OptionalLong.empty() : OptionalLong.of(resetDurationMillis));
    }

    /** What the row says is read. Of partitions that the version before assigned by hand, it does not know the names. */
    Subscription subscription() {
        return switch (subscription) {
            case "topics" ->
                new Subscription.Topics(
                        topics == null
                                ? Set.of()
                                : topics.stream().map(TopicName::new).collect(Collectors.toSet()));
            case "pattern" -> Subscription.Matching.parse(topicPattern == null ? "" : topicPattern);
            case "partitions" -> new Subscription.Partitions(assigned());
            default -> new Subscription.None();
        };
    }

    private SortedSet<TopicPartition> assigned() {
        SortedSet<TopicPartition> named = new TreeSet<>();
        if (assigned != null) {
            assigned.forEach((topic, numbers) ->
                    numbers.forEach(number -> named.add(new TopicPartition(new TopicName(topic), number))));
        }
        return named;
    }

    void subscribe(Subscription to) {
        topics = null;
        topicPattern = null;
        assigned = null;
        switch (to) {
            case Subscription.Topics t -> {
                subscription = "topics";
                topics = t.names().stream().map(TopicName::value).sorted().toList();
            }
            case Subscription.Matching matching -> {
                subscription = "pattern";
                topicPattern = matching.pattern().pattern();
            }
            case Subscription.Partitions partitions -> {
                subscription = "partitions";
                assigned = new TreeMap<>();
                for (TopicPartition partition : partitions.named()) {
                    assigned.computeIfAbsent(partition.topic().value(), topic -> new ArrayList<>())
                            .add(partition.partition());
                }
            }
            case Subscription.None none -> subscription = "none";
        }
    }
}
