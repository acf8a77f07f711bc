package io.trunkline.testing;

import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import org.awaitility.Awaitility;

/** Settings of the server under test, or defaults of a role, until they are closed. */
public final class ServerSettings implements AutoCloseable {
    private static final Duration PATIENCE = Duration.ofSeconds(10);

    private final String reset;
    private final boolean reload;

    private ServerSettings(String reset, boolean reload) {
        this.reset = reset;
        this.reload = reload;
    }

    /** Changes a setting of the whole server, for the connections that live as well. */
    public static ServerSettings ofServer(String name, String value) throws SQLException {
        execute("ALTER SYSTEM SET " + name + " = '" + value + "'");
        reload(name, value);
        return new ServerSettings("ALTER SYSTEM RESET " + name, true);
    }

    /** Changes a default of the service's role, for connections that are made from now on. */
    public static ServerSettings ofRole(String name, String value) throws SQLException {
        execute("ALTER ROLE trunkline_app SET " + name + " = '" + value + "'");
        return new ServerSettings("ALTER ROLE trunkline_app RESET " + name, false);
    }

    @Override
    public void close() throws SQLException {
        execute(reset);
        if (reload) {
            execute("SELECT pg_reload_conf()");
        }
    }

    private static void reload(String name, String value) throws SQLException {
        execute("SELECT pg_reload_conf()");
        Awaitility.await()
                .atMost(PATIENCE)
                .until(() -> TestDatabase.one("SHOW " + name).equals(value));
    }

    private static void execute(String sql) throws SQLException {
        try (Connection connection = TestDatabase.asSuperuser()) {
            // Where the server is read-only by default.
            TestDatabase.execute(connection, "SET default_transaction_read_only = off");
            TestDatabase.execute(connection, sql);
        }
    }
}
