package io.trunkline.group;

import java.util.OptionalInt;

/**
 * What a consumer was made with.
 *
 * @param format what the edge that made it calls its record format
 * @param reset where to begin where nothing is committed
 * @param autoCommit whether a poll commits what those before it delivered
 * @param minBytes a poll waits until there are so many bytes of keys, values and headers; not negative
 * @param requestTimeoutMillis how long a poll that does not say so itself waits; not negative
 * @param readCommitted taken for compatibility: there are no open transactions to be read
 */
public record ConsumerOptions(
        String format,
        OffsetReset reset,
        boolean autoCommit,
        int minBytes,
        OptionalInt requestTimeoutMillis,
        boolean readCommitted) {
    public ConsumerOptions {
        if (minBytes < 0 || requestTimeoutMillis.orElse(0) < 0) {
            throw new IllegalArgumentException("negative");
        }
    }
}
