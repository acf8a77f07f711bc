package io.trunkline.rest;

import static io.trunkline.testing.Failure.assertFailure;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.trunkline.testing.Api;
import io.trunkline.testing.Consumer;
import io.trunkline.testing.Group;
import io.trunkline.testing.ServiceProcess;
import io.trunkline.testing.TestDatabase;
import java.io.IOException;
import java.net.http.HttpRequest;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.CleanupMode;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The packaged application with settings that an operator gives it, and the defaults do not have. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class ConfiguredServiceIT {
    private final TestDatabase database = TestDatabase.inASharedServer();
    private ServiceProcess service;
    private Api api;

    @BeforeAll
    void start(@TempDir(cleanup = CleanupMode.ON_SUCCESS) Path directory) {
        Map<String, String> settings = new HashMap<>(database.start());
        settings.put("quarkus.log.console.json.enabled", "true");
        settings.put("quarkus.http.access-log.enabled", "true");
        settings.put("quarkus.log.category.\"io.trunkline\".level", "DEBUG");
        settings.put("quarkus.http.cors.enabled", "true");
        settings.put("quarkus.http.cors.origins", "https://app.example.org");
        settings.put("quarkus.http.cors.methods", "GET,POST,DELETE,PATCH");
        settings.put("trunkline.consumer.auto-offset-reset", "earliest");
        settings.put("trunkline.http.documentation", "false");
        settings.put("trunkline.console.enabled", "false");
        settings.put("trunkline.access.audit-topic", "audit");
        service = ServiceProcess.start(directory, settings);
        api = service.api();
    }

    @AfterAll
    void stop() {
        service.close();
        database.stop();
    }

    @Test
    void logIsJsonWithTheRequestsIdAndWithoutRecords() throws Exception {
        String topic = api.newTopic(1);

        Api.Answer answer = api.send(api.request("/topics/" + topic)
                .header("Content-Type", Api.JSON)
                .header("X-Request-Id", "my-request-17")
                .POST(HttpRequest.BodyPublishers.ofString(
                        "{\"records\":[{\"key\":\"s3cret-k\",\"value\":\"s3cret-v\"}]}")));

        assertThat(answer.status()).isEqualTo(200);
        Awaitility.await()
                .atMost(Duration.ofSeconds(10))
                .until(() -> service.output().contains("my-request-17"));
        ObjectMapper mapper = new ObjectMapper();
        // What is being written now may end in the middle of a line.
        String output = service.output();
        String whole = output.substring(0, output.lastIndexOf('\n') + 1);
        assertThat(whole.lines())
                .allSatisfy(
                        line -> assertThat(mapper.readTree(line).path("message").isTextual())
                                .isTrue());
        assertThat(whole.lines().filter(line -> line.contains("my-request-17")))
                .anySatisfy(line -> assertThat(mapper.readTree(line)
                                .path("mdc")
                                .path("requestId")
                                .asText())
                        .isEqualTo("my-request-17"));
        assertThat(output).doesNotContain("s3cret");
    }

    @Test
    void changesAreInTheAuditLogAndInTheAuditTopic() throws Exception {
        String topic = api.newTopic(1);

        api.send(api.request("/topics/" + topic)
                .header("X-Request-Id", "audit-1")
                .DELETE());
        api.send(api.request("/topics/" + topic)
                .header("X-Request-Id", "audit-2")
                .DELETE());

        Awaitility.await()
                .atMost(Duration.ofSeconds(20))
                .until(() ->
                        audited("audit-1").isPresent() && audited("audit-2").isPresent());
        assertThat(audited("audit-1").orElseThrow().toString())
                .contains("\"action\":\"deleteTopic\"", "\"outcome\":\"done\"", "\"topic\":\"" + topic + "\"")
                .contains("\"address\":\"127.0.0.1\"");
        assertThat(audited("audit-2").orElseThrow().toString())
                .contains("\"outcome\":\"failed\"", "\"code\":\"TOPIC_NOT_FOUND\"");
        Awaitility.await()
                .atMost(Duration.ofSeconds(20))
                .until(() -> api.get("/topics/audit/partitions/0/records", Api.JSON)
                        .body()
                        .contains("audit-2"));
        assertThat(api.get("/topics/audit/partitions/0/records", Api.JSON).json())
                .anySatisfy(record -> {
                    assertThat(record.at("/value/request").asText()).isEqualTo("audit-1");
                    assertThat(record.at("/value/action").asText()).isEqualTo("deleteTopic");
                    assertThat(record.at("/value/outcome").asText()).isEqualTo("done");
                    assertThat(record.at("/value/topic").asText()).isEqualTo(topic);
                    assertThat(record.at("/value/at").asText()).startsWith("20");
                })
                .anySatisfy(record -> {
                    assertThat(record.at("/value/action").asText()).isEqualTo("createTopic");
                    assertThat(record.at("/value/topic").asText()).isEqualTo(topic);
                });
        assertThat(api.get("/topics/audit").json().at("/configs/retention.ms").asLong())
                .isEqualTo(Duration.ofDays(90).toMillis());
    }

    /** The fields of the audit log about a request. */
    private Optional<JsonNode> audited(String request) throws IOException {
        String output = service.output();
        for (String line :
                output.substring(0, output.lastIndexOf('\n') + 1).lines().toList()) {
            JsonNode json = new ObjectMapper().readTree(line);
            if (json.path("loggerName").asText().equals("io.trunkline.audit")
                    && json.at("/mdc/request").asText().equals(request)) {
                return Optional.of(json.path("mdc"));
            }
        }
        return Optional.empty();
    }

    @Test
    void noLogShowsTheQueryOfAUrl() {
        api.get("/topics/none/partitions/0/records?timeout=1&note=s3cret-q");
        api.get("/nothing/at/all?note=s3cret-q");
        api.get("/last-one?note=s3cret-q");

        Awaitility.await()
                .atMost(Duration.ofSeconds(10))
                .until(() -> service.output().contains("/last-one"));
        assertThat(service.output()).contains("/nothing/at/all HTTP/1.1").doesNotContain("s3cret-q");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "/openapi",
                "/openapi/v3",
                "/q/openapi",
                "/q/openapi.json",
                "/q/swagger-ui",
                "/q/swagger-ui/",
                "/q/swagger-ui/index.html",
                "//q//swagger-ui/",
                "/q/./swagger-ui/",
                "/x/../openapi",
                "/%6Fpenapi"
            })
    void documentationThatIsSwitchedOffIsNotThere(String path) {
        assertFailure(api.get(path), 404, "PATH_NOT_FOUND");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "/console",
                "/console/",
                "/console/topics",
                "/console/assets/x/app.js",
                "/session",
                "/session/login",
                "/session/callback",
                "/webjars/preact/10.28.0/package.json"
            })
    void consoleThatIsSwitchedOffIsNotThere(String path) {
        assertFailure(api.get(path), 404, "PATH_NOT_FOUND");
        assertThat(api.get("/", "text/html").status()).isEqualTo(200);
    }

    @Test
    void browsersOfConfiguredOriginsMayCallAndReadWhereToGoOn() {
        Api.Answer allowed = api.send(api.request("/topics")
                .header("Origin", "https://app.example.org")
                .GET());
        Api.Answer other = api.send(api.request("/topics")
                .header("Origin", "https://other.example.org")
                .GET());

        assertThat(allowed.status()).isEqualTo(200);
        assertThat(allowed.header("Access-Control-Allow-Origin")).isEqualTo("https://app.example.org");
        assertThat(allowed.header("Access-Control-Expose-Headers"))
                .contains("Trunkline-Next-Offset", "Trunkline-Passed-Records");
        assertThat(other.header("Access-Control-Allow-Origin")).isEmpty();
        assertFailure(other, 403, "ORIGIN_NOT_ALLOWED");
        Api.Answer same = api.send(api.request("/topics")
                .header("Origin", "http://localhost:" + service.port())
                .GET());
        assertThat(same.status()).isEqualTo(200);
        Api.Answer method = api.send(api.request("/groups/g/offsets")
                .header("Origin", "https://app.example.org")
                .PUT(HttpRequest.BodyPublishers.ofString("{}")));
        assertFailure(method, 403, "ORIGIN_NOT_ALLOWED");
        Api.Answer preflight = api.send(preflight("https://app.example.org"));
        assertThat(preflight.status()).isEqualTo(204);
        assertThat(preflight.response().body()).isEmpty();
        assertThat(preflight.header("Access-Control-Allow-Origin")).isEqualTo("https://app.example.org");
        assertThat(preflight.header("Access-Control-Allow-Methods")).contains("POST");
        assertFailure(api.send(preflight("https://other.example.org")), 403, "ORIGIN_NOT_ALLOWED");
        assertFailure(api.send(preflight("null")), 403, "ORIGIN_NOT_ALLOWED");
    }

    private HttpRequest.Builder preflight(String origin) {
        return api.request("/consumers/g/instances/c/subscription")
                .header("Origin", origin)
                .header("Access-Control-Request-Method", "POST")
                .method("OPTIONS", HttpRequest.BodyPublishers.noBody());
    }

    @Test
    void consumerThatDoesNotSayWhereItBeginsBeginsWhereTheConfigurationSays() {
        String topic = api.newTopic(1);
        api.writeNumbers(topic, 0, 0, 2);
        Consumer silent = new Group(api).consumer("{\"format\":\"json\"}").subscribe(topic);
        Consumer latest = new Group(api)
                .consumer("{\"format\":\"json\",\"auto.offset.reset\":\"latest\"}")
                .subscribe(topic);

        assertThat(Consumer.offsets(silent.poll())).containsExactly(0L, 1L);
        assertThat(latest.poll("timeout=0")).isEmpty();
    }
}
