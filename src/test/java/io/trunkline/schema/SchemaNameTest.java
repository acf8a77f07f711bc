package io.trunkline.schema;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.quarkus.runtime.configuration.ConfigurationException;
import io.quarkus.test.junit.QuarkusTest;
import io.trunkline.jdbc.DatabaseConfig;
import io.trunkline.jdbc.Databases;
import io.trunkline.log.AppendEngineRun;
import io.trunkline.testing.TestDatabase;
import jakarta.inject.Inject;
import jakarta.validation.Validator;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The log in a schema of another name, beside others. */
@QuarkusTest
class SchemaNameTest extends OtherDatabaseTestCase {
    private static final Duration PATIENCE = Duration.ofSeconds(30);
    private static final Pattern TEXT_BLOCK = Pattern.compile("\"\"\"\\R.*?\"\"\"", Pattern.DOTALL);
    /** But for types of events, which are named by the project. */
    private static final Pattern DEFAULT_SCHEMA = Pattern.compile("(?<!io\\.)\\btrunkline\\b");

    @Inject
    Validator validator;

    @AfterEach
    void dropOtherRoles() throws SQLException {
        // Their rights in the database go with them.
        for (String role : new String[] {"other_app", "other_owner"}) {
            asSuperuser("DO $$ BEGIN IF EXISTS (SELECT FROM pg_roles WHERE rolname = '" + role + "') THEN"
                    + " DROP OWNED BY " + role + " CASCADE; DROP ROLE " + role + "; END IF; END $$");
        }
    }

    @ParameterizedTest
    @CsvSource({"trunkline_owner, trunkline_app", "other_owner, trunkline_app", "other_owner, other_app"})
    void installationsWithDifferentSchemasShareADatabase(String otherOwner, String otherRole) throws SQLException {
        if (otherOwner.equals("other_owner")) {
            asSuperuser("CREATE ROLE other_owner LOGIN CREATEROLE PASSWORD '" + TestDatabase.ownerPassword() + "'");
            asSuperuser("GRANT CREATE ON DATABASE " + DATABASE + " TO other_owner");
        }
        Map<String, String> one = settings("one", "trunkline_owner", "trunkline_app");
        Map<String, String> two = settings("two_", otherOwner, otherRole);
        Migrations.migrate(one);
        Migrations.migrate(two);

        long inOne = append(one);
        long inTwo = append(two);

        assertThat(inOne).isPositive().isEqualTo(records(one));
        assertThat(inTwo).isPositive().isEqualTo(records(two));
        assertThat(sharesRights(otherRole, "one")).isEqualTo(otherRole.equals("trunkline_app"));
        for (Map<String, String> each : new Map[] {one, two}) {
            assertThat(Migrations.attempt(TestDatabase.withoutOwner(each))).isInstanceOf(Migration.Outcome.Good.class);
        }
        assertThat(one("SELECT count(*) FROM pg_namespace WHERE nspname = 'trunkline'"))
                .isZero();
    }

    /** The lock that tells of a migration is one of its schema. */
    @Test
    void migrationOfAnotherSchemaIsNotWaitedFor() throws Exception {
        try (Connection connection = TestDatabase.asOwner(DATABASE);
                Statement statement = connection.createStatement()) {
            connection.setAutoCommit(false);
            statement.execute("CREATE SCHEMA one");
            CompletableFuture<Migration.Outcome> migration =
                    CompletableFuture.supplyAsync(() -> Migrations.attempt(settings("one")));
            Awaitility.await().atMost(PATIENCE).until(() -> one("SELECT count(*) FROM pg_locks WHERE NOT granted") > 0);

            assertThatThrownBy(() -> Migrations.attempt(TestDatabase.withoutOwner(settings("two"))))
                    .isInstanceOf(ConfigurationException.class)
                    .hasMessageContaining("The schema two in")
                    .hasMessageContaining("missing");
            assertThat(Migrations.attempt(settings("two"))).isInstanceOf(Migration.Outcome.Good.class);

            connection.rollback();
            assertThat(migration).succeedsWithin(PATIENCE).isInstanceOf(Migration.Outcome.Good.class);
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "Events",
                "1events",
                "my events",
                "events\"; DROP",
                "x.y",
                "ärger",
                "a23456789_123456789_123456789_123456789_1x"
            })
    void nameThatNeedsQuotesIsRefused(String schema) throws Exception {
        assertThat(validator
                        .forExecutables()
                        .validateReturnValue(
                                Databases.config(Map.of()), DatabaseConfig.class.getMethod("schema"), schema))
                .isNotEmpty();
    }

    @ParameterizedTest
    @ValueSource(strings = {"order", "user", "values"})
    void keywordIsRefused(String schema) {
        assertThatThrownBy(() -> Migrations.attempt(settings(schema)))
                .isInstanceOf(ConfigurationException.class)
                .hasMessageContaining("trunkline.database.schema is " + schema)
                .hasMessageContaining("choose another name");
    }

    @Test
    void schemaThatHoldsOtherThingsIsRefusedAndStays() throws SQLException {
        asOwner("CREATE SCHEMA shop CREATE TABLE shop.topic (id int)");

        assertThatThrownBy(() -> Migrations.attempt(settings("shop")))
                .isInstanceOf(ConfigurationException.class)
                .hasMessageContaining("shop");

        assertThat(one("SELECT count(*) FROM pg_class WHERE relnamespace = 'shop'::regnamespace AND relkind = 'r'"))
                .isEqualTo(1);
    }

    @Test
    void roleThatMayNotUseTheSchemaIsRefused() throws SQLException {
        Migrations.migrate(settings("one"));
        asOwner("REVOKE USAGE ON SCHEMA one FROM trunkline_app");

        assertThatThrownBy(() -> Migrations.attempt(TestDatabase.withoutOwner(settings("one"))))
                .isInstanceOf(ConfigurationException.class)
                .hasMessageContaining("permission denied for schema one");
    }

    /** The service's connections find tables and functions by their search path. */
    @Test
    void sqlOfTheServiceNamesNoSchema() throws IOException {
        try (Stream<Path> files = Files.walk(Path.of("src/main"))) {
            assertThat(files.filter(file -> file.toString().endsWith(".java"))
                            .flatMap(file -> TEXT_BLOCK.matcher(read(file)).results())
                            .map(block -> block.group())
                            .toList())
                    .hasSizeGreaterThan(50)
                    .noneMatch(block -> DEFAULT_SCHEMA.matcher(block).find());
        }
        try (Stream<Path> files = Files.walk(Path.of("src/main/resources/db/migration"))) {
            assertThat(files.filter(file -> file.toString().endsWith(".sql")).map(SchemaNameTest::read))
                    .hasSizeGreaterThan(5)
                    .noneMatch(sql -> DEFAULT_SCHEMA.matcher(sql).find());
        }
    }

    /** Appends for a moment as a service with these settings; answers how many records were acknowledged. */
    private static long append(Map<String, String> settings) throws SQLException {
        DatabaseConfig config = Databases.config(settings);
        try (AppendEngineRun engine = new AppendEngineRun(
                config.url().orElseThrow(), config.username(), config.password().orElseThrow(), config.schema())) {
            return engine.run(2, new byte[][][] {{{1}, {2}}}, Duration.ofMillis(50));
        }
    }

    private static long records(Map<String, String> settings) throws SQLException {
        DatabaseConfig config = Databases.config(settings);
        try (Connection connection = TestDatabase.connect(
                        DATABASE, config.username(), config.password().orElseThrow());
                Statement statement = connection.createStatement();
                ResultSet row = statement.executeQuery("SELECT count(r.*)"
                        + "  FROM " + config.schema() + ".topic t"
                        + " CROSS JOIN generate_series(0, t.partition_count - 1) AS p (partition)"
                        + " CROSS JOIN " + config.schema() + ".read(t.name, p.partition, 0) AS r")) {
            row.next();
            return row.getLong(1);
        }
    }

    private static boolean sharesRights(String role, String schema) throws SQLException {
        return one("SELECT has_schema_privilege('" + role + "', '" + schema + "', 'USAGE')::int") == 1;
    }

    private static void asSuperuser(String sql) throws SQLException {
        try (Connection superuser = TestDatabase.asSuperuser(DATABASE);
                Statement statement = superuser.createStatement()) {
            statement.execute(sql);
        }
    }

    private static String read(Path file) {
        try {
            return Files.readString(file);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
