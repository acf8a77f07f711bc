package io.trunkline.ops;

import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.quarkus.runtime.StartupEvent;
import io.quarkus.runtime.configuration.ConfigurationException;
import io.smallrye.config.PropertiesConfigSource;
import io.smallrye.config.SmallRyeConfig;
import io.smallrye.config.SmallRyeConfigBuilder;
import io.trunkline.group.ConsumerConfig;
import io.trunkline.jdbc.DatabaseConfig;
import io.trunkline.log.LogConfig;
import io.trunkline.retention.RetentionConfig;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Configuration that the start refuses, and names. */
class ConfigCheckTest {
    @Test
    void defaultsAreTaken() {
        assertThatCode(() -> check(Map.of())).doesNotThrowAnyException();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"trunkline.databse.url", "trunkline.loga.append.threads", "trunkline.database-url", "trunkline.x"
            })
    void keyOfNoGroupIsRefused(String key) {
        assertThatThrownBy(() -> check(Map.of(key, "x")))
                .isInstanceOf(ConfigurationException.class)
                .hasMessageContaining("Unknown configuration: " + key);
    }

    @Test
    void poolThatIsTooSmallForTheThreadsIsRefused() {
        assertThatThrownBy(() -> check(Map.of("trunkline.log.fetch.threads", "30")))
                .isInstanceOf(ConfigurationException.class)
                .hasMessageContaining("trunkline.database.max-connections")
                .hasMessageContaining("62");
        assertThatCode(() ->
                        check(Map.of("trunkline.log.fetch.threads", "30", "trunkline.database.max-connections", "62")))
                .doesNotThrowAnyException();
    }

    @ParameterizedTest
    @CsvSource({
        "trunkline.consumer.auto-offset-reset, x",
        "trunkline.consumer.auto-offset-reset, by_duration:yesterday",
        "trunkline.consumer.session-timeout, 999ms",
        "trunkline.consumer.delivery-timeout, 99ms",
        "trunkline.consumer.offsets-retention, 59s",
        "trunkline.consumer.lag-interval, 999ms",
        "trunkline.log.metrics.interval, 999ms",
        "trunkline.log.append.max-batch-bytes, 65M",
        "trunkline.database.response-timeout, 1999ms",
        "trunkline.database.response-timeout, 61s",
        "trunkline.database.upkeep-timeout, 9s",
        "trunkline.database.migration-timeout, 999ms",
        "trunkline.retention.check-interval, 999ms",
        "trunkline.retention.max-delete-rate, 63K",
    })
    void valueOutsideOfItsRangeIsRefused(String key, String value) {
        assertThatThrownBy(() -> check(Map.of(key, value)))
                .isInstanceOf(ConfigurationException.class)
                .hasMessageContaining(key);
    }

    @ParameterizedTest
    @CsvSource({
        "trunkline.consumer.auto-offset-reset, by_duration:PT1H",
        "trunkline.consumer.session-timeout, 1s",
        "trunkline.consumer.delivery-timeout, 100ms",
        "trunkline.consumer.offsets-retention, 1m",
        "trunkline.consumer.lag-interval, 1s",
        "trunkline.log.metrics.interval, 1s",
        "trunkline.log.append.max-batch-bytes, 64M",
        "trunkline.database.response-timeout, 2s",
        "trunkline.database.response-timeout, 60s",
        "trunkline.database.upkeep-timeout, 10s",
        "trunkline.database.migration-timeout, 1s",
        "trunkline.retention.check-interval, 1s",
        "trunkline.retention.max-delete-rate, 64K",
    })
    void valueAtTheEndOfItsRangeIsTaken(String key, String value) {
        assertThatCode(() -> check(Map.of(key, value))).doesNotThrowAnyException();
    }

    private static void check(Map<String, String> values) {
        SmallRyeConfig config = new SmallRyeConfigBuilder()
                .addDiscoveredConverters()
                .withMapping(ConsumerConfig.class)
                .withMapping(DatabaseConfig.class)
                .withMapping(LogConfig.class)
                .withMapping(RetentionConfig.class)
                .withSources(new PropertiesConfigSource(values, "test", 500))
                .build();
        new ConfigCheck(
                        config,
                        config.getConfigMapping(DatabaseConfig.class),
                        config.getConfigMapping(LogConfig.class),
                        config.getConfigMapping(ConsumerConfig.class),
                        config.getConfigMapping(RetentionConfig.class))
                .atStart(new StartupEvent());
    }
}
