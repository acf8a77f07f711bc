package io.trunkline.log;

import java.util.OptionalLong;

/**
 * How much there is of a partition.
 *
 * @param bytes of the records that can be read, as arrays in memory, before PostgreSQL compresses them; those of the
 *     batch that holds the log start count as a whole
 * @param oldestTimestamp the largest timestamp of the batch at the log start, or the time of its append where it lies in the
 *     future of that, in milliseconds since the epoch: what retention goes by; empty when there is no record
 */
public record LogState(OffsetRange range, long bytes, OptionalLong oldestTimestamp) {}
