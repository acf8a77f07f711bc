package io.trunkline.group;

import io.trunkline.topic.TopicPartition;

/** An offset of a partition, not negative. */
public record TopicPartitionOffset(TopicPartition partition, long offset) {
    public TopicPartitionOffset {
        if (offset < 0) {
            throw new IllegalArgumentException("negative offset");
        }
    }
}
