package io.trunkline.topic;

import io.trunkline.error.TrunklineException;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * Who creates a topic, and how many it may have.
 *
 * @param name of the principal; empty where it is not known, and then nothing is limited
 * @param created is told of a topic that has been created
 */
public record Creator(Optional<String> name, Limits limits, Consumer<TopicName> created) {
    /** Nobody in particular. */
    public static final Creator NOBODY = new Creator(Optional.empty(), (topics, partitions) -> {}, topic -> {});

    /** What one creator may have. */
    @FunctionalInterface
    public interface Limits {
        /**
         * Sees to it that a creator has no more than these.
         *
         * @param topics that it has created and that exist
         * @param partitions of these
         * @throws TrunklineException if that is too much
         */
        void check(long topics, long partitions);
    }
}
