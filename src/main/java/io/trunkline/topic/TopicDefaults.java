package io.trunkline.topic;

import io.smallrye.config.ConfigMapping;
import io.smallrye.config.WithDefault;
import jakarta.validation.constraints.Max;
import jakarta.validation.constraints.Min;

/** How topics come to be. */
@ConfigMapping(prefix = "trunkline.topics")
public interface TopicDefaults {
    /** Whether producing to an unknown topic creates it. */
    @WithDefault("false")
    boolean autoCreate();

    /** Partitions of a topic that is created without a number. */
    @WithDefault("1")
    @Min(1)
    @Max(10_000)
    int defaultPartitions();

    /** Partitions that one topic may have at most. */
    @WithDefault("1000")
    @Min(1)
    @Max(10_000)
    int maxPartitions();

    /** The most topics there may be. Creating one more is refused with 409. */
    @WithDefault("10000")
    @Min(1)
    @Max(10_000_000)
    int maxTopics();

    /**
     * The most partitions that all topics may have together. Partitions of deleted topics count until their space is
     * freed. More are refused with 409.
     */
    @WithDefault("100000")
    @Min(1)
    @Max(100_000_000)
    int maxTotalPartitions();

    /**
     * Whether this replica lets clients create, change and delete topics and delete records. Where it does not, these calls
     * are refused with 403. {@code trunkline.topics.auto-create} is independent of it.
     */
    @WithDefault("true")
    boolean administration();
}
