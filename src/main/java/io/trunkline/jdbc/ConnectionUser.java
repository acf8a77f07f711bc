package io.trunkline.jdbc;

/** Something with threads that use connections to PostgreSQL; whether all of them have enough is checked at the start. */
public interface ConnectionUser {
    /** How many connections it uses at once at most: one, unless it says otherwise. */
    default int connections() {
        return 1;
    }
}
