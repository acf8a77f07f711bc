package io.trunkline.log;

import java.util.OptionalLong;

/**
 * How much there is of a partition.
 *
 * @param bytes of the records that can be read, as arrays in memory, before PostgreSQL compresses them; those of the
 *     batch that holds the log start count as a whole
 * @param oldestTimestamp of the record at the log start, in milliseconds since the epoch; empty when there is none
 */
public record LogState(OffsetRange range, long bytes, OptionalLong oldestTimestamp) {}
