package io.trunkline.testing;

import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;

/**
 * The first line and the header lines of an HTTP/1.1 message, as they stand (RFC 9112, section 2).
 *
 * @param start the request line or the status line
 * @param lines the header lines
 */
record HttpHead(String start, List<String> lines) {
    private static final int LIMIT = 64 * 1024;

    /** What concerns one connection and is not passed on (RFC 9110, section 7.6.1). */
    private static final Set<String> OF_THE_CONNECTION = Set.of(
            "connection", "keep-alive", "proxy-connection", "te", "trailer", "upgrade", "http2-settings", "expect");

    HttpHead {
        lines = List.copyOf(lines);
    }

    /** Reads up to the empty line, and nothing of the body. */
    static HttpHead read(InputStream in) throws IOException {
        StringBuilder text = new StringBuilder();
        while (text.length() < LIMIT) {
            String line = readLine(in);
            if (line.isEmpty()) {
                List<String> all = text.toString().lines().toList();
                if (all.isEmpty()) {
                    throw new IOException("an HTTP message without a first line");
                }
                return new HttpHead(all.getFirst(), all.subList(1, all.size()));
            }
            text.append(line).append('\n');
        }
        throw new IOException("an HTTP head of more than " + LIMIT + " bytes");
    }

    /** A line without its end. */
    static String readLine(InputStream in) throws IOException {
        StringBuilder line = new StringBuilder();
        for (int c = in.read(); c != '\n'; c = in.read()) {
            if (c < 0) {
                throw new EOFException("the connection ended within an HTTP head");
            }
            if (line.length() == LIMIT) {
                throw new IOException("an HTTP line of more than " + LIMIT + " bytes");
            }
            if (c != '\r') {
                line.append((char) c);
            }
        }
        return line.toString();
    }

    /** The first value of a header, whose name is given in lower case. */
    Optional<String> header(String name) {
        return lines.stream()
                .filter(line -> name(line).equals(name))
                .map(line -> line.substring(line.indexOf(':') + 1).strip())
                .findFirst();
    }

    boolean isChunked() {
        return header("transfer-encoding")
                .filter(value -> value.toLowerCase(Locale.ROOT).endsWith("chunked"))
                .isPresent();
    }

    /** How long the body is in bytes, or -1 where the head does not tell it. */
    long contentLength() throws IOException {
        String length = header("content-length").orElse("-1");
        if (!length.matches("-1|[0-9]{1,18}")) {
            throw new IOException("not a length: " + length);
        }
        return Long.parseLong(length);
    }

    /** Whether whoever sent this goes on with the same connection. */
    boolean keepsAlive() {
        return header("connection")
                .filter(value -> value.equalsIgnoreCase("close"))
                .isEmpty();
    }

    String method() {
        return start.substring(0, Math.max(0, start.indexOf(' ')));
    }

    /** The status of a status line. */
    int status() throws IOException {
        String[] words = start.split(" ", 3);
        if (words.length < 2 || !words[0].startsWith("HTTP/1.") || !words[1].matches("[1-5][0-9]{2}")) {
            throw new IOException("not a status line: " + start);
        }
        return Integer.parseInt(words[1]);
    }

    /** The head to pass on, which tells whether the connection ends with the message. */
    byte[] relayed(boolean closes) {
        StringBuilder head = new StringBuilder(start).append("\r\n");
        lines.stream()
                .filter(line -> !OF_THE_CONNECTION.contains(name(line)))
                .forEach(line -> head.append(line).append("\r\n"));
        if (closes) {
            head.append("Connection: close\r\n");
        }
        return head.append("\r\n").toString().getBytes(StandardCharsets.ISO_8859_1);
    }

    private static String name(String line) {
        return line.substring(0, Math.max(0, line.indexOf(':'))).strip().toLowerCase(Locale.ROOT);
    }
}
