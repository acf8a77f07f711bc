package io.trunkline.topic;

import java.util.List;

/**
 * The topics as they were when they were listed.
 *
 * @param version a version of all topics that the list is not older than; it grows with every topic or partition that comes
 *     or goes
 * @param names as they are stored, in order
 */
public record TopicListing(long version, List<String> names) {
    public TopicListing {
        names = List.copyOf(names);
    }
}
