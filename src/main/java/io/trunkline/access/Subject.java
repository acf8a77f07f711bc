package io.trunkline.access;

/** Whom a rule is for. */
public sealed interface Subject {
    /** The name of the principal, or of the role. */
    String name();

    /** What rules call it: {@code principal} or {@code role}. */
    default String kind() {
        return this instanceof OfRole ? "role" : "principal";
    }

    /** The subject of a row. */
    static Subject stored(String kind, String name) {
        return kind.equals("role") ? new OfRole(name) : new OfPrincipal(name);
    }

    /** One principal. */
    record OfPrincipal(String name) implements Subject {
        public OfPrincipal {
            if (!Principal.isLegalName(name)) {
                throw new IllegalArgumentException("the name of a principal has 1 to 255 characters");
            }
        }
    }

    /** Everybody who has a role. */
    record OfRole(String name) implements Subject {
        public OfRole {
            if (!Principal.isLegalRole(name)) {
                throw new IllegalArgumentException(
                        "the name of a role has 1 to 100 of a-z, A-Z, 0-9, '.', '_', ':' and '-'");
            }
        }
    }
}
