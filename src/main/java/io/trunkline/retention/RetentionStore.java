package io.trunkline.retention;

import io.trunkline.jdbc.Database;
import io.trunkline.jdbc.Sql;
import jakarta.enterprise.context.ApplicationScoped;
import java.time.Duration;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** Asks PostgreSQL to remove what may go: functions of the owner decide what that is. */
@ApplicationScoped
class RetentionStore {
    /** Whose log start moved, and by how much; {@code more} when there is more to remove than was looked at. */
    record Purged(long records, long bytes, boolean more) {}

    /** Batches of a partition in one slice that can be deleted, though the slice stays. */
    record Leftover(long partitionId, int slice) {}

    /** What one step has deleted, and whether nothing is left. */
    record Freed(int batches, long bytes, boolean done) {}

    private static final String CLAIM = """
            UPDATE retention_lease
               SET holder = ?,
                   held_until = log_now() + make_interval(secs => ?),
                   started_at = log_now()
             WHERE (held_until BETWEEN log_now() AND log_now() + make_interval(secs => ?)) IS NOT TRUE
               AND (holder IS NOT NULL
                    OR (started_at BETWEEN log_now() - make_interval(secs => ?) AND log_now()) IS NOT TRUE)
            """;
    private static final String RENEW = """
            UPDATE retention_lease
               SET held_until = log_now() + make_interval(secs => ?)
             WHERE holder = ?
            """;
    private static final String END = """
            UPDATE retention_lease
               SET holder = NULL,
                   held_until = NULL,
                   started_at = CASE WHEN ? THEN started_at END,
                   succeeded_at = CASE WHEN ? THEN log_now() ELSE succeeded_at END
             WHERE holder = ?
            """;
    private static final String SUCCEEDED_AT = """
            SELECT succeeded_at
              FROM retention_lease
            """;
    private static final String PURGEABLE = """
            SELECT tp_id
              FROM purgeable() AS tp_id
            """;
    private static final String PURGE = """
            SELECT purged_records, purged_bytes, more
              FROM purge_partition(?)
            """;
    private static final String FREE_SLICES = """
            SELECT s.slice
              FROM slice s
             WHERE s.slice < (SELECT current_slice())
               AND NOT EXISTS (SELECT FROM partition_slice p WHERE p.slice = s.slice AND p.needed)
             ORDER BY s.slice
            """;
    private static final String FREE_SLICE = """
            SELECT free_slice(?)
            """;
    private static final String DROP_SLICE = """
            SELECT drop_slice(?)
            """;
    /**
     * Single batches are worth deleting where their slice stays for longer than the partition keeps its records: what is on
     * disk is then at most about twice what is kept. A slice stays until the last of those that need it lets go of it, at
     * its end plus their retention; what was deleted by hand, or with its topic, counts as kept for no time.
     */
    private static final String LEFTOVERS = """
            WITH clock AS MATERIALIZED (
                SELECT c.now, current_slice(c.now) AS slice
                  FROM log_now() AS c (now)
            ), period AS (
                SELECT s.slice, lead(s.starts_at) OVER (ORDER BY s.starts_at) AS ends_at
                  FROM slice s
            ), held AS (
                SELECT p.slice,
                       max(CASE
                               WHEN r.ms BETWEEN 0 AND 3155760000000 THEN e.ends_at + r.ms * interval '1 millisecond'
                               ELSE 'infinity'
                           END) AS until
                  FROM partition_slice p
                  JOIN partition_head h ON h.tp_id = p.tp_id
                  JOIN topic t ON t.topic_id = h.topic_id
                  JOIN period e ON e.slice = p.slice
                 CROSS JOIN LATERAL (SELECT topic_setting(t.config, 'retention.ms')::bigint AS ms) r
                 WHERE p.needed
                 GROUP BY p.slice
            )
            SELECT p.tp_id, p.slice
              FROM partition_slice p
             CROSS JOIN clock c
              JOIN period e ON e.slice = p.slice
              LEFT JOIN held ON held.slice = p.slice
              LEFT JOIN partition_head h ON h.tp_id = p.tp_id
             WHERE (NOT p.needed OR (p.base_offset < h.log_start_offset AND p.freed_offset < h.log_start_offset))
               AND (held.until IS NOT NULL OR p.slice >= c.slice)
               AND coalesce(held.until, e.ends_at, 'infinity')
                   > c.now + greatest(c.now - coalesce(h.log_start_time, c.now), interval '0')
             ORDER BY p.slice, p.tp_id
             LIMIT ?
            """;

    private static final String FREE_BATCHES = """
            SELECT batches, bytes, done
              FROM free_batches(?, ?, ?, ?)
            """;
    private static final String FORGET_PRODUCERS = """
            SELECT forget_producers(make_interval(secs => ?))
            """;
    private static final String FORGET_RETIRED = """
            SELECT forget_retired()
            """;

    private final Database database;

    RetentionStore(Database database) {
        this.database = database;
    }

    /**
     * Takes the turn, unless another replica has it, or a purge that succeeded began within the interval. A turn that was not
     * given back is taken when its lease is over.
     */
    boolean claim(UUID holder, Duration lease, Duration interval) {
        return database.write(new Sql(CLAIM, holder, lease, lease, interval).update()) == 1;
    }

    /** Keeps the turn for another while; false when it has been lost, or has lasted as long as one may. */
    boolean renew(UUID holder, Duration lease) {
        return database.write(new Sql(RENEW, lease, holder).update()) == 1;
    }

    /**
     * Gives the turn back.
     *
     * @param done whether the next purge is due only after the interval; otherwise it is due at once
     */
    void end(UUID holder, boolean succeeded, boolean done) {
        database.write(new Sql(END, done, succeeded, holder).update());
    }

    /** When a purge by any replica succeeded last. */
    Optional<Instant> succeededAt() {
        return database.read(new Sql(SUCCEEDED_AT).one(row -> {
            @Nullable OffsetDateTime at = row.getObject(1, OffsetDateTime.class);
            return Optional.ofNullable(at).map(OffsetDateTime::toInstant);
        }));
    }

    List<Long> purgeable() {
        return database.readAtLeisure(new Sql(PURGEABLE).list(row -> row.getLong(1)));
    }

    /** Moves the log start of a partition past what its topic does not keep. */
    Purged purge(long partitionId) {
        return database.writeAtLeisure(
                new Sql(PURGE, partitionId).one(row -> new Purged(row.getLong(1), row.getLong(2), row.getBoolean(3))));
    }

    /** The slices that nobody needs. */
    List<Integer> freeSlices() {
        return database.readAtLeisure(new Sql(FREE_SLICES).list(row -> row.getInt(1)));
    }

    /** Gives the space of a slice back; answers the bytes it had on disk. */
    long freeSlice(int slice) {
        return database.writeAtLeisure(new Sql(FREE_SLICE, slice).one(row -> row.getLong(1)));
    }

    /** Removes a slice that has been freed; false while a partition refers to it. */
    boolean dropSlice(int slice) {
        return database.writeAtLeisure(new Sql(DROP_SLICE, slice).one(row -> row.getBoolean(1)));
    }

    /** Where single batches are to be deleted, oldest slice first. */
    List<Leftover> leftovers(int most) {
        return database.readAtLeisure(
                new Sql(LEFTOVERS, most).list(row -> new Leftover(row.getLong(1), row.getInt(2))));
    }

    Freed free(Leftover leftover, int mostBatches, long mostBytes) {
        return database.writeAtLeisure(
                new Sql(FREE_BATCHES, leftover.partitionId(), leftover.slice(), mostBatches, mostBytes)
                        .one(row -> new Freed(row.getInt(1), row.getLong(2), row.getBoolean(3))));
    }

    /** Forgets the producers and idempotency keys of a slice that ended longer ago; answers how many slices, 0 or 1. */
    int forgetProducers(Duration keep) {
        return database.writeAtLeisure(new Sql(FORGET_PRODUCERS, keep).one(row -> row.getInt(1)));
    }

    /** Forgets the partitions of deleted topics whose space has been freed; answers how many. */
    int forgetRetired() {
        return database.writeAtLeisure(new Sql(FORGET_RETIRED).one(row -> row.getInt(1)));
    }
}
