package io.trunkline.bench;

import io.trunkline.embedded.EmbeddedPostgres;
import io.trunkline.testing.ServiceProcess;
import io.trunkline.testing.TestDirectories;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * The PostgreSQL under test: the embedded one in a directory of its own, writing through to the disk, with the memory
 * and the checkpoints of a server that is meant for work where the machine has 4 GB or more.
 */
final class Postgres implements AutoCloseable {
    /** 2 GiB. */
    private static final int SEGMENTS = 128;

    private static final Duration PATIENCE = Duration.ofMinutes(2);
    private static final long LARGE_MACHINE = 4L << 30;

    private final EmbeddedPostgres server;
    private final ProcessHandle process;

    private Postgres(EmbeddedPostgres server) throws IOException {
        this.server = server;
        try (var children = Files.list(server.directory())) {
            process = children.filter(child -> Files.exists(child.resolve("PG_VERSION")))
                    .findFirst()
                    .flatMap(ServiceProcess::postgres)
                    .orElseThrow(() -> new IllegalStateException("PostgreSQL has no process"));
        }
        Runtime.getRuntime().addShutdownHook(new Thread(server::close, "stop-postgres"));
    }

    static Postgres start(Path directory) throws IOException, SQLException {
        if (Files.exists(directory)) {
            // Of a run that was killed: its server may still be there, and is stopped by the next start.
            EmbeddedPostgres.start(directory, 0, PATIENCE).close();
            TestDirectories.delete(directory);
        }
        EmbeddedPostgres server = EmbeddedPostgres.start(directory, 0, PATIENCE);
        try {
            if (machineMemory() >= LARGE_MACHINE) {
                try (Connection connection = superuser(server);
                        Statement statement = connection.createStatement()) {
                    statement.execute("ALTER SYSTEM SET shared_buffers = '1GB'");
                    statement.execute("ALTER SYSTEM SET max_wal_size = '8GB'");
                    statement.execute("ALTER SYSTEM SET min_wal_size = '4GB'");
                    statement.execute("ALTER SYSTEM SET checkpoint_timeout = '15min'");
                }
                server.close();
                server = EmbeddedPostgres.start(directory, 0, PATIENCE);
                makeSegments(server);
            }
            return new Postgres(server);
        } catch (IOException | SQLException | RuntimeException e) {
            server.close();
            throw e;
        }
    }

    static long machineMemory() {
        return ManagementFactory.getOperatingSystemMXBean() instanceof com.sun.management.OperatingSystemMXBean system
                ? system.getTotalMemorySize()
                : 0;
    }

    /** What a service needs to know to use this server. */
    Map<String, String> serviceSettings() {
        return Map.of(
                "trunkline.database.url", server.url(),
                "trunkline.database.password", server.applicationPassword(),
                "trunkline.database.owner.username", server.ownerUsername(),
                "trunkline.database.owner.password", server.ownerPassword());
    }

    String url() {
        return server.url();
    }

    /** A connection as the owner of the schema, which gets binary results from the first execution on. */
    Connection owner() throws SQLException {
        return DriverManager.getConnection(
                server.url() + "?prepareThreshold=-1&ApplicationName=bench",
                server.ownerUsername(),
                server.ownerPassword());
    }

    String applicationUsername() {
        return "trunkline_app";
    }

    String applicationPassword() {
        return server.applicationPassword();
    }

    ProcessHandle handle() {
        return process;
    }

    /** Writes what is in memory to the disk, so that the next run does not pay for the last one. */
    void checkpoint() throws SQLException {
        try (Connection connection = superuser(server);
                Statement statement = connection.createStatement()) {
            statement.execute("CHECKPOINT");
        }
    }

    /** The version and the settings that matter for speed. */
    Map<String, String> settings() throws SQLException {
        Map<String, String> settings = new LinkedHashMap<>();
        try (Connection connection = owner();
                Statement statement = connection.createStatement();
                ResultSet row = statement.executeQuery("""
                        SELECT name, current_setting(name)
                          FROM pg_settings
                         WHERE name IN ('server_version', 'shared_buffers', 'fsync', 'full_page_writes',
                                        'synchronous_commit', 'wal_sync_method', 'max_wal_size', 'min_wal_size', 'checkpoint_timeout',
                                        'wal_compression', 'default_toast_compression', 'data_checksums', 'jit',
                                        'max_connections', 'io_method')
                         ORDER BY name
                        """)) {
            while (row.next()) {
                settings.put(row.getString(1), row.getString(2));
            }
        }
        return settings;
    }

    /**
     * Makes segments of the write-ahead log that can be used again, as a server has that has been running for a while.
     * Making one takes tens of milliseconds, in which every commit waits.
     */
    private static void makeSegments(EmbeddedPostgres server) throws SQLException {
        try (Connection connection = superuser(server);
                Statement statement = connection.createStatement()) {
            for (int i = 0; i < SEGMENTS; i++) {
                statement.execute("SELECT pg_logical_emit_message(false, 'bench', 'segment')");
                statement.execute("SELECT pg_switch_wal()");
            }
            statement.execute("CHECKPOINT");
        }
    }

    private static Connection superuser(EmbeddedPostgres server) throws SQLException {
        return DriverManager.getConnection(server.url(), "postgres", server.superuserPassword());
    }

    @Override
    public void close() {
        server.close();
        TestDirectories.delete(server.directory());
    }
}
