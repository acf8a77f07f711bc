package io.trunkline.log;

import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;

/** Which topics are told by name, so that many of them do not make as many series. */
final class TopicSizes {
    private TopicSizes() {}

    /** The partitions by topic: of the largest topics under their names, of all others under {@link TopicCounters#OTHERS}. */
    static Map<String, List<SizeStore.PartitionState>> largest(List<SizeStore.PartitionState> partitions, int most) {
        Map<String, List<SizeStore.PartitionState>> topics =
                partitions.stream().collect(Collectors.groupingBy(SizeStore.PartitionState::topic));
        if (topics.size() <= most) {
            return topics;
        }
        Set<String> named = topics.entrySet().stream()
                .sorted(Comparator.<Map.Entry<String, List<SizeStore.PartitionState>>>comparingLong(
                                topic -> -bytes(topic.getValue()))
                        .thenComparing(Map.Entry::getKey))
                .limit(most)
                .map(Map.Entry::getKey)
                .collect(Collectors.toSet());
        return partitions.stream()
                .collect(Collectors.groupingBy(p -> named.contains(p.topic()) ? p.topic() : TopicCounters.OTHERS));
    }

    static long bytes(List<SizeStore.PartitionState> partitions) {
        return partitions.stream().mapToLong(p -> p.state().bytes()).sum();
    }

    /** Sums by the same names. */
    static Map<String, Long> grouped(Map<String, Long> byTopic, Set<String> names) {
        Map<String, Long> grouped = new TreeMap<>();
        byTopic.forEach((topic, value) ->
                grouped.merge(names.contains(topic) ? topic : TopicCounters.OTHERS, value, Long::sum));
        return grouped;
    }
}
