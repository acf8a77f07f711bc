package io.trunkline.rest;

import com.fasterxml.jackson.annotation.JsonProperty;
import io.quarkus.runtime.annotations.RegisterForReflection;
import io.trunkline.log.OffsetRange;
import org.eclipse.microprofile.openapi.annotations.media.Schema;

/** Where a partition begins and ends. */
@RegisterForReflection
@Schema(name = "OffsetsSummary")
record OffsetsView(
        @JsonProperty("beginning_offset") @Schema(description = "The first offset that can be read.")
        long beginningOffset,

        @JsonProperty("end_offset") @Schema(description = "The offset that the next record will get.")
        long endOffset) {

    static OffsetsView of(OffsetRange range) {
        return new OffsetsView(range.logStartOffset(), range.endOffset());
    }
}
