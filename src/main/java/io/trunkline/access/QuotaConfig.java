package io.trunkline.access;

import io.quarkus.runtime.configuration.MemorySize;
import io.smallrye.config.ConfigMapping;
import jakarta.validation.constraints.Min;
import java.util.Optional;

/**
 * What one principal may use. Rates hold for each replica, counts of rows for all together. Without access control the first
 * four hold for all clients together.
 */
@ConfigMapping(prefix = "trunkline.quotas")
public interface QuotaConfig {
    /** Requests a second. No limit if absent. */
    Optional<@Min(1) Integer> requests();

    /** Bytes of request bodies a second. No limit if absent. */
    Optional<MemorySize> bytesWritten();

    /** Bytes of responses with records a second. No limit if absent. */
    Optional<MemorySize> bytesRead();

    /** Polls and fetches under way at once. No limit if absent. */
    Optional<@Min(1) Integer> openPolls();

    /** Consumers that a principal has created and that exist, in all groups. No limit if absent. */
    Optional<@Min(1) Integer> consumers();

    /** Topics that a principal has created and that exist. No limit if absent. */
    Optional<@Min(1) Integer> topics();

    /** Partitions of all topics that a principal has created and that exist. No limit if absent. */
    Optional<@Min(1) Integer> partitions();
}
