package io.trunkline.topic;

import java.util.List;
import java.util.Map;

/**
 * Some topics as they were when they were looked up.
 *
 * @param version a version of all topics that they are not older than; it grows with every topic or partition that comes
 *     or goes
 * @param partitionIds what the partitions of each are called in the log ({@code tp_id}), by partition number
 */
public record TopicCatalog(long version, Map<TopicName, List<Long>> partitionIds) {
    public TopicCatalog {
        partitionIds = Map.copyOf(partitionIds);
    }
}
