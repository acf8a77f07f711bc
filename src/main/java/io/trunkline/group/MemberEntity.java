package io.trunkline.group;

import io.trunkline.access.Principal;
import io.trunkline.jdbc.StoredJson;
import io.trunkline.topic.TopicName;
import io.trunkline.topic.TopicPartition;
import jakarta.persistence.Column;
import jakarta.persistence.Entity;
import jakarta.persistence.GeneratedValue;
import jakarta.persistence.GenerationType;
import jakarta.persistence.Id;
import jakarta.persistence.Table;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import org.hibernate.annotations.DynamicUpdate;
import org.hibernate.annotations.JdbcTypeCode;
import org.hibernate.type.SqlTypes;
import org.jspecify.annotations.Nullable;

/** A row of {@code group_member}. When it was seen last is kept by PostgreSQL's clock, past Hibernate. */
@Entity
@Table(name = "group_member")
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

    /** A list of names; read it by {@link #topics()}. */
    @JdbcTypeCode(SqlTypes.JSON)
    @Nullable
    String topics;

    @Column(name = "topic_pattern")
    @Nullable
    String topicPattern;

    /** Lists of numbers by topic; read it by {@link #assigned()}. */
    @JdbcTypeCode(SqlTypes.JSON)
    @Nullable
    String assigned;

    /** Who created it; null where there was no access control. Read it by {@link #owner()}. */
    @Nullable
    String principal;

    /** What the principal's credentials brought when it created the consumer, or subscribed with it. */
    @JdbcTypeCode(SqlTypes.ARRAY)
    String[] roles;

    /** For Hibernate, which sets the fields. */
    @SuppressWarnings("NullAway.Init")
    MemberEntity() {}

    MemberEntity(int groupId, MemberName name, ConsumerOptions options, Optional<Principal> owner) {
        this.groupId = groupId;
        roles = new String[0];
        owner.ifPresent(this::belongTo);
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

    /** Its id, once it is stored. */
    long id() {
        Long stored = id;
        if (stored == null) {
            throw new IllegalStateException("a member that is not stored");
        }
        return stored;
    }

    /** For whom it reads; empty where there was no access control, or where only SQL can have written the name. */
    Optional<Principal> owner() {
        String name = principal;
        return name == null || !Principal.isLegalName(name)
                ? Optional.empty()
                : Optional.of(new Principal(name, Set.of(roles)));
    }

    /** Notes for whom it reads, and with which roles. */
    final void belongTo(Principal owner) {
        if (!owner().equals(Optional.of(owner))) {
            principal = owner.name();
            roles = owner.roles().stream().sorted().toArray(String[]::new);
        }
    }

    OffsetReset reset() {
        return OffsetReset.stored(
                autoOffsetReset,
                resetDurationMillis == null ? OptionalLong.empty() : OptionalLong.of(resetDurationMillis));
    }

    /** The topics that are subscribed by name, in order. */
    List<TopicName> topics() {
        return StoredJson.list(topics).stream()
                .flatMap(name -> TopicName.stored(name).stream())
                .toList();
    }

    /** What the row says is read. Of partitions that the version before assigned by hand, it does not know the names. */
    Subscription subscription() {
        return switch (subscription) {
            case "topics" -> new Subscription.Topics(new HashSet<>(topics()));
            case "pattern" -> new Subscription.Matching(topicPattern == null ? "" : topicPattern);
            case "partitions" -> new Subscription.Partitions(assigned());
            default -> new Subscription.None();
        };
    }

    private SortedSet<TopicPartition> assigned() {
        SortedSet<TopicPartition> named = new TreeSet<>();
        StoredJson.numbers(assigned)
                .forEach((topic, numbers) -> numbers.forEach(
                        number -> TopicPartition.stored(topic, number).ifPresent(named::add)));
        return named;
    }

    void subscribe(Subscription to) {
        // What is the same is not written again: PostgreSQL has a text of its own for it.
        boolean sameTopics = to instanceof Subscription.Topics t && t.names().equals(new HashSet<>(topics()));
        topics = sameTopics ? topics : null;
        topicPattern = null;
        boolean sameAssigned =
                to instanceof Subscription.Partitions p && p.named().equals(assigned());
        assigned = sameAssigned ? assigned : null;
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
            case Subscription.Partitions partitions -> {
                subscription = "partitions";
                if (assigned == null) {
                    Map<String, List<Integer>> numbers = new TreeMap<>();
                    for (TopicPartition partition : partitions.named()) {
                        numbers.computeIfAbsent(partition.topic().value(), topic -> new ArrayList<>())
                                .add(partition.partition());
                    }
                    assigned = StoredJson.ofNumbers(numbers);
                }
            }
            case Subscription.None none -> subscription = "none";
        }
    }
}
