package io.trunkline.group;

import io.quarkus.runtime.ShutdownEvent;
import io.trunkline.async.WorkerPool;
import io.trunkline.error.Failures;
import io.trunkline.jdbc.ConnectionUser;
import jakarta.annotation.Priority;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Observes;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jboss.logging.Logger;

/**
 * Notes that members are alive. Every request is a heartbeat, but only one that comes a fifth of the session timeout after
 * the last that was noted is written, so that an idle group costs next to nothing.
 */
@ApplicationScoped
public class Heartbeats implements ConnectionUser {
    private static final Logger LOG = Logger.getLogger(Heartbeats.class);
    private static final int PARTS = 5;
    /** Heartbeats of this part of the interval are written together. */
    private static final int TOGETHER = 10;

    private static final int MOST_TOGETHER = 100_000;

    private final Duration interval;
    private final MembershipStore store;
    /** Members whose heartbeat is to be noted with the next write. */
    private final Set<Long> due = ConcurrentHashMap.newKeySet();

    private final AtomicBoolean writing = new AtomicBoolean();
    private final ScheduledExecutorService timer = WorkerPool.timer("heartbeats", 1);

    Heartbeats(MembershipStore store, ConsumerConfig config) {
        interval = interval(config);
        this.store = store;
    }

    void stop(@Observes @Priority(10) ShutdownEvent event) {
        timer.shutdownNow();
    }

    /** Does something again and again, on the thread and the connection that write heartbeats. */
    void repeat(Duration pause, Runnable what) {
        timer.scheduleWithFixedDelay(what, pause.toMillis(), pause.toMillis(), TimeUnit.MILLISECONDS);
    }

    /** How old what was noted of a living member may be. */
    static Duration interval(ConsumerConfig config) {
        return config.sessionTimeout().dividedBy(PARTS);
    }

    /** A request of the member has come, so long after the last one that was noted. */
    public void seen(long memberId, Duration sinceLastHeartbeat) {
        // Half, so that the one that is noted next is noted in time.
        if (sinceLastHeartbeat.compareTo(interval.dividedBy(2)) < 0) {
            return;
        }
        due.add(memberId);
        if (writing.compareAndSet(false, true)) {
            try {
                timer.schedule(
                        this::write, Math.max(1, interval.dividedBy(TOGETHER).toMillis()), TimeUnit.MILLISECONDS);
            } catch (RejectedExecutionException e) {
                LOG.debug("A heartbeat is not noted: the service is being stopped");
            }
        }
    }

    /** Heartbeats of several members that are known to be alive. */
    void seen(List<Long> memberIds) {
        memberIds.forEach(memberId -> seen(memberId, interval));
    }

    private void write() {
        writing.set(false);
        List<Long> members = due.stream().limit(MOST_TOGETHER).toList();
        members.forEach(due::remove);
        try {
            store.seen(members);
        } catch (RuntimeException e) {
            LOG.debugf(
                    "Heartbeats were not noted; the next ones will be members=%d code=%s",
                    (Integer) members.size(), Failures.code(e));
        }
    }
}
