package io.trunkline.ops;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

class HttpMetricsTest {
    /** Those of the management port, whose requests are not counted, and the second name of the document. */
    private static final Set<String> OTHERS = Set.of("/healthy", "/ready", "/metrics", "/openapi/v3");

    @Test
    void everyPathOfTheApiIsTheLabelOfItsRoute() throws IOException {
        assertThat(paths()).hasSizeGreaterThan(15).allMatch(HttpMetrics::isRoute);
    }

    @Test
    void labelsAreMadeOfNothingElse() throws IOException {
        Set<String> segments = new TreeSet<>();
        paths().forEach(path -> segments.addAll(List.of(path.substring(1).split("/"))));
        segments.remove("");

        assertThat(HttpMetrics.SEGMENTS).containsExactlyInAnyOrderElementsOf(segments);
        assertThat(List.of("/topics/orders", "/favicon.ico", "/topics/{topicname}/..", ""))
                .noneMatch(HttpMetrics::isRoute);
    }

    private static List<String> paths() throws IOException {
        JsonNode document =
                new JsonMapper().readTree(Path.of("docs/openapi.json").toFile());
        List<String> paths = new ArrayList<>();
        document.path("paths").fieldNames().forEachRemaining(paths::add);
        paths.removeAll(OTHERS);
        return paths;
    }
}
