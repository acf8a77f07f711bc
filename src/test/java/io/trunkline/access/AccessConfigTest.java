package io.trunkline.access;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.smallrye.config.ConfigValidationException;
import io.smallrye.config.PropertiesConfigSource;
import io.smallrye.config.SmallRyeConfigBuilder;
import java.util.Map;
import org.junit.jupiter.api.Test;

class AccessConfigTest {
    @Test
    void defaults() {
        AccessConfig config = config(Map.of());

        assertThat(config.mode()).isEmpty();
        assertThat(config.metrics()).isEqualTo(AccessConfig.Metrics.OPEN);
    }

    @Test
    void everyKeyCanBeSet() {
        AccessConfig config =
                config(Map.of("trunkline.access.mode", "required", "trunkline.access.metrics", "credentials"));

        assertThat(config.mode()).contains(AccessConfig.Mode.REQUIRED);
        assertThat(config.metrics()).isEqualTo(AccessConfig.Metrics.CREDENTIALS);
    }

    @Test
    void typingErrorIsRefused() {
        assertThatThrownBy(() -> config(Map.of("trunkline.access.metric", "open")))
                .isInstanceOf(ConfigValidationException.class);
    }

    private static AccessConfig config(Map<String, String> properties) {
        return new SmallRyeConfigBuilder()
                .addDiscoveredConverters()
                .withMapping(AccessConfig.class)
                .withSources(new PropertiesConfigSource(properties, "test", 500))
                .build()
                .getConfigMapping(AccessConfig.class);
    }
}
