package io.trunkline.overview;

import io.trunkline.log.TopicState;
import java.util.OptionalDouble;

/** By what topics are sorted. */
public enum TopicSort {
    NAME,
    SIZE,
    /** Records a second. */
    RATE,
    RECORDS,
    PARTITIONS;

    OptionalDouble value(TopicState topic) {
        return switch (this) {
            case NAME -> OptionalDouble.empty();
            case SIZE -> OptionalDouble.of(topic.bytes());
            case RATE -> topic.recordsPerSecond();
            case RECORDS -> OptionalDouble.of(topic.records());
            case PARTITIONS -> OptionalDouble.of(topic.partitions());
        };
    }
}
