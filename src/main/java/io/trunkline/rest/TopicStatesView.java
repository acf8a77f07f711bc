package io.trunkline.rest;

import com.fasterxml.jackson.annotation.JsonProperty;
import io.quarkus.runtime.annotations.RegisterForReflection;
import io.trunkline.log.TopicState;
import io.trunkline.overview.Page;
import java.util.List;
import org.eclipse.microprofile.openapi.annotations.media.Schema;
import org.jspecify.annotations.Nullable;

/** A page of topics. */
@RegisterForReflection
@Schema(name = "TopicStates")
record TopicStatesView(
        @Schema(description = "Of all pages.") int total,

        @JsonProperty("looked_at")
        @Schema(nullable = true, description = "When this was looked up; null before the first time.")
        @Nullable
        String lookedAt,

        List<Topic> topics) {
    /** A topic as it was when it was looked at. */
    @RegisterForReflection
    @Schema(name = "TopicState")
    record Topic(
            String name,
            int partitions,

            @Schema(description = "That can be read.") long records,

            @JsonProperty("size_bytes") @Schema(description = "Of these records, before PostgreSQL compresses them.")
            long sizeBytes,

            @JsonProperty("records_per_second")
            @Schema(
                    nullable = true,
                    description =
                            "That were written between the last two looks, by all replicas and by SQL; null where it is not known.")
            @Nullable
            Double recordsPerSecond,

            @JsonProperty("bytes_per_second") @Schema(nullable = true, description = "The same of bytes.") @Nullable
            Double bytesPerSecond,

            @JsonProperty("oldest_timestamp")
            @Schema(
                    nullable = true,
                    description = "Of the oldest batch of records, in milliseconds since 1970; null without records.")
            @Nullable
            Long oldestTimestamp) {
        static Topic of(TopicState topic) {
            return new Topic(
                    topic.name(),
                    topic.partitions(),
                    topic.records(),
                    topic.bytes(),
                    Unknowns.number(topic.recordsPerSecond()),
                    Unknowns.number(topic.bytesPerSecond()),
                    Unknowns.number(topic.oldestTimestamp()));
        }
    }

    static TopicStatesView of(Page<TopicState> page) {
        return new TopicStatesView(
                page.total(),
                Unknowns.time(page.lookedAt()),
                page.items().stream().map(Topic::of).toList());
    }
}
