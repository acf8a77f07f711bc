package io.trunkline.group;

import io.trunkline.jdbc.StoredJson;
import io.trunkline.topic.TopicName;
import jakarta.persistence.Column;
import jakarta.persistence.Entity;
import jakarta.persistence.GeneratedValue;
import jakarta.persistence.GenerationType;
import jakarta.persistence.Id;
import jakarta.persistence.Table;
import java.util.HashSet;
import java.util.List;
import java.util.SortedSet;
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

    /** A list of names; read it by {@link #topics()}. */
    @JdbcTypeCode(SqlTypes.JSON)
    @Nullable
    String topics;

    @Column(name = "topic_pattern")
    @Nullable
    String topicPattern;

    /** For Hibernate, which sets the fields. */
    @SuppressWarnings("NullAway.Init")
    MemberEntity() {}

    MemberEntity(int groupId, MemberName name, ConsumerOptions options) {
        this.groupId = groupId;
        this.name = name.value();
        format = options.format();
        autoOffsetReset = options.reset().text();
        enableAutoCommit = options.autoCommit();
        fetchMinBytes = options.minBytes();
        requestTimeoutMillis = options.requestTimeoutMillis().isPresent()
                ? (Integer) options.requestTimeoutMillis().getAsInt()
                : null;
        isolationLevel = options.readCommitted() ? "read_committed" : "read_uncommitted";
        subscription = "none";
    }

    OffsetReset reset() {
        return OffsetReset.of(autoOffsetReset).orElse(OffsetReset.LATEST);
    }

    /** The topics that are subscribed by name, in order. */
    List<TopicName> topics() {
        return StoredJson.list(topics).stream()
                .flatMap(name -> TopicName.stored(name).stream())
                .toList();
    }

    /**
     * What the row says is read.
     *
     * @param partitions what its other rows say, for partitions that were assigned by hand
     */
    Subscription subscription(SortedSet<Integer> partitions) {
        return switch (subscription) {
            case "topics" -> new Subscription.Topics(new HashSet<>(topics()));
            case "pattern" -> new Subscription.Matching(topicPattern == null ? "" : topicPattern);
            case "partitions" -> new Subscription.Partitions(partitions);
            default -> new Subscription.None();
        };
    }

    void subscribe(Subscription to) {
        // What is the same is not written again: PostgreSQL has a text of its own for it.
        boolean sameTopics = to instanceof Subscription.Topics t && t.names().equals(new HashSet<>(topics()));
        topics = sameTopics ? topics : null;
        topicPattern = null;
        switch (to) {
            case Subscription.Topics t -> {
                subscription = "topics";
                if (topics == null) {
                    topics = StoredJson.of(
                            t.names().stream().map(TopicName::value).sorted().toList());
                }
            }
            case Subscription.Matching matching -> {
                subscription = "pattern";
                topicPattern = matching.pattern();
            }
            case Subscription.Partitions partitions -> subscription = "partitions";
            case Subscription.None none -> subscription = "none";
        }
    }
}
