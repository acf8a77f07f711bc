package io.trunkline.overview;

import java.util.OptionalDouble;

/** By what groups are sorted. */
public enum GroupSort {
    LAG,
    NAME,
    MEMBERS;

    OptionalDouble value(GroupState group) {
        return switch (this) {
            case LAG -> group.lag().isPresent() ? OptionalDouble.of(group.lag().getAsLong()) : OptionalDouble.empty();
            case NAME -> OptionalDouble.empty();
            case MEMBERS -> OptionalDouble.of(group.members());
        };
    }
}
