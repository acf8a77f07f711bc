package io.trunkline.chart;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Typical installations: {@code -Dchart.update=true} writes anew what the chart makes of them. */
class ChartGoldenTest {
    private static final Path GOLDEN = Path.of("src/test/resources/chart/golden");

    @ParameterizedTest
    @ValueSource(strings = {"minimal", "production", "cloudnativepg", "cloudnativepg-extra"})
    void installationIsTheCommittedOne(String installation) throws IOException {
        Path golden = GOLDEN.resolve(installation + ".yaml");
        String values = Files.readString(GOLDEN.resolve(installation + "-values.yaml"));

        String rendered = Chart.at(Chart.DIRECTORY).template("trunkline", values);
        if (Boolean.getBoolean("chart.update")) {
            Files.writeString(golden, rendered);
        }

        assertThat(rendered)
                .as("after a change of the chart run ./mvnw test -Dtest='Chart*Test' -Dchart.update=true")
                .isEqualTo(Files.readString(golden));
        assertThat(Manifests.parse(rendered).podSpecs())
                .isNotEmpty()
                .allSatisfy(pod -> assertThat(RestrictedPods.violations(pod)).isEmpty());
    }
}
