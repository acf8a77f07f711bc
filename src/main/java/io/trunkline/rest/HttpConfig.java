package io.trunkline.rest;

import io.quarkus.runtime.configuration.MemorySize;
import io.smallrye.config.ConfigMapping;
import io.smallrye.config.WithDefault;

/** What the HTTP API takes in. */
@ConfigMapping(prefix = "trunkline.http")
public interface HttpConfig {
    /** The largest request body; a larger one is refused with 413. */
    @WithDefault("10M")
    MemorySize maxBodySize();

    /** Request bodies that are held at once, in bytes, before further ones are refused with 503. */
    @WithDefault("128M")
    MemorySize maxBodyBytesInFlight();

    /** Answers with records that are written at once, in bytes, before further fetches are refused with 503. */
    @WithDefault("128M")
    MemorySize maxResponseBytesInFlight();
}
