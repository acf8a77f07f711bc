package io.trunkline.bench;

import io.netty.buffer.ByteBuf;
import java.io.IOException;
import java.time.Duration;

/** Requests of consumers, and their answers. */
final class Polls {
    static final String CONTROL = "application/vnd.kafka.v2+json";

    /** How long a poll waits that is expected to find something. */
    static final Duration SHORT = Duration.ofSeconds(1);

    private Polls() {}

    /** Polls for an instance, in the format that it was made with. */
    static ByteBuf request(
            HttpConnection connection, String path, Bearer bearer, Format format, int maxBytes, Duration timeout) {
        return Payloads.get(
                connection.buffer(512 + bearer.token().length()),
                path + "/records?max_bytes=" + maxBytes + "&timeout=" + timeout.toMillis(),
                bearer,
                format);
    }

    static void check(HttpConnection answer, int status) throws IOException {
        if (answer.status() != status) {
            throw new IOException("a consumer was answered " + answer.status() + " " + answer.bodyText());
        }
    }
}
