package io.trunkline.rest;

import com.fasterxml.jackson.annotation.JsonProperty;
import io.quarkus.runtime.annotations.RegisterForReflection;
import io.trunkline.group.LagSeries;
import java.util.List;
import org.eclipse.microprofile.openapi.annotations.media.Schema;
import org.jspecify.annotations.Nullable;

/** How far a group was behind. */
@RegisterForReflection
@Schema(name = "GroupHistory")
record GroupHistoryView(
        @JsonProperty("interval_seconds") long intervalSeconds,

        @Schema(description = "The beginnings of minutes, in milliseconds since 1970; at most 60.")
        List<Long> times,

        List<Partition> partitions,

        @Schema(
                description =
                        "The sum over the topics that the caller may see, one for each time; null where it is not known.")
        @Nullable
        Long[] lag,

        @Schema(description = "Whether the partitions are all that the caller may see; else there may be only the sum.")
        boolean complete) {
    /** A partition. */
    @RegisterForReflection
    @Schema(name = "PartitionLag")
    record Partition(
            String topic,
            int partition,

            @Schema(description = "One for each time; null where it is not known.") @Nullable
            Long[] lag) {
        static Partition of(LagSeries.Partition partition) {
            return new Partition(
                    partition.partition().topic().value(),
                    partition.partition().partition(),
                    Unknowns.counts(partition.lag()));
        }
    }

    static GroupHistoryView of(LagSeries series) {
        return new GroupHistoryView(
                LagSeries.INTERVAL.toSeconds(),
                series.times(),
                series.partitions().stream().map(Partition::of).toList(),
                Unknowns.counts(series.lag()),
                series.complete());
    }
}
