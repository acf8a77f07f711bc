package io.trunkline.log;

/** The next offset to read of a partition. */
public record Position(long partitionId, long offset) {}
