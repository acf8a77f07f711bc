package io.trunkline.console;

import static org.assertj.core.api.Assertions.assertThat;

import io.trunkline.testing.NodePackages;
import io.trunkline.testing.ServiceProcess;
import io.trunkline.testing.TestDatabase;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.CleanupMode;
import org.junit.jupiter.api.io.TempDir;

/**
 * The console of the packaged application in Chromium, by the tests of {@code src/test/console}; their pictures are in
 * {@code target/console/screenshots}. The browser is {@code /usr/bin/chromium}, or what the environment variable {@code CHROMIUM}
 * names.
 */
@Tag("nightly")
@Tag("minutes")
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class ConsoleIT {
    private static final Path SCREENSHOTS =
            Path.of("target/console/screenshots").toAbsolutePath();
    private static final Duration PATIENCE = Duration.ofMinutes(10);

    private final TestDatabase database = TestDatabase.inASharedServer();
    private NodePackages checks;
    private ServiceProcess service;

    @BeforeAll
    void start(@TempDir(cleanup = CleanupMode.ON_SUCCESS) Path directory) throws IOException {
        checks = NodePackages.installConsoleChecks();
        Files.createDirectories(SCREENSHOTS);
        service = ServiceProcess.start(directory, database.start());
    }

    @AfterAll
    void stop() {
        if (service != null) {
            service.close();
        }
        database.stop();
    }

    @Test
    void typesAndRulesHold() {
        checks.run("check", Map.of(), PATIENCE);
    }

    @Test
    void modulesWithoutABrowserWork() {
        assertThat(checks.run("unit", Map.of(), PATIENCE)).contains("fail 0").doesNotContain("pass 0\n");
    }

    @Test
    void everyViewWorksInABrowser() {
        String url = "http://localhost:" + service.port();
        String printed = checks.run(
                "browser", Map.of("TRUNKLINE_URL", url, "TRUNKLINE_SCREENSHOTS", SCREENSHOTS.toString()), PATIENCE);
        assertThat(printed).contains("fail 0").contains("skipped 0").doesNotContain("pass 0\n");
    }
}
