package io.trunkline.rest;

import com.fasterxml.jackson.annotation.JsonProperty;
import io.quarkus.runtime.annotations.RegisterForReflection;
import org.eclipse.microprofile.openapi.annotations.media.Schema;

/** A consumer that was made. */
@RegisterForReflection
@Schema(name = "CreatedConsumer")
record CreatedConsumerView(
        @JsonProperty("instance_id") @Schema(description = "Its name.")
        String instanceId,

        @JsonProperty("base_uri") @Schema(description = "Where its operations are; any replica serves them.")
        String baseUri) {}
