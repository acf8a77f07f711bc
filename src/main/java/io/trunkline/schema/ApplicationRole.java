package io.trunkline.schema;

import io.quarkus.runtime.configuration.ConfigurationException;
import io.trunkline.jdbc.DatabaseConfig;
import io.trunkline.jdbc.Sql;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;
import java.util.Optional;
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
                    OR c.relname IN ('partition_head', 'partition_slice', 'retired_partition', 'slice', 'log_limit',
                                     'topic', 'access_version', 'access_token', 'access_role', 'access_rule'))
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
        boolean exists = new Sql("SELECT 1 FROM pg_catalog.pg_roles WHERE rolname = ?", config.username())
                .first(row -> true)
                .with(connection)
                .isPresent();
        if (exists) {
            return;
        }
        String password = config.password()
                .orElseThrow(() -> new ConfigurationException("The role " + config.username()
                        + " does not exist and cannot be created without a password: set"
                        + " trunkline.database.password."));
        // CREATE ROLE takes no parameters: format() quotes the name and the password on the server.
        String create = new Sql("SELECT format('CREATE ROLE %I LOGIN PASSWORD %L', ?, ?)", config.username(), password)
                .one(row -> row.getString(1))
                .with(connection);
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
        Optional<String> changeable = new Sql(MAY_CHANGE_THE_LOG, config.schema())
                .first(row -> row.getString(1))
                .with(connection);
        if (changeable.isPresent()) {
            throw new ConfigurationException("The role " + config.username() + " may write to "
                    + changeable.get()
                    + ", which the service must not be able to: take INSERT, UPDATE, DELETE and TRUNCATE"
                    + " away from it, and run the service neither as a superuser nor as a member of the"
                    + " owner.");
        }
    }

    /** Otherwise a right that is missing would be found when it is needed, by whoever needs it. */
    void checkGrants(Connection connection) throws SQLException {
        List<String> missing =
                new Sql(MISSING_GRANTS).list(row -> row.getString(1)).with(connection);
        if (!missing.isEmpty()) {
            throw new ConfigurationException("The role " + config.username()
                    + " (trunkline.database.username) lacks rights that the service needs: "
                    + String.join(", ", missing)
                    + (missing.size() == 5 ? " and maybe more" : "")
                    + ". Grant them to it as the owner of the schema.");
        }
    }
}
