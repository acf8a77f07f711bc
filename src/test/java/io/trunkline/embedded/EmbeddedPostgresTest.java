package io.trunkline.embedded;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.trunkline.testing.ServiceProcess;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

/**
 * The server and its data directory, without the service. Most tests start it again on the one directory that is set up
 * before all of them.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class EmbeddedPostgresTest {
    private static final Duration PATIENCE = Duration.ofMinutes(5);

    private final List<EmbeddedPostgres> started = new ArrayList<>();
    private Path data = Path.of("");
    private Path server = Path.of("");

    @BeforeAll
    void setUp(@TempDir Path directory) throws Exception {
        data = directory.resolve("trunkline-data");
        start(data);
        stop();
        server = DataDirectory.servers(data).getFirst();
    }

    @AfterEach
    @AfterAll
    void stop() {
        started.forEach(EmbeddedPostgres::close);
        started.clear();
    }

    @Test
    void databaseIsDurableAndClosedToOthers() throws Exception {
        EmbeddedPostgres postgres = start(data);
        String url = "jdbc:postgresql://127.0.0.1:" + postgres.port() + "/postgres";

        try (Connection connection = DriverManager.getConnection(url, "postgres", postgres.superuserPassword())) {
            assertThat(shown(connection, "fsync")).isEqualTo("on");
            assertThat(shown(connection, "synchronous_commit")).isEqualTo("on");
            assertThat(shown(connection, "full_page_writes")).isEqualTo("on");
            assertThat(shown(connection, "data_checksums")).isEqualTo("on");
            assertThat(shown(connection, "listen_addresses")).isEqualTo("127.0.0.1");
            assertThat(shown(connection, "unix_socket_directories")).isEmpty();
        }
        for (String user : List.of("postgres", "trunkline_owner", "trunkline_app")) {
            assertThatThrownBy(() ->
                            DriverManager.getConnection(url, user, "guess").close())
                    .isInstanceOfSatisfying(
                            SQLException.class, e -> assertThat(e.getSQLState()).isEqualTo("28P01"));
        }
        assertThat(permissions(data.resolve("credentials.properties"))).isEqualTo("rw-------");
        assertThat(permissions(server)).isEqualTo("rwx------");
    }

    @Test
    void secondInstanceOnTheSameDirectoryIsRefused() {
        EmbeddedPostgres first = start(data);

        assertThatThrownBy(() -> start(data))
                .isInstanceOf(EmbeddedException.class)
                .hasMessageContaining("Another Trunkline")
                .hasMessageContaining("trunkline.embedded.data-directory");

        assertThat(isUsable(first)).isTrue();
    }

    @Test
    void serverIsBorrowedFromWhoeverRunsItOrStartedForTheMoment() throws Exception {
        EmbeddedPostgres running = start(data);
        try (BorrowedPostgres borrowed = BorrowedPostgres.of(data, 0, PATIENCE)) {
            assertThat(borrowed.url()).isEqualTo(running.url());
            assertThat(borrowed.ownerPassword()).isEqualTo(running.ownerPassword());
        }
        assertThat(isUsable(running)).isTrue();
        stop();

        try (BorrowedPostgres borrowed = BorrowedPostgres.of(data, 0, PATIENCE)) {
            DriverManager.getConnection(borrowed.url(), borrowed.ownerUsername(), borrowed.ownerPassword())
                    .close();
        }
        assertThat(ServiceProcess.postgres(server)).isEmpty();
    }

    @Test
    void killedServerIsRecoveredByTheNextStart() throws Exception {
        EmbeddedPostgres killed = start(data);
        execute(killed, "CREATE TABLE kept (id int)");
        ServiceProcess.signal(ServiceProcess.postgres(server).orElseThrow().pid(), "KILL");
        assertThat(server.resolve("postmaster.pid")).exists();
        killed.close();

        EmbeddedPostgres next = start(data);

        execute(next, "DROP TABLE kept");
    }

    @Test
    void pidFileThatNamesSomeOtherProcessDoesNotStopTheStart() throws Exception {
        Files.writeString(
                server.resolve("postmaster.pid"), ProcessHandle.current().pid() + "\n" + server + "\n");

        EmbeddedPostgres next = start(data);

        assertThat(isUsable(next)).isTrue();
        assertThat(ServiceProcess.postgres(server))
                .hasValueSatisfying(process -> assertThat(process).isNotEqualTo(ProcessHandle.current()));
    }

    @Test
    void dataWithoutItsPasswordsIsNotMistakenForAnEmptyDirectory() throws Exception {
        Path credentials = data.resolve("credentials.properties");
        Path aside = data.resolveSibling("credentials.aside");
        Files.move(credentials, aside);

        assertThatThrownBy(() -> start(data))
                .isInstanceOf(EmbeddedException.class)
                .hasMessageContaining("credentials.properties")
                .hasMessageContaining("is missing");

        Files.move(aside, credentials);
    }

    @Test
    void dataOfAnotherVersionIsNotMistakenForAnEmptyDirectory() throws Exception {
        Path other = data.resolve("postgresql-9");
        Files.move(server, other);

        assertThatThrownBy(() -> start(data))
                .isInstanceOf(EmbeddedException.class)
                .hasMessageContaining("postgresql-9")
                .hasMessageContaining("pg_dump");

        Files.move(other, server);
    }

    @Test
    void directoryOfSomethingElseIsLeftAlone(@TempDir Path directory) throws Exception {
        Path thesis = Files.createDirectory(directory.resolve("thesis"));
        Files.setPosixFilePermissions(thesis, PosixFilePermissions.fromString("rwxr-xr-x"));
        Files.writeString(thesis.resolve("thesis.txt"), "do not touch");

        assertThatThrownBy(() -> start(thesis))
                .isInstanceOf(EmbeddedException.class)
                .hasMessageContaining("has other files in it");

        try (Stream<Path> children = Files.list(thesis)) {
            assertThat(children).containsExactly(thesis.resolve("thesis.txt"));
        }
        assertThat(permissions(thesis)).isEqualTo("rwxr-xr-x");
    }

    @Test
    void directoryThatEverybodyCanWriteIsRefused(@TempDir Path directory) throws Exception {
        Path open = Files.createDirectory(directory.resolve("open"));
        Files.setPosixFilePermissions(open, PosixFilePermissions.fromString("rwxrwxrwx"));

        assertThatThrownBy(() -> start(open))
                .isInstanceOf(EmbeddedException.class)
                .hasMessageContaining("can be written by everybody");
    }

    private EmbeddedPostgres start(Path directory) {
        EmbeddedPostgres postgres = EmbeddedPostgres.start(directory, 0, PATIENCE);
        started.add(postgres);
        return postgres;
    }

    private static boolean isUsable(EmbeddedPostgres postgres) {
        try (Connection connection =
                DriverManager.getConnection(postgres.url(), postgres.ownerUsername(), postgres.ownerPassword())) {
            return connection.isValid(5);
        } catch (SQLException e) {
            throw new AssertionError(e);
        }
    }

    private static void execute(EmbeddedPostgres postgres, String sql) throws SQLException {
        try (Connection connection = DriverManager.getConnection(
                        postgres.url(), postgres.ownerUsername(), postgres.ownerPassword());
                Statement statement = connection.createStatement()) {
            statement.execute(sql);
        }
    }

    private static String permissions(Path path) throws Exception {
        return PosixFilePermissions.toString(Files.getPosixFilePermissions(path));
    }

    private static String shown(Connection connection, String setting) throws SQLException {
        try (Statement statement = connection.createStatement();
                var row = statement.executeQuery("SHOW " + setting)) {
            row.next();
            return row.getString(1);
        }
    }
}
