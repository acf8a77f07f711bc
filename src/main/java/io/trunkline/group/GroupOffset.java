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
    /** Where the group would go on: at what is committed, or else where it began; empty where nobody knows. */
    OptionalLong resumes() {
        return committed.map(c -> OptionalLong.of(c.offset())).orElse(start);
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
