package io.trunkline.group;

import io.trunkline.access.Principal;
import io.trunkline.topic.TopicCatalog;
import io.trunkline.topic.TopicName;
import io.trunkline.topic.TopicPartition;
import java.util.HashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** The topics that the subscriptions of a group come to, of those that exist, the names that each pattern matches, and what the members may read. */
record SubscribedTopics(TopicCatalog catalog, Map<String, Set<TopicName>> matching, Readers readers) {
    SubscribedTopics {
        matching = Map.copyOf(matching);
    }

    /** Those of the topics that a subscription reads for a principal. */
    Set<TopicName> of(Subscription subscription, Optional<Principal> reader) {
        Set<TopicName> wanted = switch (subscription) {
            case Subscription.Topics topics -> topics.names();
            case Subscription.Matching pattern -> matching.getOrDefault(pattern.pattern(), Set.of());
            case Subscription.None none -> Set.of();
            case Subscription.Partitions partitions -> Set.of();
        };
        Set<TopicName> existing = new HashSet<>(wanted);
        existing.retainAll(catalog.partitionIds().keySet());
        existing.removeIf(topic -> !readers.mayRead(reader, topic));
        return existing;
    }

    /** Whether a principal may not read a partition; one of an unknown topic where there is access control. */
    boolean isHidden(@Nullable TopicPartition partition, Optional<Principal> reader) {
        return partition == null ? readers.required() : !readers.mayRead(reader, partition.topic());
    }
}
