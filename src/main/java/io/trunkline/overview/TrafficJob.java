package io.trunkline.overview;

import io.quarkus.runtime.ShutdownEvent;
import io.quarkus.runtime.StartupEvent;
import io.trunkline.async.WorkerPool;
import io.trunkline.log.TopicCounters;
import jakarta.annotation.Priority;
import jakarta.enterprise.event.Observes;
import jakarta.inject.Singleton;
import java.time.Clock;
import java.time.Instant;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;

/** Notes every now and then what this replica has counted. Asks PostgreSQL nothing. */
@Singleton
class TrafficJob {
    private final TopicCounters counters;
    private final Clock clock;
    private final TrafficHistory history = new TrafficHistory();
    private final ScheduledExecutorService timer = WorkerPool.timer("traffic", 1);
    private final Instant startedAt;

    TrafficJob(TopicCounters counters, Clock clock) {
        this.counters = counters;
        this.clock = clock;
        startedAt = clock.instant();
    }

    void start(@Observes StartupEvent event) {
        long millis = TrafficHistory.INTERVAL.toMillis();
        timer.scheduleAtFixedRate(this::sample, 0, millis, TimeUnit.MILLISECONDS);
    }

    void stop(@Observes @Priority(5) ShutdownEvent event) {
        WorkerPool.stop(timer);
    }

    private void sample() {
        history.sample(counters.counts(TrafficHistory.COUNTERS), clock.millis(), System.nanoTime());
    }

    TrafficHistory history() {
        return history;
    }

    /** When this replica started. */
    Instant startedAt() {
        return startedAt;
    }
}
