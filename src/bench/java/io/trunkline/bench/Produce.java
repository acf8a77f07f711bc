package io.trunkline.bench;

import io.netty.buffer.ByteBuf;
import java.io.IOException;
import java.util.List;

/** Produce requests that were made beforehand, to be sent over and over. */
record Produce(List<ByteBuf> requests, int recordsPerRequest) {
    Produce {
        requests = List.copyOf(requests);
    }

    /** The request of a number, to be released by whoever sends it. */
    ByteBuf request(long index) {
        return requests.get((int) (index % requests.size())).retainedDuplicate();
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
