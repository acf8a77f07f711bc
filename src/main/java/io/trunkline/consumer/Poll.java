package io.trunkline.consumer;

import io.trunkline.log.FetchOutcome;
import io.trunkline.topic.TopicPartition;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Records for a consumer, maybe none. Whoever sends them says what became of that with {@link #ended}, once; until then
 * they are held back for it.
 */
public final class Poll {
    /** The records of one partition. */
    public record Part(TopicPartition partition, FetchOutcome.Page page) {}

    private final List<Part> parts;
    private final String format;
    private final int generation;
    private final Deliveries.@Nullable Delivery delivery;

    Poll(List<Part> parts, String format, int generation, Deliveries.@Nullable Delivery delivery) {
        this.parts = List.copyOf(parts);
        this.format = format;
        this.generation = generation;
        this.delivery = delivery;
    }

    public List<Part> parts() {
        return parts;
    }

    /** The record format that the consumer was made with. */
    public String format() {
        return format;
    }

    /** The generation of the group in which the records were handed out. */
    public int generation() {
        return generation;
    }

    /** What became of the answer: if the network has not taken all of it, the next poll gets the records again. */
    public void ended(boolean delivered) {
        if (delivery != null) {
            delivery.ended(delivered);
        }
    }
}
