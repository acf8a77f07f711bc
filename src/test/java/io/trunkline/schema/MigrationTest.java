package io.trunkline.schema;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.quarkus.runtime.configuration.ConfigurationException;
import io.quarkus.test.junit.QuarkusTest;
import io.smallrye.config.PropertiesConfigSource;
import io.smallrye.config.SmallRyeConfigBuilder;
import io.trunkline.jdbc.DatabaseConfig;
import io.trunkline.jdbc.DatabaseUrl;
import io.trunkline.testing.TestDatabase;
import jakarta.inject.Inject;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.awaitility.Awaitility;
import org.flywaydb.core.Flyway;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A schema of another build, brought up to date while it is written to, or refused. */
@QuarkusTest
class MigrationTest extends OtherDatabaseTestCase {
    private static final Duration PATIENCE = Duration.ofSeconds(30);
    private static final String APPEND =
            "SELECT trunkline.append(1, NULL, NULL, ARRAY['\\x01'::bytea], NULL, NULL, NULL)";

    @Inject
    DatabaseConfig config;

    @Inject
    Flyway flyway;

    @Test
    void functionsAreReplacedWhileReplicasWrite() throws Exception {
        assertThat(migrate(config)).isInstanceOf(Migration.Outcome.Good.class);
        asOwner("SELECT trunkline.create_topic('t')");
        AtomicBoolean over = new AtomicBoolean();
        AtomicInteger appends = new AtomicInteger();
        CompletableFuture<Void> writer = CompletableFuture.runAsync(() -> append(over, appends));
        CompletableFuture<Void> purger = CompletableFuture.runAsync(() -> takeTurns(over));
        awaitAppends(appends);

        // As if each file of functions had changed.
        asOwner("UPDATE trunkline.flyway_schema_history SET checksum = 0 WHERE version IS NULL AND type = 'SQL'");
        long functions = functionsMigrated();
        Awaitility.await().atMost(PATIENCE).until(() -> migrate(config) instanceof Migration.Outcome.Good);

        awaitAppends(appends);
        over.set(true);
        writer.join();
        purger.join();
        assertThat(functionsMigrated()).isEqualTo(2 * functions);
        assertThat(one("SELECT count(*) FROM trunkline.record")).isEqualTo(appends.get());
    }

    /** Half a schema, or tables without their functions, would be seen by replicas that start beside it. */
    @Test
    void migrationIsOneTransaction() throws Exception {
        try (Connection superuser = TestDatabase.asSuperuser(DATABASE);
                Statement statement = superuser.createStatement()) {
            statement.execute("CREATE FUNCTION fail() RETURNS event_trigger LANGUAGE plpgsql"
                    + " AS $$ BEGIN RAISE EXCEPTION 'no grants here'; END $$");
            statement.execute("CREATE EVENT TRIGGER fail ON ddl_command_start WHEN TAG IN ('GRANT')"
                    + " EXECUTE FUNCTION fail()");
        }

        assertThatThrownBy(() -> migrate(config))
                .isInstanceOf(ConfigurationException.class)
                .hasMessageContaining("no grants here");

        assertThat(one("SELECT count(*) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
                        + " WHERE n.nspname = 'trunkline' AND c.relname = 'topic'"))
                .isZero();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "UPDATE trunkline.flyway_schema_history SET checksum = 1 WHERE version = '1'",
                "UPDATE trunkline.flyway_schema_history SET description = 'log', script = 'V1__log.sql', checksum = 7 WHERE version = '1';"
                        + " INSERT INTO trunkline.flyway_schema_history (installed_rank, version, description, type, script,"
                        + " checksum, installed_by, execution_time, success)"
                        + " SELECT 100 + i, i::text, 'old', 'SQL', 'V' || i || '__old.sql', i, current_user, 1, true"
                        + " FROM generate_series(2, 6) i"
            })
    void schemaOfABuildBeforeTheFirstReleaseIsRefusedAndStays(String asBefore) throws Exception {
        assertThat(migrate(config)).isInstanceOf(Migration.Outcome.Good.class);
        asOwner(asBefore);
        String history = "SELECT count(*) FROM trunkline.flyway_schema_history";
        long before = one(history);

        for (DatabaseConfig refused : new DatabaseConfig[] {config, withoutOwner()}) {
            assertThatThrownBy(() -> migrate(refused))
                    .isInstanceOf(ConfigurationException.class)
                    .hasMessageContaining("before the first release")
                    .hasMessageContaining("trunkline.database.url")
                    .hasMessageContaining("trunkline.embedded.data-directory")
                    .hasMessageContaining("DROP SCHEMA trunkline CASCADE");
        }

        assertThat(one(history)).isEqualTo(before);
    }

    /** An older replica has other functions, with which the tables of a later version might not be read. */
    @Test
    void functionsOfALaterVersionAreNotRolledBack() throws Exception {
        assertThat(migrate(config)).isInstanceOf(Migration.Outcome.Good.class);
        asOwner("INSERT INTO trunkline.flyway_schema_history (installed_rank, version, description, type, script,"
                + " checksum, installed_by, execution_time, success)"
                + " VALUES (1000, '999', 'later', 'SQL', 'V999__later.sql', 1, current_user, 1, true)");
        asOwner("UPDATE trunkline.flyway_schema_history SET checksum = 0 WHERE version IS NULL AND type = 'SQL'");
        asOwner("CREATE OR REPLACE FUNCTION trunkline.topic_setting(p_config jsonb, p_key text) RETURNS text"
                + " LANGUAGE sql IMMUTABLE AS $$ SELECT 'later' $$");

        assertThat(migrate(config)).isEqualTo(new Migration.Outcome.Good("999"));

        assertThat(one("SELECT count(*) WHERE trunkline.topic_setting('{}', 'x') = 'later'"))
                .isEqualTo(1);
    }

    private Migration.Outcome migrate(DatabaseConfig with) {
        return new Migration(with, flyway).attempt(DatabaseUrl.parse(TestDatabase.url(DATABASE)));
    }

    private DatabaseConfig withoutOwner() {
        Map<String, String> settings = Map.of(
                "trunkline.database.username",
                config.username(),
                "trunkline.database.password",
                config.password().orElseThrow());
        return new SmallRyeConfigBuilder()
                .addDiscoveredConverters()
                .withSources(new PropertiesConfigSource(settings, "settings", 100))
                .withMapping(DatabaseConfig.class)
                .build()
                .getConfigMapping(DatabaseConfig.class);
    }

    private static void append(AtomicBoolean over, AtomicInteger appends) {
        try (Connection application = TestDatabase.asApplication(DATABASE);
                Statement statement = application.createStatement()) {
            while (!over.get()) {
                statement.execute(APPEND);
                appends.incrementAndGet();
            }
        } catch (SQLException e) {
            throw new IllegalStateException(e);
        }
    }

    /** As replicas that purge do. */
    private static void takeTurns(AtomicBoolean over) {
        try (Connection application = TestDatabase.asApplication(DATABASE);
                Statement statement = application.createStatement()) {
            while (!over.get()) {
                int taken = statement.executeUpdate("UPDATE trunkline.retention_lease SET holder = gen_random_uuid(),"
                        + " held_until = trunkline.log_now() + interval '2 minutes', started_at = trunkline.log_now()");
                int given = statement.executeUpdate(
                        "UPDATE trunkline.retention_lease SET holder = NULL, held_until = NULL, succeeded_at = trunkline.log_now()");
                assertThat(taken + given).isEqualTo(2);
            }
        } catch (SQLException e) {
            throw new IllegalStateException(e);
        }
    }

    private static void awaitAppends(AtomicInteger appends) {
        int before = appends.get();
        Awaitility.await().atMost(PATIENCE).until(() -> appends.get() > before + 50);
    }

    private static long functionsMigrated() throws SQLException {
        return one(
                "SELECT count(*) FROM trunkline.flyway_schema_history WHERE version IS NULL AND type = 'SQL' AND success");
    }
}
