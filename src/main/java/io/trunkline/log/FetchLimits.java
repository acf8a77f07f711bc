package io.trunkline.log;

import java.time.Duration;
import java.util.Optional;

/**
 * What a fetch gives, and how long it waits for that.
 *
 * @param minBytes a fetch waits for so many bytes of keys, values and headers, and at least one record; for one record only where it
 *     searches
 * @param maxBytes of all partitions together, with what each record costs beside, at most {@code trunkline.log.fetch.max-bytes}; where there is a record, one is
 *     given whatever its size
 * @param maxRecords of each partition
 * @param maxWait at most {@code trunkline.log.fetch.max-wait}
 * @param search which records are given; all of them where empty
 */
public record FetchLimits(long minBytes, long maxBytes, int maxRecords, Duration maxWait, Optional<Search> search) {
    /** Of a fetch that gives all records. */
    public FetchLimits(long minBytes, long maxBytes, int maxRecords, Duration maxWait) {
        this(minBytes, maxBytes, maxRecords, maxWait, Optional.empty());
    }
}
