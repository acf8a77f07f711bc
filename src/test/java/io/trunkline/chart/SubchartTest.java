package io.trunkline.chart;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The chart as a dependency of another, under a condition. */
class SubchartTest {
    private static final String PARENT = """
            apiVersion: v2
            name: shop
            version: 1.0.0
            dependencies:
              - name: trunkline
                version: 0.1.0
                condition: trunkline.enabled
            """;

    @Test
    void subchartIsInstalledUnderItsCondition(@TempDir Path parent) throws IOException {
        Chart shop = shop(parent);

        assertThat(Manifests.parse(shop.template("shop", values(true))).names())
                .contains("Deployment/shop-trunkline", "ConfigMap/shop-trunkline", "PrometheusRule/shop-trunkline");
        assertThat(Manifests.parse(shop.template("shop", values(false))).names())
                .isEqualTo(List.of("ConfigMap/shop"));
    }

    private static Chart shop(Path parent) throws IOException {
        Files.writeString(parent.resolve("Chart.yaml"), PARENT);
        Files.writeString(
                Files.createDirectories(parent.resolve("templates")).resolve("configmap.yaml"),
                "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: shop}\n");
        Chart.copy(parent.resolve("charts/trunkline"));
        return Chart.at(parent);
    }

    private static String values(boolean enabled) {
        return "global: {region: north}\ntrunkline:\n  enabled: " + enabled
                + "\n  metrics: {prometheusRule: {enabled: true}}\n" + Chart.MINIMAL.indent(2);
    }
}
