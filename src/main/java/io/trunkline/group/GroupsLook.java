package io.trunkline.group;

import java.time.Instant;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * What a look at all groups found.
 *
 * @param at when the look began
 * @param groups by name
 */
public record GroupsLook(Instant at, List<GroupLag> groups) {
    public GroupsLook {
        groups = List.copyOf(groups);
    }

    boolean has(String group) {
        return groups.stream().anyMatch(one -> one.group().equals(group));
    }

    /** Brings together what was looked up of members and of partitions. */
    static GroupsLook of(Instant at, List<GroupSize> sizes, List<PartitionLag> lags) {
        Map<String, Map<String, Long>> byGroup = new HashMap<>();
        // Of each name one text, however many groups have it.
        Map<String, String> names = new HashMap<>();
        for (PartitionLag lag : lags) {
            String topic = names.computeIfAbsent(lag.topicPartition().topic().value(), name -> name);
            byGroup.computeIfAbsent(lag.group(), group -> new TreeMap<>()).merge(topic, lag.lag(), Long::sum);
        }
        return new GroupsLook(
                at,
                sizes.stream()
                        .map(size -> new GroupLag(
                                size.group(),
                                size.members(),
                                byGroup.getOrDefault(size.group(), Map.of()).entrySet().stream()
                                        .map(topic -> new GroupLag.TopicLag(topic.getKey(), topic.getValue()))
                                        .toList()))
                        .sorted(Comparator.comparing(GroupLag::group))
                        .toList());
    }
}
