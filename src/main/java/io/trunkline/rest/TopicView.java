package io.trunkline.rest;

import com.fasterxml.jackson.annotation.JsonProperty;
import io.quarkus.runtime.annotations.RegisterForReflection;
import io.trunkline.log.LogState;
import io.trunkline.topic.Topic;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.IntStream;
import org.eclipse.microprofile.openapi.annotations.media.Schema;
import org.jspecify.annotations.Nullable;

/** A topic as it is shown. */
@RegisterForReflection
@Schema(name = "TopicMetadata")
record TopicView(
        String name,

        @Schema(description = "The configuration under Kafka's names, defaults included.")
        Map<String, String> configs,

        @JsonProperty("config_sources")
        @Schema(
                description =
                        "Where each value comes from, in Kafka's words: what was set for the topic, or the default.")
        Map<String, ConfigSource> configSources,

        @JsonProperty("size_bytes")
        @Schema(nullable = true, description = "Of all partitions; null while that of one is not known.")
        @Nullable
        Long sizeBytes,

        List<PartitionView> partitions) {

    /** Where the value of a topic configuration comes from, as Kafka names it. */
    enum ConfigSource {
        DYNAMIC_TOPIC_CONFIG,
        DEFAULT_CONFIG
    }

    /** @param states of the partitions, by their ids */
    static TopicView of(Topic topic, Map<Integer, LogState> states) {
        Map<String, String> configs = topic.config().effective();
        Map<String, ConfigSource> sources = new TreeMap<>();
        configs.keySet()
                .forEach(name -> sources.put(
                        name,
                        topic.config().overrides().containsKey(name)
                                ? ConfigSource.DYNAMIC_TOPIC_CONFIG
                                : ConfigSource.DEFAULT_CONFIG));
        boolean allKnown = states.keySet().containsAll(topic.partitionIds());
        long bytes = states.values().stream().mapToLong(LogState::bytes).sum();
        return new TopicView(
                topic.name().value(), configs, sources, allKnown ? (Long) bytes : null, partitions(topic, states));
    }

    static List<PartitionView> partitions(Topic topic, Map<Integer, LogState> states) {
        return IntStream.range(0, topic.partitionCount())
                .mapToObj(partition -> PartitionView.of(partition, states.get(topic.partitionId(partition))))
                .toList();
    }
}
