package io.trunkline.embedded;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.jboss.logging.Logger;
import org.jspecify.annotations.Nullable;

/**
 * A PostgreSQL server of one's own in a directory that lasts. It listens on the loopback address only, asks for
 * passwords, and writes through to the disk. After a crash of it or of this process the next start recovers.
 */
public final class EmbeddedPostgres implements AutoCloseable {
    private static final Logger LOG = Logger.getLogger(EmbeddedPostgres.class);
    private static final int STOP_SECONDS = 60;
    private static final int RETRY_MILLIS = 500;
    private static final int LOG_LINES = 12;
    /** How far the start of a process, as two clocks tell it, may lie apart. */
    private static final Duration SAME_START = Duration.ofSeconds(10);

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

    private static volatile @Nullable EmbeddedPostgres starting;

    private EmbeddedPostgres(Path directory, int port, Duration timeout, DirectoryLock lock) throws IOException {
        this.directory = directory;
        this.lock = lock;
        freePort = port == 0;
        this.port = freePort ? freePort() : port;
        user = ServerUser.find();
        user.checkReach(directory);
        binaries = Binaries.unpackInto(directory);
        credentials = Credentials.in(
                directory.resolve(DataDirectory.CREDENTIALS),
                DataDirectory.servers(directory).isEmpty());
        version = binaries.majorVersion(user);
        data = directory.resolve("postgresql-" + version);
        serverLog = data.resolve("server.log");
        if (!Files.exists(data.resolve("PG_VERSION"))) {
            refuseOtherVersions();
            initialize();
        }
        user.own(data);
        stopOrphan();
        configure();
        starting = this;
        startServer(timeout);
        try {
            new BootstrapStore(url("postgres"), credentials).prepare();
            binaries.deleteOthers();
        } catch (SQLException | RuntimeException e) {
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
            DataDirectory.prepare(absolute);
            absolute = absolute.toRealPath();
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

    /** Data of another major version must not look as if it were gone. */
    private void refuseOtherVersions() throws IOException {
        List<Path> others = DataDirectory.servers(directory);
        if (!others.isEmpty()) {
            throw new EmbeddedException(
                    "The data in " + others.getFirst() + " was written by another version of PostgreSQL"
                            + " than " + version
                            + ", which this Trunkline has. Move it with pg_dump and pg_restore into a new data"
                            + " directory, or start the Trunkline that wrote it.");
        }
    }

    public String url() {
        return url(BootstrapStore.DATABASE);
    }

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

    /** The server that was started last in this process, also while its start still goes on. */
    public static Optional<EmbeddedPostgres> latest() {
        return Optional.ofNullable(starting);
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
        return url(port, database);
    }

    /** The JDBC URL of Trunkline's database in a server at a port of this machine. */
    static String url(int port) {
        return url(port, BootstrapStore.DATABASE);
    }

    private static String url(int port, String database) {
        return "jdbc:postgresql://127.0.0.1:" + port + "/" + database;
    }

    /** Sets the data directory up beside its place and moves it there when it is whole. */
    private void initialize() throws IOException {
        if (Files.exists(data)) {
            throw new EmbeddedException(data + " exists but is no PostgreSQL data directory: move it away.");
        }
        Path draft = directory.resolve(data.getFileName() + DataDirectory.DRAFT);
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
        // Written outside and moved in: whoever owns the data directory must not choose what root writes to.
        Path draft = directory.resolve("trunkline.conf.new");
        Files.writeString(draft, """
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
        user.own(draft);
        Files.move(
                draft,
                data.resolve("trunkline.conf"),
                StandardCopyOption.ATOMIC_MOVE,
                StandardCopyOption.REPLACE_EXISTING);
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
        if (isServer(process.get(), lines)) {
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

    /**
     * Whether a process is the server of a pid file, and not one that got its number since: it began when the file says,
     * and is no other program as far as can be seen.
     */
    private static boolean isServer(ProcessHandle process, List<String> pidFile) throws IOException {
        boolean otherProgram = process.info()
                .command()
                .map(command -> Path.of(command).getFileName())
                .filter(name -> !name.toString().startsWith("postgres"))
                .isPresent();
        if (otherProgram || pidFile.size() < 3 || hasEnded(process.pid())) {
            return false;
        }
        Instant written = Instant.ofEpochSecond(Long.parseLong(pidFile.get(2).strip()));
        return process.info()
                .startInstant()
                .map(start -> Duration.between(start, written).abs().compareTo(SAME_START) < 0)
                .orElse(true);
    }

    /** Whether a process has ended and only its number is still taken, as in containers whose first process reaps none. */
    private static boolean hasEnded(long pid) throws IOException {
        Path stat = Path.of("/proc", Long.toString(pid), "stat");
        if (!Files.exists(stat)) {
            return false; // not Linux, or gone this moment
        }
        String line = Files.readString(stat, StandardCharsets.ISO_8859_1);
        return line.startsWith("Z", line.lastIndexOf(')') + 2);
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
            Commands.Result result = Commands.run(
                    user.command(List.of(
                            binaries.program("pg_ctl"),
                            "start",
                            "--wait",
                            "--timeout=" + seconds,
                            "--pgdata=" + data,
                            "--log=" + serverLog)),
                    timeout.plusSeconds(STOP_SECONDS));
            if (result.status() == 0) {
                return;
            }
            String log = serverLogText();
            boolean portTaken = freePort && log.contains("could not bind");
            if (System.nanoTime() >= deadline || !(portTaken || log.contains("pre-existing shared memory block"))) {
                throw new EmbeddedException("The embedded PostgreSQL in " + data
                        + " did not start within trunkline.embedded.startup-timeout ("
                        + timeout.toSeconds() + " s): "
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
