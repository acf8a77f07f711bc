package io.trunkline.jdbc;

import static org.assertj.core.api.Assertions.assertThat;

import io.trunkline.testing.Api;
import io.trunkline.testing.ServiceProcess;
import io.trunkline.testing.TestDatabase;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The packaged application with a database that is configured. */
class ExternalDatabaseIT {
    @TempDir
    Path directory = Path.of("");

    private final TestDatabase database = new TestDatabase();
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
    void replicasThatStartTogetherMigrateOnceAndServeTheSameLog() throws Exception {
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
            assertThat(Stream.of(one, two, three)
                            .filter(s -> s.output().contains("Schema brought up to date"))
                            .count())
                    .isEqualTo(1);
        }
        try (Stream<Path> children = Files.list(directory)) {
            assertThat(children.filter(Files::isDirectory))
                    .as("nothing embedded is touched")
                    .isEmpty();
        }
    }

    @Test
    void longPollOfOneReplicaIsWokenByAnother() throws Exception {
        try (ServiceProcess one = ServiceProcess.start(directory, settings);
                ServiceProcess two = ServiceProcess.start(directory, settings)) {
            one.api().post("/admin/topics", Api.CONTROL, "{\"topic_name\":\"t\"}");
            var poll = one.api().getLater("/topics/t/partitions/0/records?timeout=60000");

            two.api().post("/topics/t", Api.TEXT, "{\"records\":[{\"value\":\"x\"}]}");

            assertThat(poll)
                    .succeedsWithin(java.time.Duration.ofSeconds(20))
                    .satisfies(answer -> assertThat(answer.json()).hasSize(1));
        }
    }

    @Test
    void missingSchemaWithoutOwnerStopsTheStartAndTellsWhatToSet() {
        try (ServiceProcess migrated = ServiceProcess.start(directory, settings)) {
            assertThat(migrated.api().get("/topics").status()).isEqualTo(200);
        }
        execAsOwner("DROP SCHEMA trunkline CASCADE");

        try (ServiceProcess service = ServiceProcess.launch(directory, withoutOwner())) {
            assertThat(service.awaitEnd()).isEqualTo(1);
            assertThat(service.output())
                    .contains("trunkline.database.owner.username")
                    .contains("TRUNKLINE_DATABASE_OWNER_USERNAME")
                    .doesNotContain("\tat ");
        }
    }

    @Test
    void migratedSchemaNeedsNoOwner() {
        ServiceProcess.start(directory, settings).close();

        try (ServiceProcess service = ServiceProcess.start(directory, withoutOwner())) {
            assertThat(service.api().get("/topics").status()).isEqualTo(200);
        }
    }

    @Test
    void ownerMustNotBeTheRoleOfTheService() {
        Map<String, String> same = new HashMap<>(settings);
        same.put("trunkline.database.username", same.get("trunkline.database.owner.username"));
        same.put("trunkline.database.password", same.get("trunkline.database.owner.password"));

        try (ServiceProcess service = ServiceProcess.launch(directory, same)) {
            assertThat(service.awaitEnd()).isEqualTo(1);
            assertThat(service.output())
                    .contains("must not run as the owner")
                    .doesNotContain(same.get("trunkline.database.password"));
        }
    }

    @Test
    void roleThatMayChangeRecordsIsRefused() {
        ServiceProcess.start(directory, settings).close();
        execAsOwner("GRANT DELETE ON trunkline.log_batch_1 TO trunkline_app");

        try (ServiceProcess service = ServiceProcess.launch(directory, withoutOwner())) {
            assertThat(service.awaitEnd()).isEqualTo(1);
            assertThat(service.output()).contains("log_batch_1").contains("may change records");
        }
    }

    @Test
    void poolThatIsTooSmallForTheThreadsStopsTheStart() {
        Map<String, String> small = new HashMap<>(settings);
        small.put("trunkline.log.fetch.threads", "30");

        try (ServiceProcess service = ServiceProcess.launch(directory, small)) {
            assertThat(service.awaitEnd()).isEqualTo(1);
            assertThat(service.output())
                    .contains("trunkline.database.max-connections")
                    .contains("61");
        }
    }

    @Test
    void unknownConfigurationStopsTheStart() {
        for (String key : new String[] {"trunkline.databse.url", "trunkline.database.ulr"}) {
            Map<String, String> wrong = new HashMap<>(settings);
            wrong.put(key, "x");

            try (ServiceProcess service = ServiceProcess.launch(directory, wrong)) {
                assertThat(service.awaitEnd()).isEqualTo(1);
                assertThat(service.output()).contains(key).doesNotContain("\tat ");
            }
        }
    }

    @Test
    void browsersOfConfiguredOriginsMayCallAndReadWhereToGoOn() {
        Map<String, String> cors = new HashMap<>(settings);
        cors.put("quarkus.http.cors.enabled", "true");
        cors.put("quarkus.http.cors.origins", "https://app.example.org");

        try (ServiceProcess service = ServiceProcess.start(directory, cors)) {
            Api api = service.api();
            Api.Answer allowed = api.send(api.request("/topics")
                    .header("Origin", "https://app.example.org")
                    .GET());
            Api.Answer other = api.send(api.request("/topics")
                    .header("Origin", "https://other.example.org")
                    .GET());

            assertThat(allowed.status()).isEqualTo(200);
            assertThat(allowed.header("Access-Control-Allow-Origin")).isEqualTo("https://app.example.org");
            assertThat(allowed.header("Access-Control-Expose-Headers")).contains("Trunkline-Next-Offset");
            assertThat(other.header("Access-Control-Allow-Origin")).isEmpty();
        }
    }

    @Test
    void portThatIsTakenIsNamed() {
        try (ServiceProcess first = ServiceProcess.start(directory, settings)) {
            Map<String, String> samePort = new HashMap<>(settings);
            samePort.put("quarkus.http.port", Integer.toString(first.port()));

            try (ServiceProcess second = ServiceProcess.launch(directory, samePort)) {
                assertThat(second.awaitEnd()).isEqualTo(1);
                assertThat(second.output())
                        .contains(Integer.toString(first.port()))
                        .contains("QUARKUS_HTTP_PORT")
                        .doesNotContain("\tat ");
            }
        }
    }

    @Test
    void databaseThatDoesNotAnswerStopsTheStartAfterItsTime() {
        TestDatabase.network().goAway();
        Map<String, String> impatient = new HashMap<>(settings);
        impatient.put("trunkline.database.startup-timeout", "2s");

        try (ServiceProcess service = ServiceProcess.launch(directory, impatient)) {
            assertThat(service.awaitEnd()).isEqualTo(1);
            assertThat(service.output())
                    .contains("Waiting for PostgreSQL")
                    .contains("cannot be used")
                    .doesNotContain("\tat ");
        }
    }

    private Map<String, String> withoutOwner() {
        Map<String, String> without = new HashMap<>(settings);
        without.keySet().removeIf(key -> key.contains(".owner."));
        return without;
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
