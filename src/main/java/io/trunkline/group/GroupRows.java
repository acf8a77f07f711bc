package io.trunkline.group;

import java.util.Map;
import java.util.Optional;

/** A group as its rows are, with its members by their ids, oldest first. */
record GroupRows(GroupEntity group, Map<Long, MemberEntity> members, GroupState state) {
    Optional<MemberEntity> member(MemberName name) {
        return members.values().stream()
                .filter(member -> member.name.equals(name.value()))
                .findFirst();
    }
}
