package io.trunkline.group;

import io.quarkus.runtime.ShutdownEvent;
import io.trunkline.async.SharedLook;
import io.trunkline.async.WorkerPool;
import io.trunkline.error.Failures;
import io.trunkline.jdbc.ConnectionUser;
import io.trunkline.jdbc.Quiet;
import io.trunkline.log.LogConfig;
import io.trunkline.log.Logs;
import io.trunkline.log.OffsetRange;
import io.trunkline.schema.DatabaseReady;
import jakarta.annotation.Priority;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Observes;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.jboss.logging.Logger;
import org.jspecify.annotations.Nullable;

/**
 * Looks after all groups, on every replica: removes consumers that were silent for too long, forgets groups that nobody
 * has used for long, and computes the lag for the metrics and as often as somebody wants to see it.
 */
@ApplicationScoped
class GroupJob implements ConnectionUser {
    private static final Logger LOG = Logger.getLogger(GroupJob.class);
    private static final Duration MOST_INTERVAL = Duration.ofSeconds(10);
    private static final Duration FORGET_INTERVAL = Duration.ofMinutes(10);
    /** How often the lag is computed while nothing is written. */
    private static final Duration SELDOM = Duration.ofMinutes(10);

    private final GroupStore store;
    private final OffsetStore offsetStore;
    private final GroupCoordinator coordinator;
    private final Logs logs;
    private final ConsumerConfig config;
    private final LogConfig logConfig;
    private final GroupMetrics metrics;
    private final GroupLooks looks;
    private final Clock clock;
    private final Quiet quiet;
    /** When PostgreSQL was found to be away last, by {@link System#nanoTime}; null when it never was. */
    private volatile @Nullable Long awayAt;

    private final ScheduledExecutorService timer = WorkerPool.timer("group-job", 1);
    private final SharedLook shared = new SharedLook(timer, this::lookBetween);

    GroupJob(
            GroupStore store,
            OffsetStore offsetStore,
            GroupCoordinator coordinator,
            Logs logs,
            ConsumerConfig config,
            LogConfig logConfig,
            GroupMetrics metrics,
            GroupLooks looks,
            Clock clock,
            Quiet quiet) {
        this.store = store;
        this.offsetStore = offsetStore;
        this.coordinator = coordinator;
        this.logs = logs;
        this.config = config;
        this.logConfig = logConfig;
        this.metrics = metrics;
        this.looks = looks;
        this.clock = clock;
        this.quiet = quiet;
        looks.lookedUpBy(shared);
    }

    void start(@Observes @Priority(300) DatabaseReady event) {
        Duration tenth = config.sessionTimeout().dividedBy(10);
        Duration expire = tenth.compareTo(MOST_INTERVAL) < 0 ? tenth : MOST_INTERVAL;
        every(expire, Heartbeats.interval(config), "expire consumers", this::expire, () -> {});
        every(config.lagInterval(), SELDOM, "compute the lag", this::lag, looks::unchanged);
        every(FORGET_INTERVAL, FORGET_INTERVAL, "forget empty groups", this::forget, () -> {});
    }

    void stop(@Observes @Priority(5) ShutdownEvent event) {
        WorkerPool.stop(timer);
    }

    /**
     * @param seldom how often while nothing is written
     * @param unchanged runs in the place of a task that is left out since nothing is written
     */
    private void every(Duration interval, Duration seldom, String what, Runnable task, Runnable unchanged) {
        timer.scheduleWithFixedDelay(
                quiet.paced(
                        seldom,
                        () -> {
                            try {
                                task.run();
                            } catch (RuntimeException e) {
                                LOG.warnf("Could not %s; will try again code=%s", what, Failures.code(e));
                            }
                        },
                        unchanged),
                0,
                interval.toMillis(),
                TimeUnit.MILLISECONDS);
    }

    /**
     * Expires those who were silent for too long while PostgreSQL could be reached: after it was away, everybody has the time
     * to be heard again.
     */
    void expire() {
        Duration interval = Heartbeats.interval(config);
        List<GroupName> groups;
        try {
            groups = store.withSilentMembers(config.sessionTimeout().plus(interval));
        } catch (RuntimeException e) {
            awayAt = System.nanoTime();
            throw e;
        }
        Long away = awayAt;
        if (away != null && System.nanoTime() - away < interval.multipliedBy(2).toNanos()) {
            return;
        }
        for (GroupName group : groups) {
            try {
                coordinator.expire(group).join();
            } catch (RuntimeException e) {
                LOG.warnf("Could not expire consumers; will try again group=%s code=%s", group, Failures.code(e));
            }
        }
    }

    void lag() {
        long began = System.nanoTime();
        try {
            Found found = find();
            metrics.groups(found.lags(), found.sizes(), logConfig.metrics().maxPartitions());
        } finally {
            shared.looked(began);
        }
    }

    private void lookBetween() {
        try {
            find();
        } catch (RuntimeException e) {
            LOG.debugf("Could not compute the lag code=%s", Failures.code(e));
        }
    }

    private record Found(List<PartitionLag> lags, List<GroupSize> sizes) {}

    /** One look at the offsets of all groups, one at the ends of their partitions, and one at their members. */
    private Found find() {
        try {
            Instant at = clock.instant();
            List<GroupOffset> offsets = offsetStore.offsets();
            Set<Long> ids = new HashSet<>();
            offsets.forEach(offset -> ids.add(offset.partitionId()));
            Map<Long, OffsetRange> ranges = logs.ranges(ids).join();
            List<PartitionLag> lags = new ArrayList<>();
            for (GroupOffset offset : offsets) {
                OffsetRange range = ranges.get(offset.partitionId());
                if (range != null) {
                    offset.lag(range)
                            .ifPresent(lag -> lags.add(new PartitionLag(offset.group(), offset.topicPartition(), lag)));
                }
            }
            List<GroupSize> sizes = store.sizes();
            looks.found(GroupsLook.of(at, sizes, lags), sizes, lags);
            return new Found(lags, sizes);
        } catch (RuntimeException e) {
            looks.lost();
            throw e;
        }
    }

    void forget() {
        int forgotten = store.forgetEmpty(config.offsetsRetention());
        if (forgotten > 0) {
            LOG.infof("Forgot groups that had no consumer for long count=%d", forgotten);
        }
    }
}
