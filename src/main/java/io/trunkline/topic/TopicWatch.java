package io.trunkline.topic;

import io.quarkus.runtime.ShutdownEvent;
import io.trunkline.async.WorkerPool;
import io.trunkline.error.Failures;
import jakarta.annotation.Priority;
import jakarta.enterprise.event.Observes;
import jakarta.inject.Inject;
import jakarta.inject.Singleton;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import org.jboss.logging.Logger;
import org.jspecify.annotations.Nullable;

/**
 * Tells readers that stay that their topic has more partitions, or does not exist any more. While there are such readers, one
 * small query a second looks whether any topic has changed. If so, another one looks up all topics that have such readers.
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
        private final Predicate<List<Long>> changed;
        /** The partitions of which it knows. Used by the timer only. */
        private List<Long> known;
        /** Of all topics, of which it knows what there is to know; null before that: what it knows then may be older than any version. */
        private @Nullable Long version;

        private Watcher(Topic topic, Predicate<List<Long>> changed) {
            name = topic.name();
            known = topic.partitionIds();
            this.changed = changed;
        }

        /** @return whether it need not be told again */
        private boolean tell(List<Long> now) {
            if (known.equals(now)) {
                return true;
            }
            if (!changed.test(now)) {
                return false;
            }
            known = now;
            return true;
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
     * @param topic as the reader knows it
     * @param changed is called within two seconds, on a thread of the watch, when the topic has other partitions than the reader knows:
     *     with what they are called in the log ({@code tp_id}), by partition number. Those of a new topic of the name are others, and
     *     there are none where there is no topic of the name. The same call comes again every second while it returns false
     */
    public synchronized Watcher watch(Topic topic, Predicate<List<Long>> changed) {
        Watcher watcher = new Watcher(topic, changed);
        watchers.computeIfAbsent(topic.name(), none -> new HashSet<>()).add(watcher);
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
            List<Watcher> due = due(topics.version().join());
            if (!due.isEmpty()) {
                tell(due);
            }
        } catch (RuntimeException e) {
            LOG.debugf("Topics could not be looked at; will try again code=%s", Failures.code(e));
        } finally {
            synchronized (this) {
                tickLater();
            }
        }
    }

    /** Those that do not know of a version. */
    private synchronized List<Watcher> due(long version) {
        return watchers.values().stream()
                .flatMap(Set::stream)
                .filter(watcher -> watcher.version == null || watcher.version != version)
                .toList();
    }

    private void tell(List<Watcher> due) {
        Set<TopicName> names = due.stream().map(watcher -> watcher.name).collect(Collectors.toSet());
        TopicCatalog now = topics.catalog(names).join();
        for (Watcher watcher : due) {
            try {
                if (watcher.tell(now.partitionIds().getOrDefault(watcher.name, List.of()))) {
                    synchronized (this) {
                        watcher.version = now.version();
                    }
                }
            } catch (RuntimeException e) {
                // One reader that fails is nothing to the others.
                LOG.debugf(
                        "A reader could not be told of its topic; will try again topic=%s code=%s",
                        watcher.name, Failures.code(e));
            }
        }
    }
}
