package io.trunkline.chart;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/**
 * The values are described in values.yaml; the table of README.md and the descriptions of values.schema.json are made
 * from that: {@code -Dchart.update=true} writes them anew.
 */
class ChartReadmeTest {
    private static final Path README = Chart.DIRECTORY.resolve("README.md");
    private static final Path SCHEMA = Chart.DIRECTORY.resolve("values.schema.json");
    private static final Path VALUES = Chart.DIRECTORY.resolve("values.yaml");
    private static final Pattern TABLE =
            Pattern.compile("(<!-- values -->\n).*?(<!-- end of values -->)", Pattern.DOTALL);
    private static final Pattern EXAMPLE = Pattern.compile("```yaml\n(.*?)```", Pattern.DOTALL);
    private static final Pattern KEY = Pattern.compile("( *)([A-Za-z]+):.*");
    private static final String DESCRIPTION = "# -- ";

    /** A key and how far it is indented. */
    private record Level(int indent, String key) {}

    @Test
    void tableIsThatOfTheValues() throws IOException {
        String readme = Files.readString(README);
        String current = TABLE.matcher(readme).replaceAll("$1" + Matcher.quoteReplacement(table()) + "$2");
        if (Boolean.getBoolean("chart.update")) {
            Files.writeString(README, current);
        }

        assertThat(Files.readString(README))
                .as("after a change of values.yaml run ./mvnw test -Dtest='Chart*Test' -Dchart.update=true")
                .isEqualTo(current);
        assertThat(TABLE.matcher(current).results()).hasSize(1);
    }

    @Test
    void schemaHasTheDescriptionsOfTheValues() throws IOException {
        JsonNode schema = schema();
        descriptions().forEach((path, description) -> {
            JsonNode property = property(schema, path);
            assertThat(property.isObject()).as("%s is in the schema", path).isTrue();
            ((ObjectNode) property).put("description", description);
        });
        String current = json(schema);
        if (Boolean.getBoolean("chart.update")) {
            Files.writeString(SCHEMA, current);
        }

        assertThat(Files.readString(SCHEMA)).isEqualTo(current);
    }

    @Test
    void everyValueIsDescribed() throws IOException {
        Map<String, String> descriptions = descriptions();

        assertThat(leaves(values(), ""))
                .hasSizeGreaterThan(100)
                .allSatisfy(leaf -> assertThat(descriptions.keySet())
                        .as("%s has a description", leaf)
                        .anyMatch(path -> leaf.equals(path) || leaf.startsWith(path + ".")));
        assertThat(descriptions.values()).allMatch(text -> text.endsWith("."));
    }

    @Test
    void schemaKnowsTheValuesAndNoOthers() throws IOException {
        JsonNode values = values();

        assertThat(properties(schema(), values, ""))
                .filteredOn(path -> !path.equals("global") && !path.equals("enabled"))
                .isNotEmpty()
                .allSatisfy(path -> assertThat(value(values, path).isMissingNode())
                        .as("%s is in values.yaml", path)
                        .isFalse());
    }

    @Test
    void objectsOfTheSchemaAreClosed() throws IOException {
        JsonNode schema = schema();

        assertThat(schema.path("additionalProperties").asBoolean(true)).isFalse();
        descriptions().keySet().stream()
                .filter(path -> path.contains("."))
                .map(path -> path.substring(0, path.lastIndexOf('.')))
                .distinct()
                .forEach(parent -> assertThat(property(schema, parent)
                                .path("additionalProperties")
                                .asBoolean(true))
                        .as("%s takes no other values", parent)
                        .isFalse());
    }

    @Test
    void examplesAreInstallations() throws IOException {
        assertThat(EXAMPLE.matcher(Files.readString(README)).results().map(example -> example.group(1)))
                .hasSize(4)
                .allSatisfy(values -> assertThat(Chart.render(values).names()).contains("Deployment/trunkline"));
    }

    private static String table() throws IOException {
        JsonNode values = values();
        StringBuilder table = new StringBuilder("| Key | Default | |\n|---|---|---|\n");
        for (Map.Entry<String, String> entry : descriptions().entrySet()) {
            table.append("| `")
                    .append(entry.getKey())
                    .append("` | `")
                    .append(cell(new JsonMapper().writeValueAsString(value(values, entry.getKey()))))
                    .append("` | ")
                    .append(cell(entry.getValue()))
                    .append(" |\n");
        }
        return table.toString();
    }

    private static String cell(String text) {
        return text.replace("|", "\\|");
    }

    /** The comments that begin with {@code # --}, by the path of the key below them. */
    private static Map<String, String> descriptions() throws IOException {
        Map<String, String> descriptions = new LinkedHashMap<>();
        Deque<Level> path = new ArrayDeque<>();
        StringBuilder comment = new StringBuilder();
        for (String line : Files.readAllLines(VALUES)) {
            String text = line.strip();
            Matcher key = KEY.matcher(line);
            if (text.startsWith(DESCRIPTION)) {
                comment.append(text.substring(DESCRIPTION.length()));
            } else if (text.startsWith("#") && !comment.isEmpty()) {
                comment.append(' ').append(text.substring(1).strip());
            } else if (key.matches()) {
                enter(path, new Level(key.group(1).length(), key.group(2)));
                if (!comment.isEmpty()) {
                    descriptions.put(name(path), comment.toString());
                    comment.setLength(0);
                }
            }
        }
        return descriptions;
    }

    private static void enter(Deque<Level> path, Level level) {
        while (!path.isEmpty() && path.getLast().indent() >= level.indent()) {
            path.removeLast();
        }
        path.addLast(level);
    }

    private static String name(Deque<Level> path) {
        return String.join(".", path.stream().map(Level::key).toList());
    }

    private static List<String> leaves(JsonNode node, String prefix) {
        List<String> leaves = new ArrayList<>();
        for (Map.Entry<String, JsonNode> child : node.properties()) {
            String path = prefix + child.getKey();
            if (child.getValue().isObject() && !child.getValue().isEmpty()) {
                leaves.addAll(leaves(child.getValue(), path + "."));
            } else {
                leaves.add(path);
            }
        }
        return leaves;
    }

    /** The paths of the schema, as far down as the values go: below an empty value everything is optional. */
    private static List<String> properties(JsonNode schema, JsonNode values, String prefix) {
        List<String> paths = new ArrayList<>();
        for (Map.Entry<String, JsonNode> property : schema.path("properties").properties()) {
            String path = prefix + property.getKey();
            paths.add(path);
            JsonNode value = value(values, path);
            if (value.isObject() && value.properties().stream().anyMatch(child -> isDescribed(property, child))) {
                paths.addAll(properties(property.getValue(), values, path + "."));
            }
        }
        return paths;
    }

    private static boolean isDescribed(Map.Entry<String, JsonNode> property, Map.Entry<String, JsonNode> child) {
        return !property.getValue()
                .path("properties")
                .path(child.getKey())
                .path("description")
                .isMissingNode();
    }

    private static JsonNode property(JsonNode schema, String path) {
        return schema.at("/properties/" + path.replace(".", "/properties/"));
    }

    private static JsonNode value(JsonNode values, String path) {
        return values.at("/" + path.replace('.', '/'));
    }

    private static JsonNode values() throws IOException {
        return Manifests.YAML.readTree(VALUES.toFile());
    }

    private static JsonNode schema() throws IOException {
        return new JsonMapper().readTree(SCHEMA.toFile());
    }

    private static String json(JsonNode node) throws JsonProcessingException {
        return new JsonMapper().writerWithDefaultPrettyPrinter().writeValueAsString(node) + "\n";
    }
}
