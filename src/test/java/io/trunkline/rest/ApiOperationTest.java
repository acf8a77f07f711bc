package io.trunkline.rest;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.vertx.core.http.HttpMethod;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

/** The operations, what each needs, and where else that is written. */
class ApiOperationTest {
    private static final Set<String> KAFKA_OPERATIONS =
            Set.of("Read", "Write", "Create", "Delete", "Alter", "Describe", "DescribeConfigs", "AlterConfigs");
    private static final Set<String> KAFKA_RESOURCES = Set.of("Topic", "Group", "Cluster");

    @Test
    void everyOperationOfTheDocumentIsKnownAndNoOther() throws IOException {
        Map<String, String> document = new TreeMap<>();
        paths().forEach((path, methods) -> methods.properties().forEach(method -> {
            String id = method.getValue().path("operationId").asText();
            document.put(id, method.getKey().toUpperCase(Locale.ROOT) + " " + path);
        }));
        Map<String, String> known = new TreeMap<>();
        for (ApiOperation operation : ApiOperation.values()) {
            known.put(operation.id(), operation.method() + " " + operation.path());
        }

        assertThat(known).isEqualTo(document);
    }

    @Test
    void documentSaysWhichOperationsNeedNoCredentials() throws IOException {
        Set<String> open = new TreeSet<>();
        paths().forEach((path, methods) -> methods.forEach(method -> {
            if (method.path("security").isArray() && method.path("security").isEmpty()) {
                open.add(method.path("operationId").asText());
            }
        }));

        assertThat(open)
                .containsExactlyInAnyOrderElementsOf(Arrays.stream(ApiOperation.values())
                        .filter(operation -> operation.need() == Need.NOTHING)
                        .map(ApiOperation::id)
                        .toList());
    }

    @Test
    void docsHaveARowForEveryOperation() throws IOException {
        List<String> rows = Files.readAllLines(Path.of("docs/security.md")).stream()
                .filter(line -> line.matches("\\| `[a-zA-Z0-9]+` \\| `[A-Z]+ /.*"))
                .toList();

        assertThat(rows)
                .as("the table of operations in docs/security.md")
                .containsExactlyElementsOf(Arrays.stream(ApiOperation.values())
                        .map(operation -> "| `" + operation.id() + "` | `" + operation.method() + " "
                                + operation.path() + "` | "
                                + operation.need().text() + " | " + operation.kafka() + " |")
                        .toList());
    }

    @Test
    void needsAreToldInWordsOfKafka() {
        assertThat(ApiOperation.values()).allSatisfy(operation -> {
            List<String> words = List.of(operation
                    .kafka()
                    .replace(", filtered", "")
                    .replace(" that it names", "")
                    .split(",? "));
            if (operation.need() == Need.NOTHING) {
                assertThat(words).containsExactly("—");
            } else {
                assertThat(words).allMatch(word -> KAFKA_OPERATIONS.contains(word) || KAFKA_RESOURCES.contains(word));
            }
        });
    }

    @Test
    void requestIsFoundByMethodAndPath() {
        assertThat(ApiOperation.values()).allSatisfy(operation -> {
            String path = operation.path().replaceAll("\\{[a-z]+}", "a%20b%2Fc");
            ApiOperation.Asked asked = ApiOperation.of(operation.method(), path).orElseThrow();
            assertThat(asked.operation()).isEqualTo(operation);
            assertThat(asked.name()).isEqualTo(operation.path().contains("{") ? "a b/c" : "");
        });
    }

    @Test
    void headIsAGetAndASlashAtTheEndCountsForNothing() {
        assertThat(ApiOperation.of(HttpMethod.HEAD, "/topics/a/").orElseThrow())
                .isEqualTo(new ApiOperation.Asked(ApiOperation.GET_TOPIC, "a"));
        assertThat(ApiOperation.of(HttpMethod.GET, "/topics/a+b").orElseThrow().name())
                .isEqualTo("a+b");
    }

    @Test
    void whatIsNoOperationIsNotFound() {
        assertThat(List.of(
                        "/topic",
                        "/topics/a/b",
                        "/topics//",
                        "/topics/a;b",
                        "/topics/a/partitions/0/records/1/2/3",
                        ""))
                .allSatisfy(path -> assertThat(ApiOperation.of(HttpMethod.GET, path))
                        .as(path)
                        .isEmpty());
        assertThat(ApiOperation.of(HttpMethod.PUT, "/topics/a")).isEmpty();
        assertThat(ApiOperation.of(HttpMethod.OPTIONS, "/topics")).isEmpty();
        assertThat(ApiOperation.hasPath("/topics/a")).isTrue();
        assertThat(ApiOperation.hasPath("/topic/a")).isFalse();
    }

    private static Map<String, JsonNode> paths() throws IOException {
        JsonNode document =
                new JsonMapper().readTree(Path.of("docs/openapi.json").toFile());
        Map<String, JsonNode> paths = new TreeMap<>();
        document.path("paths").properties().forEach(path -> paths.put(path.getKey(), path.getValue()));
        return paths;
    }
}
