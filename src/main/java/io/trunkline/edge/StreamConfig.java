package io.trunkline.edge;

import io.smallrye.config.ConfigMapping;
import io.smallrye.config.WithDefault;
import jakarta.validation.constraints.Max;
import jakarta.validation.constraints.Min;
import java.time.Duration;

/** Streams of records: server-sent events and NDJSON. */
@ConfigMapping(prefix = "trunkline.streams")
public interface StreamConfig {
    /**
     * Streams that a replica holds open at once before it refuses further ones with 503. They count among
     * {@code trunkline.http.max-requests} and {@code trunkline.log.fetch.max-waiting} too.
     */
    @WithDefault("8000")
    @Min(1)
    @Max(1_000_000)
    int maxOpen();

    /** How long a stream is silent before the service sends a heartbeat, so that proxies keep it open. At least 100ms. */
    @WithDefault("15s")
    Duration heartbeat();

    /**
     * How long a client may take for what the service has sent last; then the service closes its connection, or resets the stream of
     * HTTP/2. At least 1s.
     */
    @WithDefault("30s")
    Duration stallTimeout();

    /** How long the service asks clients of server-sent events to wait before they connect again. */
    @WithDefault("1s")
    Duration retry();
}
