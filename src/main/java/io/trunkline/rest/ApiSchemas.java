package io.trunkline.rest;

import com.fasterxml.jackson.annotation.JsonProperty;
import io.trunkline.error.ErrorCode;
import java.util.List;
import java.util.Map;
import org.eclipse.microprofile.openapi.annotations.media.Schema;

/** Bodies that are read and written as streams, as the OpenAPI document describes them. */
final class ApiSchemas {
    private static final String ANY = "As the format says: any JSON value, a base64 string, or a string.";

    private ApiSchemas() {}

    @Schema(name = "KafkaHeader")
    record Header(
            @Schema(required = true) String key,

            @Schema(required = true, nullable = true, format = "byte", description = "Base64, or null.")
            String value) {}

    @Schema(name = "ProducerRecord")
    record ProducerRecord(
            @Schema(nullable = true, description = ANY + " Records with the same key go to the same partition.")
            Object key,

            @Schema(required = true, nullable = true, description = ANY + " Null is a tombstone.")
            Object value,

            List<Header> headers,

            @Schema(nullable = true, minimum = "0", description = "Where the path does not name it.")
            Integer partition,

            @Schema(nullable = true, minimum = "0", description = "Milliseconds since 1970; now, if absent.")
            Long timestamp) {}

    @Schema(name = "ProducerRecordList")
    record ProducerRecordList(@Schema(required = true) List<ProducerRecord> records) {}

    @Schema(name = "OffsetRecordSent", description = "The partition and offset of a record, or why it was not written.")
    record Sent(
            Integer partition,
            Long offset,
            @JsonProperty("error_code") Integer errorCode,
            String message,

            @Schema(description = "With include=code: which failure it is.")
            ErrorCode code) {}

    @Schema(name = "OffsetRecordSentList")
    record SentList(
            @Schema(description = "One for each record, in the order of the request.")
            List<Sent> offsets) {}

    @Schema(name = "LinesPart", description = "What a body of lines has written to one partition.")
    record LinesPart(
            int partition,
            long records,
            @JsonProperty("first_offset") long firstOffset,
            @JsonProperty("last_offset") long lastOffset) {}

    @Schema(name = "LineSent")
    record LineSent(@Schema(description = "Counted from 1.") long line, int partition, long offset) {}

    @Schema(name = "LinesSent", description = "What a body of lines has written.")
    record LinesSent(
            @Schema(required = true) long records,

            @Schema(required = true) List<LinesPart> partitions,

            @Schema(description = "With offsets=true: one for each record.")
            List<LineSent> offsets) {}

    @Schema(name = "LinesFailure", description = "Why a body of lines was not written to its end, and how far it came.")
    record LinesFailure(
            @JsonProperty("error_code") @Schema(required = true, description = "The HTTP status.")
            int errorCode,

            @Schema(required = true) String message,

            @Schema(required = true) ErrorCode code,

            @Schema(
                    required = true,
                    description = "The first line that was not, or may not have been, written, counted from 1.")
            long line,

            @JsonProperty("byte") @Schema(required = true, description = "The bytes before that line.")
            long at,

            @JsonProperty("records_behind")
            @Schema(required = true, description = "Records of lines behind that line, which are written.")
            long recordsBehind,

            @Schema(required = true) long records,

            @Schema(required = true) List<LinesPart> partitions,

            @Schema(description = "With offsets=true: one for each record.")
            List<LineSent> offsets) {}

    @Schema(name = "ConsumerRecord")
    record ConsumerRecord(
            String topic,
            int partition,
            long offset,

            @Schema(description = "Milliseconds since 1970.")
            long timestamp,

            @Schema(nullable = true, description = ANY) Object key,
            @Schema(nullable = true, description = ANY) Object value,
            List<Header> headers,

            @Schema(
                    description = "Why key or value cannot be shown in this format, where that is so; in a poll with"
                            + " include=error only.")
            String error) {}

    @Schema(name = "NewTopic")
    record NewTopic(
            @JsonProperty("topic_name") @Schema(required = true, pattern = "[a-zA-Z0-9._-]{1,249}")
            String topicName,

            @JsonProperty("partitions_count")
            @Schema(nullable = true, minimum = "-1", description = "The service's default, if absent, null or -1.")
            Integer partitionsCount,

            @JsonProperty("replication_factor")
            @Schema(nullable = true, description = "Taken for compatibility: replication is PostgreSQL's.")
            Integer replicationFactor,

            @Schema(description = "Configuration under Kafka's names.")
            Map<String, String> configs) {}

    @Schema(name = "TopicChange")
    record TopicChange(
            @JsonProperty("partitions_count") @Schema(nullable = true, description = "More than there are.")
            Integer partitionsCount,

            @Schema(
                    description =
                            "Configuration to replace, under Kafka's names; null takes a value back to its default.")
            Map<String, String> configs) {}
}
