package io.trunkline.testing;

import java.io.BufferedInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;

/**
 * One request of a client, relayed to a backend over a connection of its own. A backend that fails before it answers is
 * told to the client as 502; one that fails within its answer as a connection that is cut. Nothing is tried again.
 */
final class Relay {
    private static final Duration CONNECT_TIMEOUT = Duration.ofSeconds(5);
    private static final Duration ANSWER_TIMEOUT = Duration.ofSeconds(120);
    private static final int BUFFER = 16 * 1024;

    private final HttpHead request;
    private final byte[] body;
    private final OutputStream client;
    private final Socket backend = new Socket();
    private boolean begun;

    Relay(HttpHead request, byte[] body, OutputStream client) {
        this.request = request;
        this.body = body;
        this.client = client;
    }

    /**
     * Relays, and answers whether the client's connection may be used again.
     *
     * @throws IOException when the client is gone, or must be cut because its answer ended half-way
     */
    boolean run(int port) throws IOException {
        try (backend) {
            backend.connect(
                    new InetSocketAddress(InetAddress.getLoopbackAddress(), port), (int) CONNECT_TIMEOUT.toMillis());
            backend.setSoTimeout((int) ANSWER_TIMEOUT.toMillis());
            backend.setTcpNoDelay(true);
            OutputStream out = backend.getOutputStream();
            out.write(request.relayed(true));
            out.write(body);
            out.flush();
            InputStream in = new BufferedInputStream(backend.getInputStream(), BUFFER);
            HttpHead answer = HttpHead.read(in);
            while (answer.status() < 200) {
                answer = HttpHead.read(in);
            }
            return answer(answer, in);
        } catch (IOException e) {
            if (begun) {
                throw e;
            }
            refuse(502, "BAD_GATEWAY", "The backend did not answer: " + e);
            return request.keepsAlive();
        }
    }

    /** The client is gone: cuts the backend's connection, so that the backend sees it. */
    void abandon() {
        try {
            backend.close();
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }

    /** An answer of the balancer's own. */
    void refuse(int status, String code, String message) throws IOException {
        String text = "{\"error_code\":" + status + ",\"message\":\"" + message.replaceAll("[\"\\\\\\p{Cntrl}]", " ")
                + "\",\"code\":\"" + code + "\"}";
        begun = true;
        client.write(("HTTP/1.1 " + status + " Relay\r\nContent-Type: " + Api.CONTROL + "\r\nContent-Length: "
                        + text.getBytes(StandardCharsets.UTF_8).length + "\r\n\r\n" + text)
                .getBytes(StandardCharsets.UTF_8));
        client.flush();
    }

    private boolean answer(HttpHead answer, InputStream in) throws IOException {
        boolean empty = request.method().equals("HEAD") || answer.status() == 204 || answer.status() == 304;
        long length = answer.contentLength();
        boolean toTheEnd = !empty && !answer.isChunked() && length < 0;
        begun = true;
        client.write(answer.relayed(toTheEnd));
        client.flush(); // a client that has seen the head knows that this is an answer, even one that is cut
        if (toTheEnd) {
            in.transferTo(client);
        } else if (!empty && answer.isChunked()) {
            copyChunks(in);
        } else if (!empty) {
            copy(in, length);
        }
        client.flush();
        return !toTheEnd && request.keepsAlive();
    }

    private void copyChunks(InputStream in) throws IOException {
        long length;
        do {
            String size = HttpHead.readLine(in);
            length = Long.parseLong(size.replaceFirst(";.*", "").strip(), 16);
            line(size);
            if (length > 0) {
                copy(in, length);
                line(HttpHead.readLine(in));
            }
        } while (length > 0);
        String trailer;
        do {
            trailer = HttpHead.readLine(in);
            line(trailer);
        } while (!trailer.isEmpty());
    }

    private void line(String text) throws IOException {
        client.write((text + "\r\n").getBytes(StandardCharsets.ISO_8859_1));
    }

    private void copy(InputStream in, long length) throws IOException {
        byte[] buffer = new byte[BUFFER];
        for (long left = length; left > 0; ) {
            int n = in.read(buffer, 0, (int) Math.min(left, buffer.length));
            if (n < 0) {
                throw new EOFException("the backend ended " + left + " bytes before the end of its answer");
            }
            client.write(buffer, 0, n);
            client.flush();
            left -= n;
        }
    }
}
