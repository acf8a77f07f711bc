package io.trunkline.group;

import io.trunkline.topic.TopicCatalog;
import io.trunkline.topic.TopicName;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;

/** The topics that the subscriptions of a group come to, of those that exist, and the names that each pattern matches. */
record SubscribedTopics(TopicCatalog catalog, Map<String, Set<TopicName>> matching) {
    SubscribedTopics {
        matching = Map.copyOf(matching);
    }

    /** Those of the topics that a subscription reads. */
    Set<TopicName> of(Subscription subscription) {
        Set<TopicName> wanted = switch (subscription) {
            case Subscription.Topics topics -> topics.names();
            case Subscription.Matching pattern -> matching.getOrDefault(pattern.pattern(), Set.of());
            case Subscription.None none -> Set.of();
            case Subscription.Partitions partitions -> Set.of();
        };
        Set<TopicName> existing = new HashSet<>(wanted);
        existing.retainAll(catalog.partitionIds().keySet());
        return existing;
    }
}
