package io.trunkline.log;

import java.time.Instant;
import java.util.List;

/**
 * What a look at all topics found.
 *
 * @param at when the look began
 * @param topics by name
 * @param slicesAhead slices that are ready for the time to come
 */
public record TopicsLook(Instant at, List<TopicState> topics, int slicesAhead) {
    public TopicsLook {
        topics = List.copyOf(topics);
    }
}
