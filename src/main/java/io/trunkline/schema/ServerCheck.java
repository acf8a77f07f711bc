package io.trunkline.schema;

import io.quarkus.runtime.configuration.ConfigurationException;
import io.trunkline.jdbc.Sql;
import java.sql.Connection;
import java.sql.SQLException;

/** Refuses a server that is too old, or on which an acknowledged record could be lost. */
final class ServerCheck {
    private static final int OLDEST_SERVER = 150000;

    private ServerCheck() {}

    static void check(Connection connection) throws SQLException {
        if (Integer.parseInt(setting(connection, "server_version_num")) < OLDEST_SERVER) {
            throw new ConfigurationException("PostgreSQL " + setting(connection, "server_version")
                    + " is too old: Trunkline needs 15 or later.");
        }
        if (!"UTF8".equals(setting(connection, "server_encoding"))) {
            throw new ConfigurationException("The database has the encoding " + setting(connection, "server_encoding")
                    + "; Trunkline needs UTF8. Create it with ENCODING 'UTF8' TEMPLATE template0.");
        }
        for (String name : new String[] {"fsync", "synchronous_commit", "full_page_writes"}) {
            if ("off".equals(setting(connection, name))) {
                throw new ConfigurationException("PostgreSQL runs with " + name
                        + " = off, under which acknowledged records can be lost: set it to on.");
            }
        }
    }

    private static String setting(Connection connection, String name) throws SQLException {
        return new Sql("SELECT current_setting(?)", name)
                .one(row -> row.getString(1))
                .with(connection);
    }
}
