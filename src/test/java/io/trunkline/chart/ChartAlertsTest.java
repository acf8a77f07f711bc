package io.trunkline.chart;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.fabric8.openshift.api.model.monitoring.v1.PrometheusRule;
import io.fabric8.openshift.api.model.monitoring.v1.Rule;
import io.fabric8.openshift.api.model.monitoring.v1.ServiceMonitor;
import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Alerts and dashboards tell releases apart, by job and namespace, and each alert can be changed. */
class ChartAlertsTest {
    private static final Path ALERTS = Chart.DIRECTORY.resolve("alerts/trunkline.yaml");
    private static final Path DASHBOARDS = Chart.DIRECTORY.resolve("dashboards");
    private static final String ENABLED =
            "metrics: {serviceMonitor: {enabled: true}, prometheusRule: {enabled: true, %s}}";
    /** A metric, and the selector behind it. */
    private static final Pattern SELECTOR =
            Pattern.compile("\\b((?:trunkline|http_server|process|jvm|agroal|system)_[a-z_]+|up)\\b(?!=)(\\{[^}]*})?");

    private static final Pattern AGGREGATION = Pattern.compile("\\b(?:by|on|ignoring|without)\\s*\\(([^)]*)\\)");
    /** What keeps its labels is not aggregated. */
    private static final Pattern AGGREGATED = Pattern.compile("\\b(?:sum|max|min|avg|count)\\s*(\\w+)?");

    @Test
    void alertsAreThoseOfTheFileForTheJobAndNamespaceOfTheRelease() throws IOException {
        JsonNode file = Manifests.YAML.readTree(ALERTS.toFile());
        String selector = "job=\"orders-trunkline\", namespace=\"events\"";

        PrometheusRule rule = Manifests.parse(Chart.at(Chart.DIRECTORY)
                        .template("orders", Chart.MINIMAL, ENABLED.formatted("labels: {release: prometheus}")))
                .only(PrometheusRule.class);

        assertThat(rule.getMetadata().getLabels()).containsEntry("release", "prometheus");
        assertThat(rules(rule))
                .extracting(r -> r.getExpr().getStrVal())
                .containsExactlyElementsOf(file.findValuesAsText("expr").stream()
                        .map(expression -> expression.replace("job=\"trunkline\"", selector))
                        .toList());
        assertThat(rules(rule)).allSatisfy(r -> {
            assertThat(selectors(r)).isNotEmpty().allSatisfy(s -> assertThat(s).startsWith("{" + selector));
            assertThat(AGGREGATION.matcher(r.getExpr().getStrVal()).results().map(found -> found.group(1)))
                    .allSatisfy(labels -> assertThat(labels).matches("job, namespace(, [a-z, ]+)?"));
            assertThat(AGGREGATED.matcher(r.getExpr().getStrVal()).results().map(found -> found.group(1)))
                    .allMatch("by"::equals);
        });
    }

    @ParameterizedTest
    @ValueSource(strings = {"nameOverride: log", "fullnameOverride: log", "fullnameOverride: ''"})
    void jobOfTheMonitorIsThatOfTheAlerts(String values) {
        Manifests manifests = Chart.minimal(ENABLED.formatted("labels: {}"), values);
        var relabeling = manifests
                .only(ServiceMonitor.class)
                .getSpec()
                .getEndpoints()
                .getFirst()
                .getRelabelings()
                .getFirst();

        assertThat(relabeling.getTargetLabel()).isEqualTo("job");
        assertThat(relabeling.getAction()).isEqualTo("replace");
        assertThat(rules(manifests.only(PrometheusRule.class)))
                .flatExtracting(ChartAlertsTest::selectors)
                .isNotEmpty()
                .allSatisfy(selector ->
                        assertThat(selector).startsWith("{job=\"" + relabeling.getReplacement() + "\", namespace="));
    }

    @Test
    void singleAlertsCanBeSwitchedOffAndChanged() {
        List<Rule> before = rules(Chart.minimal(ENABLED.formatted("rules: {}")).only(PrometheusRule.class));
        List<Rule> after = rules(Chart.minimal(ENABLED.formatted("""
                ruleLabels: {team: data}, rules: {
                  TrunklineDown: {enabled: false},
                  TrunklinePurgeNotSucceeding: {threshold: 7200, for: 1h, labels: {severity: info}},
                  TrunklineErrorRate: {threshold: 0.05, annotations: {runbook_url: "https://runbooks.example.com"}}
                }\
                """)).only(PrometheusRule.class));

        assertThat(before).extracting(Rule::getAlert).contains("TrunklineDown");
        assertThat(after)
                .hasSize(before.size() - 1)
                .noneMatch(rule -> rule.getAlert().equals("TrunklineDown"));
        assertThat(after).allSatisfy(rule -> assertThat(rule.getLabels()).containsEntry("team", "data"));
        assertThat(named(after, "TrunklinePurgeNotSucceeding")).satisfies(rule -> {
            assertThat(rule.getExpr().getStrVal())
                    .contains("> 7200 # threshold")
                    .doesNotContain("1800")
                    .isEqualTo(named(before, "TrunklinePurgeNotSucceeding")
                            .getExpr()
                            .getStrVal()
                            .replace("1800", "7200"));
            assertThat(rule.getFor()).isEqualTo("1h");
            assertThat(rule.getLabels()).containsEntry("severity", "info");
        });
        assertThat(named(after, "TrunklineErrorRate")).satisfies(rule -> {
            assertThat(rule.getExpr().getStrVal())
                    .contains("> 0.05 # threshold")
                    .contains(" > 0.1\n");
            assertThat(rule.getLabels()).containsEntry("severity", "critical");
            assertThat(rule.getAnnotations())
                    .containsEntry("runbook_url", "https://runbooks.example.com")
                    .containsKey("summary");
        });
    }

    @Test
    void alertsThatCompareWithANumberNameItAsTheirThreshold() {
        assertThat(rules(Chart.minimal(ENABLED.formatted("rules: {}")).only(PrometheusRule.class)))
                .filteredOn(rule -> rule.getExpr().getStrVal().matches("(?s).*[<>] [0-9.]*[1-9].*"))
                .hasSizeGreaterThan(8)
                .allSatisfy(rule -> assertThat(rule.getExpr().getStrVal()).contains("# threshold"));
    }

    @Test
    void everyQueryOfTheDashboardsAsksForTheJobAndNamespaceThatAreChosen() throws IOException {
        for (JsonNode dashboard : dashboards()) {
            assertThat(dashboard.at("/templating/list").findValuesAsText("name"))
                    .contains("datasource", "namespace", "job");
            assertThat(dashboard.findValuesAsText("expr"))
                    .isNotEmpty()
                    .allSatisfy(expression -> assertThat(
                                    SELECTOR.matcher(expression).results().map(found -> String.valueOf(found.group(2))))
                            .isNotEmpty()
                            .allSatisfy(selector ->
                                    assertThat(selector).startsWith("{namespace=~\"$namespace\", job=~\"$job\"")));
        }
    }

    @Test
    void tablesHaveTheirFooterWhereGrafanaReadsIt() throws IOException {
        List<JsonNode> tables = dashboards().stream()
                .flatMap(dashboard -> elements(dashboard.path("panels")))
                .filter(panel -> panel.path("type").asText().equals("table"))
                .toList();

        assertThat(tables).hasSize(2).allSatisfy(table -> {
            assertThat(table.at("/options/footer").isMissingNode()).isTrue();
            assertThat(table.at("/fieldConfig/defaults/custom/footer/reducers").isArray())
                    .isTrue();
        });
    }

    private static List<Rule> rules(PrometheusRule rule) {
        return rule.getSpec().getGroups().stream()
                .flatMap(group -> group.getRules().stream())
                .toList();
    }

    private static Rule named(List<Rule> rules, String name) {
        return rules.stream()
                .filter(rule -> rule.getAlert().equals(name))
                .findFirst()
                .orElseThrow();
    }

    private static List<String> selectors(Rule rule) {
        return SELECTOR.matcher(rule.getExpr().getStrVal())
                .results()
                .map(found -> String.valueOf(found.group(2)))
                .toList();
    }

    private static List<JsonNode> dashboards() throws IOException {
        try (Stream<Path> files = Files.list(DASHBOARDS)) {
            return files.map(Path::toFile).map(ChartAlertsTest::read).toList();
        }
    }

    private static JsonNode read(File file) {
        try {
            return new JsonMapper().readTree(file);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static Stream<JsonNode> elements(JsonNode array) {
        return Stream.iterate(0, i -> i < array.size(), i -> i + 1).map(array::get);
    }
}
