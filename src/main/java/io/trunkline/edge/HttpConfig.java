package io.trunkline.edge;

import io.quarkus.runtime.configuration.MemorySize;
import io.smallrye.config.ConfigMapping;
import io.smallrye.config.WithDefault;
import jakarta.validation.constraints.Max;
import jakarta.validation.constraints.Min;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/** What the HTTP API accepts, and what its clients can make the service hold. */
@ConfigMapping(prefix = "trunkline.http")
public interface HttpConfig {
    /** The largest request body; a larger one is refused with 413. */
    @WithDefault("10M")
    MemorySize maxBodySize();

    /** The largest body of lines, which are written as they arrive; what is beyond it is refused with 413. */
    @WithDefault("10G")
    MemorySize maxStreamedBodySize();

    /** Memory for request bodies, over all connections; bodies beyond it are refused with 503. A sixth of the heap if absent. */
    Optional<MemorySize> maxBodyBytesInFlight();

    /**
     * Memory for responses that clients have not taken yet, over all connections. Responses over 64 KiB use at most three
     * quarters of it; requests beyond it are refused with 503. A sixth of the heap if absent.
     */
    Optional<MemorySize> maxResponseBytesInFlight();

    /**
     * Memory for the heads of requests until their responses end, beyond 4 KiB for each connection, or for each request of
     * HTTP/2. A connection that needs more is closed, and a request of HTTP/2 is refused with 503. A 32nd of the heap if absent.
     */
    Optional<MemorySize> maxHeadBytesInFlight();

    /** Connections that a port holds at once; further ones are closed at once. The management port counts its own. */
    @WithDefault("8192")
    @Min(1)
    @Max(1_000_000)
    int maxConnections();

    /** Requests under way at once, those that wait for records included; further ones are refused with 503. */
    @WithDefault("10000")
    @Min(1)
    @Max(1_000_000)
    int maxRequests();

    /** How long the head of a request may take to arrive, and then its body, unless it is one of lines. */
    @WithDefault("60s")
    Duration requestTimeout();

    /** How long a client may take for a response, beside the time that the response needs at the least transfer rate. */
    @WithDefault("30s")
    Duration responseTimeout();

    /**
     * The least rate at which a client takes a response, in bytes a second; a slower one is disconnected. A body of lines has to
     * arrive at this rate over each request timeout in which the service waits for it, or is refused with 408.
     */
    @WithDefault("16K")
    MemorySize minTransferRate();

    /** How long a connection without a request stays open. */
    @WithDefault("11m")
    Duration idleTimeout();

    /**
     * The hosts, without ports, under which clients may address the API; requests for another are refused with 421. Any host
     * if absent.
     */
    Optional<List<String>> allowedHosts();

    /** Whether the OpenAPI document and Swagger UI are shown. Neither needs credentials. */
    @WithDefault("true")
    boolean documentation();
}
