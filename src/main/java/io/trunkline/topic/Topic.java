package io.trunkline.topic;

import io.trunkline.error.ErrorCode;
import io.trunkline.error.TrunklineException;
import java.util.List;
import java.util.UUID;

/**
 * A topic as it was when it was looked up.
 *
 * @param id tells it from an earlier topic of the same name
 * @param partitionIds what each partition is called in the log ({@code tp_id}), by partition number
 */
public record Topic(UUID id, TopicName name, List<Long> partitionIds, TopicConfig config) {
    public Topic {
        partitionIds = List.copyOf(partitionIds);
    }

    public int partitionCount() {
        return partitionIds.size();
    }

    public boolean hasPartition(int partition) {
        return partition >= 0 && partition < partitionIds.size();
    }

    /** @throws TrunklineException {@code PARTITION_NOT_FOUND} */
    public long partitionId(int partition) {
        if (!hasPartition(partition)) {
            throw new TrunklineException(
                    ErrorCode.PARTITION_NOT_FOUND,
                    "Topic " + name + " has no partition " + partition + ": it has " + partitionCount()
                            + ", numbered from 0.");
        }
        return partitionIds.get(partition);
    }
}
