package io.trunkline.rest;

import io.trunkline.topic.TopicPartition;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SortedSet;
import java.util.TreeMap;

/** Partitions in the shape of the bridge: a list with an object for each topic. */
final class PartitionsView {
    private PartitionsView() {}

    static List<Map<String, List<Integer>>> of(SortedSet<TopicPartition> partitions) {
        Map<String, List<Integer>> byTopic = new TreeMap<>();
        partitions.forEach(
                partition -> byTopic.computeIfAbsent(partition.topic().value(), topic -> new ArrayList<>())
                        .add(partition.partition()));
        return byTopic.entrySet().stream()
                .map(entry -> Map.of(entry.getKey(), entry.getValue()))
                .toList();
    }
}
