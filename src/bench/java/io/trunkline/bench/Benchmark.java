package io.trunkline.bench;

import io.trunkline.testing.TestDirectories;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The benchmark, {@code ./mvnw -Pbench verify}: starts PostgreSQL and the packaged service as processes of their own and
 * is the load generator itself, in a third one. Writes {@code report.json} and {@code report.html} below {@code
 * target/bench}, and ends with an error when a record was lost, never because something was slow.
 */
public final class Benchmark {
    private Benchmark() {}

    /** Runs what the system properties of {@link Settings} say. */
    public static void main(String[] arguments) {
        try {
            run();
            System.exit(0);
        } catch (IOException | SQLException | RuntimeException | AssertionError e) {
            e.printStackTrace();
            System.exit(1);
        }
    }

    private static void run() throws IOException, SQLException {
        Settings settings = Settings.fromProperties();
        List<Scenario> scenarios = Scenarios.named(settings.scenarios());
        Path directory = TestDirectories.outsideTheCheckout(
                Path.of(System.getProperty("bench.directory", "target/bench")).toAbsolutePath());
        Files.createDirectories(directory);
        try (Stage stage = Stage.set(settings, directory)) {
            Map<String, String> postgres = stage.postgres().settings();
            Map<String, String> descriptions = new LinkedHashMap<>();
            try {
                for (Scenario scenario : scenarios) {
                    descriptions.put(scenario.name(), scenario.description());
                    scenario.play(stage);
                }
            } finally {
                // Also after a failure: the runs before it may have taken an hour.
                report(Report.of(settings, postgres, descriptions, stage.runs()), directory);
            }
        }
    }

    private static void report(Report report, Path directory) throws IOException {
        report.writeJson(directory.resolve("report.json"));
        new HtmlReport(report).write(directory.resolve("report.html"));
        System.out.println();
        System.out.print(Table.text(report.summaries()));
        System.out.println();
        System.out.println(directory.resolve("report.html"));
    }
}
