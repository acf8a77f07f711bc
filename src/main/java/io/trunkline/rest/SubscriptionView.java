package io.trunkline.rest;

import io.quarkus.runtime.annotations.RegisterForReflection;
import io.trunkline.consumer.Consumers;
import io.trunkline.topic.TopicName;
import java.util.List;
import java.util.Map;
import org.eclipse.microprofile.openapi.annotations.media.Schema;

/** What a consumer reads. */
@RegisterForReflection
@Schema(name = "SubscribedTopicList")
record SubscriptionView(
        @Schema(description = "What it subscribed, what matches its pattern, or of what it was assigned partitions.")
        List<String> topics,

        @Schema(
                description =
                        "The partitions that it has of each topic, and those assigned to it that do not exist yet.")
        List<Map<String, List<Integer>>> partitions) {
    static SubscriptionView of(Consumers.Reading reading) {
        return new SubscriptionView(
                reading.topics().stream().map(TopicName::value).toList(), PartitionsView.of(reading.partitions()));
    }
}
