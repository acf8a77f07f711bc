package io.trunkline;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.File;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

class SbomIT {
    @Test
    void bomListsWhatTheServiceRunsWithAndNothingElse() throws Exception {
        JsonNode bom = new ObjectMapper().readTree(new File("target/trunkline-cyclonedx.json"));

        assertThat(bom.path("bomFormat").asText()).isEqualTo("CycloneDX");
        Set<String> names = new TreeSet<>();
        bom.path("components").forEach(component -> {
            names.add(component.path("name").asText());
            assertThat(component.path("purl").asText()).startsWith("pkg:maven/");
        });
        assertThat(names)
                .contains("quarkus-rest", "postgresql", "flyway-core", "vertx-core", "netty-codec-http", "caffeine")
                .doesNotContain("assertj-core", "archunit", "jqwik", "quarkus-junit5");
    }
}
