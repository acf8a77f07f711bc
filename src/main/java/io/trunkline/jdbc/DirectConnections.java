package io.trunkline.jdbc;

import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Optional;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;
import org.postgresql.ds.PGSimpleDataSource;

/** Connections without a pool, for what is done before the service serves or beside it. */
public final class DirectConnections {
    private static final int CONNECT_SECONDS = 5;
    private static final int LOGIN_SECONDS = 10;

    /** As the connections of the service have it. */
    private static final String USE_SCHEMA = """
            SELECT set_config('search_path', ? || ', pg_temp', false)
            """;

    private DirectConnections() {}

    /** One of these connections, which finds tables and functions in a schema. */
    public static Connection open(
            DatabaseUrl url,
            String user,
            Optional<String> password,
            String schema,
            Duration timeout,
            Duration writeTimeout)
            throws SQLException {
        Connection connection = to(url, user, password, timeout, writeTimeout).getConnection();
        try {
            use(connection, schema);
            return connection;
        } catch (SQLException e) {
            connection.close();
            throw e;
        }
    }

    /** Lets a connection find tables and functions in a schema. */
    public static void use(Connection connection, String schema) throws SQLException {
        new Sql(USE_SCHEMA, schema).call().with(connection);
    }

    /**
     * Connections that are given up where PostgreSQL does not answer in time.
     *
     * @param timeout for the answer to a statement
     * @param writeTimeout for what is written at once
     */
    public static DataSource to(
            DatabaseUrl url, String user, Optional<String> password, Duration timeout, Duration writeTimeout) {
        PGSimpleDataSource source = new PGSimpleDataSource();
        source.setURL(url.value());
        source.setUser(user);
        source.setPassword(password.orElse(null));
        source.setConnectTimeout(CONNECT_SECONDS);
        source.setLoginTimeout(LOGIN_SECONDS);
        source.setSocketTimeout((int) timeout.toSeconds());
        source.setSocketFactory(DatabaseSocketFactory.class.getName());
        source.setSocketFactoryArg(writeTimeout.toString());
        source.setApplicationName("trunkline");
        return source;
    }

    /**
     * Whether trying again may help after a failure with this SQLSTATE: no connection, a server that starts or stops, or one
     * that has no connection free. Not so where the driver and the server do not agree on how to connect (08004).
     */
    public static boolean isAway(@Nullable String state) {
        return state != null
                && !state.equals("08004")
                && (state.startsWith("08") || state.startsWith("57P") || state.startsWith("53"));
    }
}
