package io.trunkline.outbox;

import io.smallrye.config.ConfigMapping;
import io.smallrye.config.WithDefault;
import java.time.Duration;

/** How records get from the outbox to the log. */
@ConfigMapping(prefix = "trunkline.outbox")
public interface OutboxConfig {
    /** Whether this replica moves records from the outbox. One replica does it at a time. */
    @WithDefault("true")
    boolean enabled();

    /**
     * How often the outbox is looked at while it is used; less and less often, down to every fifteen seconds, when it was empty for
     * a while. 10ms to 10s.
     */
    @WithDefault("100ms")
    Duration pollInterval();
}
