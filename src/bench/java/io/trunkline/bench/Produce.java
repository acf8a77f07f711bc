package io.trunkline.bench;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.PooledByteBufAllocator;
import java.io.IOException;
import java.util.List;

/**
 * Produce requests that were made beforehand, to be sent over and over.
 *
 * @param keyAt where in each request its idempotency key ends with a number of its own; {@link #NO_KEY} where it has none
 */
record Produce(List<ByteBuf> requests, int recordsPerRequest, int keyAt) {
    /** How many digits the number in a key has. */
    static final int KEY_DIGITS = 16;

    private static final int NO_KEY = -1;
    private static final int BITS_OF_A_DIGIT = 4;

    Produce {
        requests = List.copyOf(requests);
    }

    Produce(List<ByteBuf> requests, int recordsPerRequest) {
        this(requests, recordsPerRequest, NO_KEY);
    }

    /** The request of a number, to be released by whoever sends it. */
    ByteBuf request(long index) {
        ByteBuf request = requests.get((int) (index % requests.size()));
        if (keyAt == NO_KEY) {
            return request.retainedDuplicate();
        }
        int length = request.readableBytes();
        ByteBuf own = PooledByteBufAllocator.DEFAULT.directBuffer(length).writeBytes(request, 0, length);
        for (int i = 0; i < KEY_DIGITS; i++) {
            int digit = (int) (index >>> BITS_OF_A_DIGIT * (KEY_DIGITS - 1 - i)) & 0xf;
            own.setByte(keyAt + i, Character.forDigit(digit, 16));
        }
        return own;
    }

    /** Fails unless every record was acknowledged. */
    static void check(HttpConnection connection) throws IOException {
        if (connection.status() != 200 || hasError(connection.body(), connection.bodyLength())) {
            throw new IOException("produce answered " + connection.status() + " " + connection.bodyText());
        }
    }

    /** Offsets have no underscore in them, {@code error_code} does. */
    private static boolean hasError(byte[] body, int length) {
        for (int i = 0; i < length; i++) {
            if (body[i] == '_') {
                return true;
            }
        }
        return false;
    }
}
