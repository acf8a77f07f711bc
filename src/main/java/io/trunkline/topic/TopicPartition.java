package io.trunkline.topic;

import java.util.Comparator;
import java.util.Optional;

/** A partition, by what people call it. Ordered by topic and number. */
public record TopicPartition(TopicName topic, int partition) implements Comparable<TopicPartition> {
    private static final Comparator<TopicPartition> ORDER =
            Comparator.comparing((TopicPartition p) -> p.topic().value()).thenComparingInt(TopicPartition::partition);

    public TopicPartition {
        if (partition < 0) {
            throw new IllegalArgumentException("negative partition");
        }
    }

    /** The partition in a row, which is empty where no topic can have its name. */
    public static Optional<TopicPartition> stored(String topic, int partition) {
        return partition < 0
                ? Optional.empty()
                : TopicName.stored(topic).map(name -> new TopicPartition(name, partition));
    }

    @Override
    public int compareTo(TopicPartition other) {
        return ORDER.compare(this, other);
    }
}
