package io.trunkline.jdbc;

import jakarta.inject.Inject;
import jakarta.inject.Singleton;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import org.jboss.logging.Logger;

/**
 * Slows the jobs of the service down while nothing is written. PostgreSQL counts the rows that transactions write to each table:
 * while the count of the service's tables stands still, no replica has written a record, an offset or a heartbeat, so that jobs
 * would find what they found before. One small query every half a minute looks at it, on behalf of all jobs. The same query finds out
 * whether the outbox has rows, so that a replica that looks for them needs no other.
 */
@Singleton
public class Quiet {
    private static final Logger LOG = Logger.getLogger(Quiet.class);
    /** For so long nothing was written before jobs slow down; PostgreSQL counts up to ten seconds late. */
    static final Duration AFTER = Duration.ofMinutes(1);
    /** How often the count is looked at: what was written is noticed at most this much later. */
    static final Duration INTERVAL = Duration.ofSeconds(15);

    static final Duration QUIET_INTERVAL = Duration.ofSeconds(30);

    /**
     * The tries of writing that health checks make and take back do not count, nor do the turns in which replicas look for what has
     * expired: a look that finds nothing is none after which others might find something. Nothing is known where PostgreSQL does not
     * count, and of a standby. Rows of the outbox are found at once, and by its index: they may be few among many that are dead.
     */
    private static final String LOOK = """
            SELECT CASE
                       WHEN current_setting('track_counts')::bool AND NOT pg_is_in_recovery()
                       THEN sum(n_tup_ins + n_tup_upd + n_tup_del)::text
                   END,
                   (SELECT outbox_id FROM outbox ORDER BY outbox_id LIMIT 1) IS NOT NULL
              FROM pg_stat_user_tables
             WHERE schemaname = current_schema()
               AND relname NOT IN ('write_probe', 'retention_lease')
            """;

    private final Supplier<Found> found;
    private final LongSupplier nanoTime;
    private final ReentrantLock looking = new ReentrantLock();
    /** Guarded by the lock, as the following. */
    private Optional<String> count = Optional.empty();

    private long lookedAt;
    private volatile long movedAt;

    @Inject
    Quiet(Database database) {
        this(() -> look(database), System::nanoTime);
    }

    Quiet(Supplier<Found> found, LongSupplier nanoTime) {
        this.found = found;
        this.nanoTime = nanoTime;
        movedAt = nanoTime.getAsLong();
        lookedAt = movedAt - INTERVAL.toNanos();
    }

    /**
     * What a look found.
     *
     * @param written how much has been written; empty where that is not known
     * @param outbox whether the outbox has rows
     */
    record Found(Optional<String> written, boolean outbox) {}

    static Found look(Database database) {
        return database.read(
                new Sql(LOOK).one(row -> new Found(Optional.ofNullable(row.getString(1)), row.getBoolean(2))));
    }

    /** As {@link #paced(Duration, Duration, Runnable)}, for a job that finds what has been written as soon as it runs. */
    public Runnable paced(Duration seldom, Runnable job) {
        return paced(seldom, Duration.ZERO, job);
    }

    /**
     * As {@link #paced(Duration, Runnable)}.
     *
     * @param unchanged runs each time when the job does not, since it would find what it found before
     */
    public Runnable paced(Duration seldom, Runnable job, Runnable unchanged) {
        return paced(seldom, Duration.ZERO, job, unchanged);
    }

    /**
     * A job that runs as often as it is called while something is written, and less often while nothing is. It runs once more after
     * the last that was written.
     *
     * @param seldom how long it may not run while nothing is written
     * @param late how long after something was written a run is sure to find it
     */
    public Runnable paced(Duration seldom, Duration late, Runnable job) {
        return paced(seldom, late, job, () -> {});
    }

    private Runnable paced(Duration seldom, Duration late, Runnable job, Runnable unchanged) {
        long settled = Math.max(AFTER.toNanos(), late.toNanos());
        return new Runnable() {
            private long ranAt = nanoTime.getAsLong() - seldom.toNanos();

            @Override
            public void run() {
                long now = nanoTime.getAsLong();
                if (isQuiet() && ranAt - movedAt >= settled && now - ranAt < seldom.toNanos()) {
                    unchanged.run();
                    return;
                }
                ranAt = now;
                job.run();
            }
        };
    }

    /**
     * Looks whether the outbox is empty, and at the same time, on behalf of all jobs, whether something has been written. Blocks.
     *
     * @return false also where it is not known, so that whoever moves the rows finds out why
     */
    public boolean isOutboxEmpty() {
        looking.lock();
        try {
            Optional<Found> result = look(nanoTime.getAsLong());
            return result.isPresent() && !result.get().outbox();
        } finally {
            looking.unlock();
        }
    }

    /** Whether nothing has been written for long enough. Blocks for a look now and then. */
    boolean isQuiet() {
        if (looking.tryLock()) {
            try {
                long now = nanoTime.getAsLong();
                if (now - lookedAt >= (standsStill() ? QUIET_INTERVAL : INTERVAL).toNanos()) {
                    look(now);
                }
            } finally {
                looking.unlock();
            }
        }
        return standsStill();
    }

    private boolean standsStill() {
        return nanoTime.getAsLong() - movedAt >= AFTER.toNanos();
    }

    private Optional<Found> look(long now) {
        lookedAt = now;
        Optional<Found> result = Optional.empty();
        try {
            result = Optional.of(found.get());
        } catch (RuntimeException e) {
            // The jobs find out and say what is wrong.
            LOG.debug("It is not known whether PostgreSQL is being written to", e);
        }
        Optional<String> written = result.flatMap(Found::written);
        if (written.isEmpty() || !written.equals(count)) {
            movedAt = now;
        }
        count = written;
        return result;
    }
}
