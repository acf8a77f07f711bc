package io.trunkline;

import static org.assertj.core.api.Assertions.assertThat;

import io.quarkus.test.junit.QuarkusTest;
import io.trunkline.testing.ServiceTestCase;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** The service, its document, its images, its chart and its manifests have one version, that of the pom. */
@QuarkusTest
class VersionTest extends ServiceTestCase {
    private static final Pattern POM =
            Pattern.compile("<artifactId>trunkline</artifactId>\\s*<version>([0-9.]+)(?:-SNAPSHOT)?</version>");
    private static final Pattern CHART = Pattern.compile("(?m)^(?:version|appVersion): (.*)$");
    private static final Pattern IMAGE = Pattern.compile("(?m)^ARG VERSION=(.*)$");
    private static final Pattern MANIFESTS =
            Pattern.compile("(?m)(?:app.kubernetes.io/version: |newTag: |image: trunkline:)(.*)$");

    @Test
    void serviceReportsTheVersionOfThePom() throws IOException {
        assertThat(api.get("/").json().path("bridge_version").asText()).isEqualTo(version());
        assertThat(api.get("/openapi").json().at("/info/version").asText()).isEqualTo(version());
        assertThat(ops.get("/metrics", "text/plain").body())
                .containsPattern("trunkline_build_info\\{version=\"" + Pattern.quote(version()) + "\",?}");
    }

    @Test
    void chartImagesAndManifestsHaveTheVersionOfThePom() throws IOException {
        assertThat(all(CHART, Path.of("helm/trunkline/Chart.yaml"))).hasSize(2).containsOnly(version());
        assertThat(all(IMAGE, Path.of("src/main/docker/Dockerfile.jvm"))).containsExactly(version());
        assertThat(all(IMAGE, Path.of("src/main/docker/Dockerfile.native"))).containsExactly(version());
        try (Stream<Path> files = Files.walk(Path.of("k8s"))) {
            assertThat(files.filter(file -> file.toString().endsWith(".yaml"))
                            .flatMap(file -> all(MANIFESTS, file).stream()))
                    .hasSizeGreaterThan(10)
                    .containsOnly(version());
        }
    }

    private static String version() throws IOException {
        Matcher pom = POM.matcher(Files.readString(Path.of("pom.xml")));
        assertThat(pom.find()).isTrue();
        return pom.group(1);
    }

    private static List<String> all(Pattern pattern, Path file) {
        try {
            return pattern.matcher(Files.readString(file))
                    .results()
                    .map(found -> found.group(1))
                    .toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
