package io.trunkline.group;

import io.trunkline.error.ErrorCode;
import io.trunkline.error.Failures;
import io.trunkline.error.TrunklineException;
import jakarta.enterprise.context.ApplicationScoped;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import org.jboss.logging.Logger;

/**
 * Tells polls that wait when something about their group has changed: at once for changes that this replica made, and by
 * one shared look at all groups in which somebody waits. The look keeps their members alive too.
 */
@ApplicationScoped
public class GroupWatch {
    private static final Logger LOG = Logger.getLogger(GroupWatch.class);
    private static final Duration MOST_INTERVAL = Duration.ofMillis(500);

    private final MembershipStore store;
    private final Heartbeats heartbeats;
    private final int most;
    private final Duration heartbeatInterval;
    /** Guarded by this, as the following. */
    private final Map<GroupName, Set<Watcher>> watchers = new HashMap<>();

    private int waiting;

    GroupWatch(MembershipStore store, Heartbeats heartbeats, ConsumerConfig config) {
        this.store = store;
        this.heartbeats = heartbeats;
        most = config.maxWaiting();
        heartbeatInterval = Heartbeats.interval(config);
        long interval = Math.min(MOST_INTERVAL.toMillis(), heartbeatInterval.toMillis() / 2);
        heartbeats.repeat(Duration.ofMillis(interval), this::look);
    }

    /** Somebody who waits for a member. Close it in any case. */
    public final class Watcher implements AutoCloseable {
        private final GroupName group;
        private final long memberId;
        private final int generation;
        private volatile long seenAt;
        private final CompletableFuture<Void> changed = new CompletableFuture<>();

        private Watcher(GroupName group, long memberId, int generation, Duration sinceLastHeartbeat) {
            this.group = group;
            this.memberId = memberId;
            this.generation = generation;
            seenAt = System.nanoTime() - sinceLastHeartbeat.toNanos();
        }

        /** Completes when the member should look at itself again. */
        public CompletableFuture<Void> changed() {
            return changed;
        }

        @Override
        public void close() {
            synchronized (GroupWatch.this) {
                Set<Watcher> ofGroup = watchers.get(group);
                if (ofGroup != null && ofGroup.remove(this)) {
                    waiting--;
                    if (ofGroup.isEmpty()) {
                        watchers.remove(group);
                    }
                }
            }
        }
    }

    public synchronized int waiting() {
        return waiting;
    }

    /**
     * Watches for a member as it was when it was looked at last.
     *
     * @param generation of the group then
     * @param sinceLastHeartbeat how long before that its last request was noted
     * @throws TrunklineException {@code OVERLOADED} when too many polls wait already
     */
    public synchronized Watcher watch(GroupName group, long memberId, int generation, Duration sinceLastHeartbeat) {
        if (waiting >= most) {
            throw new TrunklineException(
                    ErrorCode.OVERLOADED,
                    "Too many polls wait for records (trunkline.consumer.max-waiting). Try again.");
        }
        Watcher watcher = new Watcher(group, memberId, generation, sinceLastHeartbeat);
        watchers.computeIfAbsent(group, name -> new HashSet<>()).add(watcher);
        waiting++;
        return watcher;
    }

    public void changed(GroupName group) {
        List<Watcher> all;
        synchronized (this) {
            all = List.copyOf(watchers.getOrDefault(group, Set.of()));
        }
        all.forEach(watcher -> watcher.changed.complete(null));
    }

    private void look() {
        List<GroupName> groups;
        List<Long> silent = new ArrayList<>();
        synchronized (this) {
            groups = List.copyOf(watchers.keySet());
            long now = System.nanoTime();
            for (Set<Watcher> ofGroup : watchers.values()) {
                for (Watcher watcher : ofGroup) {
                    if (now - watcher.seenAt >= heartbeatInterval.toNanos()) {
                        watcher.seenAt = now;
                        silent.add(watcher.memberId);
                    }
                }
            }
        }
        if (groups.isEmpty()) {
            return;
        }
        heartbeats.seen(silent);
        try {
            Map<GroupName, MembershipStore.Glance> glances = store.glance(groups);
            List<Watcher> due = new ArrayList<>();
            synchronized (this) {
                for (GroupName group : groups) {
                    MembershipStore.Glance glance = glances.get(group);
                    for (Watcher watcher : watchers.getOrDefault(group, Set.of())) {
                        if (glance == null || glance.outdated() || glance.generation() != watcher.generation) {
                            due.add(watcher);
                        }
                    }
                }
            }
            due.forEach(watcher -> watcher.changed.complete(null));
        } catch (RuntimeException e) {
            // Polls go on waiting for records; the next look may succeed.
            LOG.debugf(e, "Groups could not be looked at groups=%d code=%s", groups.size(), Failures.code(e));
        }
    }
}
