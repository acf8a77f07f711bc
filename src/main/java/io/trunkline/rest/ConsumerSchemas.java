package io.trunkline.rest;

import com.fasterxml.jackson.annotation.JsonProperty;
import java.util.List;
import org.eclipse.microprofile.openapi.annotations.media.Schema;

/** The bodies of the consumer operations that are read field by field, as the OpenAPI document describes them. */
final class ConsumerSchemas {
    private ConsumerSchemas() {}

    @Schema(name = "Consumer")
    record Consumer(
            @Schema(description = "Unique in the group; made up if absent.", maxLength = 255)
            String name,

            @Schema(
                    enumeration = {"binary", "json", "text"},
                    defaultValue = "binary")
            String format,

            @JsonProperty("auto.offset.reset")
            @Schema(
                    name = "auto.offset.reset",
                    pattern = "earliest|latest|none|by_duration:P.+",
                    description =
                            "Where to begin where nothing is committed: earliest, latest, none, or by_duration: and an"
                                    + " ISO 8601 duration; if absent, what trunkline.consumer.auto-offset-reset says, which is latest by"
                                    + " default.")
            String autoOffsetReset,

            @JsonProperty("enable.auto.commit")
            @Schema(
                    name = "enable.auto.commit",
                    defaultValue = "true",
                    description = "Whether a poll commits what those before it delivered.")
            Boolean enableAutoCommit,

            @JsonProperty("fetch.min.bytes")
            @Schema(
                    name = "fetch.min.bytes",
                    defaultValue = "1",
                    description = "A poll waits until there are so many bytes, or its timeout.")
            Integer fetchMinBytes,

            @JsonProperty("consumer.request.timeout.ms")
            @Schema(
                    name = "consumer.request.timeout.ms",
                    description = "How long a poll waits that does not say so itself; 100 ms if absent.")
            Integer requestTimeout,

            @JsonProperty("isolation.level")
            @Schema(
                    name = "isolation.level",
                    enumeration = {"read_uncommitted", "read_committed"},
                    description = "Taken for compatibility: a record is not seen before it is committed.")
            String isolationLevel) {}

    @Schema(name = "Topics", description = "Either of them.")
    record Topics(
            @Schema(description = "Names; an empty list unsubscribes.")
            List<String> topics,

            @JsonProperty("topic_pattern")
            @Schema(description = "A regular expression (RE2 syntax) for whole names, also of topics to come.")
            String topicPattern) {}

    @Schema(name = "Partition")
    record Partition(
            @Schema(required = true) String topic,
            @Schema(required = true, minimum = "0") int partition) {}

    @Schema(name = "Partitions")
    record Partitions(@Schema(required = true) List<Partition> partitions) {}

    @Schema(name = "OffsetCommitSeek")
    record Offset(
            @Schema(required = true) String topic,
            @Schema(required = true, minimum = "0") int partition,

            @Schema(required = true, minimum = "0", description = "The next to read.")
            long offset) {}

    @Schema(name = "OffsetCommitSeekList")
    record Offsets(List<Offset> offsets) {}

    @Schema(name = "OffsetsReset", description = "One of to, timestamp, shift and offsets.")
    record Reset(
            @Schema(enumeration = {"earliest", "latest"}) String to,

            @Schema(description = "The first record that is not older, in milliseconds since 1970.")
            Long timestamp,

            @Schema(
                    description =
                            "So many records on, or back if negative, from what is committed, or else where the group began; not"
                                    + " before the log start or beyond the end.")
            Long shift,

            List<Offset> offsets,

            @Schema(
                    description =
                            "With to, timestamp and shift: which topics; without topics and partitions all partitions that the"
                                    + " group has offsets of.")
            List<String> topics,

            @Schema(description = "With to, timestamp and shift, and in place of topics: which partitions.")
            List<Partition> partitions,

            @JsonProperty("dry_run")
            @Schema(defaultValue = "false", description = "Whether only to tell what would change.")
            Boolean dryRun) {}
}
