package io.trunkline.topic;

import java.util.Comparator;

/** A partition, by what people call it. Ordered by topic and number. */
public record TopicPartition(TopicName topic, int partition) implements Comparable<TopicPartition> {
    private static final Comparator<TopicPartition> ORDER =
            Comparator.comparing((TopicPartition p) -> p.topic().value()).thenComparingInt(TopicPartition::partition);

    public TopicPartition {
        if (partition < 0) {
            throw new IllegalArgumentException("negative partition");
        }
    }

    @Override
    public int compareTo(TopicPartition other) {
        return ORDER.compare(this, other);
    }
}
