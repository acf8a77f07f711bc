package io.trunkline.rest;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonProperty;
import io.quarkus.runtime.annotations.RegisterForReflection;
import io.trunkline.log.LogState;
import io.trunkline.topic.Topic;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.IntStream;
import org.eclipse.microprofile.openapi.annotations.media.Schema;
import org.jspecify.annotations.Nullable;

/** A topic as it is shown. */
@RegisterForReflection
@Schema(name = "TopicMetadata")
record TopicView(
        String name,

        @Schema(description = "The configuration under Kafka's names, with the defaults of those that have an effect.")
        Map<String, String> configs,

        @JsonProperty("config_sources")
        @JsonInclude(JsonInclude.Include.NON_NULL)
        @Schema(
                description =
                        "With include=config_sources: where each value comes from, in Kafka's words: what was set for the topic,"
                                + " or the default.")
        @Nullable
        Map<String, ConfigSource> configSources,

        @JsonProperty("size_bytes")
        @JsonInclude(JsonInclude.Include.NON_NULL)
        @Schema(description = "With include=sizes: of all partitions; absent while that of one is not known.")
        @Nullable
        Long sizeBytes,

        List<PartitionView> partitions) {

    /** Where the value of a topic configuration comes from, as Kafka names it. */
    enum ConfigSource {
        DYNAMIC_TOPIC_CONFIG,
        DEFAULT_CONFIG
    }

    /**
     * @param states of the partitions, by their ids
     * @param include what is shown beyond the bridge's contract
     */
    static TopicView of(Topic topic, Map<Long, LogState> states, Set<Include> include) {
        boolean allKnown = states.keySet().containsAll(topic.partitionIds());
        long bytes = states.values().stream().mapToLong(LogState::bytes).sum();
        return new TopicView(
                topic.name().value(),
                topic.config().effective(),
                include.contains(Include.CONFIG_SOURCES) ? sources(topic) : null,
                include.contains(Include.SIZES) && allKnown ? (Long) bytes : null,
                partitions(topic, states, include));
    }

    private static Map<String, ConfigSource> sources(Topic topic) {
        Map<String, ConfigSource> sources = new TreeMap<>();
        topic.config()
                .effective()
                .keySet()
                .forEach(name -> sources.put(
                        name,
                        topic.config().overrides().containsKey(name)
                                ? ConfigSource.DYNAMIC_TOPIC_CONFIG
                                : ConfigSource.DEFAULT_CONFIG));
        return sources;
    }

    static List<PartitionView> partitions(Topic topic, Map<Long, LogState> states, Set<Include> include) {
        return IntStream.range(0, topic.partitionCount())
                .mapToObj(partition -> PartitionView.of(partition, states.get(topic.partitionId(partition)), include))
                .toList();
    }
}
