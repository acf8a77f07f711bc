package io.trunkline.group;

import io.trunkline.topic.TopicPartition;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/** An offset of a partition, not negative. */
public record TopicPartitionOffset(TopicPartition partition, long offset) {
    public TopicPartitionOffset {
        if (offset < 0) {
            throw new IllegalArgumentException("negative offset");
        }
    }

    /** The partitions of offsets. */
    public static List<TopicPartition> partitions(List<TopicPartitionOffset> offsets) {
        return offsets.stream().map(TopicPartitionOffset::partition).toList();
    }

    /** Offsets by what their partitions are called in the log; of a partition that is named again, the last. */
    public static Map<Long, Long> byId(List<TopicPartitionOffset> offsets, Map<TopicPartition, Long> ids) {
        Map<Long, Long> byId = new HashMap<>();
        offsets.forEach(offset -> byId.put(Objects.requireNonNull(ids.get(offset.partition())), offset.offset()));
        return byId;
    }
}
