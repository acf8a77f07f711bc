package io.trunkline.ops;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.trunkline.testing.Api;
import io.trunkline.testing.ServiceProcess;
import io.trunkline.testing.TestDatabase;
import java.io.IOException;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.CleanupMode;
import org.junit.jupiter.api.io.TempDir;

/**
 * A real Prometheus scrapes the packaged service under load: every query of every panel has data, the rules can be
 * evaluated and none fires, and docs/metrics.md lists what is scraped. Needs prometheus and promtool on the path.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class MonitoringIT {
    private static final Path ALERTS = Path.of("helm/trunkline/alerts/trunkline.yaml");
    private static final Path ALERT_TESTS = Path.of("src/test/resources/alerts");
    private static final Path DASHBOARDS = Path.of("helm/trunkline/dashboards");
    private static final Path METRICS_PAGE = Path.of("docs/metrics.md");
    private static final Duration PATIENCE = Duration.ofSeconds(90);
    private static final ObjectMapper MAPPER = new ObjectMapper();
    private static final Pattern SAMPLE = Pattern.compile("(?m)^(trunkline_[a-z_]+)(?:\\{([^}]*)})? ");
    private static final Pattern LABEL = Pattern.compile("([a-z_]+)=\"");
    private static final Pattern LISTED =
            Pattern.compile("(?m)^\\| `(trunkline_[a-z_]+)` \\| (\\w+) \\|([^|]*)\\| [^|]+ \\|([^|]*)\\|$");
    private static final Set<String> OF_HISTOGRAMS = Set.of("_bucket", "_count", "_sum", "_max");

    private Path directory = Path.of("");

    private final TestDatabase database = new TestDatabase();
    private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
    private final int managementPort = ServiceProcess.freePort();
    private final int prometheusPort = ServiceProcess.freePort();
    private final List<AutoCloseable> started = new ArrayList<>();
    private volatile boolean over;
    private CompletableFuture<Void> load = CompletableFuture.completedFuture(null);
    private Api prometheus = new Api("");

    @BeforeAll
    void startServiceLoadAndPrometheus(@TempDir(cleanup = CleanupMode.ON_SUCCESS) Path temporary) throws Exception {
        directory = temporary;
        Map<String, String> settings = new HashMap<>(database.start());
        started.add(database::stop);
        settings.put("quarkus.management.port", Integer.toString(managementPort));
        settings.put("trunkline.log.metrics.interval", "1s");
        settings.put("trunkline.consumer.lag-interval", "1s");
        settings.put("trunkline.retention.check-interval", "1s");
        settings.put("trunkline.database.disk-size", "100G");
        ServiceProcess service = ServiceProcess.start(directory, settings);
        started.add(service);
        load = CompletableFuture.runAsync(() -> use(service.api()), threads);
        startPrometheus();
        prometheus = new Api("http://127.0.0.1:" + prometheusPort);
        Awaitility.await()
                .atMost(PATIENCE)
                .ignoreExceptions()
                .until(() ->
                        results("rate(trunkline_append_records_total[10s]) > 0").size() > 0);
    }

    @AfterAll
    void stop() throws Exception {
        over = true;
        load.get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
        threads.shutdownNow();
        for (AutoCloseable each : started.reversed()) {
            each.close();
        }
    }

    @Test
    void everyQueryOfEveryPanelHasData() throws IOException {
        Map<String, String> queries = queries();
        assertThat(queries).hasSizeGreaterThan(40);

        Map<String, String> empty = new TreeMap<>(queries);
        Awaitility.await().atMost(PATIENCE).pollInterval(Duration.ofSeconds(2)).untilAsserted(() -> {
            empty.values().removeIf(this::hasData);
            assertThat(empty).isEmpty();
        });
    }

    @Test
    void rulesCanBeEvaluatedAndNoneFires() throws IOException {
        Set<String> written = new TreeSet<>();
        Matcher alert = Pattern.compile("(?m)^\\s*- alert: (\\w+)$").matcher(Files.readString(ALERTS));
        while (alert.find()) {
            written.add(alert.group(1));
        }

        Awaitility.await().atMost(PATIENCE).untilAsserted(() -> {
            List<JsonNode> rules = new ArrayList<>();
            prometheus
                    .get("/api/v1/rules", "application/json")
                    .json()
                    .at("/data/groups")
                    .forEach(group -> group.path("rules").forEach(rules::add));
            assertThat(rules)
                    .extracting(rule -> rule.path("name").asText())
                    .containsExactlyInAnyOrderElementsOf(written);
            assertThat(rules)
                    .allSatisfy(rule -> assertThat(rule.path("health").asText())
                            .as(rule.toString())
                            .isEqualTo("ok"));
            assertThat(rules)
                    .noneSatisfy(rule -> assertThat(rule.path("state").asText()).isEqualTo("firing"));
        });
    }

    @Test
    void metricsPageListsWhatIsScraped() throws IOException {
        Map<String, Set<String>> listed = new TreeMap<>();
        Set<String> alerts = new TreeSet<>();
        String page = Files.readString(METRICS_PAGE);
        Matcher row = LISTED.matcher(page);
        while (row.find()) {
            listed.put(row.group(1), labels(row.group(3).replaceAll("`([a-z]+)`", "$1=\"")));
            Matcher name = Pattern.compile("\\[(\\w+)]").matcher(row.group(4));
            while (name.find()) {
                alerts.add(name.group(1));
            }
        }
        Awaitility.await()
                .atMost(PATIENCE)
                .untilAsserted(() -> assertThat(scraped()).isEqualTo(listed));
        String rules = Files.readString(ALERTS);
        assertThat(alerts).isNotEmpty().allSatisfy(name -> assertThat(rules).contains("alert: " + name));
        listed.keySet().forEach(metric -> {
            if (Pattern.compile("\\b" + metric + "\\b").matcher(rules).find()) {
                assertThat(page)
                        .as("the alert that uses " + metric)
                        .containsPattern("\\| `" + metric + "` \\|.*\\[Trunkline");
            }
        });
    }

    @Test
    void promtoolAcceptsTheRulesAndTheirTestsPass() throws Exception {
        List<String> tests;
        try (Stream<Path> files = Files.list(ALERT_TESTS)) {
            tests = files.map(Path::toString)
                    .filter(f -> f.endsWith(".yaml"))
                    .sorted()
                    .toList();
        }
        assertThat(tests).isNotEmpty();

        assertThat(promtool(List.of("check", "rules", "--lint-fatal", ALERTS.toString())))
                .isEmpty();
        List<String> command = new ArrayList<>(List.of("test", "rules"));
        command.addAll(tests);
        assertThat(promtool(command)).isEmpty();
    }

    /** The metrics of the service with their labels; a histogram or a timer under its own name. */
    private Map<String, Set<String>> scraped() {
        Map<String, Set<String>> scraped = new TreeMap<>();
        String text = new Api("http://localhost:" + managementPort)
                .get("/metrics", "text/plain")
                .body();
        Set<String> families = new TreeSet<>();
        Matcher type = Pattern.compile("(?m)^# TYPE (trunkline_\\w+) (?:histogram|summary)$")
                .matcher(text);
        while (type.find()) {
            families.add(type.group(1));
        }
        Matcher sample = SAMPLE.matcher(text);
        while (sample.find()) {
            String name = sample.group(1);
            String family = OF_HISTOGRAMS.stream()
                    .filter(name::endsWith)
                    .map(suffix -> name.substring(0, name.length() - suffix.length()))
                    .filter(families::contains)
                    .findFirst()
                    .orElse(name);
            Set<String> labels = labels(sample.group(2) == null ? "" : sample.group(2));
            labels.remove("le");
            scraped.computeIfAbsent(family, f -> new TreeSet<>()).addAll(labels);
        }
        return scraped;
    }

    private static Set<String> labels(String text) {
        Set<String> labels = new TreeSet<>();
        Matcher label = LABEL.matcher(text);
        while (label.find()) {
            labels.add(label.group(1));
        }
        return labels;
    }

    private boolean hasData(String query) {
        List<JsonNode> results = results(query);
        return results.stream()
                .anyMatch(result -> !result.at("/value/1").asText().equals("NaN"));
    }

    private List<JsonNode> results(String query) {
        Api.Answer answer = prometheus.get(
                "/api/v1/query?query=" + URLEncoder.encode(query, StandardCharsets.UTF_8), "application/json");
        assertThat(answer.status()).as(query + " " + answer.body()).isEqualTo(200);
        List<JsonNode> results = new ArrayList<>();
        answer.json().at("/data/result").forEach(results::add);
        return results;
    }

    /** The queries of all panels by where they stand, with what Grafana would put in for its variables. */
    private static Map<String, String> queries() throws IOException {
        Map<String, String> queries = new LinkedHashMap<>();
        try (Stream<Path> files = Files.list(DASHBOARDS)) {
            for (Path file :
                    files.filter(f -> f.toString().endsWith(".json")).sorted().toList()) {
                JsonNode dashboard = MAPPER.readTree(file.toFile());
                for (JsonNode panel : dashboard.findValues("panels").stream()
                        .flatMap(MonitoringIT::elements)
                        .toList()) {
                    for (JsonNode target : panel.path("targets")) {
                        queries.put(
                                file.getFileName() + ": " + panel.path("title").asText() + " "
                                        + target.path("refId").asText(),
                                withoutVariables(target.path("expr").asText()));
                    }
                }
            }
        }
        return queries;
    }

    private static Stream<JsonNode> elements(JsonNode array) {
        return Stream.iterate(0, i -> i < array.size(), i -> i + 1).map(array::get);
    }

    private static String withoutVariables(String expression) {
        String query = expression
                .replace("$__rate_interval", "10s")
                .replace("$__interval", "10s")
                .replace("$__range", "30s");
        return query.replaceAll("\\$\\{?[a-z]+(?::[a-z]+)?}?", ".*");
    }

    /** Everything that there are metrics for, again and again. */
    private void use(Api api) {
        api.createTopic("monitored", 2);
        api.createTopic("shortlived", 1);
        Api.Answer limited =
                api.send("PATCH", "/topics/shortlived", Api.CONTROL, "{\"configs\":{\"retention.ms\":\"1000\"}}");
        assertThat(limited.status()).as(limited.body()).isLessThan(300);
        String consumer = api.newConsumer("watchers", "{\"format\":\"json\",\"auto.offset.reset\":\"earliest\"}");
        api.post(consumer + "/subscription", Api.CONTROL, "{\"topics\":[\"monitored\"]}");
        long next = 0;
        while (!over) {
            api.post(
                    "/topics/monitored",
                    Api.JSON,
                    "{\"records\":[{\"value\":1,\"partition\":0},{\"value\":2,\"partition\":1}]}");
            api.post("/topics/shortlived", Api.JSON, "{\"records\":[{\"value\":3}]}");
            api.get("/topics/monitored/partitions/0/records?max_records=1&offset=" + next++, Api.JSON);
            api.get("/topics/monitored/partitions/1/records?timeout=20&offset=" + next, Api.JSON);
            api.get(consumer + "/records?timeout=50", Api.JSON);
            api.get("/topics/no-such-topic");
        }
    }

    private void startPrometheus() throws IOException {
        Path config = Files.writeString(
                directory.resolve("prometheus.yml"), """
                global:
                  scrape_interval: 1s
                  evaluation_interval: 1s
                rule_files:
                  - %s
                scrape_configs:
                  - job_name: trunkline
                    static_configs:
                      - targets: ["127.0.0.1:%d"]
                """.formatted(ALERTS.toAbsolutePath(), managementPort));
        Process process = new ProcessBuilder(
                        "prometheus",
                        "--config.file=" + config,
                        "--storage.tsdb.path=" + directory.resolve("tsdb"),
                        "--web.listen-address=127.0.0.1:" + prometheusPort)
                .redirectErrorStream(true)
                .redirectOutput(directory.resolve("prometheus.log").toFile())
                .start();
        started.add(() -> {
            process.destroy();
            if (!process.waitFor(30, TimeUnit.SECONDS)) {
                process.destroyForcibly().waitFor();
            }
        });
    }

    /** What promtool complains of; empty when it is content. */
    private String promtool(List<String> arguments) throws Exception {
        List<String> command = new ArrayList<>(List.of("promtool"));
        command.addAll(arguments);
        Path output = directory.resolve("promtool.log");
        Process process = new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(output.toFile())
                .start();
        if (!process.waitFor(PATIENCE.toSeconds(), TimeUnit.SECONDS)) {
            process.destroyForcibly();
            return "promtool did not end";
        }
        return process.exitValue() == 0 ? "" : Files.readString(output);
    }
}
