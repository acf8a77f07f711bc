package io.trunkline.embedded;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * The embedded PostgreSQL of a data directory, for a command: that of the service that runs on it, or one that is started for
 * the moment.
 */
public final class BorrowedPostgres implements AutoCloseable {
    private static final int RETRY_MILLIS = 100;
    /** Of {@code postmaster.pid}: the port, and what the server is doing. */
    private static final int PORT_LINE = 3;

    private static final int STATUS_LINE = 7;

    private final String url;
    private final Credentials credentials;
    private final @Nullable EmbeddedPostgres started;

    private BorrowedPostgres(String url, Credentials credentials, @Nullable EmbeddedPostgres started) {
        this.url = url;
        this.credentials = credentials;
        this.started = started;
    }

    /**
     * The server of a directory that the service has set up; never sets one up.
     *
     * @param port and timeout for a server that is started
     * @throws EmbeddedException with a message for the user
     */
    public static BorrowedPostgres of(Path directory, int port, Duration timeout) {
        Path absolute = directory.toAbsolutePath().normalize();
        try {
            List<Path> servers = Files.isDirectory(absolute) ? DataDirectory.servers(absolute) : List.of();
            if (servers.isEmpty()) {
                throw new EmbeddedException(
                        "There is no data of Trunkline in " + absolute
                                + ": start the service once, or say where its data is, with trunkline.embedded.data-directory or"
                                + " trunkline.database.url (environment: TRUNKLINE_EMBEDDED_DATA_DIRECTORY, TRUNKLINE_DATABASE_URL).");
            }
            try {
                EmbeddedPostgres server = EmbeddedPostgres.start(absolute, port, timeout);
                return new BorrowedPostgres(server.url(), credentials(absolute), server);
            } catch (DirectoryInUseException e) {
                int running = runningPort(servers.getFirst(), timeout).orElseThrow(() -> e);
                return new BorrowedPostgres(EmbeddedPostgres.url(running), credentials(absolute), null);
            }
        } catch (IOException e) {
            throw new EmbeddedException("The data directory " + absolute + " cannot be used: " + e.getMessage(), e);
        }
    }

    private static Credentials credentials(Path directory) throws IOException {
        return Credentials.in(directory.resolve(DataDirectory.CREDENTIALS), false);
    }

    /** The port of a server that another process runs, as soon as it is ready. */
    private static Optional<Integer> runningPort(Path server, Duration timeout) throws IOException {
        long deadline = System.nanoTime() + timeout.toNanos();
        do {
            Path file = server.resolve("postmaster.pid");
            List<String> lines = Files.exists(file) ? Files.readAllLines(file) : List.of();
            if (lines.size() > STATUS_LINE && lines.get(STATUS_LINE).strip().equals("ready")) {
                return Optional.of(Integer.parseInt(lines.get(PORT_LINE).strip()));
            }
            try {
                TimeUnit.MILLISECONDS.sleep(RETRY_MILLIS);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                return Optional.empty();
            }
        } while (System.nanoTime() < deadline);
        return Optional.empty();
    }

    /** The JDBC URL of Trunkline's database. */
    public String url() {
        return url;
    }

    /** The role that owns the schema. */
    public String ownerUsername() {
        return BootstrapStore.OWNER;
    }

    public String ownerPassword() {
        return credentials.owner();
    }

    /** Stops the server if it was started for this. */
    @Override
    public void close() {
        if (started != null) {
            started.close();
        }
    }
}
