package io.trunkline.group;

import io.trunkline.access.Principal;
import io.trunkline.access.Right;
import io.trunkline.access.Rights;
import io.trunkline.topic.TopicName;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * What the principals may read for which the members of a group read.
 *
 * @param required whether there is access control; where there is none, everybody reads everything
 * @param rights those of the principals
 */
record Readers(boolean required, Map<Principal, Rights> rights) {
    /** Where there is no access control. */
    static final Readers ALL = new Readers(false, Map.of());

    Readers {
        rights = Map.copyOf(rights);
    }

    /** Whether the rights of all of these are known. */
    boolean know(Set<Principal> principals) {
        return !required || rights.keySet().containsAll(principals);
    }

    /** Whether a principal may read a topic; a member for which nobody reads gets nothing where there is access control. */
    boolean mayRead(Optional<Principal> principal, TopicName topic) {
        return !required
                || principal
                        .map(rights::get)
                        .filter(known -> known.onTopic(topic.value(), Right.READ))
                        .isPresent();
    }
}
