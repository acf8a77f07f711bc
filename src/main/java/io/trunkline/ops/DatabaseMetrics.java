package io.trunkline.ops;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tags;
import io.quarkus.runtime.ShutdownEvent;
import io.quarkus.runtime.StartupEvent;
import io.quarkus.runtime.configuration.MemorySize;
import io.trunkline.async.SharedLook;
import io.trunkline.async.WorkerPool;
import io.trunkline.error.Failures;
import io.trunkline.jdbc.ConnectionUser;
import io.trunkline.jdbc.DatabaseConfig;
import io.trunkline.jdbc.DatabaseStatistics;
import io.trunkline.jdbc.DatabaseStatistics.Statistics;
import io.trunkline.jdbc.Quiet;
import io.trunkline.log.LogConfig;
import io.trunkline.overview.DatabaseLooks;
import io.trunkline.schema.DatabaseReady;
import jakarta.annotation.Priority;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Observes;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.ToDoubleFunction;
import java.util.function.ToLongFunction;
import org.eclipse.microprofile.config.inject.ConfigProperty;
import org.jboss.logging.Logger;
import org.jspecify.annotations.Nullable;

/**
 * What Prometheus is told of PostgreSQL, looked up every now and then, and as often as somebody wants to see it; unknown (NaN) while it
 * does not answer.
 */
@ApplicationScoped
class DatabaseMetrics implements ConnectionUser {
    private static final Logger LOG = Logger.getLogger(DatabaseMetrics.class);
    private static final Duration MOST_INTERVAL = Duration.ofSeconds(15);
    /** While nothing is written. */
    private static final Duration SELDOM = Duration.ofMinutes(10);

    private final DatabaseStatistics statistics;
    private final DatabaseWatch watch;
    private final DatabaseLooks looks;
    private final MeterRegistry registry;
    private final Quiet quiet;
    private final Duration interval;
    private final OldestTransaction oldestTransaction = new OldestTransaction();
    private final ScheduledExecutorService timer = WorkerPool.timer("database-metrics", 1);
    private final SharedLook shared = new SharedLook(timer, this::lookBetween);
    /** What was found last; null while PostgreSQL does not answer. */
    private volatile @Nullable Statistics latest;
    /** What was found last, whenever that was, for what has been counted since. Used by the timer. */
    private @Nullable Statistics last;

    private final List<Counted> counters = new ArrayList<>();

    private volatile double oldestTransactionSeconds = Double.NaN;

    DatabaseMetrics(
            DatabaseStatistics statistics,
            DatabaseWatch watch,
            DatabaseLooks looks,
            MeterRegistry registry,
            DatabaseConfig config,
            LogConfig log,
            Quiet quiet,
            @ConfigProperty(name = "quarkus.application.version") String version) {
        this.statistics = statistics;
        this.watch = watch;
        this.looks = looks;
        this.registry = registry;
        this.quiet = quiet;
        Duration wanted = log.metrics().interval();
        interval = wanted.compareTo(MOST_INTERVAL) < 0 ? wanted : MOST_INTERVAL;
        Gauge.builder("trunkline.build.info", () -> 1)
                .description("The version that runs")
                .tag("version", version)
                .register(registry);
        Gauge.builder("trunkline.database.up", () -> latest == null ? 0 : 1)
                .description("Whether PostgreSQL answered this replica when it was asked last")
                .register(registry);
        gauge("size.bytes", "Size of the database on disk", Statistics::sizeBytes);
        gauge("connections", "Connections to the server, of everybody", Statistics::connections);
        gauge("max.connections", "Connections that the server takes", Statistics::maxConnections);
        Gauge.builder("trunkline.database.oldest.transaction.seconds", () -> oldestTransactionSeconds)
                .description("How long the oldest transaction has been open, as far as the service can see")
                .register(registry);
        config.diskSize()
                .map(MemorySize::asLongValue)
                .ifPresent(bytes -> Gauge.builder("trunkline.database.disk.bytes", () -> bytes)
                        .description("Size of the database's disk, as configured")
                        .register(registry));
        counter("transactions", Tags.of("result", "commit"), "Transactions that ended", Statistics::commits);
        counter("transactions", Tags.of("result", "rollback"), "Transactions that ended", Statistics::rollbacks);
        counter("blocks", Tags.of("source", "cache"), "Blocks that were looked at", Statistics::blocksHit);
        counter("blocks", Tags.of("source", "disk"), "Blocks that were looked at", Statistics::blocksRead);
        counter("wal.bytes", Tags.empty(), "Write-ahead log written", Statistics::walBytes);
        counter("deadlocks", Tags.empty(), "Deadlocks", Statistics::deadlocks);
        looks.filledBy(
                shared,
                watch::health,
                config.diskSize()
                        .map(size -> OptionalLong.of(size.asLongValue()))
                        .orElseGet(OptionalLong::empty));
    }

    /** Makes the gauges, so that they tell of a PostgreSQL that is away when the service starts. */
    void register(@Observes StartupEvent event) {
        LOG.debug("Metrics of PostgreSQL are registered");
    }

    void start(@Observes @Priority(300) DatabaseReady event) {
        timer.scheduleWithFixedDelay(quiet.paced(SELDOM, this::look), 0, interval.toMillis(), TimeUnit.MILLISECONDS);
    }

    void stop(@Observes @Priority(5) ShutdownEvent event) {
        WorkerPool.stop(timer);
    }

    private void look() {
        long began = System.nanoTime();
        try {
            find();
        } finally {
            shared.looked(began);
        }
    }

    private void lookBetween() {
        if (find()) {
            try {
                looks.found(new DatabaseLooks.Server(statistics.version(), statistics.replicas()));
            } catch (RuntimeException e) {
                LOG.debugf("PostgreSQL could not be asked for its replicas code=%s", Failures.code(e));
            }
        }
    }

    /** Whether PostgreSQL answered. */
    private boolean find() {
        try {
            watch.refresh();
            Statistics found = statistics.read();
            oldestTransactionSeconds = oldestTransaction.seconds(found, System.nanoTime());
            count(found);
            latest = found;
            looks.found(new DatabaseLooks.Found(found, oldestTransactionSeconds));
            return true;
        } catch (RuntimeException e) {
            if (latest != null) {
                // Once, and not at each look while it is away.
                LOG.warnf("PostgreSQL could not be asked for its statistics; will try again code=%s", Failures.code(e));
            }
            latest = null;
            oldestTransactionSeconds = Double.NaN;
            looks.away();
            return false;
        }
    }

    /** After a restart or a failover the counters are others. */
    private void count(Statistics found) {
        Statistics before = last;
        if (before != null && before.serverStart().equals(found.serverStart())) {
            counters.forEach(counter -> counter.add(before, found));
        }
        last = found;
    }

    private void gauge(String name, String description, ToDoubleFunction<Statistics> value) {
        Gauge.builder("trunkline.database." + name, () -> {
                    Statistics now = latest;
                    return now == null ? Double.NaN : value.applyAsDouble(now);
                })
                .description(description)
                .register(registry);
    }

    private void counter(String name, Tags tags, String description, ToLongFunction<Statistics> value) {
        counters.add(new Counted(
                value,
                Counter.builder("trunkline.database." + name)
                        .description(description)
                        .tags(tags)
                        .register(registry)));
    }

    /** A counter of PostgreSQL, of which is told what came since this replica started to look. */
    private record Counted(ToLongFunction<Statistics> value, Counter counter) {
        void add(Statistics before, Statistics now) {
            counter.increment(Math.max(0, value.applyAsLong(now) - value.applyAsLong(before)));
        }
    }
}
