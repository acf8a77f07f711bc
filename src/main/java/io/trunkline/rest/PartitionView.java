package io.trunkline.rest;

import com.fasterxml.jackson.annotation.JsonProperty;
import io.quarkus.runtime.annotations.RegisterForReflection;
import java.util.List;
import org.eclipse.microprofile.openapi.annotations.media.Schema;

/** A partition as it is shown: one broker, which is the leader; replication is PostgreSQL's. */
@RegisterForReflection
@Schema(name = "PartitionMetadata")
record PartitionView(int partition, int leader, List<ReplicaView> replicas) {
    private static final List<ReplicaView> ONE_BROKER = List.of(new ReplicaView(0, true, true));

    static PartitionView of(int partition) {
        return new PartitionView(partition, 0, ONE_BROKER);
    }

    /** The broker, in Kafka's terms. */
    @RegisterForReflection
    @Schema(name = "Replica")
    record ReplicaView(
            int broker,
            boolean leader,
            @JsonProperty("in_sync") boolean inSync) {}
}
