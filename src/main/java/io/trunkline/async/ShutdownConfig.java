package io.trunkline.async;

import io.smallrye.config.ConfigMapping;
import io.smallrye.config.WithDefault;
import java.nio.file.Path;
import java.time.Duration;

/** How the service stops. */
@ConfigMapping(prefix = "trunkline.shutdown")
public interface ShutdownConfig {
    /**
     * How long the service goes on serving after it was told to stop, while its readiness is down: the time that load balancers
     * take to notice. It asks clients to connect elsewhere meanwhile.
     */
    @WithDefault("0s")
    Duration delay();

    /** How long it waits, after that, for requests under way before it ends them. */
    @WithDefault("30s")
    Duration timeout();

    /**
     * Where a start that is refused writes its reason beside the service log, if the file exists. Kubernetes shows it in
     * {@code kubectl describe pod}.
     */
    @WithDefault("/dev/termination-log")
    Path terminationLog();
}
