package io.trunkline.schema;

import io.quarkus.runtime.configuration.ConfigurationException;
import io.trunkline.jdbc.DatabaseConfig;
import io.trunkline.jdbc.DatabaseUrl;
import io.trunkline.jdbc.DirectConnections;
import io.trunkline.jdbc.Sql;
import io.trunkline.jdbc.SqlFailure;
import jakarta.enterprise.context.ApplicationScoped;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Arrays;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import javax.sql.DataSource;
import org.flywaydb.core.Flyway;
import org.flywaydb.core.api.FlywayException;
import org.flywaydb.core.api.MigrationInfo;
import org.flywaydb.core.api.MigrationInfoService;
import org.flywaydb.core.api.MigrationState;
import org.flywaydb.core.api.configuration.FluentConfiguration;
import org.flywaydb.core.api.output.MigrateResult;
import org.jboss.logging.Logger;

/**
 * Brings the schema up to date, when the owner's credentials are given; then checks that it is. Also refuses a server on which
 * an acknowledged record could be lost.
 */
@ApplicationScoped
class Migration {
    private static final Logger LOG = Logger.getLogger(Migration.class);
    /** About a second a try. What nobody waits for any longer ends with the process. */
    private static final int LOCK_RETRIES = 120;
    /** A lock that was not to be had in time, and a deadlock. */
    private static final Set<String> LOCKED = Set.of("55P03", "40P01");

    /** The SQLSTATEs of a schema, or of rights, that are not there yet. */
    private static final Set<String> NOT_THERE = Set.of("3F000", "42P01", "42501", "42883");

    /** Held, with the schema's name, by whoever migrates it, for as long as he does: "trun" as a number. */
    private static final int MIGRATING = 0x7472756e;

    private static final String MIGRATE_OPENLY = """
            SELECT pg_advisory_lock_shared(?, hashtext(?))
            """;

    private static final String IS_MIGRATING = """
            SELECT EXISTS (SELECT
                             FROM pg_catalog.pg_locks l
                             JOIN pg_catalog.pg_database d ON d.oid = l.database
                            WHERE l.locktype = 'advisory'
                              AND l.granted
                              AND d.datname = current_database()
                              AND (l.classid::int, l.objid::int) = (?, hashtext(?)))
            """;

    private static final String NEEDS_QUOTES = """
            SELECT quote_ident(?) <> ?
            """;

    private final DatabaseConfig config;
    private final Flyway template;

    Migration(DatabaseConfig config, Flyway template) {
        this.config = config;
        this.template = template;
    }

    /** What one look at the database came to. */
    sealed interface Outcome {
        /** All is good, with this version of the schema. */
        record Good(String version) implements Outcome {}

        /** It cannot be told now, for this reason; trying again may help. */
        record NotNow(String reason, String detail) implements Outcome {}
    }

    /** @throws ConfigurationException if trying again does not help */
    Outcome attempt(DatabaseUrl url) {
        try {
            if (config.owner().username().isPresent()) {
                migrate(url, config.owner().username().get());
            }
            return check(url);
        } catch (SQLException e) {
            String detail = url.shownIn(String.valueOf(e.getMessage()));
            if (DirectConnections.isAway(e.getSQLState())) {
                return new Outcome.NotNow("PostgreSQL cannot be reached", detail);
            }
            throw new ConfigurationException("PostgreSQL at " + url.shown() + " cannot be used: " + detail
                    + " (trunkline.database.url, .username, .password, .owner.*)");
        } catch (FlywayException e) {
            String detail = url.shownIn(String.valueOf(e.getMessage()));
            Optional<String> state = SqlFailure.in(e).map(SQLException::getSQLState);
            if (state.filter(LOCKED::contains).isPresent()) {
                return new Outcome.NotNow("the schema is in use and cannot be brought up to date", detail);
            }
            if (state.filter(DirectConnections::isAway).isPresent()) {
                return new Outcome.NotNow("PostgreSQL cannot be reached", detail);
            }
            throw new ConfigurationException("The schema could not be brought up to date: " + detail);
        }
    }

    /**
     * Migrates, openly: replicas that look at the schema meanwhile see that they have to wait. A migration takes its locks with
     * a time limit, so that nobody waits long behind it.
     */
    private void migrate(DatabaseUrl url, String owner) throws SQLException {
        if (owner.equals(config.username())) {
            throw new ConfigurationException(
                    "trunkline.database.owner.username and trunkline.database.username are both " + owner
                            + ": the service must not run as the owner of the schema, who could change records.");
        }
        DataSource source = source(url, owner, config.owner().password(), config.migrationTimeout());
        try (Connection connection = source.getConnection()) {
            new Sql(MIGRATE_OPENLY, MIGRATING, config.schema()).call().with(connection);
            refuseKeyword(connection);
            new ApplicationRole(config).create(connection);
            migrate(url, flyway().dataSource(source).load());
        }
    }

    /** SQL names the schema without quotes, which the words of SQL itself would need. */
    private void refuseKeyword(Connection connection) throws SQLException {
        boolean needsQuotes = new Sql(NEEDS_QUOTES, config.schema(), config.schema())
                .one(row -> row.getBoolean(1))
                .with(connection);
        if (needsQuotes) {
            throw new ConfigurationException("trunkline.database.schema is " + config.schema()
                    + ", a keyword of PostgreSQL: choose another name, such as trunkline.");
        }
    }

    private void migrate(DatabaseUrl url, Flyway flyway) {
        MigrationInfoService info = flyway.info();
        refuseOtherBuilds(url, info);
        boolean isOfALaterVersion = Arrays.stream(info.applied())
                .anyMatch(migration -> migration.getState() == MigrationState.FUTURE_SUCCESS);
        if (isOfALaterVersion) {
            LOG.info("The schema is of a later version of Trunkline; it stays as it is.");
            return;
        }
        MigrateResult result = flyway.migrate();
        if (result.migrationsExecuted > 0) {
            LOG.infof(
                    "Schema brought up to date migrations=%d version=%s",
                    result.migrationsExecuted, result.targetSchemaVersion);
        }
    }

    /** A versioned migration never changes once it was released: what differs was made by a build before the first release. */
    private void refuseOtherBuilds(DatabaseUrl url, MigrationInfoService info) {
        boolean isOfAnotherBuild = Arrays.stream(info.applied())
                .filter(migration -> migration.getVersion() != null)
                .anyMatch(migration -> !migration.isChecksumMatching());
        if (isOfAnotherBuild) {
            throw new ConfigurationException("The schema " + config.schema() + " in " + url.shown()
                    + " was created by a build before the first release and cannot be brought up to date. Use a new"
                    + " database (trunkline.database.url) or a new data directory (trunkline.embedded.data-directory), or"
                    + " delete the schema with all its records: DROP SCHEMA " + config.schema() + " CASCADE.");
        }
    }

    private Outcome check(DatabaseUrl url) throws SQLException {
        DataSource source = source(url, config.username(), config.password(), config.upkeepTimeout());
        try (Connection connection = source.getConnection()) {
            ServerCheck.check(connection);
            DirectConnections.use(connection, config.schema());
            // Looked at before the schema: what is missing without a migration is missing for good.
            if (!new Sql(IS_MIGRATING, MIGRATING, config.schema())
                    .one(row -> row.getBoolean(1))
                    .with(connection)) {
                return checkSchemaAndRights(url, connection, source);
            }
            try {
                return checkSchemaAndRights(url, connection, source);
            } catch (ConfigurationException e) {
                return migrating(e);
            } catch (SQLException | FlywayException e) {
                if (SqlFailure.in(e)
                        .map(SQLException::getSQLState)
                        .filter(NOT_THERE::contains)
                        .isEmpty()) {
                    throw e;
                }
                return migrating(e);
            }
        }
    }

    private static Outcome migrating(Exception found) {
        return new Outcome.NotNow("the schema is being brought up to date", String.valueOf(found.getMessage()));
    }

    private Outcome checkSchemaAndRights(DatabaseUrl url, Connection connection, DataSource source)
            throws SQLException {
        String version = checkSchema(url, source);
        ApplicationRole role = new ApplicationRole(config);
        role.checkPrivileges(connection);
        role.checkGrants(connection);
        return new Outcome.Good(version);
    }

    /** Answers the version of the schema. */
    private String checkSchema(DatabaseUrl url, DataSource source) {
        MigrationInfoService info = flyway().dataSource(source).load().info();
        refuseOtherBuilds(url, info);
        // Those of a later version are other repeatable ones, which come with a version of their own.
        long pending = Arrays.stream(info.pending())
                .filter(migration -> migration.getVersion() != null)
                .count();
        if (pending > 0) {
            throw new ConfigurationException("The schema " + config.schema() + " in " + url.shown()
                    + " is missing or too old (" + pending
                    + " migrations to run). Run the command migrate, or start once, with"
                    + " trunkline.database.owner.username and trunkline.database.owner.password set (environment:"
                    + " TRUNKLINE_DATABASE_OWNER_USERNAME, TRUNKLINE_DATABASE_OWNER_PASSWORD) to bring it up to"
                    + " date.");
        }
        MigrationInfo current = info.current();
        return current == null ? "none" : String.valueOf(current.getVersion());
    }

    private FluentConfiguration flyway() {
        return Flyway.configure(Thread.currentThread().getContextClassLoader())
                .configuration(template.getConfiguration())
                .schemas(config.schema())
                .defaultSchema(config.schema())
                .placeholders(Map.of("schema", config.schema(), "app_role", config.username()))
                // In one transaction: nobody sees tables without their functions, or functions without their tables.
                .group(true)
                // Replicas that start together wait for the one that migrates, about a second a try.
                .lockRetryCount(LOCK_RETRIES);
    }

    private DataSource source(DatabaseUrl url, String user, Optional<String> password, Duration timeout) {
        return DirectConnections.to(url, user, password, timeout, config.responseTimeout());
    }
}
