package io.trunkline.retention;

import io.quarkus.runtime.configuration.MemorySize;
import io.smallrye.config.ConfigMapping;
import io.smallrye.config.WithDefault;
import java.time.Duration;

/** How what topics do not keep is removed. How long each keeps its records stands in the topic's configuration. */
@ConfigMapping(prefix = "trunkline.retention")
public interface RetentionConfig {
    /**
     * How often a replica looks for expired records, on behalf of all; at least 1 second. A sixth as often while nothing
     * has been written for a minute.
     */
    @WithDefault("5m")
    Duration checkInterval();

    /**
     * The most bytes of records a second, before compression, that are deleted one batch at a time, where their slice is
     * still needed by others. Whole slices are freed at once and do not count.
     */
    @WithDefault("64M")
    MemorySize maxDeleteRate();
}
