package io.trunkline.group;

import io.trunkline.log.OffsetRange;
import io.trunkline.topic.TopicPartition;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * Where a group stands in a partition, and who has it.
 *
 * @param start where the group began, which counts while nothing is committed
 */
record GroupOffset(
        String group,
        long partitionId,
        TopicPartition topicPartition,
        Optional<OffsetAndMetadata> committed,
        OptionalLong start,
        Optional<String> member) {
    /** How many records lie between where the group would go on and the end, of those that can be read. */
    OptionalLong lag(OffsetRange range) {
        OptionalLong resumes = committed.map(c -> OptionalLong.of(c.offset())).orElse(start);
        return resumes.isEmpty()
                ? OptionalLong.empty()
                : OptionalLong.of(
                        Math.max(0, range.endOffset() - Math.max(resumes.getAsLong(), range.logStartOffset())));
    }
}
