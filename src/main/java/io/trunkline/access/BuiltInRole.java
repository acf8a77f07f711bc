package io.trunkline.access;

import java.util.List;
import java.util.Locale;
import java.util.Optional;

/** Roles that need no rules. */
public enum BuiltInRole {
    /** Everything, and to create and revoke tokens and rules. */
    ADMIN(List.of(
            rule(Right.READ, Resource.TOPIC),
            rule(Right.WRITE, Resource.TOPIC),
            rule(Right.MANAGE, Resource.TOPIC),
            rule(Right.USE, Resource.GROUP),
            rule(Right.MANAGE, Resource.GROUP))),
    /** To write to all topics. */
    WRITER(List.of(rule(Right.WRITE, Resource.TOPIC))),
    /** To read all topics, in any group. */
    READER(List.of(rule(Right.READ, Resource.TOPIC), rule(Right.USE, Resource.GROUP)));

    private final List<Grant> grants;

    BuiltInRole(List<Grant> grants) {
        this.grants = grants;
    }

    /** A right on everything of a kind. */
    record Grant(Right right, Resource resource) {}

    private static Grant rule(Right right, Resource resource) {
        return new Grant(right, resource);
    }

    List<Grant> grants() {
        return grants;
    }

    /** What tokens and rules call it. */
    public String text() {
        return name().toLowerCase(Locale.ROOT);
    }

    static Optional<BuiltInRole> of(String role) {
        for (BuiltInRole known : values()) {
            if (known.text().equals(role)) {
                return Optional.of(known);
            }
        }
        return Optional.empty();
    }
}
