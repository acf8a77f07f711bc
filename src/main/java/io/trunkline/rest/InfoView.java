package io.trunkline.rest;

import com.fasterxml.jackson.annotation.JsonProperty;
import io.quarkus.runtime.annotations.RegisterForReflection;
import org.eclipse.microprofile.openapi.annotations.media.Schema;

/** What answers here. */
@RegisterForReflection
@Schema(name = "BridgeInfo")
record InfoView(
        @JsonProperty("bridge_version") @Schema(description = "The version of Trunkline.")
        String bridgeVersion,

        @Schema(description = "The name of the software.") String name) {}
