package io.trunkline.chart;

import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.databind.JsonNode;
import io.fabric8.kubernetes.api.model.ObjectMeta;
import io.fabric8.kubernetes.api.model.ResourceRequirements;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The fields of a CloudNativePG {@code Cluster} that the chart may set. */
record CloudNativePgCluster(String apiVersion, String kind, ObjectMeta metadata, Spec spec) {
    record Spec(
            int instances,
            @Nullable String imageName,
            Storage storage,
            @Nullable ResourceRequirements resources,
            Bootstrap bootstrap,
            Managed managed,
            @Nullable Postgresql postgresql,
            @Nullable JsonNode backup) {}

    record Storage(
            String size,
            @Nullable String storageClass,
            @Nullable Boolean resizeInUseVolumes) {}

    record Bootstrap(@Nullable Initdb initdb, @Nullable JsonNode recovery) {}

    record Initdb(String database, String owner, @Nullable Boolean dataChecksums) {}

    record Managed(List<Role> roles) {}

    record Role(
            String name,
            String ensure,
            boolean login,
            @Nullable Secret passwordSecret) {}

    record Secret(String name) {}

    record Postgresql(
            @Nullable Map<String, String> parameters,
            @Nullable Synchronous synchronous,
            @JsonProperty("pg_hba") @Nullable List<String> pgHba) {}

    record Synchronous(String method, int number, @Nullable String dataDurability) {}
}
