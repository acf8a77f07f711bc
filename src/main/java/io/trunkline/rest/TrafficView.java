package io.trunkline.rest;

import com.fasterxml.jackson.annotation.JsonProperty;
import io.quarkus.runtime.annotations.RegisterForReflection;
import io.trunkline.overview.Overviews;
import io.trunkline.overview.Traffic;
import java.util.List;
import org.eclipse.microprofile.openapi.annotations.media.Schema;
import org.jspecify.annotations.Nullable;

/** What a replica has written and given to readers. */
@RegisterForReflection
@Schema(name = "Traffic")
record TrafficView(
        @Schema(description = "Of which replica this is.") String replica,
        @JsonProperty("interval_seconds") long intervalSeconds,

        @Schema(description = "The ends of the intervals, in milliseconds since 1970; at most 240.")
        List<Long> times,

        @JsonProperty("records_in")
        @Schema(description = "Records written a second, one for each time; null where it is not known.")
        @Nullable
        Double[] recordsIn,

        @JsonProperty("bytes_in") @Schema(description = "The same of bytes.") @Nullable
        Double[] bytesIn,

        @JsonProperty("records_out") @Schema(description = "Records given to readers a second.") @Nullable
        Double[] recordsOut,

        @JsonProperty("bytes_out") @Schema(description = "The same of bytes.") @Nullable
        Double[] bytesOut) {
    static TrafficView of(Traffic traffic, String replica) {
        return new TrafficView(
                replica,
                Overviews.trafficInterval().toSeconds(),
                traffic.times(),
                Unknowns.rates(traffic.recordsIn()),
                Unknowns.rates(traffic.bytesIn()),
                Unknowns.rates(traffic.recordsOut()),
                Unknowns.rates(traffic.bytesOut()));
    }
}
