package io.trunkline.testing;

import io.trunkline.embedded.EmbeddedPostgres;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.stream.Stream;
import org.awaitility.Awaitility;

/** A PostgreSQL that speaks TLS, and that can hang: all its processes are stopped, and its connections stay open. */
public final class TlsPostgres implements AutoCloseable {
    private static final String STORE_PASSWORD = "changeit";

    private final EmbeddedPostgres server;
    private final Path data;
    private List<ProcessHandle> frozen = List.of();

    private TlsPostgres(EmbeddedPostgres server) {
        this.server = server;
        data = server.directory().resolve("postgresql-" + server.version());
    }

    /** Starts one in a directory of its own below this one. */
    public static TlsPostgres start(Path directory) throws Exception {
        Path own = TestDirectories.outsideTheCheckout(directory.resolve("tls-postgresql"));
        TlsPostgres postgres = new TlsPostgres(EmbeddedPostgres.start(own, 0, Duration.ofSeconds(60)));
        postgres.switchTlsOn();
        return postgres;
    }

    /** What a service needs to use it, and to bring its schema up to date. */
    public Map<String, String> settings() {
        return Map.of(
                "trunkline.database.url", server.url() + "?sslmode=require",
                "trunkline.database.username", "trunkline_app",
                "trunkline.database.password", server.applicationPassword(),
                "trunkline.database.owner.username", server.ownerUsername(),
                "trunkline.database.owner.password", server.ownerPassword());
    }

    /** Connections of the service that are encrypted. */
    public int encryptedConnections() throws SQLException, IOException {
        try (Connection connection = asSuperuser();
                Statement statement = connection.createStatement();
                var row = statement.executeQuery("""
                        SELECT count(*)
                          FROM pg_stat_ssl s
                          JOIN pg_stat_activity a ON a.pid = s.pid
                         WHERE s.ssl AND a.usename = 'trunkline_app'
                        """)) {
            row.next();
            return row.getInt(1);
        }
    }

    /** Stops all its processes, the one first that starts others. */
    public void freeze() {
        ProcessHandle postmaster = ServiceProcess.postgres(data).orElseThrow();
        ServiceProcess.signal(postmaster.pid(), "STOP");
        frozen = Stream.concat(Stream.of(postmaster), postmaster.descendants()).toList();
        frozen.forEach(process -> ServiceProcess.signal(process.pid(), "STOP"));
    }

    /** Goes on. */
    public void thaw() {
        frozen.stream().filter(ProcessHandle::isAlive).forEach(process -> ServiceProcess.signal(process.pid(), "CONT"));
        frozen = List.of();
    }

    @Override
    public void close() {
        thaw();
        server.close();
    }

    private void switchTlsOn() throws Exception {
        Path store = server.directory().resolve("server.p12");
        Process keytool = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "keytool")
                                .toString(),
                        "-genkeypair",
                        "-alias",
                        "server",
                        "-keyalg",
                        "EC",
                        "-dname",
                        "CN=localhost",
                        "-storetype",
                        "PKCS12",
                        "-keystore",
                        store.toString(),
                        "-storepass",
                        STORE_PASSWORD)
                .inheritIO()
                .start();
        if (keytool.waitFor() != 0) {
            throw new IllegalStateException("keytool failed");
        }
        KeyStore keys = load(store);
        write("server.crt", "CERTIFICATE", keys.getCertificate("server").getEncoded());
        write(
                "server.key",
                "PRIVATE KEY",
                keys.getKey("server", STORE_PASSWORD.toCharArray()).getEncoded());
        Files.writeString(data.resolve("postgresql.conf"), "\nssl = on\n", StandardOpenOption.APPEND);
        try (Connection connection = asSuperuser();
                Statement statement = connection.createStatement()) {
            statement.execute("SELECT pg_reload_conf()");
        }
        Awaitility.await().atMost(Duration.ofSeconds(30)).until(this::speaksTls);
    }

    private boolean speaksTls() throws SQLException, IOException {
        try (Connection connection = asSuperuser();
                Statement statement = connection.createStatement();
                var row = statement.executeQuery("SHOW ssl")) {
            return row.next() && row.getString(1).equals("on");
        }
    }

    private static KeyStore load(Path store) throws IOException, GeneralSecurityException {
        KeyStore keys = KeyStore.getInstance("PKCS12");
        try (InputStream in = Files.newInputStream(store)) {
            keys.load(in, STORE_PASSWORD.toCharArray());
        }
        return keys;
    }

    private void write(String name, String what, byte[] content) throws IOException {
        Path file = data.resolve(name);
        Files.writeString(
                file,
                "-----BEGIN " + what + "-----\n"
                        + Base64.getMimeEncoder(64, new byte[] {'\n'}).encodeToString(content)
                        + "\n-----END " + what + "-----\n");
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-------"));
        Files.setOwner(file, Files.getOwner(data));
    }

    private Connection asSuperuser() throws SQLException, IOException {
        Properties passwords = new Properties();
        try (var reader = Files.newBufferedReader(server.directory().resolve("credentials.properties"))) {
            passwords.load(reader);
        }
        return DriverManager.getConnection(server.url(), "postgres", passwords.getProperty("superuser"));
    }
}
