package io.trunkline.edge;

import io.smallrye.config.ConfigMapping;
import io.smallrye.config.WithDefault;

/** The console in the browser. */
@ConfigMapping(prefix = "trunkline.console")
public interface ConsoleConfig {
    /**
     * Whether the service serves the console under {@code /console}, and the sessions of browsers under {@code /session}. Without
     * it, both are 404, and no request is authenticated by a cookie.
     */
    @WithDefault("true")
    boolean enabled();

    /**
     * Whether the console only shows things. Requests that the console makes, and all others that a cookie authenticates, are
     * then refused with 403 where they would change something. It bounds the console, not the rights of its users.
     */
    @WithDefault("false")
    boolean readOnly();
}
