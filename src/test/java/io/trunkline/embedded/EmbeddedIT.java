package io.trunkline.embedded;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import io.trunkline.schema.Migrations;
import io.trunkline.testing.Api;
import io.trunkline.testing.Earthquakes;
import io.trunkline.testing.ServiceProcess;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.stream.Stream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The packaged application with its own PostgreSQL, started and ended in every way that happens to software. */
class EmbeddedIT {
    private static final Map<String, String> DEFAULTS = Map.of();
    private static final Duration PATIENCE = Duration.ofMinutes(5);

    /** A data directory as a first start leaves it, for tests that are not about the first start: setting one up takes seconds. */
    @TempDir
    static Path template = Path.of("");

    @TempDir
    Path directory = Path.of("");

    private Path data = Path.of("");

    @BeforeAll
    static void setUpTemplate() {
        EmbeddedPostgres.start(template.resolve("trunkline-data"), 0, PATIENCE).close();
    }

    @BeforeEach
    void paths() {
        data = directory.resolve("trunkline-data");
    }

    /** A failed test must not leave a server behind. */
    @AfterEach
    void nothingKeepsRunning() throws Exception {
        if (Files.exists(data)) {
            try (Stream<Path> children = Files.list(data)) {
                for (Path child : children.filter(c -> Files.exists(c.resolve("postmaster.pid")))
                        .toList()) {
                    ServiceProcess.postgres(child).ifPresent(p -> ServiceProcess.signal(p.pid(), "QUIT"));
                    Awaitility.await()
                            .atMost(Duration.ofSeconds(30))
                            .until(() -> ServiceProcess.postgres(child).isEmpty());
                }
            }
        }
    }

    @Test
    void tokensAreCreatedBesideTheServiceAndListedWithoutIt() throws Exception {
        Path rules = Files.writeString(directory.resolve("access.yaml"), """
                rules:
                  - principal: ci
                    rights: manage
                    topics: "builds.*"
                """);
        Map<String, String> settings = new HashMap<>(DEFAULTS);
        settings.put("trunkline.access.mode", "required");
        settings.put("trunkline.access.file", rules.toString());
        String token;
        try (ServiceProcess service = ServiceProcess.start(directory, settings);
                ServiceProcess create =
                        command("token", "create", "--principal", "ci", "--role", "writer", "--expires", "90d")) {
            assertThat(create.awaitEnd()).as(create.output()).isZero();
            token = create.output().lines().findFirst().orElse("");
            assertThat(token).startsWith("tl_");
            assertThat(create.output().lines())
                    .as("nothing but the token and a note")
                    .hasSize(2);
            assertThat(service.api().get("/topics").status()).isEqualTo(401);
            Api ci = service.api().as(token);
            await().untilAsserted(() -> assertThat(ci.get("/topics").status()).isEqualTo(200));
            ci.createTopic("builds.main", 1);
            assertThat(ci.post("/topics/builds.main", Api.JSON, "{\"records\":[{\"value\":1}]}")
                            .status())
                    .isEqualTo(200);
            assertThat(ci.get("/topics/builds.main/partitions/0/records").code())
                    .isEqualTo("ACCESS_DENIED");
            assertThat(ci.post("/admin/topics", Api.CONTROL, "{\"topic_name\":\"other\"}")
                            .code())
                    .isEqualTo("ACCESS_DENIED");
        }

        try (ServiceProcess list = command("token", "list", "--json")) {
            assertThat(list.awaitEnd()).as(list.output()).isZero();
            assertThat(list.output())
                    .startsWith("[")
                    .contains(token.substring(3, 15))
                    .doesNotContain(token);
        }
    }

    @Test
    void helpNeedsNoDatabase() {
        try (ServiceProcess help = command("--help")) {
            assertThat(help.awaitEnd()).isZero();
            assertThat(help.output()).contains("token create", "rule allow", "migrate");
        }
        assertThat(data).doesNotExist();
    }

    private ServiceProcess command(String... words) {
        return ServiceProcess.launch(directory, DEFAULTS, words);
    }

    @Test
    void earthquakesSurviveARestartOfServiceAndPostgresqlByteForByteAndInOrder() throws Exception {
        Map<Integer, List<String>> sent = new HashMap<>();
        try (ServiceProcess service = start()) {
            Api api = service.api();
            api.post(
                    "/admin/topics",
                    Api.CONTROL,
                    "{\"topic_name\":\"earthquakes\",\"partitions_count\":3,\"configs\":{\"retention.ms\":-1}}");
            List<Earthquakes.Event> events = Earthquakes.all();
            int event = 0;
            for (String request : Earthquakes.requests()) {
                Api.Answer answer = api.post("/topics/earthquakes", Api.JSON, request);
                assertThat(answer.status()).as(answer.body()).isEqualTo(200);
                for (JsonNode offset : answer.json().path("offsets")) {
                    sent.computeIfAbsent(offset.path("partition").asInt(), p -> new ArrayList<>())
                            .add(events.get(event++).document());
                }
            }
            assertThat(event).isEqualTo(1707);
        }
        assertThat(ServiceProcess.postgres(serverDirectory())).isEmpty();

        List<String> read = new ArrayList<>();
        Map<String, List<String>> byKey = new HashMap<>();
        try (ServiceProcess service = start()) {
            for (int partition = 0; partition < 3; partition++) {
                List<String> values = new ArrayList<>();
                for (JsonNode record : service.api().readAll("earthquakes", partition, 0, Api.BINARY)) {
                    String value = decoded(record.path("value"));
                    assertThat(record.path("offset").asInt()).isEqualTo(values.size());
                    values.add(value);
                    byKey.computeIfAbsent(decoded(record.path("key")), k -> new ArrayList<>())
                            .add(value);
                }
                assertThat(values).isEqualTo(sent.getOrDefault(partition, List.of()));
                read.addAll(values);
                // In the JSON format each document stands in the answer as it stood in the request.
                if (!values.isEmpty()) {
                    assertThat(service.api()
                                    .get("/topics/earthquakes/partitions/" + partition + "/records", Api.JSON)
                                    .body())
                            .contains("\"value\":" + values.getFirst() + "}");
                }
            }
        }

        assertThat(read).hasSize(1707);
        Map<String, List<String>> expected = new HashMap<>();
        for (Earthquakes.Event event : Earthquakes.all()) {
            expected.computeIfAbsent("\"" + event.network() + "\"", k -> new ArrayList<>())
                    .add(event.document());
        }
        assertThat(byKey).isEqualTo(expected);
    }

    @Test
    void lastTwoLinesOfTheStartTellWhatWasStartedAndWhereToGo() throws Exception {
        Path other = directory.resolve("some/other place");

        try (ServiceProcess service =
                ServiceProcess.start(directory, Map.of("trunkline.embedded.data-directory", other.toString()))) {
            List<String> lines = service.output().strip().lines().toList();

            assertThat(service.api().get("/topics").status()).isEqualTo(200);
            assertThat(lines.get(lines.size() - 2))
                    .contains("PostgreSQL")
                    .contains(other.toRealPath().toString());
            assertThat(lines.getLast()).contains("http://localhost:");
            Properties passwords = new Properties();
            try (var reader = Files.newBufferedReader(other.resolve("credentials.properties"))) {
                passwords.load(reader);
            }
            assertThat(service.output()).doesNotContain(passwords.getProperty("application"));
        }
        assertThat(data).doesNotExist();
    }

    @Test
    void killedServiceIsFollowedByOneThatTakesOver() throws Exception {
        setUpBefore();
        ServiceProcess killed = start();
        killed.api().post("/admin/topics", Api.CONTROL, "{\"topic_name\":\"t\"}");
        killed.api().post("/topics/t", Api.TEXT, "{\"records\":[{\"value\":\"kept\"}]}");
        killed.kill();
        ProcessHandle orphan = ServiceProcess.postgres(serverDirectory()).orElseThrow();

        try (ServiceProcess next = start()) {
            // It may have ended and wait to be reaped.
            Awaitility.await().atMost(Duration.ofSeconds(10)).until(() -> !orphan.isAlive());
            assertThat(next.api().readAll("t", 0, 0, Api.TEXT))
                    .extracting(r -> r.path("value").asText())
                    .containsExactly("kept");
        }
    }

    @Test
    void killedPostgresqlIsRecoveredByTheNextStart() throws Exception {
        setUpBefore();
        ServiceProcess service = start();
        service.api().post("/admin/topics", Api.CONTROL, "{\"topic_name\":\"t\"}");
        service.api().post("/topics/t", Api.TEXT, "{\"records\":[{\"value\":\"kept\"}]}");
        ServiceProcess.signal(
                ServiceProcess.postgres(serverDirectory()).orElseThrow().pid(), "KILL");
        service.kill();
        assertThat(serverDirectory().resolve("postmaster.pid")).exists();

        try (ServiceProcess next = start()) {
            assertThat(next.api().readAll("t", 0, 0, Api.TEXT)).hasSize(1);
        }
    }

    /** Of another process, which the kernel tells apart otherwise than one of the same. */
    @Test
    void secondInstanceOnTheSameDirectoryIsRefused() throws Exception {
        setUpBefore();
        try (EmbeddedPostgres first = EmbeddedPostgres.start(data, 0, PATIENCE);
                ServiceProcess second = ServiceProcess.launch(directory, DEFAULTS)) {
            assertThat(second.awaitEnd()).isEqualTo(1);

            assertThat(second.output())
                    .contains("Another Trunkline (process "
                            + ProcessHandle.current().pid() + ")")
                    .contains("trunkline.embedded.data-directory")
                    .doesNotContain("\tat ");
            assertThat(ServiceProcess.postgres(serverDirectory())).isPresent();
            assertThat(first.port()).isPositive();
        }
    }

    @Test
    void dataOfABuildBeforeTheFirstReleaseAreRefusedAndStay() throws Exception {
        setUpBefore();
        try (EmbeddedPostgres server = EmbeddedPostgres.start(data, 0, PATIENCE)) {
            Migrations.migrate(Map.of(
                    "trunkline.database.url", server.url(),
                    "trunkline.database.username", "trunkline_app",
                    "trunkline.database.password", server.applicationPassword(),
                    "trunkline.database.owner.username", server.ownerUsername(),
                    "trunkline.database.owner.password", server.ownerPassword()));
            try (Connection owner =
                            DriverManager.getConnection(server.url(), server.ownerUsername(), server.ownerPassword());
                    Statement statement = owner.createStatement()) {
                statement.execute("UPDATE trunkline.flyway_schema_history SET description = 'log', checksum = 1"
                        + " WHERE version = '1'");
            }
        }

        try (ServiceProcess service = ServiceProcess.launch(directory, DEFAULTS)) {
            assertThat(service.awaitEnd()).isEqualTo(1);
            assertThat(service.output())
                    .contains("before the first release")
                    .contains("trunkline.embedded.data-directory")
                    .doesNotContain("\tat ");
        }
        assertThat(ServiceProcess.postgres(serverDirectory())).isEmpty();
    }

    @Test
    void directoryOfSomethingElseIsLeftAlone() throws Exception {
        Files.createDirectory(data, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwxr-xr-x")));
        Files.writeString(data.resolve("thesis.txt"), "do not touch");

        try (ServiceProcess service = ServiceProcess.launch(directory, DEFAULTS)) {
            assertThat(service.awaitEnd()).isEqualTo(1);
            assertThat(service.output()).contains("has other files in it").doesNotContain("\tat ");
        }

        try (Stream<Path> children = Files.list(data)) {
            assertThat(children).containsExactly(data.resolve("thesis.txt"));
        }
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(data)))
                .isEqualTo("rwxr-xr-x");
    }

    @Test
    void ctrlCDuringTheStartLeavesNoServerBehind() throws Exception {
        ServiceProcess service = ServiceProcess.launch(directory, DEFAULTS);
        Awaitility.await()
                .atMost(Duration.ofMinutes(5))
                .pollInterval(Duration.ofMillis(5))
                .until(() -> Files.exists(data) && serverIsThere());

        service.interrupt();

        assertThat(ServiceProcess.postgres(serverDirectory())).isEmpty();
        // Where the data directory was still being made, that ends by itself.
        Awaitility.await()
                .atMost(Duration.ofMinutes(2))
                .until(() -> ProcessHandle.allProcesses()
                        .noneMatch(process -> process.info()
                                .commandLine()
                                .filter(line -> line.contains(data.toString()))
                                .isPresent()));
    }

    @Test
    void ctrlCStopsBoth() throws Exception {
        setUpBefore();
        ServiceProcess service = start();

        service.interrupt();

        assertThat(ServiceProcess.postgres(serverDirectory())).isEmpty();
        assertThat(serverDirectory().resolve("postmaster.pid")).doesNotExist();
    }

    @Test
    void whatWasAcceptedIsWrittenBeforeTheEnd() throws Exception {
        setUpBefore();
        String request = "{\"records\":[" + "{\"value\":\"x\"},".repeat(199) + "{\"value\":\"x\"}]}";
        try (ServiceProcess service = start()) {
            Api api = service.api();
            api.post("/admin/topics", Api.CONTROL, "{\"topic_name\":\"t\"}");
            for (int i = 0; i < 50; i++) {
                assertThat(api.post("/topics/t?async=true", Api.TEXT, request).status())
                        .isEqualTo(204);
            }
        }

        try (ServiceProcess next = start()) {
            assertThat(next.api()
                            .get("/topics/t/partitions/0/offsets")
                            .json()
                            .path("end_offset")
                            .asInt())
                    .isEqualTo(50 * 200);
        }
    }

    /** Puts a data directory there that has been used before. */
    private void setUpBefore() throws Exception {
        Process copy = new ProcessBuilder(
                        "cp", "-a", template.resolve("trunkline-data").toString(), data.toString())
                .inheritIO()
                .start();
        assertThat(copy.waitFor()).isZero();
    }

    private ServiceProcess start() {
        return ServiceProcess.start(directory, DEFAULTS);
    }

    private Path serverDirectory() throws Exception {
        try (Stream<Path> children = Files.list(data)) {
            return children.filter(c -> Files.exists(c.resolve("PG_VERSION")))
                    .findFirst()
                    .orElseThrow();
        }
    }

    private boolean serverIsThere() throws Exception {
        try (Stream<Path> children = Files.list(data)) {
            return children.anyMatch(c -> Files.exists(c.resolve("postmaster.pid")));
        }
    }

    private static String decoded(JsonNode base64) {
        return new String(Base64.getDecoder().decode(base64.asText()), StandardCharsets.UTF_8);
    }
}
