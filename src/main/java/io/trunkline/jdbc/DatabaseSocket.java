package io.trunkline.jdbc;

import java.io.FilterInputStream;
import java.io.FilterOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.jboss.logging.Logger;

/**
 * A connection to PostgreSQL that closes itself once the server has not answered in time. Nothing that comes after waits
 * then: closing a TLS socket reads on for what the other side may still send, for as long as an answer may take, which
 * doubled every wait for a PostgreSQL that hangs.
 *
 * <p>Writing has no time limit in Java: {@link #closeThoseThatCannotWrite} looks after that.
 */
final class DatabaseSocket extends Socket {
    private static final Logger LOG = Logger.getLogger(DatabaseSocket.class);
    /** Shorter ones are the driver's way to look whether something has come. */
    private static final int LEAST_TIMEOUT_MILLIS = 1_000;

    private static final Duration IDLE = Duration.ofSeconds(1);
    private static final Set<DatabaseSocket> OPEN = ConcurrentHashMap.newKeySet();
    private static volatile boolean cut;

    private final Duration writeTimeout;
    /** By {@link System#nanoTime}; 0 while nothing is being written. */
    private volatile long writingSince;
    /** Whether something was sent of which nothing has been answered. */
    private volatile boolean asked;
    /** When something was sent or came last, by {@link System#nanoTime}. */
    private volatile long usedAt = System.nanoTime();

    private DatabaseSocket(Duration writeTimeout) {
        this.writeTimeout = writeTimeout;
    }

    /** A socket that is not connected yet, and for which one write takes at most this long. */
    static DatabaseSocket open(Duration writeTimeout) throws IOException {
        if (cut) {
            throw new IOException("the service is stopping");
        }
        DatabaseSocket socket = new DatabaseSocket(writeTimeout);
        OPEN.add(socket);
        return socket;
    }

    /** Closes all of them at once, and opens no more: whatever waits for PostgreSQL fails now. */
    static void cutAll() {
        cut = true;
        OPEN.forEach(DatabaseSocket::cut);
    }

    /** The service starts, again where live reload or tests start it in the same process. */
    static void allow() {
        cut = false;
    }

    @Override
    public InputStream getInputStream() throws IOException {
        return new Answers(super.getInputStream());
    }

    @Override
    public OutputStream getOutputStream() throws IOException {
        return new Questions(super.getOutputStream());
    }

    @Override
    public void close() throws IOException {
        OPEN.remove(this);
        super.close();
    }

    /** One did not answer: those that nobody uses at the moment are as suspect, and connecting anew costs little. */
    private void hangs() {
        cut();
        OPEN.stream().filter(DatabaseSocket::isIdle).forEach(DatabaseSocket::cut);
    }

    /** An answer comes in pieces, one right after the other. */
    private boolean isIdle() {
        return !asked && System.nanoTime() - usedAt > IDLE.toNanos();
    }

    private void cut() {
        try {
            close();
        } catch (IOException e) {
            LOG.debug("A connection to PostgreSQL could not be closed", e);
        }
    }

    /** Closes those that have been writing for longer than they may; is called again and again. */
    static void closeThoseThatCannotWrite() {
        long now = System.nanoTime();
        for (DatabaseSocket socket : OPEN) {
            long since = socket.writingSince;
            if (since != 0 && now - since > socket.writeTimeout.toNanos()) {
                socket.hangs();
            }
        }
    }

    private final class Answers extends FilterInputStream {
        Answers(InputStream in) {
            super(in);
        }

        @Override
        public int read() throws IOException {
            byte[] one = new byte[1];
            return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
        }

        @Override
        public int read(byte[] buffer, int offset, int length) throws IOException {
            try {
                int read = in.read(buffer, offset, length);
                asked = false;
                usedAt = System.nanoTime();
                return read;
            } catch (SocketTimeoutException e) {
                if (!isClosed() && getSoTimeout() >= LEAST_TIMEOUT_MILLIS) {
                    hangs();
                }
                throw e;
            }
        }
    }

    private final class Questions extends FilterOutputStream {
        Questions(OutputStream out) {
            super(out);
        }

        @Override
        public void write(int value) throws IOException {
            write(new byte[] {(byte) value}, 0, 1);
        }

        @Override
        public void write(byte[] buffer, int offset, int length) throws IOException {
            asked = true;
            writingSince = System.nanoTime() | 1;
            try {
                out.write(buffer, offset, length);
            } finally {
                writingSince = 0;
                usedAt = System.nanoTime();
            }
        }
    }
}
