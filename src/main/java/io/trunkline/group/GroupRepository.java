package io.trunkline.group;

import io.quarkus.hibernate.orm.panache.PanacheRepositoryBase;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.persistence.LockModeType;
import java.util.Optional;

/** The rows of {@code consumer_group}. */
@ApplicationScoped
class GroupRepository implements PanacheRepositoryBase<GroupEntity, Integer> {
    Optional<GroupEntity> named(GroupName name) {
        return find("name", name.value()).firstResultOptional();
    }

    /** The row, locked to the end of the transaction so that changes of one group follow one another. */
    Optional<GroupEntity> namedForUpdate(GroupName name) {
        return find("name", name.value())
                .withLock(LockModeType.PESSIMISTIC_WRITE)
                .firstResultOptional();
    }
}
