package io.trunkline.group;

import io.trunkline.log.OffsetRange;
import io.trunkline.topic.TopicPartition;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * Where a group stands in a partition.
 *
 * @param committed the next offset to read, as committed
 * @param start where the group began, which counts while nothing is committed
 * @param member who has the partition
 */
record GroupOffset(
        String group,
        long partitionId,
        TopicPartition topicPartition,
        OptionalLong committed,
        OptionalLong start,
        Optional<String> member) {
    /** Where the group would go on; empty where nobody knows. */
    private OptionalLong resumes() {
        return committed.isPresent() ? committed : start;
    }

    /** How many records lie between where the group would go on and the end, of those that can be read. */
    OptionalLong lag(OffsetRange range) {
        OptionalLong resumes = resumes();
        return resumes.isEmpty()
                ? OptionalLong.empty()
                : OptionalLong.of(
                        Math.max(0, range.endOffset() - Math.max(resumes.getAsLong(), range.logStartOffset())));
    }
}
