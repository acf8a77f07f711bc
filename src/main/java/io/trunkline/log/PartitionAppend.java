package io.trunkline.log;

import io.trunkline.record.RecordBatch;
import io.trunkline.topic.TopicName;

/**
 * Records that are to be appended to one partition, in one piece.
 *
 * @param topic the topic of the partition, which they are counted for
 * @param partitionId what the partition is called in the log
 * @param records at least one
 * @param timestamps whether the records bring their own; otherwise they get the time of the append
 */
public record PartitionAppend(TopicName topic, long partitionId, RecordBatch records, boolean timestamps) {}
