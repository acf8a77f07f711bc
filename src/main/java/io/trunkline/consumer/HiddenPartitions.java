package io.trunkline.consumer;

import io.trunkline.access.Access;
import io.trunkline.access.Principal;
import io.trunkline.access.Right;
import io.trunkline.access.Rights;
import io.trunkline.topic.TopicPartition;
import io.trunkline.topic.Topics;
import java.util.HashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;

/** Partitions that a principal may not read, though they may still be those of its consumer. */
final class HiddenPartitions {
    private static final CompletableFuture<Set<Long>> NONE = CompletableFuture.completedFuture(Set.of());

    private final Access access;
    private final Topics topics;

    HiddenPartitions(Access access, Topics topics) {
        this.access = access;
        this.topics = topics;
    }

    /** Those that a caller may not read, by rules that are at most a second old; none where there is no access control. */
    CompletableFuture<Set<Long>> of(Optional<Principal> caller, Set<Long> partitionIds) {
        return caller.isEmpty() || partitionIds.isEmpty()
                ? NONE
                : access.rights(caller.get()).thenCompose(rights -> of(rights, partitionIds));
    }

    /** The others, by the rules as they are now: not older than what has taken partitions from a consumer. */
    CompletableFuture<Set<Long>> without(Optional<Principal> caller, Set<Long> partitionIds) {
        if (caller.isEmpty()) {
            return CompletableFuture.completedFuture(partitionIds);
        }
        return access.latestRights(Set.of(caller.get()))
                .thenCompose(all -> of(all.getOrDefault(caller.get(), Rights.NONE), partitionIds))
                .thenApply(hidden -> {
                    Set<Long> left = new HashSet<>(partitionIds);
                    left.removeAll(hidden);
                    return left;
                });
    }

    private CompletableFuture<Set<Long>> of(Rights rights, Set<Long> partitionIds) {
        return rights.onEveryTopic(Right.READ)
                ? NONE
                : topics.partitions(partitionIds).thenApply(names -> unreadable(rights, partitionIds, names));
    }

    private static Set<Long> unreadable(Rights rights, Set<Long> partitionIds, Map<Long, TopicPartition> names) {
        Set<Long> hidden = new HashSet<>();
        for (Long id : partitionIds) {
            TopicPartition name = names.get(id);
            if (name == null || !rights.onTopic(name.topic().value(), Right.READ)) {
                hidden.add(id);
            }
        }
        return hidden;
    }
}
