package io.trunkline.rest;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.quarkus.test.common.QuarkusTestResource;
import io.quarkus.test.common.http.TestHTTPResource;
import io.quarkus.test.junit.QuarkusTest;
import io.trunkline.testing.Api;
import io.trunkline.testing.TestDatabase;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The OpenAPI document: generated from the code, committed, and the same in both places. */
@QuarkusTest
@QuarkusTestResource(TestDatabase.class)
class OpenApiTest {
    private static final Path COMMITTED = Path.of("docs/openapi.json");
    /** The operations of the Strimzi Kafka Bridge 1.0.0 on topics and records, by which its clients call. */
    private static final List<String> BRIDGE_OPERATIONS = List.of(
            "get / info",
            "get /topics listTopics",
            "get /topics/{topic} getTopic",
            "post /topics/{topic} send",
            "post /admin/topics createTopic",
            "get /topics/{topic}/partitions listPartitions",
            "get /topics/{topic}/partitions/{partition} getPartition",
            "post /topics/{topic}/partitions/{partition} sendToPartition",
            "get /topics/{topic}/partitions/{partition}/offsets getOffsets");

    @TestHTTPResource("/")
    URI base;

    private Api api;

    @BeforeEach
    void client() {
        api = new Api(base.toString());
    }

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

    private static JsonNode withoutServers(JsonNode document) {
        ((com.fasterxml.jackson.databind.node.ObjectNode) document).remove("servers");
        return document;
    }
}
