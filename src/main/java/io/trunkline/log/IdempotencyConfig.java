package io.trunkline.log;

import io.smallrye.config.ConfigMapping;
import io.smallrye.config.WithDefault;
import java.time.Duration;

/** How long the log recognizes what was written before. */
@ConfigMapping(prefix = "trunkline.idempotency")
public interface IdempotencyConfig {
    /**
     * How long an {@code Idempotency-Key}, and the last batches of an idempotent producer, are remembered at least: at most a
     * slice of the log and two checks of the retention longer. Less than 1h counts as 1h, unless the owner of the schema allows
     * less (the table {@code log_limit}). It covers at most 50 slices ({@code trunkline.log.slices.length}).
     */
    @WithDefault("24h")
    Duration retention();
}
