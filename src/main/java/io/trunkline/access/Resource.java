package io.trunkline.access;

import java.util.Locale;
import java.util.Optional;
import java.util.Set;

/** What rules are about. */
public enum Resource {
    TOPIC(Set.of(Right.READ, Right.WRITE, Right.MANAGE)),
    GROUP(Set.of(Right.USE, Right.MANAGE));

    private final Set<Right> rights;

    Resource(Set<Right> rights) {
        this.rights = rights;
    }

    /** What rules call it. */
    public String text() {
        return name().toLowerCase(Locale.ROOT);
    }

    /** The resource of a row. */
    static Resource stored(String text) {
        return valueOf(text.toUpperCase(Locale.ROOT));
    }

    /** The right on it that rules call so. */
    public Optional<Right> right(String text) {
        return rights.stream().filter(right -> right.text().equals(text)).findFirst();
    }

    /** The rights that there are on it. */
    public Set<Right> rights() {
        return rights;
    }
}
