package io.trunkline.group;

import io.trunkline.access.Principal;
import java.util.Optional;

/**
 * A consumer that somebody wants to use: it exists for the principal that created it only.
 *
 * @param caller who wants to use it; empty for somebody for whom the consumers of everybody exist, such as everybody where there is
 *     no access control
 */
public record ConsumerRef(GroupName group, MemberName name, Optional<Principal> caller) {
    /** Whether a consumer exists for the caller that this principal created; empty where nobody is known to have done so. */
    public boolean belongsTo(Optional<String> owner) {
        return caller.isEmpty() || owner.filter(caller.get().name()::equals).isPresent();
    }
}
