package io.trunkline.access;

import java.util.Set;

/** What rules are about. */
public enum Resource {
    TOPIC(Set.of(Right.READ, Right.WRITE, Right.MANAGE)),
    GROUP(Set.of(Right.USE, Right.MANAGE));

    private final Set<Right> rights;

    Resource(Set<Right> rights) {
        this.rights = rights;
    }

    /** The rights that there are on it. */
    public Set<Right> rights() {
        return rights;
    }
}
