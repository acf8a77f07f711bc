package io.trunkline.jdbc;

import io.quarkus.runtime.StartupEvent;
import io.quarkus.runtime.configuration.ConfigurationException;
import jakarta.annotation.Priority;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Observes;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Clock;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.flywaydb.core.Flyway;
import org.flywaydb.core.api.FlywayException;
import org.flywaydb.core.api.MigrationInfo;
import org.flywaydb.core.api.MigrationInfoService;
import org.flywaydb.core.api.MigrationState;
import org.flywaydb.core.api.configuration.FluentConfiguration;
import org.flywaydb.core.api.output.MigrateResult;
import org.jboss.logging.Logger;
import org.jspecify.annotations.Nullable;

/**
 * Brings the schema up to date before anything else starts, when the owner's credentials are given; otherwise checks
 * that it is. Also refuses a server on which an acknowledged record could be lost.
 */
@ApplicationScoped
class Migration {
    private static final Logger LOG = Logger.getLogger(Migration.class);
    private static final int OLDEST_SERVER = 150000;
    private static final int RETRY_MILLIS = 500;
    private static final int LOCK_RETRIES = 120;
    /** A lock that was not to be had in time, and a deadlock. */
    private static final Set<String> LOCKED = Set.of("55P03", "40P01");

    private static final String MAY_CHANGE_THE_LOG = """
            SELECT c.oid::regclass::text
              FROM pg_catalog.pg_class c
              JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
             WHERE n.nspname = 'trunkline'
               AND (starts_with(c.relname, 'log_batch')
                    OR c.relname IN ('partition_head', 'partition_slice', 'retired_partition', 'slice', 'log_limit'))
               AND c.relkind IN ('r', 'p')
               AND has_table_privilege(c.oid, 'INSERT, UPDATE, DELETE, TRUNCATE')
             ORDER BY 1
             LIMIT 1
            """;

    /** An operator may take away the rights to delete and to change topics, and to delete records. */
    private static final String MISSING_GRANTS = """
            SELECT what
              FROM (SELECT 'USAGE on schema trunkline' AS what
                     WHERE NOT has_schema_privilege('trunkline', 'USAGE')
                    UNION ALL
                    SELECT 'SELECT on ' || c.oid::regclass
                      FROM pg_catalog.pg_class c
                     WHERE c.relnamespace = 'trunkline'::regnamespace
                       AND c.relkind IN ('r', 'p', 'v')
                       AND NOT has_table_privilege(c.oid, 'SELECT')
                    UNION ALL
                    SELECT privilege || ' on trunkline.' || name
                      FROM (VALUES ('topic', 'INSERT'),
                                   ('consumer_group', 'INSERT'), ('consumer_group', 'UPDATE'), ('consumer_group', 'DELETE'),
                                   ('group_member', 'INSERT'), ('group_member', 'UPDATE'), ('group_member', 'DELETE'),
                                   ('member_partition', 'INSERT'), ('member_partition', 'UPDATE'),
                                   ('member_partition', 'DELETE'),
                                   ('group_offset', 'INSERT'), ('group_offset', 'UPDATE'), ('group_offset', 'DELETE'),
                                   ('retention_turn', 'UPDATE'), ('write_probe', 'INSERT')) AS needed (name, privilege)
                     WHERE NOT has_table_privilege('trunkline.' || name, privilege)
                    UNION ALL
                    SELECT 'UPDATE (partition_count) on trunkline.topic'
                     WHERE NOT has_column_privilege('trunkline.topic', 'partition_count', 'UPDATE')
                    UNION ALL
                    SELECT 'EXECUTE on function ' || p.oid::regprocedure
                      FROM pg_catalog.pg_proc p
                     WHERE p.pronamespace = 'trunkline'::regnamespace
                       AND (p.proname ~ '^append_[0-9]+$'
                            OR p.proname IN ('prepare_slices', 'now', 'current_slice', 'log_state', 'purgeable',
                                             'purge_partition', 'free_slice', 'drop_slice', 'free_batches',
                                             'forget_retired'))
                       AND NOT has_function_privilege(p.oid, 'EXECUTE')) AS missing
             ORDER BY what
             LIMIT 5
            """;

    private final DatabaseConfig config;
    private final Flyway template;
    private final Clock clock;
    private final SchemaState state;

    Migration(DatabaseConfig config, Flyway template, Clock clock, SchemaState state) {
        this.config = config;
        this.template = template;
        this.clock = clock;
        this.state = state;
    }

    void atStart(@Observes @Priority(100) StartupEvent event) {
        String url = config.url()
                .orElseThrow(() -> new ConfigurationException("trunkline.database.url is not set (environment:"
                        + " TRUNKLINE_DATABASE_URL), and this build or start has no embedded PostgreSQL."));
        try {
            if (config.owner().username().isPresent()) {
                migrate(url, config.owner().username().get());
            }
            check(url);
        } catch (SQLException e) {
            throw failed(
                    "PostgreSQL at " + withoutParameters(url) + " cannot be used: " + e.getMessage()
                            + " (trunkline.database.url, .username, .password, .owner.*)",
                    Optional.of(e));
        } catch (FlywayException e) {
            throw failed("The schema could not be brought up to date: " + e.getMessage(), SqlFailure.in(e));
        }
    }

    /** What may pass by itself has its reason as a suppressed failure, which is not shown. */
    private static ConfigurationException failed(String message, Optional<SQLException> reason) {
        ConfigurationException failure = new ConfigurationException(message);
        reason.filter(e -> isAway(e.getSQLState()) || LOCKED.contains(e.getSQLState()))
                .ifPresent(failure::addSuppressed);
        return failure;
    }

    private void migrate(String url, String owner) throws SQLException {
        if (owner.equals(config.username())) {
            throw new ConfigurationException(
                    "trunkline.database.owner.username and trunkline.database.username are both " + owner
                            + ": the service must not run as the owner of the schema, who could change records.");
        }
        try (Connection connection = connect(url, owner, config.owner().password())) {
            createApplicationRole(connection);
        }
        var flyway = flyway().dataSource(url, owner, config.owner().password().orElse(null))
                .load();
        boolean isOfALaterVersion = Arrays.stream(flyway.info().applied())
                .anyMatch(migration -> migration.getState() == MigrationState.FUTURE_SUCCESS);
        if (isOfALaterVersion) {
            LOG.info("The schema is of a later version of Trunkline; it stays as it is.");
            return;
        }
        var result = migrate(flyway, clock.instant().plus(config.startupTimeout()));
        if (result.migrationsExecuted > 0) {
            LOG.infof(
                    "Schema brought up to date migrations=%d version=%s",
                    result.migrationsExecuted, result.targetSchemaVersion);
        }
    }

    /**
     * Migrates; where appends or queries that are under way hold what a migration changes, again and again until the start-up
     * time is over. A migration takes its locks with a time limit, so that nobody waits long behind it.
     */
    private MigrateResult migrate(Flyway flyway, Instant deadline) throws SQLException {
        while (true) {
            try {
                return flyway.migrate();
            } catch (FlywayException e) {
                boolean locked = SqlFailure.in(e)
                        .map(SQLException::getSQLState)
                        .filter(LOCKED::contains)
                        .isPresent();
                if (!locked || clock.instant().isAfter(deadline)) {
                    throw e;
                }
                LOG.info("The schema is in use; will try again to bring it up to date");
            }
            pause();
        }
    }

    /** The role is created first, because the grants name it. Another replica may be doing the same. */
    private void createApplicationRole(Connection connection) throws SQLException {
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

    private void check(String url) throws SQLException {
        try (Connection connection = connect(url, config.username(), config.password())) {
            checkServer(connection);
            String version = checkSchema(url);
            checkPrivileges(connection);
            checkGrants(connection);
            state.checked(version);
        }
    }

    private static void checkServer(Connection connection) throws SQLException {
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

    /** Answers the version of the schema. */
    private String checkSchema(String url) {
        MigrationInfoService info = flyway().dataSource(
                        url, config.username(), config.password().orElse(null))
                .load()
                .info();
        // Repeatable ones give rights: those of a later version are others, and the rights that are there are looked at
        // below.
        long pending = Arrays.stream(info.pending())
                .filter(migration -> migration.getVersion() != null)
                .count();
        if (pending > 0) {
            throw new ConfigurationException("The schema in " + withoutParameters(url) + " is missing or too old ("
                    + pending
                    + " migrations to run). Run the command migrate, or start once, with"
                    + " trunkline.database.owner.username and trunkline.database.owner.password set (environment:"
                    + " TRUNKLINE_DATABASE_OWNER_USERNAME, TRUNKLINE_DATABASE_OWNER_PASSWORD) to bring it up to"
                    + " date.");
        }
        MigrationInfo current = info.current();
        return current == null ? "none" : String.valueOf(current.getVersion());
    }

    /** Invariant: the service cannot change a record. A superuser, or a member of the owner, could. */
    private void checkPrivileges(Connection connection) throws SQLException {
        try (PreparedStatement find = connection.prepareStatement(MAY_CHANGE_THE_LOG);
                ResultSet found = find.executeQuery()) {
            if (found.next()) {
                throw new ConfigurationException("The role " + config.username() + " may change records of "
                        + found.getString(1)
                        + ", which the service must not be able to: take INSERT, UPDATE, DELETE and TRUNCATE"
                        + " away from it, and run the service neither as a superuser nor as a member of the"
                        + " owner.");
            }
        }
    }

    /** Otherwise a right that is missing would be found when it is needed, by whoever needs it. */
    private void checkGrants(Connection connection) throws SQLException {
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

    private FluentConfiguration flyway() {
        return Flyway.configure(Thread.currentThread().getContextClassLoader())
                .configuration(template.getConfiguration())
                .placeholders(Map.of("app_role", config.username()))
                // Replicas that start together wait for the one that migrates, about a second a try.
                .lockRetryCount(LOCK_RETRIES);
    }

    /** Connects, and while the server does not answer, tries again until the start-up time is over. */
    private Connection connect(String url, String user, Optional<String> password) throws SQLException {
        Properties properties = new Properties();
        properties.setProperty("user", user);
        password.ifPresent(p -> properties.setProperty("password", p));
        properties.setProperty("connectTimeout", "5");
        properties.setProperty("ApplicationName", "trunkline");
        Instant deadline = clock.instant().plus(config.startupTimeout());
        boolean said = false;
        while (true) {
            try {
                return DriverManager.getConnection(url, properties);
            } catch (SQLException e) {
                if (!isAway(e.getSQLState()) || clock.instant().isAfter(deadline)) {
                    throw e;
                }
                if (!said) {
                    LOG.infof(
                            "Waiting for PostgreSQL url=%s seconds=%d",
                            withoutParameters(url), config.startupTimeout().toSeconds());
                    said = true;
                }
            }
            pause();
        }
    }

    private static void pause() throws SQLException {
        try {
            TimeUnit.MILLISECONDS.sleep(RETRY_MILLIS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new SQLException("interrupted while waiting for PostgreSQL", e);
        }
    }

    private static boolean isAway(@Nullable String state) {
        return state != null && (state.startsWith("08") || state.startsWith("57P"));
    }

    private static String setting(Connection connection, String name) throws SQLException {
        try (PreparedStatement show = connection.prepareStatement("SELECT current_setting(?)")) {
            show.setString(1, name);
            try (ResultSet shown = show.executeQuery()) {
                shown.next();
                return shown.getString(1);
            }
        }
    }

    /** The URL as it may be shown: its parameters can hold a password. */
    private static String withoutParameters(String url) {
        int question = url.indexOf('?');
        return question < 0 ? url : url.substring(0, question);
    }
}
