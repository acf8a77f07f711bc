package io.trunkline.log;

import java.time.Duration;

/**
 * How much a fetch gives, and how long it waits for that.
 *
 * @param minBytes is waited for, of keys, values, headers and what each record costs beside; 0 where nothing is to be waited for
 * @param maxBytes of all partitions together, at most {@code trunkline.log.fetch.max-bytes}; where there is a record, one is
 *     given whatever its size
 * @param maxRecords of each partition
 * @param maxWait at most {@code trunkline.log.fetch.max-wait}
 */
public record FetchLimits(long minBytes, long maxBytes, int maxRecords, Duration maxWait) {}
