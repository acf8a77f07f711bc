package io.trunkline.jdbc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.quarkus.test.junit.QuarkusTest;
import io.trunkline.testing.ServiceTestCase;
import io.trunkline.testing.TestDatabase;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.awaitility.Awaitility;
import org.flywaydb.core.Flyway;
import org.flywaydb.core.api.FlywayException;
import org.flywaydb.core.api.MigrationVersion;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** A log of an older version, brought up to date while it is written to. */
@QuarkusTest
class MigrationTest extends ServiceTestCase {
    private static final Duration PATIENCE = Duration.ofSeconds(30);
    private static final String DATABASE = "trunkline_old";
    private static final String APPEND =
            "SELECT trunkline.append(1, NULL, NULL, (SELECT array_agg('\\x01'::bytea) FROM generate_series(1, %d)),"
                    + " NULL, NULL, NULL)";

    @BeforeEach
    void createDatabase() throws SQLException {
        asSuperuser("CREATE DATABASE " + DATABASE + " OWNER trunkline_owner");
    }

    @AfterEach
    void dropDatabase() throws SQLException {
        asSuperuser("DROP DATABASE " + DATABASE + " WITH (FORCE)");
    }

    @Test
    void limitsComeWhileReplicasWriteAndLargerBatchesStayReadable() throws Exception {
        migrate("4");
        try (Connection owner = TestDatabase.asOwner(DATABASE);
                Statement statement = owner.createStatement()) {
            statement.execute("GRANT USAGE ON SCHEMA trunkline TO trunkline_app");
            statement.execute("GRANT SELECT ON ALL TABLES IN SCHEMA trunkline TO trunkline_app");
            statement.execute("GRANT UPDATE ON trunkline.retention_turn TO trunkline_app");
            statement.execute("GRANT EXECUTE ON FUNCTION trunkline.append, trunkline.now TO trunkline_app");
            statement.execute("INSERT INTO trunkline.topic (name, partition_count) VALUES ('t', 1)");
            statement.execute("SELECT trunkline.prepare_slices('10 days', 4)");
            statement.execute(APPEND.formatted(100_001));
        }
        AtomicBoolean over = new AtomicBoolean();
        AtomicInteger appends = new AtomicInteger();
        CompletableFuture<Void> writer = CompletableFuture.runAsync(() -> append(over, appends));
        CompletableFuture<Void> purger = CompletableFuture.runAsync(() -> takeTurns(over));
        awaitAppends(appends);

        Awaitility.await()
                .atMost(PATIENCE)
                .ignoreExceptionsMatching(e -> e instanceof FlywayException)
                .until(() -> migrate("5"));

        awaitAppends(appends);
        over.set(true);
        writer.join();
        purger.join();
        try (Connection owner = TestDatabase.asOwner(DATABASE);
                Statement statement = owner.createStatement()) {
            assertThat(one(statement, "SELECT count(*) FROM trunkline.record")).isEqualTo(100_001 + appends.get());
            assertThatThrownBy(() -> statement.execute(APPEND.formatted(100_001)))
                    .hasMessageContaining("log_batch_bounds");
            assertThat(one(statement, "SELECT extract(epoch FROM max_slice_length) / 86400 FROM trunkline.log_limit"))
                    .as("the slices that there are have this length")
                    .isGreaterThanOrEqualTo(10);
            statement.execute("UPDATE trunkline.log_limit SET max_time_ahead = '60 days'");
            assertThat(one(statement, "SELECT trunkline.prepare_slices('10 days', 6)"))
                    .isPositive();
        }
    }

    private static void append(AtomicBoolean over, AtomicInteger appends) {
        try (Connection application = TestDatabase.asApplication(DATABASE);
                Statement statement = application.createStatement()) {
            while (!over.get()) {
                statement.execute(APPEND.formatted(1));
                appends.incrementAndGet();
            }
        } catch (SQLException e) {
            throw new IllegalStateException(e);
        }
    }

    /** As a replica of the version before does. */
    private static void takeTurns(AtomicBoolean over) {
        try (Connection application = TestDatabase.asApplication(DATABASE);
                Statement statement = application.createStatement()) {
            while (!over.get()) {
                int taken = statement.executeUpdate("UPDATE trunkline.retention_turn SET holder = gen_random_uuid(),"
                        + " held_until = trunkline.now() + interval '2 minutes', started_at = trunkline.now()");
                int given = statement.executeUpdate(
                        "UPDATE trunkline.retention_turn SET holder = NULL, held_until = NULL, succeeded_at = trunkline.now()");
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

    private static boolean migrate(String version) {
        return Flyway.configure()
                .dataSource(TestDatabase.url(DATABASE), "trunkline_owner", TestDatabase.ownerPassword())
                .schemas("trunkline")
                .placeholders(Map.of("app_role", "trunkline_app"))
                .target(MigrationVersion.fromVersion(version))
                // The rights of the version now name what the version before does not have.
                .repeatableSqlMigrationPrefix(version.equals("4") ? "none" : "R")
                .load()
                .migrate()
                .success;
    }

    private static long one(Statement statement, String query) throws SQLException {
        try (ResultSet row = statement.executeQuery(query)) {
            row.next();
            return row.getLong(1);
        }
    }

    private static void asSuperuser(String sql) throws SQLException {
        try (Connection connection = TestDatabase.asSuperuser();
                Statement statement = connection.createStatement()) {
            statement.execute(sql);
        }
    }
}
