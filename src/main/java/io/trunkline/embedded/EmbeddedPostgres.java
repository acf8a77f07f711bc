package io.trunkline.embedded;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.jboss.logging.Logger;

/**
 * A PostgreSQL server of one's own in a directory that lasts. It listens on the loopback address only, asks for
 * passwords, and writes through to the disk. After a crash of it or of this process the next start recovers.
 */
public final class EmbeddedPostgres implements AutoCloseable {
    private static final Logger LOG = Logger.getLogger(EmbeddedPostgres.class);
    private static final int STOP_SECONDS = 60;
    private static final int RETRY_MILLIS = 500;
    private static final int LOG_LINES = 12;

    private final Path directory;
    private final Path data;
    private final Path serverLog;
    private final String version;
    private final Binaries binaries;
    private final ServerUser user;
    private final Credentials credentials;
    private final DirectoryLock lock;
    private final boolean freePort;
    private int port;
    /** Guarded by this. */
    private boolean closed;

    private EmbeddedPostgres(Path directory, int port, Duration timeout, DirectoryLock lock) throws IOException {
        this.directory = directory;
        this.lock = lock;
        freePort = port == 0;
        this.port = freePort ? freePort() : port;
        user = ServerUser.find();
        user.checkReach(directory);
        binaries = Binaries.unpackInto(directory);
        credentials = Credentials.in(directory.resolve("credentials.properties"));
        version = binaries.majorVersion();
        data = directory.resolve("postgresql-" + version);
        serverLog = data.resolve("server.log");
        if (!Files.exists(data.resolve("PG_VERSION"))) {
            initialize();
        }
        user.own(data);
        stopOrphan();
        configure();
        startServer(timeout);
        try {
            new BootstrapStore(url("postgres"), credentials).prepare();
        } catch (SQLException e) {
            stop();
            throw new EmbeddedException("The embedded PostgreSQL started but cannot be used: " + e.getMessage(), e);
        }
    }

    /**
     * Starts a server.
     *
     * @param directory where everything of it is kept; created if missing
     * @param port on the loopback address, or 0 for a free one
     * @param timeout for the start, recovery included
     * @throws EmbeddedException with a message for the user
     */
    public static EmbeddedPostgres start(Path directory, int port, Duration timeout) {
        Path absolute = directory.toAbsolutePath().normalize();
        DirectoryLock lock;
        try {
            prepareDirectory(absolute);
            lock = DirectoryLock.take(absolute);
        } catch (IOException e) {
            throw new EmbeddedException("The data directory " + absolute + " cannot be used: " + e.getMessage(), e);
        }
        try {
            return new EmbeddedPostgres(absolute, port, timeout, lock);
        } catch (IOException | RuntimeException e) {
            closeQuietly(lock);
            throw e instanceof EmbeddedException known
                    ? known
                    : new EmbeddedException(
                            "The embedded PostgreSQL in " + absolute + " could not be started: " + e.getMessage(), e);
        }
    }

    /**
     * Makes the directory, or makes sure that it is one that can be used: an empty one or Trunkline's own, in which nobody
     * else can put programs for us to run.
     */
    private static void prepareDirectory(Path directory) throws IOException {
        if (!Files.exists(directory)) {
            Files.createDirectories(directory);
            // Others may pass, as PostgreSQL does when it runs as another user, but not look.
            Files.setPosixFilePermissions(directory, PosixFilePermissions.fromString("rwx--x--x"));
            return;
        }
        if (!Files.exists(directory.resolve(DirectoryLock.FILE))) {
            try (Stream<Path> children = Files.list(directory)) {
                if (children.anyMatch(child -> !child.endsWith("lost+found"))) {
                    throw new EmbeddedException(
                            "The data directory " + directory
                                    + " has other files in it: set trunkline.embedded.data-directory to a new or an empty one.");
                }
            }
        }
        Set<PosixFilePermission> permissions = Files.getPosixFilePermissions(directory);
        if (permissions.contains(PosixFilePermission.OTHERS_WRITE)) {
            throw new EmbeddedException("The data directory " + directory
                    + " can be written by everybody: take that permission away (chmod o-w), or choose another one.");
        }
    }

    /** The JDBC URL of Trunkline's database. */
    public String url() {
        return url(BootstrapStore.DATABASE);
    }

    /** The role that owns the schema. */
    public String ownerUsername() {
        return BootstrapStore.OWNER;
    }

    public String ownerPassword() {
        return credentials.owner();
    }

    /** The password for the role that the service runs as, which the migration creates. */
    public String applicationPassword() {
        return credentials.application();
    }

    /** The password of the superuser {@code postgres}. */
    public String superuserPassword() {
        return credentials.superuser();
    }

    /** The data directory, absolute. */
    public Path directory() {
        return directory;
    }

    /** The major version of the server, such as 18. */
    public String version() {
        return version;
    }

    public int port() {
        return port;
    }

    /** Stops the server, clients or not, after what they committed is safe. Does it once. */
    @Override
    public synchronized void close() {
        if (closed) {
            return;
        }
        closed = true;
        try {
            stop();
        } catch (IOException e) {
            LOG.errorf(
                    "The embedded PostgreSQL could not be stopped directory=%s reason=%s", directory, e.getMessage());
        } finally {
            closeQuietly(lock);
        }
    }

    private String url(String database) {
        return "jdbc:postgresql://127.0.0.1:" + port + "/" + database;
    }

    /** Sets the data directory up beside its place and moves it there when it is whole. */
    private void initialize() throws IOException {
        if (Files.exists(data)) {
            throw new EmbeddedException(data + " exists but is no PostgreSQL data directory: move it away.");
        }
        Path draft = directory.resolve(data.getFileName() + ".new");
        Binaries.deleteTree(draft);
        Files.createDirectory(
                draft, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
        Path password = directory.resolve("password.tmp");
        Files.deleteIfExists(password);
        Files.createFile(password, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
        try {
            Files.writeString(password, credentials.superuser() + "\n");
            user.own(draft);
            user.own(password);
            Commands.Result result = Commands.run(user.command(List.of(
                    binaries.program("initdb"),
                    "--pgdata=" + draft,
                    "--username=" + BootstrapStore.SUPERUSER,
                    "--pwfile=" + password,
                    "--auth=scram-sha-256",
                    "--encoding=UTF8",
                    "--no-locale",
                    "--data-checksums")));
            if (result.status() != 0) {
                throw new EmbeddedException(
                        "The embedded PostgreSQL could not be set up in " + data + ": " + lastLines(result.output()));
            }
        } finally {
            Files.deleteIfExists(password);
        }
        Files.writeString(
                draft.resolve("postgresql.conf"), "\ninclude = 'trunkline.conf'\n", StandardOpenOption.APPEND);
        Files.move(draft, data, StandardCopyOption.ATOMIC_MOVE);
    }

    private void configure() throws IOException {
        Files.writeString(data.resolve("trunkline.conf"), """
                # Written by Trunkline at each start. Settings of your own go into postgresql.conf below the include.
                listen_addresses = '127.0.0.1'
                port = %d
                unix_socket_directories = ''
                max_connections = 100
                fsync = on
                full_page_writes = on
                synchronous_commit = on
                max_wal_size = 4GB
                timezone = 'UTC'
                log_timezone = 'UTC'
                """.formatted(port));
        user.own(data.resolve("trunkline.conf"));
    }

    /** Stops a server that outlived its Trunkline, and clears away a pid file that names some other process. */
    private void stopOrphan() throws IOException {
        Path pidFile = data.resolve("postmaster.pid");
        if (!Files.exists(pidFile)) {
            return;
        }
        List<String> lines = Files.readAllLines(pidFile, StandardCharsets.UTF_8);
        Optional<ProcessHandle> process = lines.isEmpty() ? Optional.empty() : process(lines.getFirst());
        if (process.isEmpty()) {
            return; // PostgreSQL sees for itself that nobody has this number
        }
        if (isPostgres(process.get())) {
            LOG.infof(
                    "A PostgreSQL of an earlier start is still running and is stopped pid=%d",
                    process.get().pid());
            stop();
        } else {
            Files.delete(pidFile);
        }
    }

    private static Optional<ProcessHandle> process(String pid) {
        try {
            return ProcessHandle.of(Long.parseLong(pid.strip())).filter(ProcessHandle::isAlive);
        } catch (NumberFormatException e) {
            return Optional.empty(); // a pid file that was only half written
        }
    }

    /** Whether a process is the server of this data directory, and not one that got its number since. */
    private boolean isPostgres(ProcessHandle process) {
        boolean program = process.info()
                .command()
                .map(command -> Path.of(command).endsWith("postgres"))
                .orElse(false);
        boolean elsewhere = process.info()
                .arguments()
                .map(arguments -> !List.of(arguments).contains(data.toString()))
                .orElse(false);
        return program && !elsewhere;
    }

    /**
     * Starts, and tries again for a while: processes of a server that was killed can take moments to go, and somebody
     * else can take a free port first.
     */
    private void startServer(Duration timeout) throws IOException {
        long deadline = System.nanoTime() + timeout.toNanos();
        while (true) {
            long seconds = Math.max(1, TimeUnit.NANOSECONDS.toSeconds(deadline - System.nanoTime()));
            Files.deleteIfExists(serverLog);
            // pg_ctl gives the server a session of its own, so that Ctrl-C reaches Trunkline only, which then stops it.
            Commands.Result result = Commands.run(user.command(List.of(
                    binaries.program("pg_ctl"),
                    "start",
                    "--wait",
                    "--timeout=" + seconds,
                    "--pgdata=" + data,
                    "--log=" + serverLog)));
            if (result.status() == 0) {
                return;
            }
            String log = serverLogText();
            boolean portTaken = freePort && log.contains("could not bind");
            if (System.nanoTime() >= deadline || !(portTaken || log.contains("pre-existing shared memory block"))) {
                throw new EmbeddedException("The embedded PostgreSQL in " + data + " did not start: "
                        + lastLines(log.isEmpty() ? result.output() : log));
            }
            if (portTaken) {
                port = freePort();
                configure();
            }
            try {
                TimeUnit.MILLISECONDS.sleep(RETRY_MILLIS);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new IOException("interrupted while starting PostgreSQL", e);
            }
        }
    }

    private void stop() throws IOException {
        Commands.Result result = Commands.run(user.command(List.of(
                binaries.program("pg_ctl"),
                "stop",
                "--mode=fast",
                "--wait",
                "--timeout=" + STOP_SECONDS,
                "--pgdata=" + data)));
        if (result.status() != 0 && Files.exists(data.resolve("postmaster.pid"))) {
            throw new IOException(lastLines(result.output()));
        }
    }

    private String serverLogText() throws IOException {
        return Files.exists(serverLog) ? Files.readString(serverLog, StandardCharsets.ISO_8859_1) : "";
    }

    private static String lastLines(String text) {
        List<String> lines = text.strip().lines().toList();
        return String.join("\n", lines.subList(Math.max(0, lines.size() - LOG_LINES), lines.size()));
    }

    private static int freePort() throws IOException {
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        }
    }

    private static void closeQuietly(DirectoryLock lock) {
        try {
            lock.close();
        } catch (IOException e) {
            LOG.warnf("The lock of the data directory could not be released reason=%s", e.getMessage());
        }
    }
}
