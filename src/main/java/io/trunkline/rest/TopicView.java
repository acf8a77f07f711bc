package io.trunkline.rest;

import io.quarkus.runtime.annotations.RegisterForReflection;
import io.trunkline.topic.Topic;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.eclipse.microprofile.openapi.annotations.media.Schema;

/** A topic as it is shown. */
@RegisterForReflection
@Schema(name = "TopicMetadata")
record TopicView(
        String name,

        @Schema(description = "The configuration under Kafka's names, defaults included.")
        Map<String, String> configs,

        List<PartitionView> partitions) {

    static TopicView of(Topic topic) {
        return new TopicView(topic.name().value(), topic.config().effective(), partitions(topic));
    }

    static List<PartitionView> partitions(Topic topic) {
        return IntStream.range(0, topic.partitionCount())
                .mapToObj(PartitionView::of)
                .toList();
    }
}
