package io.trunkline.rest;

import com.fasterxml.jackson.annotation.JsonProperty;
import io.quarkus.runtime.annotations.RegisterForReflection;
import io.trunkline.log.LogState;
import java.util.List;
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
        @Schema(nullable = true, description = "The first offset that can be read; null while it is not known.")
        @Nullable
        Long logStartOffset,

        @JsonProperty("end_offset")
        @Schema(nullable = true, description = "The offset that the next record will get; null while it is not known.")
        @Nullable
        Long endOffset,

        @JsonProperty("size_bytes")
        @Schema(
                nullable = true,
                description =
                        "Of the records that can be read, before PostgreSQL compresses them; null while it is not known.")
        @Nullable
        Long sizeBytes) {
    private static final List<ReplicaView> ONE_BROKER = List.of(new ReplicaView(0, true, true));

    static PartitionView of(int partition, @Nullable LogState state) {
        return state == null
                ? new PartitionView(partition, 0, ONE_BROKER, null, null, null)
                : new PartitionView(
                        partition,
                        0,
                        ONE_BROKER,
                        state.range().logStartOffset(),
                        state.range().endOffset(),
                        state.bytes());
    }

    /** The broker, in Kafka's terms. */
    @RegisterForReflection
    @Schema(name = "Replica")
    record ReplicaView(
            int broker,
            boolean leader,
            @JsonProperty("in_sync") boolean inSync) {}
}
