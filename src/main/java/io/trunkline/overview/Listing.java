package io.trunkline.overview;

/**
 * Which part of a list is asked for.
 *
 * @param name a part of the names, in upper or lower case; empty for all
 * @param sort by what; those that are equal by name, and last those of which it is not known
 * @param limit how many, at least 1
 * @param start how many are passed over, not negative
 */
public record Listing<S extends Enum<S>>(String name, S sort, boolean descending, int limit, int start) {
    public Listing {
        if (limit < 1 || start < 0) {
            throw new IllegalArgumentException("limit " + limit + ", start " + start);
        }
    }
}
