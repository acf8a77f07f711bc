package io.trunkline.rest;

import com.fasterxml.jackson.annotation.JsonProperty;
import io.quarkus.runtime.annotations.RegisterForReflection;
import io.trunkline.overview.GroupState;
import io.trunkline.overview.Page;
import java.util.List;
import org.eclipse.microprofile.openapi.annotations.media.Schema;
import org.jspecify.annotations.Nullable;

/** A page of groups. */
@RegisterForReflection
@Schema(name = "GroupStates")
record GroupStatesView(
        @Schema(description = "Of all pages.") int total,

        @JsonProperty("looked_at")
        @Schema(nullable = true, description = "When this was looked up; null before the first time.")
        @Nullable
        String lookedAt,

        List<Group> groups) {
    /** A group as it was when it was looked at. */
    @RegisterForReflection
    @Schema(name = "GroupState")
    record Group(
            @JsonProperty("group_id") String groupId,

            @Schema(description = "Stable, or Empty where the group has no consumer.")
            String state,

            int members,

            @Schema(
                    nullable = true,
                    description = "The sum over the topics that the caller may see; null where it is not known.")
            @Nullable
            Long lag) {
        static Group of(GroupState group) {
            return new Group(
                    group.group(), GroupView.state(group.members()), group.members(), Unknowns.number(group.lag()));
        }
    }

    static GroupStatesView of(Page<GroupState> page) {
        return new GroupStatesView(
                page.total(),
                Unknowns.time(page.lookedAt()),
                page.items().stream().map(Group::of).toList());
    }
}
