package io.trunkline.topic;

import io.smallrye.config.ConfigMapping;
import io.smallrye.config.WithDefault;
import jakarta.validation.constraints.Max;
import jakarta.validation.constraints.Min;

/** How topics come to be. */
@ConfigMapping(prefix = "trunkline.topics")
public interface TopicsConfig {
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
}
