package io.trunkline.group;

import io.quarkus.hibernate.orm.panache.PanacheRepositoryBase;
import jakarta.enterprise.context.ApplicationScoped;
import java.util.List;

/** The rows of {@code group_member}. */
@ApplicationScoped
class MemberRepository implements PanacheRepositoryBase<MemberEntity, Long> {
    /** The members of a group, oldest first. */
    List<MemberEntity> of(GroupEntity group) {
        return list("groupId = ?1 order by id", group.id);
    }

    /** How many members a principal has created, in all groups. */
    long countOf(String principal) {
        return count("principal", principal);
    }
}
