package io.trunkline.embedded;

import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;

/** Makes the owner role and the database in a new server, and checks that the server is safe. */
final class BootstrapStore {
    static final String SUPERUSER = "postgres";
    static final String OWNER = "trunkline_owner";
    static final String DATABASE = "trunkline";

    private final String url;
    private final Credentials credentials;

    BootstrapStore(String url, Credentials credentials) {
        this.url = url;
        this.credentials = credentials;
    }

    /** What is there already stays as it is. */
    void prepare() throws SQLException {
        try (Connection connection = DriverManager.getConnection(url, SUPERUSER, credentials.superuser());
                Statement statement = connection.createStatement()) {
            for (String setting : new String[] {"fsync", "synchronous_commit", "full_page_writes"}) {
                if (!first(statement, "SHOW " + setting).equals("on")) {
                    throw new SQLException(setting + " is not on; see postgresql.conf and postgresql.auto.conf");
                }
            }
            if (first(statement, "SELECT count(*) FROM pg_roles WHERE rolname = '" + OWNER + "'")
                    .equals("0")) {
                // The password is hexadecimal digits of our own making; CREATE ROLE takes no parameters.
                statement.execute("CREATE ROLE " + OWNER + " LOGIN CREATEROLE PASSWORD '" + credentials.owner() + "'");
            }
            if (first(statement, "SELECT count(*) FROM pg_database WHERE datname = '" + DATABASE + "'")
                    .equals("0")) {
                statement.execute("CREATE DATABASE " + DATABASE + " OWNER " + OWNER);
            }
        }
    }

    private static String first(Statement statement, String query) throws SQLException {
        try (ResultSet row = statement.executeQuery(query)) {
            row.next();
            return row.getString(1);
        }
    }
}
