package io.trunkline.group;

import io.trunkline.log.OffsetRange;
import io.trunkline.topic.TopicName;
import io.trunkline.topic.TopicPartition;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.function.Predicate;
import java.util.stream.Collectors;

/**
 * A group as it is now.
 *
 * @param generation grows with every change of members, subscriptions or partitions
 */
public record GroupDescription(GroupName name, int generation, List<Member> members, List<Offset> offsets) {
    public GroupDescription {
        members = List.copyOf(members);
        offsets = List.copyOf(offsets);
    }

    /** A consumer of the group, with what it subscribed by name or by pattern. */
    public record Member(
            String name, List<TopicName> topics, Optional<String> pattern, SortedSet<TopicPartition> partitions) {
        public Member {
            topics = List.copyOf(topics);
        }
    }

    /**
     * Where the group stands in a partition, and who has it.
     *
     * @param lag how many records lie between what is committed, or else where the group began, and the end; empty where
     *     nobody knows where it would go on
     */
    public record Offset(
            TopicPartition partition,
            Optional<OffsetAndMetadata> committed,
            OffsetRange range,
            OptionalLong lag,
            Optional<String> member) {}

    /** The group without what it does with topics that are not visible, and without patterns, which may name such a topic. */
    public GroupDescription only(Predicate<TopicName> visible) {
        return new GroupDescription(
                name,
                generation,
                members.stream()
                        .map(member -> new Member(
                                member.name(),
                                member.topics().stream().filter(visible).toList(),
                                Optional.empty(),
                                member.partitions().stream()
                                        .filter(partition -> visible.test(partition.topic()))
                                        .collect(Collectors.toCollection(TreeSet::new))))
                        .toList(),
                offsets.stream()
                        .filter(offset -> visible.test(offset.partition().topic()))
                        .toList());
    }

    /** The sum of what is known of the lag. */
    public long lag() {
        return offsets.stream().mapToLong(o -> o.lag().orElse(0)).sum();
    }
}
