package io.trunkline.topic;

import io.quarkus.hibernate.orm.panache.PanacheRepositoryBase;
import io.quarkus.panache.common.Sort;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.persistence.LockModeType;
import java.util.List;
import java.util.Optional;
import java.util.UUID;

/** The rows of {@code topic}. */
@ApplicationScoped
class TopicRepository implements PanacheRepositoryBase<TopicEntity, UUID> {
    List<String> names() {
        return findAll(Sort.by("name")).project(NameOnly.class).stream()
                .map(NameOnly::name)
                .toList();
    }

    Optional<TopicEntity> named(TopicName name) {
        return find("name", name.value()).firstResultOptional();
    }

    /** The row, locked to the end of the transaction so that changes of one topic follow one another. */
    Optional<TopicEntity> namedForUpdate(TopicName name) {
        return find("name", name.value())
                .withLock(LockModeType.PESSIMISTIC_WRITE)
                .firstResultOptional();
    }
}
