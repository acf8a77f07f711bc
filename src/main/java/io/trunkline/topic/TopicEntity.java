package io.trunkline.topic;

import io.trunkline.jdbc.StoredJson;
import jakarta.persistence.Column;
import jakarta.persistence.Entity;
import jakarta.persistence.Id;
import jakarta.persistence.Table;
import java.time.Instant;
import java.util.UUID;
import org.hibernate.annotations.DynamicUpdate;
import org.hibernate.annotations.JdbcTypeCode;
import org.hibernate.type.SqlTypes;

/** A row of {@code topic}. Its triggers make and retire the partitions. */
@Entity
@Table(schema = "trunkline", name = "topic")
@DynamicUpdate
class TopicEntity {
    @Id
    @Column(name = "topic_id")
    UUID id;

    @Column(updatable = false)
    String name;

    @Column(name = "partition_count")
    int partitionCount;

    /** An object; read it by {@link #config()}. */
    @JdbcTypeCode(SqlTypes.JSON)
    String config;

    @Column(name = "created_at", updatable = false)
    Instant createdAt;

    /** For Hibernate, which sets the fields. */
    @SuppressWarnings("NullAway.Init")
    TopicEntity() {}

    TopicEntity(UUID id, TopicName name, int partitionCount, TopicConfig config, Instant createdAt) {
        this.id = id;
        this.name = name.value();
        this.partitionCount = partitionCount;
        this.config = StoredJson.of(config.overrides());
        this.createdAt = createdAt;
    }

    TopicConfig config() {
        return TopicConfig.stored(StoredJson.texts(config));
    }

    void configure(TopicConfig config) {
        this.config = StoredJson.of(config.overrides());
    }
}
