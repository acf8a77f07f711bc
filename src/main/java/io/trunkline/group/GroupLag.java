package io.trunkline.group;

import java.util.List;
import java.util.OptionalLong;
import java.util.function.Predicate;

/**
 * How far a group is behind.
 *
 * @param group its name as it is stored, which may be a name that no call can have made
 * @param topics of which it is known how far the group is behind
 */
public record GroupLag(String group, int members, List<TopicLag> topics) {
    public GroupLag {
        topics = List.copyOf(topics);
    }

    /** Records between where a group would go on and the ends of a topic, as far as that is known. */
    public record TopicLag(String topic, long lag) {}

    /** The sum over the topics that are visible; empty where nothing is known of any. */
    public OptionalLong lag(Predicate<String> visible) {
        long sum = 0;
        boolean known = false;
        for (TopicLag topic : topics) {
            if (visible.test(topic.topic())) {
                sum += topic.lag();
                known = true;
            }
        }
        return known ? OptionalLong.of(sum) : OptionalLong.empty();
    }
}
