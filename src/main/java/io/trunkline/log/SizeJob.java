package io.trunkline.log;

import io.quarkus.runtime.ShutdownEvent;
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
import java.util.List;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.jboss.logging.Logger;

/** Looks at the sizes and offsets of all topics now and then, for the metrics. */
@ApplicationScoped
class SizeJob implements ConnectionUser {
    private static final Logger LOG = Logger.getLogger(SizeJob.class);

    /** While nothing is written. */
    private static final Duration SELDOM = Duration.ofMinutes(10);

    private final SizeStore store;
    private final SliceStore slices;
    private final LogMetrics metrics;
    private final LogConfig.Metrics config;
    private final Clock clock;
    private final Quiet quiet;
    private final ScheduledExecutorService timer = WorkerPool.timer("sizes", 1);

    SizeJob(SizeStore store, SliceStore slices, LogMetrics metrics, LogConfig config, Clock clock, Quiet quiet) {
        this.store = store;
        this.slices = slices;
        this.metrics = metrics;
        this.config = config.metrics();
        this.clock = clock;
        this.quiet = quiet;
    }

    void start(@Observes @Priority(300) DatabaseReady event) {
        long millis = config.interval().toMillis();
        timer.scheduleWithFixedDelay(quiet.paced(SELDOM, this::look), 0, millis, TimeUnit.MILLISECONDS);
    }

    void stop(@Observes @Priority(5) ShutdownEvent event) {
        WorkerPool.stop(timer);
    }

    private void look() {
        try {
            metrics.slicesAhead(slices.ahead());
            List<SizeStore.PartitionState> states = store.states();
            metrics.sizes(states, store.diskBytes(states), clock.millis(), config.maxTopics(), config.maxPartitions());
        } catch (RuntimeException e) {
            LOG.warnf("The sizes of topics could not be looked up; will try again code=%s", Failures.code(e));
        }
    }
}
