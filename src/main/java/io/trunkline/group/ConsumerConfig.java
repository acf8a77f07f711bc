package io.trunkline.group;

import io.smallrye.config.ConfigMapping;
import io.smallrye.config.WithDefault;
import jakarta.validation.constraints.Max;
import jakarta.validation.constraints.Min;
import java.time.Duration;

/** Consumers and their groups. */
@ConfigMapping(prefix = "trunkline.consumer")
public interface ConsumerConfig {
    /**
     * A consumer from which no request has come for so long is removed, and its partitions go to the others; it can take
     * up to a fifth longer. A poll that waits counts as a request. At least 1s.
     */
    @WithDefault("5m")
    Duration sessionTimeout();

    /**
     * When a replica dies while it sends records to a consumer, they are sent again after so long. At least 100ms.
     */
    @WithDefault("10s")
    Duration deliveryTimeout();

    /**
     * Where a consumer begins where nothing is committed, if it does not say so itself: earliest, latest, none, or
     * by_duration: and an ISO 8601 duration, such as by_duration:PT1H. The bridge is shipped with earliest.
     */
    @WithDefault("latest")
    String autoOffsetReset();

    /** What a group has committed is forgotten when it has had no consumer for so long. At least 1m. */
    @WithDefault("7d")
    Duration offsetsRetention();

    /** Calls for polls and commits that run at once, each on a connection. A poll that waits holds none. */
    @WithDefault("4")
    @Min(1)
    @Max(256)
    int threads();

    /** Consumers that one group has at most. */
    @WithDefault("1000")
    @Min(1)
    @Max(10_000)
    int maxMembers();

    /** The most consumer groups there may be. Creating one more is refused with 409. */
    @WithDefault("10000")
    @Min(1)
    @Max(10_000_000)
    int maxGroups();

    /** Polls that may wait for records at once on a replica before further ones are refused with 503. */
    @WithDefault("10000")
    @Min(1)
    @Max(1_000_000)
    int maxWaiting();

    /** How often the lag of all groups is computed for the metrics. At least 1s. */
    @WithDefault("15s")
    Duration lagInterval();
}
