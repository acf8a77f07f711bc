package io.trunkline.schema;

import io.quarkus.runtime.configuration.ConfigurationException;
import io.trunkline.jdbc.DatabaseConfig;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import org.jboss.logging.Logger;

/** The role that the service runs as: it exists, has the rights that the service needs, and cannot change a record. */
final class ApplicationRole {
    private static final Logger LOG = Logger.getLogger(ApplicationRole.class);

    private static final String MAY_CHANGE_THE_LOG = """
            SELECT c.oid::regclass::text
              FROM pg_catalog.pg_class c
              JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
             WHERE n.nspname = ?
               AND (starts_with(c.relname, 'log_batch')
                    OR c.relname IN ('partition_head', 'partition_slice', 'retired_partition', 'slice', 'log_limit'))
               AND c.relkind IN ('r', 'p')
               AND has_table_privilege(c.oid, 'INSERT, UPDATE, DELETE, TRUNCATE')
             ORDER BY 1
             LIMIT 1
            """;

    private static final String MISSING_GRANTS = """
            SELECT g.privilege || ' on ' || CASE g.kind WHEN 'TABLE' THEN '' ELSE lower(g.kind) || ' ' END || g.object
              FROM service_grants() g
             WHERE NOT g.optional
               AND NOT CASE g.kind
                           WHEN 'SCHEMA' THEN has_schema_privilege(g.object, g.privilege)
                           WHEN 'TABLE' THEN has_table_privilege(g.object, g.privilege)
                           ELSE has_function_privilege(g.object, g.privilege)
                       END
             ORDER BY 1
             LIMIT 5
            """;

    private final DatabaseConfig config;

    ApplicationRole(DatabaseConfig config) {
        this.config = config;
    }

    /** The role is created first, because the grants name it. Another replica may be doing the same. */
    void create(Connection connection) throws SQLException {
        try (PreparedStatement find =
                connection.prepareStatement("SELECT 1 FROM pg_catalog.pg_roles WHERE rolname = ?")) {
            find.setString(1, config.username());
            try (ResultSet found = find.executeQuery()) {
                if (found.next()) {
                    return;
                }
            }
        }
        String password = config.password()
                .orElseThrow(() -> new ConfigurationException("The role " + config.username()
                        + " does not exist and cannot be created without a password: set"
                        + " trunkline.database.password."));
        // CREATE ROLE takes no parameters: format() quotes the name and the password on the server.
        String create;
        try (PreparedStatement format =
                connection.prepareStatement("SELECT format('CREATE ROLE %I LOGIN PASSWORD %L', ?, ?)")) {
            format.setString(1, config.username());
            format.setString(2, password);
            try (ResultSet formatted = format.executeQuery()) {
                formatted.next();
                create = formatted.getString(1);
            }
        }
        try (var statement = connection.createStatement()) {
            statement.execute(create);
            LOG.infof("Created the application role role=%s", config.username());
        } catch (SQLException e) {
            boolean createdByAnother = "42710".equals(e.getSQLState()) || "23505".equals(e.getSQLState());
            if (!createdByAnother) {
                throw new SQLException(
                        "the role " + config.username() + " does not exist and could not be created (SQLSTATE "
                                + e.getSQLState() + "); create it, or give the owner CREATEROLE",
                        e.getSQLState());
            }
        }
    }

    /** Invariant: the service cannot change a record. A superuser, or a member of the owner, could. */
    void checkPrivileges(Connection connection) throws SQLException {
        try (PreparedStatement find = connection.prepareStatement(MAY_CHANGE_THE_LOG)) {
            find.setString(1, config.schema());
            try (ResultSet found = find.executeQuery()) {
                if (found.next()) {
                    throw new ConfigurationException("The role " + config.username() + " may change records of "
                            + found.getString(1)
                            + ", which the service must not be able to: take INSERT, UPDATE, DELETE and TRUNCATE"
                            + " away from it, and run the service neither as a superuser nor as a member of the"
                            + " owner.");
                }
            }
        }
    }

    /** Otherwise a right that is missing would be found when it is needed, by whoever needs it. */
    void checkGrants(Connection connection) throws SQLException {
        List<String> missing = new ArrayList<>();
        try (PreparedStatement find = connection.prepareStatement(MISSING_GRANTS);
                ResultSet found = find.executeQuery()) {
            while (found.next()) {
                missing.add(found.getString(1));
            }
        }
        if (!missing.isEmpty()) {
            throw new ConfigurationException("The role " + config.username()
                    + " (trunkline.database.username) lacks rights that the service needs: "
                    + String.join(", ", missing)
                    + (missing.size() == 5 ? " and maybe more" : "")
                    + ". Grant them to it as the owner of the schema.");
        }
    }
}
