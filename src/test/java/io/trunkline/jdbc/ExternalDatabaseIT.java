package io.trunkline.jdbc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;

import io.trunkline.schema.Migrations;
import io.trunkline.testing.Api;
import io.trunkline.testing.ServiceProcess;
import io.trunkline.testing.TestDatabase;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The packaged application with a database that is configured. Starting it takes seconds: what one class refuses is told
 * apart in {@code ConfigCheckTest}, {@code DatabaseUrlTest} and {@code MigrationChecksTest}, and one of each kind is here.
 */
class ExternalDatabaseIT {
    private static final Pattern MIGRATIONS = Pattern.compile("Schema brought up to date migrations=([0-9]+)");

    @TempDir
    Path directory = Path.of("");

    private final TestDatabase database = TestDatabase.inASharedServer();
    private Map<String, String> settings = Map.of();

    @BeforeEach
    void startDatabase() {
        settings = database.start();
    }

    @AfterEach
    void stopDatabase() {
        database.stop();
    }

    @Test
    void replicasThatStartTogetherMigrateOnceServeTheSameLogAndWakeEachOther() throws Exception {
        try (ServiceProcess one = ServiceProcess.launch(directory, settings);
                ServiceProcess two = ServiceProcess.launch(directory, settings);
                ServiceProcess three = ServiceProcess.launch(directory, settings)) {
            one.awaitReady();
            two.awaitReady();
            three.awaitReady();

            one.api().post("/admin/topics", Api.CONTROL, "{\"topic_name\":\"t\"}");
            assertThat(two.api()
                            .post("/topics/t", Api.TEXT, "{\"records\":[{\"value\":\"x\"}]}")
                            .status())
                    .isEqualTo(200);
            assertThat(three.api().readAll("t", 0, 0, Api.TEXT)).hasSize(1);
            var poll = one.api().getLater("/topics/t/partitions/0/records?offset=1&timeout=60000");
            two.api().post("/topics/t", Api.TEXT, "{\"records\":[{\"value\":\"y\"}]}");
            assertThat(poll)
                    .succeedsWithin(Duration.ofSeconds(20))
                    .satisfies(answer -> assertThat(answer.json()).hasSize(1));
            // They take turns, migration by migration.
            assertThat(Stream.of(one, two, three)
                            .flatMap(replica ->
                                    MIGRATIONS.matcher(replica.output()).results())
                            .mapToInt(found -> Integer.parseInt(found.group(1)))
                            .sum())
                    .isEqualTo(migrations());
        }
        try (Stream<Path> children = Files.list(directory)) {
            assertThat(children.filter(Files::isDirectory))
                    .as("nothing embedded is touched")
                    .isEmpty();
        }
    }

    @Test
    void migratedSchemaNeedsNoOwner() {
        Migrations.migrate(settings);
        // These rights are the operator's to give.
        execAsOwner("REVOKE EXECUTE ON FUNCTION trunkline.delete_topic(text), trunkline.configure_topic(text, jsonb),"
                + " trunkline.delete_records(bigint, bigint) FROM trunkline_app");

        try (ServiceProcess service = ServiceProcess.start(directory, TestDatabase.withoutOwner(settings))) {
            Api api = service.api();
            String topic = api.newTopic(1);
            assertThat(api.get("/topics").status()).isEqualTo(200);
            assertThat(api.send(api.request("/topics/" + topic).DELETE()).code())
                    .isEqualTo("DATABASE_PERMISSION_MISSING");
        }
    }

    /** Who waits for records has an answer when the service stops, and who comes while it drains does not wait longer. */
    @Test
    void longPollsAreAnsweredWhenTheServiceStops() throws Exception {
        Map<String, String> drained = new HashMap<>(settings);
        drained.put("trunkline.shutdown.delay", "3s");
        try (ServiceProcess service = ServiceProcess.start(directory, drained)) {
            Api api = service.api();
            String topic = api.newTopic(1);
            String poll = "/topics/" + topic + "/partitions/0/records?timeout=60000";
            String consumer = api.newConsumer("drained", "{\"format\":\"json\"}");
            api.post(consumer + "/subscription", Api.CONTROL, "{\"topics\":[\"" + topic + "\"]}");
            // Two consumers for one partition: one of them waits for nothing but a change of the group.
            String idle = api.newConsumer("drained", "{\"format\":\"json\"}");
            api.post(idle + "/subscription", Api.CONTROL, "{\"topics\":[\"" + topic + "\"]}");
            var idling = api.getLater(idle + "/records?timeout=60000");
            var waiting = api.getLater(poll);
            var consuming = api.getLater(consumer + "/records?timeout=60000");
            Awaitility.await()
                    .during(Duration.ofMillis(500))
                    .atMost(Duration.ofSeconds(10))
                    .until(() -> !waiting.isDone() && !consuming.isDone() && !idling.isDone());

            service.terminate();

            Api.Answer answer = waiting.get(2, TimeUnit.SECONDS);
            assertThat(answer.status()).isEqualTo(200);
            assertThat(answer.json()).isEmpty();
            Api.Answer polled = consuming.get(2, TimeUnit.SECONDS);
            assertThat(polled.status()).isEqualTo(200);
            assertThat(polled.json()).isEmpty();
            assertThat(idling.get(2, TimeUnit.SECONDS).status()).isEqualTo(200);
            Api.Answer written = api.post("/topics/" + topic, Api.JSON, "{\"records\":[{\"value\":1}]}");
            assertThat(written.status()).isEqualTo(200);
            assertThat(written.header("Connection")).isEqualTo("close");
            Api.Answer late = api.getLater(poll + "&offset=1").get(10, TimeUnit.SECONDS);
            assertThat(late.status()).isEqualTo(200);
            assertThat(late.json()).isEmpty();
            assertThat(service.awaitEnd()).isIn(0, 143);
            assertThat(service.output())
                    .containsSubsequence("Stopping: not ready any more", "Trunkline has ended.")
                    .doesNotContain("ERROR");
        }
    }

    @Test
    void replicaThatStartsWhilePostgresqlIsAwayWaitsUnreadyAndServesWhenItIsBack() throws Exception {
        Migrations.migrate(settings);
        TestDatabase.network().goAway();
        Map<String, String> waiting = new HashMap<>(TestDatabase.withoutOwner(settings));
        waiting.computeIfPresent("trunkline.database.url", (key, url) -> url + "?sslpassword=s3cret");
        int port = ServiceProcess.freePort();
        waiting.put("quarkus.management.port", Integer.toString(port));
        Api management = new Api("http://localhost:" + port);

        try (ServiceProcess service = ServiceProcess.launch(directory, waiting)) {
            service.awaitOutput("is not ready. It waits: PostgreSQL cannot be reached");
            Api.Answer ready = management.get("/ready");
            assertThat(ready.status()).isEqualTo(500);
            assertThat(ready.body()).contains("PostgreSQL cannot be reached");
            assertThat(management.get("/q/health/ready").status()).isEqualTo(503);
            assertThat(management.get("/healthy").status()).isEqualTo(200);
            // A startup probe that failed would end the process.
            assertThat(management.get("/q/health/started").status()).isEqualTo(200);
            assertThat(management.get("/metrics", "text/plain").body()).contains("trunkline_database_up 0.0");
            Api.Answer refused = service.api().get("/topics");
            assertThat(refused.status()).isEqualTo(503);
            assertThat(refused.code()).isEqualTo("DATABASE_UNAVAILABLE");
            assertThat(refused.body()).contains("PostgreSQL cannot be reached");

            TestDatabase.network().comeBack();

            service.awaitReady();
            assertThat(management.get("/ready").status()).isEqualTo(200);
            assertThat(service.api().get("/topics").status()).isEqualTo(200);
            assertThat(service.output())
                    .as("nothing works on PostgreSQL before it can be used")
                    .doesNotContain("will try again")
                    .doesNotContain("Will try again")
                    .doesNotContain("ERROR")
                    .doesNotContain("s3cret");
        }
    }

    @Test
    void replicaThatStartsBesideAMigrationWaitsForIt() throws Exception {
        try (var connection = TestDatabase.asOwner();
                var statement = connection.createStatement()) {
            connection.setAutoCommit(false);
            // What the migration creates first.
            statement.execute("CREATE SCHEMA trunkline");
            try (ServiceProcess migration = ServiceProcess.launch(directory, settings, "migrate")) {
                Awaitility.await().atMost(Duration.ofSeconds(60)).until(ExternalDatabaseIT::somebodyWaitsForALock);
                try (ServiceProcess service = ServiceProcess.launch(directory, TestDatabase.withoutOwner(settings))) {
                    service.awaitOutput("is not ready. It waits: the schema is being brought up to date");
                    assertThat(service.api().get("/topics").code()).isEqualTo("DATABASE_UNAVAILABLE");

                    connection.rollback();

                    assertThat(migration.awaitEnd()).as(migration.output()).isZero();
                    service.awaitReady();
                    assertThat(service.api().get("/topics").status()).isEqualTo(200);
                    assertThat(service.output()).doesNotContain("ERROR");
                }
            }
        }
    }

    @Test
    void migrateBringsTheSchemaUpToDateAndEnds() {
        try (ServiceProcess migrates = ServiceProcess.launch(directory, settings, "migrate")) {
            assertThat(migrates.awaitEnd()).isZero();
            assertThat(migrates.output())
                    .contains("Schema brought up to date")
                    .contains("The schema is up to date.")
                    .doesNotContain("Trunkline is ready")
                    .doesNotContain("ERROR");
        }
        // Looks as a start without the owner's credentials does.
        assertThatCode(() -> Migrations.migrate(TestDatabase.withoutOwner(settings)))
                .doesNotThrowAnyException();
    }

    @Test
    void argumentsThatNobodyKnowsAreRefused() {
        try (ServiceProcess service = ServiceProcess.launch(directory, settings, "serve")) {
            assertThat(service.awaitEnd()).isEqualTo(2);
            assertThat(service.output()).contains("Unknown arguments: serve").contains("migrate", "--help");
        }
    }

    /** So that a Job ends at once where another attempt changes nothing, and tries again where it may. */
    @Test
    void migrateTellsByItsStatusThatAnotherAttemptWouldNotHelp() {
        for (Map<String, String> wrong :
                List.of(Map.of("trunkline.database.owner.password", "wrong"), Map.of("trunkline.databse.url", "x"))) {
            Map<String, String> refused = new HashMap<>(settings);
            refused.putAll(wrong);
            try (ServiceProcess migrates = ServiceProcess.launch(directory, refused, "migrate")) {
                assertThat(migrates.awaitEnd()).as(wrong + migrates.output()).isEqualTo(78);
                assertThat(migrates.output())
                        .contains(
                                wrong.containsKey("trunkline.databse.url") ? "trunkline.databse.url" : "authentication")
                        .doesNotContain("\tat ");
            }
        }
    }

    /** Nothing was released before; the message tells what to do. */
    @Test
    void schemaOfABuildBeforeTheFirstReleaseIsRefused() {
        Migrations.migrate(settings);
        execAsOwner(
                "UPDATE trunkline.flyway_schema_history SET description = 'log', script = 'V1__log.sql', checksum = 1"
                        + " WHERE version = '1'");

        try (ServiceProcess migrates = ServiceProcess.launch(directory, settings, "migrate")) {
            assertThat(migrates.awaitEnd()).isEqualTo(78);
            assertThat(migrates.output())
                    .contains("before the first release")
                    .contains("DROP SCHEMA")
                    .doesNotContain("\tat ");
        }
    }

    @Test
    void migrateGivesUpWhenItsTimeIsOver() {
        TestDatabase.network().goAway();
        Map<String, String> impatient = new HashMap<>(settings);
        impatient.put("trunkline.database.migration-timeout", "4s");

        try (ServiceProcess service = ServiceProcess.launch(directory, impatient, "migrate")) {
            assertThat(service.awaitEnd()).isEqualTo(1);
            assertThat(service.output())
                    .contains("not brought up to date within trunkline.database.migration-timeout (4 s)")
                    .contains("PostgreSQL cannot be reached")
                    .doesNotContain("\tat ");
        }
    }

    /** What the checks find in each case stands in {@code MigrationChecksTest}. */
    @Test
    void schemaOfALaterVersionIsServedAndNotChanged() {
        Migrations.migrate(settings);
        execAsOwner("INSERT INTO trunkline.flyway_schema_history (installed_rank, version, description, type, script,"
                + " checksum, installed_by, execution_time, success)"
                + " VALUES (1000, '999', 'later', 'SQL', 'V999__later.sql', 1, current_user, 1, true)");

        try (ServiceProcess service = ServiceProcess.start(directory, settings)) {
            assertThat(service.api().get("/topics").status()).isEqualTo(200);
            assertThat(service.output()).contains("later version").doesNotContain("Schema brought up to date");
        }
    }

    @Test
    void refusalByTheChecksEndsTheStart() {
        try (ServiceProcess service = ServiceProcess.launch(directory, TestDatabase.withoutOwner(settings))) {
            assertThat(service.awaitEnd()).isEqualTo(1);
            assertThat(service.output())
                    .contains("trunkline.database.owner.username")
                    .doesNotContain("\tat ");
        }
    }

    @Test
    void portThatIsTakenIsNamed() throws Exception {
        try (ServerSocket taken = new ServerSocket(0)) {
            String port = Integer.toString(taken.getLocalPort());
            Map<String, String> samePort = new HashMap<>(settings);
            samePort.put("quarkus.http.port", port);

            try (ServiceProcess service = ServiceProcess.launch(directory, samePort)) {
                assertThat(service.awaitEnd()).isEqualTo(1);
                assertThat(service.output())
                        .contains(port)
                        .contains("QUARKUS_HTTP_PORT")
                        .doesNotContain("\tat ");
            }
        }
    }

    @Test
    void whatWaitingCannotChangeEndsTheStartAlsoAfterWaiting() {
        Migrations.migrate(settings);
        Map<String, String> wrong = new HashMap<>(TestDatabase.withoutOwner(settings));
        wrong.put("trunkline.database.password", "wrong");
        TestDatabase.network().goAway();
        try (ServiceProcess service = ServiceProcess.launch(directory, wrong)) {
            service.awaitOutput("is not ready. It waits: PostgreSQL cannot be reached");

            TestDatabase.network().comeBack();

            assertThat(service.awaitEnd()).isEqualTo(1);
            assertThat(service.output())
                    .contains("password authentication failed")
                    .doesNotContain("\tat ");
        }
    }

    @Test
    void passwordInTheUrlIsRefusedAndNeverShown() {
        Map<String, String> unsafe = new HashMap<>(settings);
        unsafe.put(
                "trunkline.database.url", "jdbc:postgresql://127.0.0.1:1/trunkline?user=trunkline_app&password=s3cret");
        unsafe.put("quarkus.log.level", "DEBUG");

        try (ServiceProcess service = ServiceProcess.launch(directory, unsafe)) {
            assertThat(service.awaitEnd()).isEqualTo(1);
            assertThat(service.output())
                    .contains("trunkline.database.password")
                    .doesNotContain("s3cret")
                    .doesNotContain("\tat ");
        }
    }

    @Test
    void reasonOfARefusedStartStandsInTheTerminationLog() throws Exception {
        Path log = Files.createFile(directory.resolve("termination-log"));
        Map<String, String> wrong = new HashMap<>(settings);
        wrong.put("trunkline.shutdown.termination-log", log.toString());
        wrong.put("trunkline.log.fetch.threads", "30");

        try (ServiceProcess service = ServiceProcess.launch(directory, wrong)) {
            assertThat(service.awaitEnd()).isEqualTo(1);
            assertThat(log)
                    .content()
                    .isEqualTo(service.output().lines().toList().getLast() + "\n");
            assertThat(log).content().contains("trunkline.database.max-connections");
        }
    }

    private static boolean somebodyWaitsForALock() {
        try (var connection = TestDatabase.asOwner();
                var statement = connection.createStatement();
                var row = statement.executeQuery("SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted)")) {
            return row.next() && row.getBoolean(1);
        } catch (java.sql.SQLException e) {
            throw new IllegalStateException(e);
        }
    }

    private static int migrations() throws SQLException {
        try (var connection = TestDatabase.asOwner();
                var statement = connection.createStatement();
                var found = statement.executeQuery(
                        "SELECT count(*) FROM trunkline.flyway_schema_history WHERE type = 'SQL' AND success")) {
            found.next();
            return found.getInt(1);
        }
    }

    private static void execAsOwner(String sql) {
        try (var connection = TestDatabase.asOwner();
                var statement = connection.createStatement()) {
            statement.execute(sql);
        } catch (java.sql.SQLException e) {
            throw new IllegalStateException(e);
        }
    }
}
