package io.trunkline.schema;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.quarkus.runtime.configuration.ConfigurationException;
import io.quarkus.test.junit.QuarkusTest;
import io.trunkline.testing.TestDatabase;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.assertj.core.api.AbstractThrowableAssert;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * What a start finds out about a database: it is good, it may be later, or no other attempt would help. The packaged
 * application does the same in {@code ExternalDatabaseIT}.
 */
@QuarkusTest
class MigrationChecksTest extends OtherDatabaseTestCase {
    private static final Duration PATIENCE = Duration.ofSeconds(30);

    private Map<String, String> settings = Map.of();

    @BeforeEach
    void nameDatabase() {
        settings = Map.of(
                "trunkline.database.url", TestDatabase.url(DATABASE),
                "trunkline.database.username", "trunkline_app",
                "trunkline.database.password", TestDatabase.applicationPassword(),
                "trunkline.database.owner.username", "trunkline_owner",
                "trunkline.database.owner.password", TestDatabase.ownerPassword());
    }

    @Test
    void ownersCredentialsBringTheSchemaUpToDateOnce() throws SQLException {
        Migration.Outcome first = Migrations.attempt(settings);
        long migrations = migrations();

        Migration.Outcome again = Migrations.attempt(settings);

        assertThat(first).isInstanceOf(Migration.Outcome.Good.class);
        assertThat(again).isEqualTo(first);
        assertThat(migrations()).isEqualTo(migrations);
    }

    @Test
    void missingSchemaIsRefusedWithoutTheOwnerAndTellsWhatToSet() {
        assertRefused(TestDatabase.withoutOwner(settings))
                .hasMessageContaining("trunkline.database.owner.username")
                .hasMessageContaining("TRUNKLINE_DATABASE_OWNER_USERNAME");
    }

    @Test
    void migratedSchemaNeedsNoOwner() throws SQLException {
        Migration.Outcome migrated = Migrations.attempt(settings);
        // These rights are the operator's to give.
        asOwner("REVOKE EXECUTE ON FUNCTION trunkline.delete_topic(text), trunkline.configure_topic(text, jsonb),"
                + " trunkline.delete_records(bigint, bigint) FROM trunkline_app");

        assertThat(Migrations.attempt(TestDatabase.withoutOwner(settings))).isEqualTo(migrated);
    }

    @Test
    void ownerMustNotBeTheRoleOfTheService() {
        assertRefused(with(Map.of(
                        "trunkline.database.username",
                        "trunkline_owner",
                        "trunkline.database.password",
                        TestDatabase.ownerPassword())))
                .hasMessageContaining("must not run as the owner")
                .hasMessageNotContaining(TestDatabase.ownerPassword());
    }

    @Test
    void roleThatMayChangeRecordsIsRefused() throws SQLException {
        Migrations.migrate(settings);
        asOwner("GRANT DELETE ON trunkline.log_batch_1 TO trunkline_app");

        assertRefused(TestDatabase.withoutOwner(settings))
                .hasMessageContaining("log_batch_1")
                .hasMessageContaining("may write to");
    }

    @Test
    void rightsThatAreMissingAreNamed() throws SQLException {
        Migrations.migrate(settings);
        asOwner("REVOKE EXECUTE ON FUNCTION trunkline.free_slice FROM trunkline_app");
        asOwner("REVOKE UPDATE ON trunkline.group_offset FROM trunkline_app");

        assertRefused(TestDatabase.withoutOwner(settings))
                .hasMessageContaining("EXECUTE on function trunkline.free_slice")
                .hasMessageContaining("UPDATE on trunkline.group_offset")
                .hasMessageContaining("trunkline.database.username");
    }

    @Test
    void roleThatDoesNotExistIsNamed() {
        assertRefused(TestDatabase.withoutOwner(with(Map.of("trunkline.database.username", "trunkline_not_yet"))))
                .hasMessageContaining("cannot be used")
                .hasMessageContaining("trunkline_not_yet");
    }

    @Test
    void wrongPasswordsAreRefusedAndNotRepeated() {
        Migrations.migrate(settings);

        assertRefused(TestDatabase.withoutOwner(with(Map.of("trunkline.database.password", "s3cret"))))
                .hasMessageContaining("password authentication failed")
                .hasMessageNotContaining("s3cret");
        assertRefused(with(Map.of("trunkline.database.owner.password", "s3cret")))
                .hasMessageContaining("password authentication failed")
                .hasMessageNotContaining("s3cret");
    }

    /** So that an upgrade can be taken back: the schema stays, and the version before runs on it. */
    @Test
    void schemaOfALaterVersionIsGoodAndStaysAsItIs() throws SQLException {
        Migrations.migrate(settings);
        asOwner("INSERT INTO trunkline.flyway_schema_history (installed_rank, version, description, type, script,"
                + " checksum, installed_by, execution_time, success)"
                + " VALUES (1000, '999', 'later', 'SQL', 'V999__later.sql', 1, current_user, 1, true),"
                + " (1001, NULL, 'z grants', 'SQL', 'R__z_grants.sql', 12345, current_user, 1, true)");
        asOwner("CREATE TABLE trunkline.later (id int)");
        asOwner("GRANT SELECT, INSERT ON trunkline.later TO trunkline_app");
        long migrations = migrations();

        assertThat(Migrations.attempt(TestDatabase.withoutOwner(settings)))
                .isEqualTo(new Migration.Outcome.Good("999"));
        assertThat(Migrations.attempt(settings)).isEqualTo(new Migration.Outcome.Good("999"));

        assertThat(migrations()).isEqualTo(migrations);
        // The rights of the later version are still there.
        asOwner("DO $$ BEGIN ASSERT has_table_privilege('trunkline_app', 'trunkline.later', 'INSERT'); END $$");
    }

    @Test
    void databaseThatCannotBeReachedIsWaitedForAndItsParametersAreNotShown() {
        Map<String, String> away =
                with(Map.of("trunkline.database.url", "jdbc:postgresql://127.0.0.1:1/trunkline?sslpassword=s3cret"));

        for (Map<String, String> each : List.of(away, TestDatabase.withoutOwner(away))) {
            assertThat(Migrations.attempt(each)).isInstanceOfSatisfying(Migration.Outcome.NotNow.class, notNow -> {
                assertThat(notNow.reason()).isEqualTo("PostgreSQL cannot be reached");
                assertThat(notNow.detail()).doesNotContain("s3cret");
            });
        }
    }

    @Test
    void migrationBySomebodyElseIsWaitedFor() throws Exception {
        try (Connection connection = TestDatabase.asOwner(DATABASE);
                Statement statement = connection.createStatement()) {
            connection.setAutoCommit(false);
            // What the migration creates first.
            statement.execute("CREATE SCHEMA trunkline");
            CompletableFuture<Migration.Outcome> migration =
                    CompletableFuture.supplyAsync(() -> Migrations.attempt(settings));
            Awaitility.await().atMost(PATIENCE).until(MigrationChecksTest::somebodyWaitsForALock);

            assertThat(Migrations.attempt(TestDatabase.withoutOwner(settings)))
                    .isInstanceOfSatisfying(
                            Migration.Outcome.NotNow.class,
                            notNow -> assertThat(notNow.reason()).isEqualTo("the schema is being brought up to date"));

            connection.rollback();
            assertThat(migration).succeedsWithin(PATIENCE).isInstanceOf(Migration.Outcome.Good.class);
        }
        assertThat(Migrations.attempt(TestDatabase.withoutOwner(settings))).isInstanceOf(Migration.Outcome.Good.class);
    }

    private static AbstractThrowableAssert<?, ? extends Throwable> assertRefused(Map<String, String> with) {
        return assertThatThrownBy(() -> Migrations.attempt(with)).isInstanceOf(ConfigurationException.class);
    }

    private Map<String, String> with(Map<String, String> others) {
        Map<String, String> changed = new HashMap<>(settings);
        changed.putAll(others);
        return changed;
    }

    private static boolean somebodyWaitsForALock() throws SQLException {
        return one("SELECT count(*) FROM pg_locks WHERE NOT granted") > 0;
    }

    private static long migrations() throws SQLException {
        return one("SELECT count(*) FROM trunkline.flyway_schema_history");
    }
}
