package io.trunkline.rest;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonProperty;
import io.quarkus.runtime.annotations.RegisterForReflection;
import io.trunkline.group.GroupDescription;
import io.trunkline.group.GroupSize;
import io.trunkline.group.OffsetAndMetadata;
import io.trunkline.topic.TopicName;
import java.util.List;
import java.util.Map;
import org.eclipse.microprofile.openapi.annotations.media.Schema;
import org.jspecify.annotations.Nullable;

/** A consumer group. */
@RegisterForReflection
@Schema(name = "Group")
record GroupView(
        @JsonProperty("group_id") String groupId,
        @Schema(description = STATES) String state,

        @Schema(description = "Grows with every change of members, subscriptions or partitions.")
        int generation,

        List<Member> members,
        List<Offset> offsets,

        @Schema(description = "The sum over all partitions.")
        long lag) {
    private static final String STATES = "Stable, or Empty where the group has no consumer.";

    /** A group in the list of all. */
    @RegisterForReflection
    @Schema(name = "GroupSummary")
    record Summary(
            @JsonProperty("group_id") String groupId,
            @Schema(description = STATES) String state,
            int members) {
        static Summary of(GroupSize group) {
            return new Summary(group.group(), GroupView.state(group.members()), group.members());
        }
    }

    @RegisterForReflection
    @Schema(name = "GroupMember")
    record Member(
            @JsonProperty("member_id") String memberId,
            List<String> topics,

            @JsonProperty("topic_pattern") @JsonInclude(JsonInclude.Include.NON_NULL) @Nullable
            String topicPattern,

            List<Map<String, List<Integer>>> partitions) {
        static Member of(GroupDescription.Member member) {
            return new Member(
                    member.name(),
                    member.topics().stream().map(TopicName::value).toList(),
                    member.pattern().orElse(null),
                    PartitionsView.of(member.partitions()));
        }
    }

    /** Where the group stands in a partition. */
    @RegisterForReflection
    @Schema(name = "GroupOffset")
    record Offset(
            String topic,
            int partition,

            @JsonProperty("committed_offset")
            @Schema(nullable = true, description = "The next to read; null if none is.")
            @Nullable
            Long committedOffset,

            @JsonProperty("log_start_offset") long logStartOffset,
            @JsonProperty("end_offset") long endOffset,

            @Schema(nullable = true, description = "Records up to the end; null where it is not known where to begin.")
            @Nullable
            Long lag,

            @JsonProperty("member_id") @Schema(nullable = true, description = "Who has the partition.") @Nullable
            String memberId) {
        static Offset of(GroupDescription.Offset offset) {
            return new Offset(
                    offset.partition().topic().value(),
                    offset.partition().partition(),
                    offset.committed().map(OffsetAndMetadata::offset).orElse(null),
                    offset.range().logStartOffset(),
                    offset.range().endOffset(),
                    offset.lag().isPresent() ? (Long) offset.lag().getAsLong() : null,
                    offset.member().orElse(null));
        }
    }

    static GroupView of(GroupDescription group) {
        return new GroupView(
                group.name().value(),
                state(group.members().size()),
                group.generation(),
                group.members().stream().map(Member::of).toList(),
                group.offsets().stream().map(Offset::of).toList(),
                group.lag());
    }

    /** In Kafka's words. */
    static String state(int members) {
        return members == 0 ? "Empty" : "Stable";
    }
}
