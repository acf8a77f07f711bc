package io.trunkline.rest;

import io.trunkline.error.ErrorCode;
import io.trunkline.error.TrunklineException;
import java.util.OptionalInt;

/** The replication factor, which is taken for compatibility: PostgreSQL replicates, or does not. */
final class Replication {
    private static final int DEFAULT = -1;

    private Replication() {}

    /** @throws TrunklineException {@code INVALID_PARTITIONS} for what Kafka would refuse too */
    static void check(OptionalInt factor) {
        if (factor.isPresent()
                && factor.getAsInt() != DEFAULT
                && (factor.getAsInt() < 1 || factor.getAsInt() > Short.MAX_VALUE)) {
            throw new TrunklineException(
                    ErrorCode.INVALID_PARTITIONS,
                    "The replication factor must be from 1 to 32767; it has no effect, since PostgreSQL replicates.");
        }
    }
}
