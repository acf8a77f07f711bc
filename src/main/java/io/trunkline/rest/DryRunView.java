package io.trunkline.rest;

import com.fasterxml.jackson.annotation.JsonProperty;
import io.quarkus.runtime.annotations.RegisterForReflection;
import io.trunkline.group.OffsetChange;
import io.trunkline.topic.TopicName;
import java.util.List;
import java.util.function.Predicate;
import org.eclipse.microprofile.openapi.annotations.media.Schema;
import org.jspecify.annotations.Nullable;

/** What a reset would do. */
@RegisterForReflection
@Schema(name = "OffsetsResetDryRun")
record DryRunView(
        @JsonProperty("dry_run") @Schema(description = "Always true.")
        boolean dryRun,

        @Schema(description = "By topic and partition.") List<Offset> offsets) {
    /** A partition. */
    @RegisterForReflection
    @Schema(name = "OffsetChange")
    record Offset(
            String topic,
            int partition,

            @Schema(nullable = true, description = "What is committed now; null if nothing is.") @Nullable
            Long from,

            @Schema(description = "What would be committed.")
            long to,

            @JsonProperty("log_start_offset") long logStartOffset,
            @JsonProperty("end_offset") long endOffset) {
        static Offset of(OffsetChange change) {
            return new Offset(
                    change.partition().topic().value(),
                    change.partition().partition(),
                    change.from().isPresent() ? (Long) change.from().getAsLong() : null,
                    change.to().offset(),
                    change.range().logStartOffset(),
                    change.range().endOffset());
        }
    }

    /** Without the topics that are not visible. */
    static DryRunView of(List<OffsetChange> changes, Predicate<TopicName> visible) {
        return new DryRunView(
                true,
                changes.stream()
                        .filter(change -> visible.test(change.partition().topic()))
                        .map(Offset::of)
                        .toList());
    }
}
