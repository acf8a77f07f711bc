package io.trunkline.rest;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.quarkus.test.junit.QuarkusTest;
import io.trunkline.testing.Api;
import io.trunkline.testing.BridgeContract;
import io.trunkline.testing.ServiceTestCase;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

/** The OpenAPI document: generated from the code, committed, and the same in both places. */
@QuarkusTest
class OpenApiTest extends ServiceTestCase {
    private static final Path COMMITTED = Path.of("docs/openapi.json");
    /** The operations of the Strimzi Kafka Bridge 1.0.0 on topics and records, and on itself, by which its clients call. */
    private static final List<String> BRIDGE_OPERATIONS = List.of(
            "get / info",
            "get /topics listTopics",
            "get /topics/{topicname} getTopic",
            "post /topics/{topicname} send",
            "post /admin/topics createTopic",
            "get /topics/{topicname}/partitions listPartitions",
            "get /topics/{topicname}/partitions/{partitionid} getPartition",
            "post /topics/{topicname}/partitions/{partitionid} sendToPartition",
            "get /topics/{topicname}/partitions/{partitionid}/offsets getOffsets",
            "get /openapi openapi",
            "get /openapi/v3 openapiv3",
            "get /healthy healthy",
            "get /ready ready",
            "get /metrics metrics");

    @Test
    void documentIsTheCommittedOne() throws Exception {
        String generated = new JsonMapper()
                        .writerWithDefaultPrettyPrinter()
                        .writeValueAsString(withoutServers(api.get("/openapi").json()))
                + "\n";
        if (Boolean.getBoolean("openapi.update")) {
            Files.writeString(COMMITTED, generated);
        }

        assertThat(Files.readString(COMMITTED))
                .as(
                        "after a change of the API run ./mvnw test -Dtest=OpenApiTest -Dopenapi.update=true and commit %s",
                        COMMITTED)
                .isEqualTo(generated);
    }

    @Test
    void documentIsServedUnderEachOfItsPaths() {
        JsonNode document = api.get("/openapi").json();

        assertThat(document.path("openapi").asText()).startsWith("3.");
        assertThat(api.get("/openapi/v3").json()).isEqualTo(document);
        assertThat(api.get("/q/swagger-ui/").status()).isEqualTo(200);
    }

    @Test
    void operationsOfTheBridgeHaveItsPathsAndNames() {
        List<String> operations = new ArrayList<>();
        api.get("/openapi")
                .json()
                .path("paths")
                .properties()
                .forEach(path -> path.getValue()
                        .properties()
                        .forEach(method -> operations.add(method.getKey() + " " + path.getKey() + " "
                                + method.getValue().path("operationId").asText())));

        assertThat(operations).containsAll(BRIDGE_OPERATIONS);
    }

    @Test
    void operationsOfTheBridgeHaveItsParametersOnTheirPaths() {
        Set<String> operations = new TreeSet<>();
        api.get("/openapi")
                .json()
                .path("paths")
                .properties()
                .forEach(path -> path.getValue()
                        .fieldNames()
                        .forEachRemaining(
                                method -> operations.add(method.toUpperCase(Locale.ROOT) + " " + path.getKey())));

        assertThat(operations).containsAll(BridgeContract.published().operations());
    }

    @Test
    void basePathIsTheOneThatProxiesTellOf() {
        JsonNode plain = withoutServers(api.get("/openapi").json());
        JsonNode prefix = document("X-Forwarded-Prefix", "/app/streams/");
        Api.Answer both = api.send(api.request("/openapi/v3")
                .header("X-Forwarded-Path", "/app/path")
                .header("X-Forwarded-Prefix", "/app/prefix"));

        assertThat(prefix.at("/servers/0/url").asText()).isEqualTo("/app/streams");
        assertThat(both.json().at("/servers/0/url").asText()).isEqualTo("/app/path");
        assertThat(both.header("Content-Type")).startsWith("application/json");
        assertThat(withoutServers(prefix)).isEqualTo(plain);
        assertThat(withoutServers(document("X-Forwarded-Path", "/a\"b"))).isEqualTo(plain);
    }

    /** A generated client has the fields of each answer, or loses how far its lines came. */
    @Test
    void answersToSendersAreDescribed() {
        JsonNode document = api.get("/openapi").json();
        String topic = api.newTopic(1);
        String path = "/topics/" + topic;
        String lines = "application/x-ndjson";

        assertThat(described(document, "Sent")).containsExactly("OffsetRecordSentList", "LinesSent");
        assertThat(described(document, "SendFailure")).containsExactly("Error", "LinesFailure");
        assertThat(document.at("/components/requestBodies/Records/content").has("application/jsonl"))
                .isTrue();
        for (String operation : List.of("/topics/{topicname}", "/topics/{topicname}/partitions/{partitionid}")) {
            JsonNode responses = document.path("paths").path(operation).at("/post/responses");
            assertThat(responses.at("/200/$ref").asText()).endsWith("/Sent");
            assertThat(responses.at("/default/$ref").asText()).endsWith("/SendFailure");
        }
        assertFits(document, "OffsetRecordSentList", api.post(path, Api.JSON, "{\"records\":[{\"value\":1}]}"), 200);
        assertFits(document, "LinesSent", api.post(path, lines, "1\n2\n"), 200);
        assertFits(document, "LinesSent", api.post(path + "?offsets=true", lines, "1\n2\n"), 200);
        assertFits(document, "LinesFailure", api.post(path + "?offsets=true", lines, "1\nx\n"), 400);
        assertFits(document, "Error", api.post(path + "?offsets=x", lines, "1\nx\n"), 400);
    }

    private static List<String> described(JsonNode document, String response) {
        List<String> schemas = new ArrayList<>();
        document.at("/components/responses/" + response + "/content/application~1vnd.kafka.v2+json/schema/anyOf")
                .forEach(schema -> schemas.add(schema.path("$ref").asText().replaceFirst(".*/", "")));
        return schemas;
    }

    private static void assertFits(JsonNode document, String name, Api.Answer answer, int status) {
        JsonNode schema = document.at("/components/schemas/" + name);
        List<String> fields = new ArrayList<>();
        answer.json().fieldNames().forEachRemaining(fields::add);
        List<String> properties = new ArrayList<>();
        schema.path("properties").fieldNames().forEachRemaining(properties::add);
        List<String> required = new ArrayList<>();
        schema.path("required").forEach(field -> required.add(field.asText()));

        assertThat(answer.status()).as(answer.body()).isEqualTo(status);
        assertThat(fields).as(name).containsAll(required).isSubsetOf(properties);
    }

    private JsonNode document(String header, String value) {
        return api.send(api.request("/openapi").header(header, value)).json();
    }

    private static JsonNode withoutServers(JsonNode document) {
        ((com.fasterxml.jackson.databind.node.ObjectNode) document).remove("servers");
        return document;
    }
}
