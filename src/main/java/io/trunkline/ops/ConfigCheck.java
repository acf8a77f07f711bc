package io.trunkline.ops;

import io.quarkus.runtime.StartupEvent;
import io.quarkus.runtime.configuration.ConfigurationException;
import io.trunkline.edge.StreamConfig;
import io.trunkline.group.ConsumerConfig;
import io.trunkline.group.OffsetReset;
import io.trunkline.jdbc.ConnectionUser;
import io.trunkline.jdbc.DatabaseConfig;
import io.trunkline.log.IdempotencyConfig;
import io.trunkline.log.LogConfig;
import io.trunkline.outbox.OutboxConfig;
import io.trunkline.retention.RetentionConfig;
import jakarta.annotation.Priority;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Observes;
import jakarta.enterprise.inject.Instance;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.eclipse.microprofile.config.Config;

/**
 * Refuses configuration that nothing reads, which is most often a typing error. Keys below the groups that exist are
 * checked by their own config interfaces.
 */
@ApplicationScoped
class ConfigCheck {
    private static final String PREFIX = "trunkline.";
    /** What the prefixes of the config interfaces end with; a test holds it against them. */
    static final List<String> GROUPS = List.of(
            "access",
            "console",
            "consumer",
            "database",
            "embedded",
            "http",
            "idempotency",
            "log",
            "outbox",
            "quotas",
            "retention",
            "shutdown",
            "streams",
            "topics");

    /** A batch of so many bytes is below what PostgreSQL takes, whatever its records are. */
    private static final long MOST_BATCH_BYTES = 64L << 20;

    /** A write with a key looks into, and locks, two tables of each slice for which keys are remembered. */
    private static final int MOST_SLICES_WITH_KEYS = 50;

    private static final Duration LEAST_RESPONSE_TIMEOUT = Duration.ofSeconds(2);
    private static final Duration MOST_RESPONSE_TIMEOUT = Duration.ofSeconds(60);
    private static final Duration LEAST_OUTBOX_INTERVAL = Duration.ofMillis(10);
    private static final Duration MOST_OUTBOX_INTERVAL = Duration.ofSeconds(10);
    private static final long LEAST_DELETE_RATE = 64 * 1024;
    private static final long LEAST_FILTER_BYTES = 64 * 1024;

    private final Config config;
    private final DatabaseConfig database;
    private final LogConfig log;
    private final ConsumerConfig consumer;
    private final RetentionConfig retention;
    private final OutboxConfig outbox;
    private final IdempotencyConfig idempotency;
    private final StreamConfig streams;
    private final Instance<ConnectionUser> connectionUsers;

    ConfigCheck(
            Config config,
            DatabaseConfig database,
            LogConfig log,
            ConsumerConfig consumer,
            RetentionConfig retention,
            OutboxConfig outbox,
            IdempotencyConfig idempotency,
            StreamConfig streams,
            Instance<ConnectionUser> connectionUsers) {
        this.config = config;
        this.database = database;
        this.log = log;
        this.consumer = consumer;
        this.retention = retention;
        this.outbox = outbox;
        this.idempotency = idempotency;
        this.streams = streams;
        this.connectionUsers = connectionUsers;
    }

    void atStart(@Observes @Priority(50) StartupEvent event) {
        Set<String> unknown = new TreeSet<>();
        for (String name : config.getPropertyNames()) {
            if (name.startsWith(PREFIX)) {
                String rest = name.substring(PREFIX.length());
                int dot = rest.indexOf('.');
                if (!GROUPS.contains(dot < 0 ? rest : rest.substring(0, dot))) {
                    unknown.add(name);
                }
            }
        }
        if (!unknown.isEmpty()) {
            throw new ConfigurationException("Unknown configuration: " + String.join(", ", unknown)
                    + ". The groups are trunkline." + String.join(", .", GROUPS) + ".");
        }
        if (isReserved(database.schema())) {
            throw new ConfigurationException("trunkline.database.schema is " + database.schema()
                    + ", which is not Trunkline's alone: choose another name, such as trunkline. The migration creates the"
                    + " schema.");
        }
        atLeast(Duration.ofSeconds(1), consumer.sessionTimeout(), "consumer.session-timeout");
        atLeast(Duration.ofMillis(100), consumer.deliveryTimeout(), "consumer.delivery-timeout");
        atLeast(Duration.ofMinutes(1), consumer.offsetsRetention(), "consumer.offsets-retention");
        atLeast(Duration.ofSeconds(1), consumer.lagInterval(), "consumer.lag-interval");
        atLeast(Duration.ofSeconds(1), log.metrics().interval(), "log.metrics.interval");
        atLeast(LEAST_RESPONSE_TIMEOUT, database.responseTimeout(), "database.response-timeout");
        atMost(MOST_RESPONSE_TIMEOUT, database.responseTimeout(), "database.response-timeout");
        atLeast(database.responseTimeout(), database.upkeepTimeout(), "database.upkeep-timeout");
        atLeast(Duration.ofSeconds(1), database.migrationTimeout(), "database.migration-timeout");
        atLeast(Duration.ofSeconds(1), retention.checkInterval(), "retention.check-interval");
        atLeast(LEAST_OUTBOX_INTERVAL, outbox.pollInterval(), "outbox.poll-interval");
        atMost(MOST_OUTBOX_INTERVAL, outbox.pollInterval(), "outbox.poll-interval");
        atLeast(Duration.ofMinutes(1), idempotency.retention(), "idempotency.retention");
        Duration most = log.slices().length().multipliedBy(MOST_SLICES_WITH_KEYS);
        if (idempotency.retention().compareTo(most) > 0) {
            throw new ConfigurationException("trunkline.idempotency.retention is " + idempotency.retention()
                    + ", but must cover at most " + MOST_SLICES_WITH_KEYS + " slices (trunkline.log.slices.length is "
                    + log.slices().length() + ").");
        }
        atLeast(Duration.ofMillis(100), streams.heartbeat(), "streams.heartbeat");
        atLeast(Duration.ofSeconds(1), streams.stallTimeout(), "streams.stall-timeout");
        if (log.append().maxBatchBytes().asLongValue() > MOST_BATCH_BYTES) {
            throw new ConfigurationException("trunkline.log.append.max-batch-bytes is "
                    + log.append().maxBatchBytes().asLongValue() + ", but must be at most " + MOST_BATCH_BYTES
                    + " bytes.");
        }
        if (log.fetch().filterBytes().asLongValue() < LEAST_FILTER_BYTES) {
            throw new ConfigurationException("trunkline.log.fetch.filter-bytes is "
                    + log.fetch().filterBytes().asLongValue() + ", but must be at least " + LEAST_FILTER_BYTES
                    + " bytes.");
        }
        if (retention.maxDeleteRate().asLongValue() < LEAST_DELETE_RATE) {
            throw new ConfigurationException("trunkline.retention.max-delete-rate is "
                    + retention.maxDeleteRate().asLongValue() + ", but must be at least " + LEAST_DELETE_RATE
                    + " bytes a second.");
        }
        if (OffsetReset.of(consumer.autoOffsetReset()).isEmpty()) {
            throw new ConfigurationException(
                    "trunkline.consumer.auto-offset-reset must be earliest, latest, none, or by_duration: and an ISO 8601"
                            + " duration, such as by_duration:PT1H.");
        }
        int needed =
                connectionUsers.stream().mapToInt(ConnectionUser::connections).sum();
        if (database.maxConnections() < needed) {
            throw new ConfigurationException("trunkline.database.max-connections is " + database.maxConnections()
                    + ", but trunkline.log.append.threads, trunkline.log.fetch.threads and trunkline.consumer.threads need "
                    + needed + ".");
        }
    }

    /** Migrations revoke rights in the whole schema, and PostgreSQL keeps the other names for itself. */
    private static boolean isReserved(String schema) {
        return schema.equals("public") || schema.equals("information_schema") || schema.startsWith("pg_");
    }

    private static void atLeast(Duration least, Duration given, String key) {
        if (given.compareTo(least) < 0) {
            throw new ConfigurationException(
                    "trunkline." + key + " is " + given + ", but must be at least " + least + ".");
        }
    }

    private static void atMost(Duration most, Duration given, String key) {
        if (given.compareTo(most) > 0) {
            throw new ConfigurationException(
                    "trunkline." + key + " is " + given + ", but must be at most " + most + ".");
        }
    }
}
