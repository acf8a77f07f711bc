package io.trunkline.log;

/**
 * A place in a partition.
 *
 * @param partitionId what the partition is called in the log
 * @param offset the next to read
 */
public record Position(long partitionId, long offset) {}
