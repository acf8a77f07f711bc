package io.trunkline.rest;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonProperty;
import io.quarkus.runtime.annotations.RegisterForReflection;
import org.eclipse.microprofile.openapi.annotations.media.Schema;
import org.jspecify.annotations.Nullable;

/** What answers here. */
@RegisterForReflection
@Schema(name = "BridgeInfo")
record InfoView(
        @JsonProperty("bridge_version") @Schema(description = "The version of Trunkline.")
        String bridgeVersion,

        @JsonInclude(JsonInclude.Include.NON_NULL)
        @Schema(description = "With include=name: the name of the software.")
        @Nullable
        String name) {}
