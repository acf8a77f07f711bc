package com.example.shop.stream;

import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.Optional;

/**
 * Reads server-sent events (WHATWG HTML, section 9.2.6) and holds at most one of them in memory. Lines end with LF or CRLF. An
 * event that the end of the stream cuts off does not count.
 */
final class EventReader {
    private final InputStream in;
    private final int maxEventBytes;
    /** Of the event that is being read. */
    private int bytes;

    private String lastId;

    /** @param lastId the id that counts until an event has one */
    EventReader(InputStream in, String lastId, int maxEventBytes) {
        this.in = new BufferedInputStream(in);
        this.lastId = lastId;
        this.maxEventBytes = maxEventBytes;
    }

    /**
     * Waits for the next event that has data or an id; empty at the end of the stream.
     *
     * @throws IOException if the connection is lost, or an event is larger than allowed
     */
    Optional<StreamEvent> next() throws IOException {
        String name = StreamEvent.RECORD;
        StringBuilder data = new StringBuilder();
        boolean hasId = false;
        bytes = 0;
        for (Optional<String> read = line(); read.isPresent(); read = line()) {
            String line = read.get();
            if (line.isEmpty()) {
                if (hasId || !data.isEmpty()) {
                    String kind = data.isEmpty() ? StreamEvent.OPEN : name;
                    return Optional.of(new StreamEvent(kind, lastId, data.toString()));
                }
                bytes = 0; // that was a heartbeat
                continue;
            }
            int colon = line.indexOf(':');
            String field = colon < 0 ? line : line.substring(0, colon);
            String value = colon < 0 ? "" : line.substring(colon + 1).replaceFirst("^ ", "");
            switch (field) {
                case "event" -> name = value;
                case "id" -> {
                    lastId = value;
                    hasId = true;
                }
                case "data" -> data.append(data.isEmpty() ? "" : "\n").append(value);
                default -> {} // a comment, or a field that has no meaning here
            }
        }
        return Optional.empty();
    }

    /** A line without its end; empty at the end of the stream. */
    private Optional<String> line() throws IOException {
        ByteArrayOutputStream line = new ByteArrayOutputStream(256);
        for (int next = in.read(); next >= 0; next = in.read()) {
            if (next == '\n') {
                String text = line.toString(StandardCharsets.UTF_8);
                return Optional.of(text.endsWith("\r") ? text.substring(0, text.length() - 1) : text);
            }
            if (++bytes > maxEventBytes) {
                throw new IOException("an event has more than " + maxEventBytes + " bytes");
            }
            line.write(next);
        }
        return Optional.empty();
    }
}
