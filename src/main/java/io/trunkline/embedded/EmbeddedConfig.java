package io.trunkline.embedded;

import io.smallrye.config.ConfigMapping;
import io.smallrye.config.WithDefault;
import jakarta.validation.constraints.Max;
import jakarta.validation.constraints.Min;
import java.nio.file.Path;
import java.time.Duration;

/** The PostgreSQL that is started when {@code trunkline.database.url} is not set. */
@ConfigMapping(prefix = "trunkline.embedded")
public interface EmbeddedConfig {
    /** Where its data is kept, for good: a new or an empty directory that others cannot write. It is created. */
    @WithDefault("./trunkline-data")
    Path dataDirectory();

    /** The port it listens on, on the loopback address only; 0 takes a free one at each start. */
    @WithDefault("0")
    @Min(0)
    @Max(65535)
    int port();

    /** How long it may take to start, recovery after a crash included. */
    @WithDefault("60s")
    Duration startupTimeout();
}
