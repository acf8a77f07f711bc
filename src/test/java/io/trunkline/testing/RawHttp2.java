package io.trunkline.testing;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Map;

/** Frames of HTTP/2 (RFC 9113) as a test sends them over a {@link RawHttp}, without any respect for what comes back. */
public final class RawHttp2 {
    private static final int DATA = 0;
    private static final int HEADERS = 1;
    private static final int SETTINGS = 4;
    private static final int END_STREAM = 1;
    private static final int END_HEADERS = 4;

    private final RawHttp connection;
    private int next = 1;

    /** Begins to speak HTTP/2, with a window of so many bytes for each response. */
    public RawHttp2(RawHttp connection, int window) {
        this.connection = connection;
        connection.send("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
        connection.send(frame(SETTINGS, 0, 0, new byte[] {
            0, 4, (byte) (window >> 24), (byte) (window >> 16), (byte) (window >> 8), (byte) window
        }));
    }

    /** Begins a request on a stream of its own; returns false when the service has closed the connection. */
    public boolean request(String method, String path, boolean ends, Map<String, String> headers) {
        ByteArrayOutputStream block = new ByteArrayOutputStream();
        field(block, ":method", method);
        field(block, ":scheme", "http");
        field(block, ":authority", "localhost");
        field(block, ":path", path);
        headers.forEach((name, value) -> field(block, name, value));
        boolean sent =
                connection.send(frame(HEADERS, END_HEADERS | (ends ? END_STREAM : 0), next, block.toByteArray()));
        next += 2;
        return sent;
    }

    /** Part of the body of the request that was begun last. */
    public boolean data(byte[] bytes, boolean ends) {
        return connection.send(frame(DATA, ends ? END_STREAM : 0, next - 2, bytes));
    }

    private static byte[] frame(int type, int flags, int stream, byte[] payload) {
        ByteArrayOutputStream frame = new ByteArrayOutputStream();
        frame.write(payload.length >> 16);
        frame.write(payload.length >> 8);
        frame.write(payload.length);
        frame.write(type);
        frame.write(flags);
        frame.write(stream >> 24);
        frame.write(stream >> 16);
        frame.write(stream >> 8);
        frame.write(stream);
        frame.writeBytes(payload);
        return frame.toByteArray();
    }

    /** A literal field that is not indexed, with a new name (RFC 7541, section 6.2.2). */
    private static void field(ByteArrayOutputStream block, String name, String value) {
        block.write(0);
        text(block, name);
        text(block, value);
    }

    private static void text(ByteArrayOutputStream block, String text) {
        byte[] bytes = text.getBytes(StandardCharsets.US_ASCII);
        if (bytes.length < 127) {
            block.write(bytes.length);
        } else {
            block.write(127);
            int rest = bytes.length - 127;
            for (; rest >= 128; rest /= 128) {
                block.write(rest % 128 + 128);
            }
            block.write(rest);
        }
        block.writeBytes(bytes);
    }
}
