package io.trunkline.log;

import io.quarkus.runtime.ShutdownEvent;
import io.trunkline.async.SharedLook;
import io.trunkline.async.WorkerPool;
import io.trunkline.error.Failures;
import io.trunkline.jdbc.ConnectionUser;
import io.trunkline.jdbc.Quiet;
import io.trunkline.schema.DatabaseReady;
import jakarta.annotation.Priority;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Observes;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.jboss.logging.Logger;

/** Looks at the sizes and offsets of all topics now and then, for the metrics, and as often as somebody wants to see them. */
@ApplicationScoped
class SizeJob implements ConnectionUser {
    private static final Logger LOG = Logger.getLogger(SizeJob.class);

    /** While nothing is written. */
    private static final Duration SELDOM = Duration.ofMinutes(10);

    private final SizeStore store;
    private final SliceStore slices;
    private final LogMetrics metrics;
    private final TopicLooks looks;
    private final LogConfig.Metrics config;
    private final Clock clock;
    private final Quiet quiet;
    private final ScheduledExecutorService timer = WorkerPool.timer("sizes", 1);
    private final SharedLook shared = new SharedLook(timer, this::lookBetween);
    private final TopicRates rates;
    /** What the last look for the metrics found; used by the timer. */
    private Map<String, Long> diskBytes = Map.of();

    SizeJob(
            SizeStore store,
            SliceStore slices,
            LogMetrics metrics,
            TopicLooks looks,
            LogConfig config,
            Clock clock,
            Quiet quiet) {
        this.store = store;
        this.slices = slices;
        this.metrics = metrics;
        this.looks = looks;
        this.config = config.metrics();
        this.clock = clock;
        this.quiet = quiet;
        // What is not looked at for longer than usual was not written to for most of that time.
        rates = new TopicRates(config.metrics().interval().multipliedBy(2).plus(SharedLook.FRESH));
        looks.lookedUpBy(shared);
    }

    void start(@Observes @Priority(300) DatabaseReady event) {
        long millis = config.interval().toMillis();
        timer.scheduleWithFixedDelay(quiet.paced(SELDOM, this::look), 0, millis, TimeUnit.MILLISECONDS);
    }

    void stop(@Observes @Priority(5) ShutdownEvent event) {
        WorkerPool.stop(timer);
    }

    private void look() {
        long began = System.nanoTime();
        try {
            Found found = find();
            try {
                diskBytes = store.diskBytes(found.states());
            } finally {
                publish(found);
            }
            metrics.sizes(found.states(), diskBytes, clock.millis(), config.maxTopics(), config.maxPartitions());
        } catch (RuntimeException e) {
            LOG.warnf("The sizes of topics could not be looked up; will try again code=%s", Failures.code(e));
        } finally {
            shared.looked(began);
        }
    }

    /** Without what costs most and changes least. */
    private void lookBetween() {
        try {
            publish(find());
        } catch (RuntimeException e) {
            LOG.debugf("The sizes of topics could not be looked up code=%s", Failures.code(e));
        }
    }

    private record Found(Instant at, long nanos, List<SizeStore.PartitionState> states, int slicesAhead) {}

    private Found find() {
        Instant at = clock.instant();
        long nanos = System.nanoTime();
        int ahead = slices.ahead();
        metrics.slicesAhead(ahead);
        return new Found(at, nanos, store.states(), ahead);
    }

    private void publish(Found found) {
        looks.found(rates.look(found.at(), found.nanos(), found.states(), diskBytes, found.slicesAhead()));
    }
}
