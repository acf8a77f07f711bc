package io.trunkline.ops;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.quarkus.runtime.StartupEvent;
import io.quarkus.runtime.configuration.ConfigurationException;
import io.smallrye.config.PropertiesConfigSource;
import io.smallrye.config.SmallRyeConfig;
import io.smallrye.config.SmallRyeConfigBuilder;
import io.trunkline.edge.StreamConfig;
import io.trunkline.group.ConsumerConfig;
import io.trunkline.jdbc.ConnectionUser;
import io.trunkline.jdbc.DatabaseConfig;
import io.trunkline.log.IdempotencyConfig;
import io.trunkline.log.LogConfig;
import io.trunkline.outbox.OutboxConfig;
import io.trunkline.retention.RetentionConfig;
import jakarta.enterprise.inject.Instance;
import jakarta.enterprise.util.TypeLiteral;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.annotation.Annotation;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Configuration that the start refuses, and names. */
class ConfigCheckTest {
    private static final Pattern MAPPING = Pattern.compile("@ConfigMapping\\(prefix = \"trunkline\\.([a-z]+)");

    @Test
    void groupsAreThoseOfTheConfigInterfaces() throws IOException {
        try (Stream<Path> files = Files.walk(Path.of("src/main/java"))) {
            assertThat(files.filter(file -> file.toString().endsWith(".java"))
                            .flatMap(file -> MAPPING.matcher(read(file)).results())
                            .map(mapping -> mapping.group(1))
                            .distinct()
                            .sorted())
                    .hasSizeGreaterThan(5)
                    .isEqualTo(ConfigCheck.GROUPS);
        }
    }

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
        ConnectionUser one = new ConnectionUser() {};
        ConnectionUser many = new ConnectionUser() {
            @Override
            public int connections() {
                return 61;
            }
        };

        assertThatThrownBy(() -> check(Map.of("trunkline.database.max-connections", "61"), one, many))
                .isInstanceOf(ConfigurationException.class)
                .hasMessageContaining("trunkline.database.max-connections")
                .hasMessageContaining("62");
        assertThatCode(() -> check(Map.of("trunkline.database.max-connections", "62"), one, many))
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
        "trunkline.log.fetch.filter-bytes, 65535",
        "trunkline.database.response-timeout, 1999ms",
        "trunkline.database.response-timeout, 61s",
        "trunkline.database.upkeep-timeout, 9s",
        "trunkline.database.migration-timeout, 999ms",
        "trunkline.idempotency.retention, 59s",
        "trunkline.idempotency.retention, 1201h",
        "trunkline.log.slices.length, 28m",
        "trunkline.streams.heartbeat, 99ms",
        "trunkline.streams.stall-timeout, 999ms",
        "trunkline.retention.check-interval, 999ms",
        "trunkline.retention.max-delete-rate, 63K",
    })
    void valueOutsideOfItsRangeIsRefused(String key, String value) {
        assertThatThrownBy(() -> check(Map.of(key, value)))
                .isInstanceOf(ConfigurationException.class)
                .hasMessageContaining(key);
    }

    @ParameterizedTest
    @ValueSource(strings = {"public", "information_schema", "pg_catalog", "pg_events"})
    void schemaOfOthersIsRefused(String schema) {
        assertThatThrownBy(() -> check(Map.of("trunkline.database.schema", schema)))
                .isInstanceOf(ConfigurationException.class)
                .hasMessageContaining("trunkline.database.schema is " + schema)
                .hasMessageContaining("choose another name");
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
        "trunkline.log.fetch.filter-bytes, 64K",
        "trunkline.database.schema, events",
        "trunkline.database.schema, public_events",
        "trunkline.database.response-timeout, 2s",
        "trunkline.database.response-timeout, 60s",
        "trunkline.database.upkeep-timeout, 10s",
        "trunkline.database.migration-timeout, 1s",
        "trunkline.idempotency.retention, 1m",
        "trunkline.idempotency.retention, 1200h",
        "trunkline.log.slices.length, 29m",
        "trunkline.streams.heartbeat, 100ms",
        "trunkline.streams.stall-timeout, 1s",
        "trunkline.retention.check-interval, 1s",
        "trunkline.retention.max-delete-rate, 64K",
    })
    void valueAtTheEndOfItsRangeIsTaken(String key, String value) {
        assertThatCode(() -> check(Map.of(key, value))).doesNotThrowAnyException();
    }

    private static void check(Map<String, String> values, ConnectionUser... connectionUsers) {
        SmallRyeConfig config = new SmallRyeConfigBuilder()
                .addDiscoveredConverters()
                .withMapping(ConsumerConfig.class)
                .withMapping(DatabaseConfig.class)
                .withMapping(IdempotencyConfig.class)
                .withMapping(LogConfig.class)
                .withMapping(OutboxConfig.class)
                .withMapping(RetentionConfig.class)
                .withMapping(StreamConfig.class)
                .withSources(new PropertiesConfigSource(values, "test", 500))
                .build();
        new ConfigCheck(
                        config,
                        config.getConfigMapping(DatabaseConfig.class),
                        config.getConfigMapping(LogConfig.class),
                        config.getConfigMapping(ConsumerConfig.class),
                        config.getConfigMapping(RetentionConfig.class),
                        config.getConfigMapping(OutboxConfig.class),
                        config.getConfigMapping(IdempotencyConfig.class),
                        config.getConfigMapping(StreamConfig.class),
                        new Users(List.of(connectionUsers)))
                .atStart(new StartupEvent());
    }

    private static String read(Path file) {
        try {
            return Files.readString(file);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** What a container would find. */
    private record Users(List<ConnectionUser> all) implements Instance<ConnectionUser> {
        @Override
        public Iterator<ConnectionUser> iterator() {
            return all.iterator();
        }

        @Override
        public ConnectionUser get() {
            throw new UnsupportedOperationException();
        }

        @Override
        public Instance<ConnectionUser> select(Annotation... qualifiers) {
            throw new UnsupportedOperationException();
        }

        @Override
        public <U extends ConnectionUser> Instance<U> select(Class<U> subtype, Annotation... qualifiers) {
            throw new UnsupportedOperationException();
        }

        @Override
        public <U extends ConnectionUser> Instance<U> select(TypeLiteral<U> subtype, Annotation... qualifiers) {
            throw new UnsupportedOperationException();
        }

        @Override
        public boolean isUnsatisfied() {
            return all.isEmpty();
        }

        @Override
        public boolean isAmbiguous() {
            return all.size() > 1;
        }

        @Override
        public void destroy(ConnectionUser instance) {}

        @Override
        public Handle<ConnectionUser> getHandle() {
            throw new UnsupportedOperationException();
        }

        @Override
        public Iterable<? extends Handle<ConnectionUser>> handles() {
            throw new UnsupportedOperationException();
        }
    }
}
