package io.trunkline.jdbc;

/** Something with threads of its own that use connections to PostgreSQL. What all beans need together is checked at the start. */
public interface ConnectionUser {
    /** How many connections it uses at once at most: one, unless it says otherwise. */
    default int connections() {
        return 1;
    }
}
