package io.trunkline.log;

import io.trunkline.record.RecordBatch;
import io.trunkline.topic.TopicName;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * Records that are to be appended to one partition, in one piece.
 *
 * @param topic the topic of the partition, which they are counted for
 * @param partitionId what the partition is called in the log
 * @param records at least one
 * @param timestamps whether the records bring their own; otherwise they get the time of the append
 * @param identity what a repetition of the append is recognized by
 * @param expectedEnd the end offset that the partition must have, unless this is a repetition
 */
public record PartitionAppend(
        TopicName topic,
        long partitionId,
        RecordBatch records,
        boolean timestamps,
        Optional<AppendIdentity> identity,
        OptionalLong expectedEnd) {
    /** An append that is written whenever it comes. */
    public PartitionAppend(TopicName topic, long partitionId, RecordBatch records, boolean timestamps) {
        this(topic, partitionId, records, timestamps, Optional.empty(), OptionalLong.empty());
    }

    /** Whether it may be judged not to be written. */
    boolean hasTerms() {
        return identity.isPresent() || expectedEnd.isPresent();
    }
}
