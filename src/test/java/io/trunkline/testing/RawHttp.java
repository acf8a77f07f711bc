package io.trunkline.testing;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;

/** A connection whose every byte the test chooses, and that takes little at a time. */
public final class RawHttp implements AutoCloseable {
    private static final int WINDOW = 4_096;
    private static final int TIMEOUT_MILLIS = 30_000;

    private final Socket socket;

    /** Connects to a port of this machine. */
    public RawHttp(int port) {
        try {
            socket = new Socket();
            socket.setReceiveBufferSize(WINDOW);
            socket.setSoTimeout(TIMEOUT_MILLIS);
            socket.connect(new InetSocketAddress("localhost", port));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Sends text, of ASCII. Returns false when the service has closed the connection. */
    public boolean send(String text) {
        return send(text.getBytes(StandardCharsets.US_ASCII));
    }

    /** Sends bytes. Returns false when the service has closed the connection. */
    public boolean send(byte[] bytes) {
        try {
            socket.getOutputStream().write(bytes);
            return true;
        } catch (IOException e) {
            return false;
        }
    }

    /** Everything that comes until the service closes the connection. */
    public String readAll() {
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        try {
            socket.getInputStream().transferTo(all);
        } catch (SocketTimeoutException e) {
            throw new UncheckedIOException(e);
        } catch (IOException e) {
            all.writeBytes("(reset)".getBytes(StandardCharsets.US_ASCII));
        }
        return all.toString(StandardCharsets.UTF_8);
    }

    /** What comes up to this text, which has to come, and maybe more. */
    public String readUntil(String text) {
        StringBuilder all = new StringBuilder();
        byte[] some = new byte[WINDOW];
        try {
            while (all.indexOf(text) < 0) {
                int size = socket.getInputStream().read(some);
                if (size < 0) {
                    throw new AssertionError("the connection has ended: " + all);
                }
                all.append(new String(some, 0, size, StandardCharsets.ISO_8859_1));
            }
            return all.toString();
        } catch (IOException e) {
            throw new UncheckedIOException(all.toString(), e);
        }
    }

    /** Some bytes, at most so many; -1 at the end. */
    public int read(int most) {
        try {
            InputStream in = socket.getInputStream();
            return in.read(new byte[most]);
        } catch (IOException e) {
            return -1;
        }
    }

    /** Whether the service closes the connection within a time, in which it sends nothing that matters. */
    public boolean isClosedWithin(Duration time) {
        long end = System.nanoTime() + time.toNanos();
        try {
            socket.setSoTimeout(200);
            while (System.nanoTime() < end) {
                try {
                    if (socket.getInputStream().read(new byte[WINDOW]) < 0) {
                        return true;
                    }
                } catch (SocketTimeoutException e) {
                    continue;
                }
            }
        } catch (IOException e) {
            return true;
        }
        return false;
    }

    @Override
    public void close() {
        try {
            socket.close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
