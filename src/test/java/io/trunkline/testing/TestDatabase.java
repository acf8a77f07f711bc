package io.trunkline.testing;

import io.quarkus.test.common.QuarkusTestResourceLifecycleManager;
import io.trunkline.embedded.EmbeddedPostgres;
import java.io.IOException;
import java.nio.file.Files;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.testcontainers.DockerClientFactory;
import org.testcontainers.containers.wait.strategy.Wait;
import org.testcontainers.postgresql.PostgreSQLContainer;

/**
 * A real PostgreSQL for the tests: the one that TRUNKLINE_TEST_JDBC_URL names (with TRUNKLINE_TEST_USERNAME and
 * TRUNKLINE_TEST_PASSWORD of a superuser), else one in Docker where an engine answers, else the embedded one. The
 * service reaches it through {@link FlakyProxy}.
 */
public final class TestDatabase implements QuarkusTestResourceLifecycleManager {
    private static final String OWNER = "trunkline_owner";
    private static final String APPLICATION = "trunkline_app";
    private static final String PASSWORD = "trunkline-test";
    private static @Nullable TestDatabase running;
    /** The embedded server of those that share one. */
    private static @Nullable EmbeddedPostgres sharedServer;

    private final boolean shares;
    private @Nullable PostgreSQLContainer container;
    private @Nullable EmbeddedPostgres embedded;
    private @Nullable FlakyProxy proxy;
    private String directUrl = "";
    private String superuser = "";
    private String superuserPassword = "";
    private String ownerPassword = PASSWORD;
    private String applicationPassword = PASSWORD;

    /** In a server of its own, where that is the embedded one. */
    public TestDatabase() {
        this(false);
    }

    private TestDatabase(boolean shares) {
        this.shares = shares;
    }

    /**
     * In a server that lasts until the end of this process, where that is the embedded one: another database takes a moment,
     * another server several seconds.
     */
    public static TestDatabase inASharedServer() {
        return new TestDatabase(true);
    }

    /** Settings as they are, but for the credentials of the schema's owner, so that a service does not migrate. */
    public static Map<String, String> withoutOwner(Map<String, String> settings) {
        Map<String, String> without = new HashMap<>(settings);
        without.keySet().removeIf(key -> key.contains(".owner."));
        return without;
    }

    @Override
    public Map<String, String> start() {
        try {
            String named = System.getenv("TRUNKLINE_TEST_JDBC_URL");
            if (named != null) {
                prepare(named, env("TRUNKLINE_TEST_USERNAME"), env("TRUNKLINE_TEST_PASSWORD"));
            } else if (DockerClientFactory.instance().isDockerAvailable()) {
                String version =
                        System.getProperty("test.postgres.version", "18").replaceFirst("\\..*", "");
                PostgreSQLContainer server =
                        new PostgreSQLContainer("postgres:" + version).waitingFor(Wait.forListeningPort());
                container = server;
                server.start();
                prepare(server.getJdbcUrl(), server.getUsername(), server.getPassword());
            } else if (shares) {
                EmbeddedPostgres server = sharedServer();
                prepare(server.url(), "postgres", server.superuserPassword());
            } else {
                EmbeddedPostgres server = startServer();
                embedded = server;
                directUrl = server.url();
                superuser = "postgres";
                superuserPassword = server.superuserPassword();
                ownerPassword = server.ownerPassword();
                applicationPassword = server.applicationPassword();
            }
            proxy = FlakyProxy.to(directUrl);
        } catch (IOException | SQLException e) {
            throw new IllegalStateException("no PostgreSQL for the tests", e);
        }
        running = this;
        return Map.of(
                "trunkline.database.url", proxy.url(),
                "trunkline.database.username", APPLICATION,
                "trunkline.database.password", applicationPassword,
                "trunkline.database.owner.username", OWNER,
                "trunkline.database.owner.password", ownerPassword,
                // Tests write records of long ago into topics that keep them for a week, and purge when they mean to.
                "trunkline.retention.check-interval", "10h");
    }

    private static EmbeddedPostgres startServer() throws IOException {
        return EmbeddedPostgres.start(Files.createTempDirectory("trunkline-test"), 0, Duration.ofSeconds(60));
    }

    private static synchronized EmbeddedPostgres sharedServer() throws IOException {
        EmbeddedPostgres server = sharedServer;
        if (server == null) {
            EmbeddedPostgres started = startServer();
            Runtime.getRuntime().addShutdownHook(new Thread(() -> stop(started), "stop-test-database"));
            sharedServer = started;
            return started;
        }
        return server;
    }

    private static void stop(EmbeddedPostgres server) {
        server.close();
        TestDirectories.delete(server.directory());
    }

    @Override
    public void stop() {
        running = null;
        if (proxy != null) {
            proxy.close();
        }
        if (container != null) {
            container.stop();
        }
        if (shares && sharedServer != null) {
            drop();
        }
        if (embedded != null) {
            stop(embedded);
        }
    }

    /** The network between the service and PostgreSQL. */
    public static FlakyProxy network() {
        TestDatabase database = running;
        if (database == null || database.proxy == null) {
            throw new IllegalStateException("no database is running");
        }
        return database.proxy;
    }

    /** A connection of the role that the service runs as, past the proxy. */
    public static Connection asApplication() throws SQLException {
        TestDatabase database = required();
        return DriverManager.getConnection(database.directUrl, APPLICATION, database.applicationPassword);
    }

    /** A connection of the role that owns the schema, past the proxy. */
    public static Connection asOwner() throws SQLException {
        TestDatabase database = required();
        return DriverManager.getConnection(database.directUrl, OWNER, database.ownerPassword);
    }

    /** A connection of a superuser, past the proxy. */
    public static Connection asSuperuser() throws SQLException {
        TestDatabase database = required();
        return DriverManager.getConnection(database.directUrl, database.superuser, database.superuserPassword);
    }

    /** A connection of the role that the service runs as, to another database of the server. */
    public static Connection asApplication(String database) throws SQLException {
        return DriverManager.getConnection(url(database), APPLICATION, required().applicationPassword);
    }

    /** A connection of the role that owns the schema, to another database of the server. */
    public static Connection asOwner(String database) throws SQLException {
        return DriverManager.getConnection(url(database), OWNER, required().ownerPassword);
    }

    /** A connection of a superuser, to another database of the server. */
    public static Connection asSuperuser(String database) throws SQLException {
        return DriverManager.getConnection(url(database), required().superuser, required().superuserPassword);
    }

    /** A connection of any role, to another database of the server. */
    public static Connection connect(String database, String user, String password) throws SQLException {
        return DriverManager.getConnection(url(database), user, password);
    }

    /** Runs a statement as the role that owns the schema. */
    public static void execute(String sql) throws SQLException {
        try (Connection owner = asOwner()) {
            execute(owner, sql);
        }
    }

    /** Runs a statement. */
    public static void execute(Connection connection, String sql) throws SQLException {
        try (Statement statement = connection.createStatement()) {
            statement.execute(sql);
        }
    }

    /** The one value of a query, as text, for the role that owns the schema. */
    public static String one(String query) throws SQLException {
        try (Connection owner = asOwner()) {
            return one(owner, query);
        }
    }

    /** The one value of a query, as text. */
    public static String one(Connection connection, String query) throws SQLException {
        try (Statement statement = connection.createStatement();
                ResultSet row = statement.executeQuery(query)) {
            row.next();
            return row.getString(1);
        }
    }

    /** The one number of a query, for the role that owns the schema. */
    public static long number(String query) throws SQLException {
        return Long.parseLong(one(query));
    }

    /** The URL of another database of the server. */
    public static String url(String database) {
        return required().directUrl.replaceFirst("^(jdbc:postgresql://[^/]+/)[^?]*", "$1" + database);
    }

    /** The password of the role that owns the schema. */
    public static String ownerPassword() {
        return required().ownerPassword;
    }

    /** The password of the role that the service runs as. */
    public static String applicationPassword() {
        return required().applicationPassword;
    }

    private static TestDatabase required() {
        TestDatabase database = running;
        if (database == null) {
            throw new IllegalStateException("no database is running");
        }
        return database;
    }

    /** Makes a fresh database in a server that may be in use for other things. */
    private void prepare(String url, String user, String password) throws SQLException {
        superuser = user;
        superuserPassword = password;
        String name = "trunkline_test_" + UUID.randomUUID().toString().replace("-", "");
        try (Connection connection = DriverManager.getConnection(url, user, password);
                Statement statement = connection.createStatement()) {
            statement.execute(
                    "DO $$ BEGIN CREATE ROLE " + OWNER + "; EXCEPTION WHEN duplicate_object THEN NULL; END $$");
            statement.execute("ALTER ROLE " + OWNER + " LOGIN CREATEROLE PASSWORD '" + PASSWORD + "'");
            statement.execute(
                    "DO $$ BEGIN CREATE ROLE " + APPLICATION + "; EXCEPTION WHEN duplicate_object THEN NULL; END $$");
            statement.execute("ALTER ROLE " + APPLICATION + " LOGIN PASSWORD '" + PASSWORD + "'");
            statement.execute("CREATE DATABASE " + name + " OWNER " + OWNER);
        }
        directUrl = url.replaceFirst("^(jdbc:postgresql://[^/]+/)[^?]*", "$1" + name);
    }

    private void drop() {
        String name = directUrl.replaceFirst("^jdbc:postgresql://[^/]+/([^?]*).*", "$1");
        try (Connection connection = DriverManager.getConnection(
                        directUrl.replace("/" + name, "/postgres"), superuser, superuserPassword);
                Statement statement = connection.createStatement()) {
            statement.execute("DROP DATABASE " + name + " WITH (FORCE)");
        } catch (SQLException e) {
            throw new IllegalStateException(e);
        }
    }

    private static String env(String name) {
        String value = System.getenv(name);
        if (value == null) {
            throw new IllegalStateException(name + " is not set, but TRUNKLINE_TEST_JDBC_URL is");
        }
        return value;
    }
}
