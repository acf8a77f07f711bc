package io.trunkline.rest;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonProperty;
import io.quarkus.runtime.annotations.RegisterForReflection;
import io.trunkline.log.LogState;
import java.util.List;
import java.util.Set;
import org.eclipse.microprofile.openapi.annotations.media.Schema;
import org.jspecify.annotations.Nullable;

/** A partition as it is shown: one broker, which is the leader; replication is PostgreSQL's. */
@RegisterForReflection
@Schema(name = "PartitionMetadata")
record PartitionView(
        int partition,
        int leader,
        List<ReplicaView> replicas,

        @JsonProperty("log_start_offset")
        @JsonInclude(JsonInclude.Include.NON_NULL)
        @Schema(description = "With include=offsets: the first offset that can be read; absent while it is not known.")
        @Nullable
        Long logStartOffset,

        @JsonProperty("end_offset")
        @JsonInclude(JsonInclude.Include.NON_NULL)
        @Schema(
                description =
                        "With include=offsets: the offset that the next record will get; absent while it is not known.")
        @Nullable
        Long endOffset,

        @JsonProperty("size_bytes")
        @JsonInclude(JsonInclude.Include.NON_NULL)
        @Schema(
                description =
                        "With include=sizes: of the records that can be read, before PostgreSQL compresses them; absent while it"
                                + " is not known.")
        @Nullable
        Long sizeBytes,

        @JsonProperty("oldest_timestamp")
        @JsonInclude(JsonInclude.Include.NON_NULL)
        @Schema(
                description =
                        "With include=timestamps: of the oldest batch of records, in milliseconds since 1970, which is what retention"
                                + " goes by; absent without records, and while it is not known.")
        @Nullable
        Long oldestTimestamp) {
    private static final List<ReplicaView> ONE_BROKER = List.of(new ReplicaView(0, true, true));

    static PartitionView of(int partition, @Nullable LogState state, Set<Include> include) {
        if (state == null) {
            return new PartitionView(partition, 0, ONE_BROKER, null, null, null, null);
        }
        boolean offsets = include.contains(Include.OFFSETS);
        return new PartitionView(
                partition,
                0,
                ONE_BROKER,
                offsets ? (Long) state.range().logStartOffset() : null,
                offsets ? (Long) state.range().endOffset() : null,
                include.contains(Include.SIZES) ? (Long) state.bytes() : null,
                include.contains(Include.TIMESTAMPS) && state.oldestTimestamp().isPresent()
                        ? (Long) state.oldestTimestamp().getAsLong()
                        : null);
    }

    /** The broker, in Kafka's terms. */
    @RegisterForReflection
    @Schema(name = "Replica")
    record ReplicaView(
            int broker,
            boolean leader,
            @JsonProperty("in_sync") boolean inSync) {}
}
