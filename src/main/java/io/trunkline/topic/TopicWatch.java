package io.trunkline.topic;

import io.quarkus.runtime.ShutdownEvent;
import io.trunkline.async.WorkerPool;
import io.trunkline.error.ErrorCode;
import io.trunkline.error.Failures;
import jakarta.annotation.Priority;
import jakarta.enterprise.event.Observes;
import jakarta.inject.Inject;
import jakarta.inject.Singleton;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import org.jboss.logging.Logger;
import org.jspecify.annotations.Nullable;

/**
 * Tells readers that stay that their topic has more partitions, or does not exist any more. While there are such readers, one
 * small query a second looks whether any topic has changed; each topic is looked up once for all its readers.
 */
@Singleton
public class TopicWatch {
    private static final Logger LOG = Logger.getLogger(TopicWatch.class);
    private static final long INTERVAL_MILLIS = 1_000;

    private final Topics topics;
    private final ScheduledExecutorService timer;
    /** Guarded by this, as the following. */
    private final Map<TopicName, Set<Watcher>> watchers = new HashMap<>();

    private boolean ticking;

    @Inject
    TopicWatch(Topics topics) {
        this(topics, WorkerPool.timer("topic-watch", 1));
    }

    TopicWatch(Topics topics, ScheduledExecutorService timer) {
        this.topics = topics;
        this.timer = timer;
    }

    void stop(@Observes @Priority(5) ShutdownEvent event) {
        WorkerPool.stop(timer);
    }

    /** A reader of a topic. Close it in any case. */
    public final class Watcher implements AutoCloseable {
        private final TopicName name;
        private final Predicate<Optional<Topic>> changed;
        /** Of all topics, when it was told last; null before that: what it knows then may be older than any version. */
        private @Nullable Long version;

        private Watcher(TopicName name, Predicate<Optional<Topic>> changed) {
            this.name = name;
            this.changed = changed;
        }

        @Override
        public void close() {
            synchronized (TopicWatch.this) {
                Set<Watcher> ofTopic = watchers.get(name);
                if (ofTopic != null && ofTopic.remove(this) && ofTopic.isEmpty()) {
                    watchers.remove(name);
                }
            }
        }
    }

    /**
     * Watches a topic.
     *
     * @param changed is called, on a thread of the watch, when some topic has changed, which may be another one: with the topic
     *     as it is then, or empty where there is none of the name. The first call comes within two seconds, and the same again
     *     every second while it returns false
     */
    public synchronized Watcher watch(TopicName name, Predicate<Optional<Topic>> changed) {
        Watcher watcher = new Watcher(name, changed);
        watchers.computeIfAbsent(name, none -> new HashSet<>()).add(watcher);
        tickLater();
        return watcher;
    }

    private void tickLater() {
        if (!ticking && !watchers.isEmpty()) {
            try {
                timer.schedule(this::tick, INTERVAL_MILLIS, TimeUnit.MILLISECONDS);
                ticking = true;
            } catch (RejectedExecutionException e) {
                LOG.debug("Topics are not watched: the service is being stopped");
            }
        }
    }

    private void tick() {
        synchronized (this) {
            ticking = false;
            if (watchers.isEmpty()) {
                return;
            }
        }
        try {
            long now = topics.version().join();
            due(now).forEach((name, late) -> {
                try {
                    tell(name, late, now);
                } catch (RuntimeException e) {
                    // One topic that cannot be read is nothing to the others.
                    LOG.debugf(
                            "A topic could not be looked at; will try again topic=%s code=%s", name, Failures.code(e));
                }
            });
        } catch (RuntimeException e) {
            LOG.debugf("Topics could not be looked at; will try again code=%s", Failures.code(e));
        } finally {
            synchronized (this) {
                tickLater();
            }
        }
    }

    /** Those who have not been told of a version. */
    private synchronized Map<TopicName, List<Watcher>> due(long now) {
        Map<TopicName, List<Watcher>> due = new HashMap<>();
        watchers.forEach((name, all) -> {
            List<Watcher> late = all.stream()
                    .filter(watcher -> watcher.version == null || watcher.version != now)
                    .toList();
            if (!late.isEmpty()) {
                due.put(name, late);
            }
        });
        return due;
    }

    private void tell(TopicName name, List<Watcher> due, long now) {
        Optional<Topic> topic = topics.fresh(name)
                .thenApply(Optional::of)
                .exceptionally(failure -> {
                    if (Failures.code(failure) == ErrorCode.TOPIC_NOT_FOUND) {
                        return Optional.empty();
                    }
                    throw Failures.known(failure);
                })
                .join();
        due.forEach(watcher -> {
            if (watcher.changed.test(topic)) {
                synchronized (this) {
                    watcher.version = now;
                }
            }
        });
    }
}
