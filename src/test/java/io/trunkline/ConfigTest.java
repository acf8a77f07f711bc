package io.trunkline;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.smallrye.config.ConfigValidationException;
import io.smallrye.config.PropertiesConfigSource;
import io.smallrye.config.SmallRyeConfig;
import io.smallrye.config.SmallRyeConfigBuilder;
import io.trunkline.access.CertificatesConfig;
import io.trunkline.access.OidcConfig;
import io.trunkline.access.QuotaConfig;
import io.trunkline.async.ShutdownConfig;
import io.trunkline.edge.ConsoleConfig;
import io.trunkline.edge.HttpConfig;
import io.trunkline.edge.StreamConfig;
import io.trunkline.embedded.EmbeddedConfig;
import io.trunkline.group.ConsumerConfig;
import io.trunkline.jdbc.DatabaseConfig;
import io.trunkline.log.IdempotencyConfig;
import io.trunkline.log.LogConfig;
import io.trunkline.retention.RetentionConfig;
import io.trunkline.topic.TopicDefaults;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Every key: its default, its name, and what happens to a name that is none. */
class ConfigTest {
    @Test
    void defaultsAreTheDocumentedOnes() {
        SmallRyeConfig config = config(Map.of());

        DatabaseConfig database = config.getConfigMapping(DatabaseConfig.class);
        assertThat(database.url()).isEmpty();
        assertThat(database.username()).isEqualTo("trunkline_app");
        assertThat(database.password()).isEmpty();
        assertThat(database.owner().username()).isEmpty();
        assertThat(database.owner().password()).isEmpty();
        assertThat(database.schema()).isEqualTo("trunkline");
        assertThat(database.maxConnections()).isEqualTo(43);
        assertThat(database.diskSize()).isEmpty();
        assertThat(database.responseTimeout()).isEqualTo(Duration.ofSeconds(10));
        assertThat(database.upkeepTimeout()).isEqualTo(Duration.ofSeconds(60));
        assertThat(database.migrationTimeout()).isEqualTo(Duration.ofSeconds(200));
        ConsumerConfig consumer = config.getConfigMapping(ConsumerConfig.class);
        assertThat(consumer.sessionTimeout()).isEqualTo(Duration.ofMinutes(5));
        assertThat(consumer.deliveryTimeout()).isEqualTo(Duration.ofSeconds(10));
        assertThat(consumer.autoOffsetReset()).isEqualTo("latest");
        assertThat(consumer.offsetsRetention()).isEqualTo(Duration.ofDays(7));
        assertThat(consumer.threads()).isEqualTo(4);
        assertThat(consumer.maxMembers()).isEqualTo(1_000);
        assertThat(consumer.maxGroups()).isEqualTo(10_000);
        assertThat(consumer.maxWaiting()).isEqualTo(10_000);
        assertThat(consumer.lagInterval()).isEqualTo(Duration.ofSeconds(15));
        EmbeddedConfig embedded = config.getConfigMapping(EmbeddedConfig.class);
        assertThat(embedded.dataDirectory()).isEqualTo(Path.of("./trunkline-data"));
        assertThat(embedded.port()).isZero();
        assertThat(embedded.startupTimeout()).isEqualTo(Duration.ofSeconds(60));
        HttpConfig http = config.getConfigMapping(HttpConfig.class);
        assertThat(http.maxBodySize().asLongValue()).isEqualTo(10L << 20);
        assertThat(http.maxBodyBytesInFlight()).isEmpty();
        assertThat(http.maxResponseBytesInFlight()).isEmpty();
        assertThat(http.maxHeadBytesInFlight()).isEmpty();
        assertThat(http.maxConnections()).isEqualTo(8_192);
        assertThat(http.maxRequests()).isEqualTo(10_000);
        assertThat(http.requestTimeout()).isEqualTo(Duration.ofSeconds(60));
        assertThat(http.responseTimeout()).isEqualTo(Duration.ofSeconds(30));
        assertThat(http.minTransferRate().asLongValue()).isEqualTo(16L << 10);
        assertThat(http.idleTimeout()).isEqualTo(Duration.ofMinutes(11));
        assertThat(http.allowedHosts()).isEmpty();
        assertThat(http.documentation()).isTrue();
        ConsoleConfig console = config.getConfigMapping(ConsoleConfig.class);
        assertThat(console.enabled()).isTrue();
        assertThat(console.readOnly()).isFalse();
        QuotaConfig quotas = config.getConfigMapping(QuotaConfig.class);
        assertThat(quotas.requests()).isEmpty();
        assertThat(quotas.bytesWritten()).isEmpty();
        assertThat(quotas.bytesRead()).isEmpty();
        assertThat(quotas.openPolls()).isEmpty();
        assertThat(quotas.consumers()).isEmpty();
        assertThat(quotas.topics()).isEmpty();
        assertThat(quotas.partitions()).isEmpty();
        assertThat(config.getConfigMapping(IdempotencyConfig.class).retention()).isEqualTo(Duration.ofHours(24));
        LogConfig log = config.getConfigMapping(LogConfig.class);
        assertThat(log.append().threads()).isEqualTo(8);
        assertThat(log.append().maxBatchBytes().asLongValue()).isEqualTo(1L << 20);
        assertThat(log.append().maxBatchRecords()).isEqualTo(10_000);
        assertThat(log.append().maxQueuedBytesPerPartition().asLongValue()).isEqualTo(16L << 20);
        assertThat(log.append().maxQueuedBytes().asLongValue()).isEqualTo(64L << 20);
        assertThat(log.fetch().threads()).isEqualTo(8);
        assertThat(log.fetch().maxQueued()).isEqualTo(20_000);
        assertThat(log.fetch().maxBytes().asLongValue()).isEqualTo(16L << 20);
        assertThat(log.fetch().filterBytes().asLongValue()).isEqualTo(16L << 20);
        assertThat(log.fetch().maxWait()).isEqualTo(Duration.ofMinutes(5));
        assertThat(log.fetch().maxWaiting()).isEqualTo(10_000);
        assertThat(log.fetch().cacheBytes().asLongValue()).isEqualTo(32L << 20);
        assertThat(log.fetch().readAheadBytes().asLongValue()).isEqualTo(8L << 20);
        assertThat(log.fetch().pollInterval()).isEqualTo(Duration.ofMillis(25));
        assertThat(log.slices().length()).isEqualTo(Duration.ofDays(1));
        assertThat(log.slices().checkInterval()).isEqualTo(Duration.ofMinutes(10));
        assertThat(log.slices().ahead()).isEqualTo(3);
        assertThat(log.metrics().interval()).isEqualTo(Duration.ofMinutes(1));
        assertThat(log.metrics().maxTopics()).isEqualTo(1_000);
        assertThat(log.metrics().maxPartitions()).isEqualTo(1_000);
        RetentionConfig retention = config.getConfigMapping(RetentionConfig.class);
        assertThat(retention.checkInterval()).isEqualTo(Duration.ofMinutes(5));
        assertThat(retention.maxDeleteRate().asLongValue()).isEqualTo(64L << 20);
        ShutdownConfig shutdown = config.getConfigMapping(ShutdownConfig.class);
        assertThat(shutdown.delay()).isEqualTo(Duration.ZERO);
        assertThat(shutdown.timeout()).isEqualTo(Duration.ofSeconds(30));
        assertThat(shutdown.terminationLog()).isEqualTo(Path.of("/dev/termination-log"));
        StreamConfig streams = config.getConfigMapping(StreamConfig.class);
        assertThat(streams.maxOpen()).isEqualTo(8_000);
        assertThat(streams.heartbeat()).isEqualTo(Duration.ofSeconds(15));
        assertThat(streams.stallTimeout()).isEqualTo(Duration.ofSeconds(30));
        assertThat(streams.retry()).isEqualTo(Duration.ofSeconds(1));
        TopicDefaults topics = config.getConfigMapping(TopicDefaults.class);
        assertThat(topics.autoCreate()).isFalse();
        assertThat(topics.defaultPartitions()).isEqualTo(1);
        assertThat(topics.maxPartitions()).isEqualTo(1_000);
        assertThat(topics.maxTopics()).isEqualTo(10_000);
        assertThat(topics.maxTotalPartitions()).isEqualTo(100_000);
        assertThat(topics.administration()).isTrue();
    }

    private static final Map<String, String> EVERY_KEY = Map.ofEntries(
            Map.entry("trunkline.access.certificates.enabled", "true"),
            Map.entry("trunkline.access.certificates.subject-pattern", "CN=(.*)"),
            Map.entry("trunkline.access.oidc.issuer", "https://login.example.org"),
            Map.entry("trunkline.access.oidc.audience", "a,b"),
            Map.entry("trunkline.access.oidc.server-url", "https://10.0.0.1"),
            Map.entry("trunkline.access.oidc.jwks-file", "/keys/jwks.json"),
            Map.entry("trunkline.access.oidc.algorithms", "ES256,PS512"),
            Map.entry("trunkline.access.oidc.clock-skew", "1s"),
            Map.entry("trunkline.access.oidc.principal-claim", "name"),
            Map.entry("trunkline.access.oidc.principal-prefix", "oidc:"),
            Map.entry("trunkline.access.oidc.roles-claims", "groups"),
            Map.entry("trunkline.access.oidc.token-file", "/token"),
            Map.entry("trunkline.access.oidc.tls-configuration-name", "provider"),
            Map.entry("trunkline.console.enabled", "false"),
            Map.entry("trunkline.console.read-only", "true"),
            Map.entry("trunkline.access.oidc.login.client-id", "console"),
            Map.entry("trunkline.access.oidc.login.client-secret", "secret"),
            Map.entry("trunkline.access.oidc.login.scopes", "openid,groups"),
            Map.entry("trunkline.access.oidc.login.url", "https://trunkline.example.org"),
            Map.entry("trunkline.consumer.session-timeout", "1m"),
            Map.entry("trunkline.consumer.delivery-timeout", "2s"),
            Map.entry("trunkline.consumer.offsets-retention", "3d"),
            Map.entry("trunkline.consumer.auto-offset-reset", "by_duration:PT1H"),
            Map.entry("trunkline.consumer.threads", "4"),
            Map.entry("trunkline.consumer.max-members", "5"),
            Map.entry("trunkline.consumer.max-groups", "8"),
            Map.entry("trunkline.consumer.max-waiting", "6"),
            Map.entry("trunkline.consumer.lag-interval", "7s"),
            Map.entry("trunkline.database.url", "jdbc:postgresql://db/x"),
            Map.entry("trunkline.database.username", "u"),
            Map.entry("trunkline.database.password", "p"),
            Map.entry("trunkline.database.owner.username", "o"),
            Map.entry("trunkline.database.owner.password", "q"),
            Map.entry("trunkline.database.schema", "events"),
            Map.entry("trunkline.database.max-connections", "10"),
            Map.entry("trunkline.database.disk-size", "1G"),
            Map.entry("trunkline.database.response-timeout", "3s"),
            Map.entry("trunkline.database.upkeep-timeout", "4s"),
            Map.entry("trunkline.database.migration-timeout", "5s"),
            Map.entry("trunkline.embedded.data-directory", "/d"),
            Map.entry("trunkline.embedded.port", "5433"),
            Map.entry("trunkline.embedded.startup-timeout", "2s"),
            Map.entry("trunkline.http.max-body-size", "1M"),
            Map.entry("trunkline.http.max-streamed-body-size", "5G"),
            Map.entry("trunkline.http.max-body-bytes-in-flight", "2M"),
            Map.entry("trunkline.http.max-response-bytes-in-flight", "3M"),
            Map.entry("trunkline.http.max-head-bytes-in-flight", "4M"),
            Map.entry("trunkline.http.max-connections", "5"),
            Map.entry("trunkline.http.max-requests", "6"),
            Map.entry("trunkline.http.request-timeout", "7s"),
            Map.entry("trunkline.http.response-timeout", "8s"),
            Map.entry("trunkline.http.min-transfer-rate", "9K"),
            Map.entry("trunkline.http.idle-timeout", "10m"),
            Map.entry("trunkline.http.allowed-hosts", "a.example.org,b.example.org"),
            Map.entry("trunkline.http.documentation", "false"),
            Map.entry("trunkline.idempotency.retention", "20h"),
            Map.entry("trunkline.log.append.threads", "1"),
            Map.entry("trunkline.log.append.max-batch-bytes", "3M"),
            Map.entry("trunkline.log.append.max-batch-records", "4"),
            Map.entry("trunkline.log.append.max-queued-bytes-per-partition", "5M"),
            Map.entry("trunkline.log.append.max-queued-bytes", "6M"),
            Map.entry("trunkline.log.fetch.threads", "2"),
            Map.entry("trunkline.log.fetch.max-queued", "7"),
            Map.entry("trunkline.log.fetch.max-bytes", "8M"),
            Map.entry("trunkline.log.fetch.filter-bytes", "12M"),
            Map.entry("trunkline.log.fetch.max-wait", "9s"),
            Map.entry("trunkline.log.fetch.max-waiting", "10"),
            Map.entry("trunkline.log.fetch.cache-bytes", "10M"),
            Map.entry("trunkline.log.fetch.read-ahead-bytes", "9M"),
            Map.entry("trunkline.log.fetch.poll-interval", "11ms"),
            Map.entry("trunkline.log.slices.length", "1h"),
            Map.entry("trunkline.log.slices.check-interval", "12m"),
            Map.entry("trunkline.log.slices.ahead", "13"),
            Map.entry("trunkline.log.metrics.interval", "14s"),
            Map.entry("trunkline.log.metrics.max-topics", "18"),
            Map.entry("trunkline.log.metrics.max-partitions", "15"),
            Map.entry("trunkline.quotas.requests", "1"),
            Map.entry("trunkline.quotas.bytes-written", "2M"),
            Map.entry("trunkline.quotas.bytes-read", "3M"),
            Map.entry("trunkline.quotas.open-polls", "4"),
            Map.entry("trunkline.quotas.consumers", "5"),
            Map.entry("trunkline.quotas.topics", "6"),
            Map.entry("trunkline.quotas.partitions", "7"),
            Map.entry("trunkline.retention.check-interval", "16s"),
            Map.entry("trunkline.retention.max-delete-rate", "17M"),
            Map.entry("trunkline.shutdown.delay", "18s"),
            Map.entry("trunkline.shutdown.timeout", "19s"),
            Map.entry("trunkline.shutdown.termination-log", "/t"),
            Map.entry("trunkline.streams.max-open", "20"),
            Map.entry("trunkline.streams.heartbeat", "21s"),
            Map.entry("trunkline.streams.stall-timeout", "22s"),
            Map.entry("trunkline.streams.retry", "23s"),
            Map.entry("trunkline.topics.auto-create", "true"),
            Map.entry("trunkline.topics.default-partitions", "14"),
            Map.entry("trunkline.topics.max-partitions", "15"),
            Map.entry("trunkline.topics.max-topics", "16"),
            Map.entry("trunkline.topics.max-total-partitions", "17"),
            Map.entry("trunkline.topics.administration", "false"));

    @Test
    void everyKeyIsDocumented() throws Exception {
        String documentation = Files.readString(Path.of("docs/configuration.md"));

        assertThat(EVERY_KEY.keySet())
                .allSatisfy(key -> assertThat(documentation).contains("`" + key + "`"));
    }

    @Test
    void everyKeyCanBeSet() {
        SmallRyeConfig config = config(EVERY_KEY);

        OidcConfig oidc = config.getConfigMapping(OidcConfig.class);
        assertThat(oidc.audience()).contains(List.of("a", "b"));
        assertThat(oidc.algorithms()).containsExactly(OidcConfig.Algorithm.ES256, OidcConfig.Algorithm.PS512);
        assertThat(oidc.login().clientId()).contains("console");
        assertThat(oidc.login().clientSecret()).contains("secret");
        assertThat(oidc.login().scopes()).containsExactly("openid", "groups");
        assertThat(oidc.login().url()).contains("https://trunkline.example.org");
        assertThat(config.getConfigMapping(CertificatesConfig.class).subjectPattern())
                .contains("CN=(.*)");
        assertThat(config.getConfigMapping(ConsoleConfig.class).enabled()).isFalse();
        assertThat(config.getConfigMapping(ConsoleConfig.class).readOnly()).isTrue();
        assertThat(config.getConfigMapping(DatabaseConfig.class).owner().username())
                .contains("o");
        assertThat(config.getConfigMapping(DatabaseConfig.class).schema()).isEqualTo("events");
        assertThat(config.getConfigMapping(DatabaseConfig.class).maxConnections())
                .isEqualTo(10);
        assertThat(config.getConfigMapping(EmbeddedConfig.class).dataDirectory())
                .isEqualTo(Path.of("/d"));
        assertThat(config.getConfigMapping(HttpConfig.class).maxBodySize().asLongValue())
                .isEqualTo(1L << 20);
        assertThat(config.getConfigMapping(IdempotencyConfig.class).retention()).isEqualTo(Duration.ofHours(20));
        assertThat(config.getConfigMapping(LogConfig.class).slices().ahead()).isEqualTo(13);
        assertThat(config.getConfigMapping(QuotaConfig.class).partitions()).contains(7);
        assertThat(config.getConfigMapping(TopicDefaults.class).autoCreate()).isTrue();
        assertThat(config.getConfigMapping(ConsumerConfig.class).deliveryTimeout())
                .isEqualTo(Duration.ofSeconds(2));
        assertThat(config.getConfigMapping(ConsumerConfig.class).autoOffsetReset())
                .isEqualTo("by_duration:PT1H");
        assertThat(config.getConfigMapping(RetentionConfig.class).checkInterval())
                .isEqualTo(Duration.ofSeconds(16));
        assertThat(config.getConfigMapping(StreamConfig.class).maxOpen()).isEqualTo(20);
    }

    @ParameterizedTest
    @ValueSource(strings = {"none", "HS256", "HS512"})
    void signatureThatHoldersOfThePublicKeyCanMakeIsRefused(String algorithm) {
        assertThatThrownBy(() -> config(Map.of("trunkline.access.oidc.algorithms", algorithm)))
                .hasStackTraceContaining(algorithm);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "trunkline.access.oidc.isuer",
                "trunkline.access.oidc.login.client",
                "trunkline.access.certificates.on",
                "trunkline.console.readonly",
                "trunkline.consumer.session-timout",
                "trunkline.database.user",
                "trunkline.database.ulr",
                "trunkline.embedded.dir",
                "trunkline.http.max-body",
                "trunkline.idempotency.time",
                "trunkline.log.append.thread",
                "trunkline.quotas.polls",
                "trunkline.retention.interval",
                "trunkline.shutdown.wait",
                "trunkline.streams.max",
                "trunkline.topics.autocreate"
            })
    void typingErrorIsRefused(String name) {
        assertThatThrownBy(() -> config(Map.of(name, "x")))
                .isInstanceOf(ConfigValidationException.class)
                .hasMessageContaining(name);
    }

    private static SmallRyeConfig config(Map<String, String> properties) {
        return new SmallRyeConfigBuilder()
                .addDiscoveredConverters()
                .withMapping(CertificatesConfig.class)
                .withMapping(OidcConfig.class)
                .withMapping(ConsoleConfig.class)
                .withMapping(ConsumerConfig.class)
                .withMapping(DatabaseConfig.class)
                .withMapping(EmbeddedConfig.class)
                .withMapping(HttpConfig.class)
                .withMapping(IdempotencyConfig.class)
                .withMapping(LogConfig.class)
                .withMapping(QuotaConfig.class)
                .withMapping(RetentionConfig.class)
                .withMapping(ShutdownConfig.class)
                .withMapping(StreamConfig.class)
                .withMapping(TopicDefaults.class)
                .withSources(new PropertiesConfigSource(properties, "test", 500))
                .build();
    }
}
