package io.trunkline.rest;

import io.quarkus.runtime.annotations.RegisterForReflection;
import io.trunkline.group.Consumers;
import io.trunkline.topic.TopicName;
import java.util.List;
import java.util.Map;
import org.eclipse.microprofile.openapi.annotations.media.Schema;

/** What a consumer reads. */
@RegisterForReflection
@Schema(name = "SubscribedTopicList")
record SubscriptionView(
        @Schema(description = "What it subscribed, or what matches its pattern.")
        List<String> topics,

        @Schema(description = "The partitions that it has of each topic.")
        List<Map<String, List<Integer>>> partitions) {
    static SubscriptionView of(Consumers.Reading reading) {
        return new SubscriptionView(
                reading.topics().stream().map(TopicName::value).toList(), PartitionsView.of(reading.partitions()));
    }
}
