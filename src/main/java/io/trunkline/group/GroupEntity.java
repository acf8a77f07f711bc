package io.trunkline.group;

import jakarta.persistence.Column;
import jakarta.persistence.Entity;
import jakarta.persistence.GeneratedValue;
import jakarta.persistence.GenerationType;
import jakarta.persistence.Id;
import jakarta.persistence.Table;
import org.hibernate.annotations.DynamicUpdate;

/** A row of {@code consumer_group}. */
@Entity
@Table(name = "consumer_group")
@DynamicUpdate
class GroupEntity {
    @Id
    @GeneratedValue(strategy = GenerationType.IDENTITY)
    @Column(name = "group_id")
    int id;

    @Column(updatable = false)
    String name;

    int generation;

    @Column(name = "topic_version")
    long topicVersion;

    /** For Hibernate, which sets the fields. */
    @SuppressWarnings("NullAway.Init")
    GroupEntity() {}
}
