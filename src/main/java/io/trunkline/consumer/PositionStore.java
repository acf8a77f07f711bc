package io.trunkline.consumer;

import io.trunkline.group.ConsumerOptions;
import io.trunkline.group.GroupName;
import io.trunkline.group.MemberName;
import io.trunkline.group.OffsetAndMetadata;
import io.trunkline.group.OffsetReset;
import io.trunkline.jdbc.Database;
import io.trunkline.jdbc.Sql;
import jakarta.enterprise.context.ApplicationScoped;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.SortedMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Where members stand, and what their group has committed. Whoever moves either locks the member's row of the partition
 * first; a member that has lost the partition has no such row.
 */
@ApplicationScoped
class PositionStore {
    private static final String STATES = """
            SELECT w.i, m.member_id, m.reset_duration_ms, g.generation,
                   g.topic_version < (SELECT version FROM topic_version),
                   m.format, m.auto_offset_reset, m.enable_auto_commit, m.fetch_min_bytes, m.request_timeout_ms, m.isolation_level, m.subscription,
                   CASE WHEN isfinite(m.last_seen) THEN extract(epoch FROM clock_timestamp() - m.last_seen) ELSE 0 END,
                   p.tp_id, p.generation, p.position, coalesce(o.committed_offset, o.start_offset),
                   p.claim_id IS NOT NULL AND p.claimed_until > clock_timestamp(), m.principal
              FROM unnest(?::text[], ?::text[]) WITH ORDINALITY AS w (group_name, member_name, i)
              JOIN consumer_group g ON g.name = w.group_name
              JOIN group_member m ON m.group_id = g.group_id AND m.name = w.member_name
              LEFT JOIN member_partition p ON p.member_id = m.member_id
              LEFT JOIN group_offset o ON o.group_id = m.group_id AND o.tp_id = p.tp_id
             ORDER BY w.i, p.claimed_until NULLS FIRST, p.tp_id
            """;
    /**
     * A row that somebody else holds is passed over, so that claims wait for nothing; a commit that was passed over is made by
     * a later poll.
     */
    private static final String CLAIM = """
            WITH wanted AS (
                SELECT *
                  FROM unnest(?::bigint[], ?::bigint[], ?::int[], ?::bigint[], ?::bigint[], ?::bigint[], ?::bigint[],
                              ?::boolean[])
                       WITH ORDINALITY
                       AS w (member_id, tp_id, generation, position, delivered_id, claim_id, claim_offset, commits, i)
            ), held AS (
                SELECT w.*, p.group_id
                  FROM wanted w
                  JOIN member_partition p ON p.member_id = w.member_id AND p.tp_id = w.tp_id
                 WHERE p.generation IS NOT DISTINCT FROM w.generation
                   AND ((p.claim_id = w.delivered_id AND p.claim_offset = w.position)
                     OR (p.position = w.position AND (p.claim_id IS NULL OR p.claimed_until <= clock_timestamp())))
                   FOR UPDATE OF p SKIP LOCKED
            ), claimed AS (
                UPDATE member_partition p
                   SET position = h.position,
                       claim_id = h.claim_id,
                       claim_offset = h.claim_offset,
                       claimed_until = clock_timestamp()
                                     + CASE WHEN h.claim_id IS NULL THEN interval '0' ELSE make_interval(secs => ?) END
                  FROM held h
                 WHERE p.member_id = h.member_id
                   AND p.tp_id = h.tp_id
                   AND (h.claim_id IS NOT NULL OR h.delivered_id IS NOT NULL)
            ), committing AS (
                SELECT o.group_id, o.tp_id, h.position
                  FROM held h
                  JOIN group_offset o ON o.group_id = h.group_id AND o.tp_id = h.tp_id
                 WHERE h.commits
                   AND coalesce(o.committed_offset, o.start_offset) IS DISTINCT FROM h.position
                   FOR NO KEY UPDATE OF o SKIP LOCKED
            ), committed AS (
                UPDATE group_offset o
                   SET committed_offset = c.position, committed_at = clock_timestamp(), commit_metadata = ''
                  FROM committing c
                 WHERE o.group_id = c.group_id AND o.tp_id = c.tp_id
            )
            SELECT h.i, g.generation, set_config('synchronous_commit', 'off', true)
              FROM held h
              JOIN consumer_group g ON g.group_id = h.group_id
            """;

    private static final String MARK = """
            WITH told AS (
                SELECT *
                  FROM unnest(?::bigint[], ?::bigint[], ?::boolean[]) AS t (member_id, claim_id, delivered)
            ), held AS (
                SELECT p.member_id, p.tp_id, t.delivered
                  FROM told t
                  JOIN member_partition p ON p.member_id = t.member_id AND p.claim_id = t.claim_id
                 ORDER BY p.member_id, p.tp_id
                   FOR UPDATE OF p
            )
            UPDATE member_partition p
               SET position = CASE WHEN h.delivered THEN p.claim_offset ELSE p.position END,
                   claim_id = NULL,
                   claim_offset = NULL,
                   claimed_until = clock_timestamp()
              FROM held h
             WHERE p.member_id = h.member_id
               AND p.tp_id = h.tp_id
               AND set_config('synchronous_commit', 'off', true) IS NOT NULL
            """;
    private static final String RENEW = """
            WITH held AS (
                SELECT p.member_id, p.tp_id
                  FROM unnest(?::bigint[], ?::bigint[]) AS r (member_id, claim_id)
                  JOIN member_partition p ON p.member_id = r.member_id AND p.claim_id = r.claim_id
                   FOR UPDATE OF p SKIP LOCKED
            )
            UPDATE member_partition p
               SET claimed_until = clock_timestamp() + make_interval(secs => ?)
              FROM held h
             WHERE p.member_id = h.member_id AND p.tp_id = h.tp_id
            """;
    private static final String COMMIT = """
            WITH wanted AS (
                SELECT *
                  FROM unnest(?::bigint[], ?::bigint[], ?::text[]) AS w (tp_id, committed_offset, commit_metadata)
            ), held AS (
                SELECT p.group_id, p.tp_id, w.committed_offset, w.commit_metadata
                  FROM wanted w
                  JOIN member_partition p ON p.tp_id = w.tp_id AND p.member_id = ?
                 ORDER BY p.tp_id
                   FOR UPDATE OF p
            ), complete AS (
                SELECT (SELECT count(*) FROM held) = (SELECT count(*) FROM wanted) AS is_so
            ), committed AS (
                INSERT INTO group_offset (group_id, tp_id, committed_offset, committed_at, commit_metadata)
                SELECT h.group_id, h.tp_id, h.committed_offset, clock_timestamp(), h.commit_metadata
                  FROM held h
                 WHERE (SELECT is_so FROM complete)
                ON CONFLICT (group_id, tp_id) DO UPDATE
                   SET committed_offset = excluded.committed_offset,
                       committed_at = excluded.committed_at,
                       commit_metadata = excluded.commit_metadata
            )
            SELECT is_so FROM complete
            """;
    private static final String COMMIT_DELIVERED = """
            WITH held AS (
                SELECT p.group_id,
                       p.tp_id,
                       p.position,
                       p.claim_id IS NOT NULL AND p.claimed_until > clock_timestamp() AS claimed
                  FROM member_partition p
                 WHERE p.member_id = ?
                 ORDER BY p.tp_id
                   FOR UPDATE OF p
            ), committing AS (
                SELECT o.group_id, o.tp_id, h.position
                  FROM held h
                  JOIN group_offset o ON o.group_id = h.group_id AND o.tp_id = h.tp_id
                 WHERE h.position IS NOT NULL
                   AND NOT EXISTS (SELECT FROM held c WHERE c.claimed)
                 ORDER BY o.tp_id
                   FOR NO KEY UPDATE OF o
            ), committed AS (
                UPDATE group_offset o
                   SET committed_offset = c.position, committed_at = clock_timestamp(), commit_metadata = ''
                  FROM committing c
                 WHERE o.group_id = c.group_id AND o.tp_id = c.tp_id AND o.committed_offset IS DISTINCT FROM c.position
            )
            SELECT NOT EXISTS (SELECT FROM held c WHERE c.claimed)
            """;
    private static final String SEEK = """
            WITH wanted AS (
                SELECT *
                  FROM unnest(?::bigint[], ?::bigint[]) AS w (tp_id, position)
            ), held AS (
                SELECT p.member_id, p.tp_id, w.position
                  FROM wanted w
                  JOIN member_partition p ON p.tp_id = w.tp_id AND p.member_id = ?
                 ORDER BY p.tp_id
                   FOR UPDATE OF p
            ), complete AS (
                SELECT (SELECT count(*) FROM held) = (SELECT count(*) FROM wanted) AS is_so
            ), sought AS (
                UPDATE member_partition p
                   SET position = h.position, claim_id = NULL, claim_offset = NULL
                  FROM held h
                 WHERE p.member_id = h.member_id AND p.tp_id = h.tp_id AND (SELECT is_so FROM complete)
            )
            SELECT is_so FROM complete
            """;
    private static final String RESET = """
            WITH held AS (
                SELECT p.member_id, p.tp_id, r.position
                  FROM unnest(?::bigint[], ?::bigint[], ?::bigint[]) AS r (tp_id, from_position, position)
                  JOIN member_partition p ON p.tp_id = r.tp_id AND p.position = r.from_position
                 WHERE p.member_id = ?
                   AND (p.claim_id IS NULL OR p.claimed_until <= clock_timestamp())
                 ORDER BY p.tp_id
                   FOR UPDATE OF p
            )
            UPDATE member_partition p
               SET position = h.position, claim_id = NULL, claim_offset = NULL
              FROM held h
             WHERE p.member_id = h.member_id AND p.tp_id = h.tp_id
            """;
    private final Database database;

    PositionStore(Database database) {
        this.database = database;
    }

    record Key(GroupName group, MemberName member) {}

    /** Those of the consumers that exist, in their order. */
    List<Optional<ConsumerSnapshot>> states(List<Key> keys) {
        return database.read(new Sql(
                        STATES,
                        Sql.array("text", keys, key -> key.group().value()),
                        Sql.array("text", keys, key -> key.member().value()))
                .reading(rows -> {
                    List<Optional<ConsumerSnapshot>> states =
                            new ArrayList<>(Collections.nCopies(keys.size(), Optional.empty()));
                    boolean more = rows.next();
                    while (more) {
                        int i = rows.getInt(1);
                        List<ConsumerSnapshot.Held> partitions = new ArrayList<>();
                        ConsumerSnapshot state = state(rows);
                        do {
                            if (rows.getObject(14) != null) {
                                partitions.add(held(rows));
                            }
                            more = rows.next();
                        } while (more && rows.getInt(1) == i);
                        states.set(i - 1, Optional.of(state.with(partitions)));
                    }
                    return states;
                }));
    }

    /** Without its partitions. */
    private static ConsumerSnapshot state(ResultSet row) throws SQLException {
        return new ConsumerSnapshot(
                row.getLong(2),
                row.getInt(4),
                row.getBoolean(5),
                Optional.ofNullable(row.getString(19)),
                new ConsumerOptions(
                        row.getString(6),
                        OffsetReset.stored(row.getString(7), Sql.optionalLong(row, 3)),
                        row.getBoolean(8),
                        row.getInt(9),
                        Sql.optionalInt(row, 10),
                        row.getString(11).equals("read_committed")),
                ConsumerSnapshot.SubscriptionKind.stored(row.getString(12)),
                Duration.ofMillis((long) (row.getDouble(13) * 1000)),
                List.of());
    }

    private static ConsumerSnapshot.Held held(ResultSet row) throws SQLException {
        return new ConsumerSnapshot.Held(
                row.getLong(14),
                Sql.optionalInt(row, 15),
                Sql.optionalLong(row, 16),
                Sql.optionalLong(row, 17),
                row.getBoolean(18),
                false);
    }

    /**
     * A wish to send records of a partition to its member, as long as nobody else does.
     *
     * @param generation in which the member got it, null where it was assigned by hand
     * @param position where it stands
     * @param deliveredId names an answer with records up to the position that was delivered, which is to be noted; null
     *     where there is none
     * @param claimId names the answer; null where nothing is to be sent and only the commit is wanted
     * @param claimOffset up to where
     * @param commits whether what was delivered before is to be committed
     */
    record Claim(
            long memberId,
            long partitionId,
            @Nullable Integer generation,
            long position,
            @Nullable Long deliveredId,
            @Nullable Long claimId,
            @Nullable Long claimOffset,
            boolean commits) {}

    /**
     * The generation of the group in which each claim holds; empty for those that do not. Of claims to the same records,
     * the first holds.
     */
    List<OptionalInt> claim(List<Claim> claims, Duration until) {
        Map<Place, Integer> firsts = new LinkedHashMap<>();
        for (int i = 0; i < claims.size(); i++) {
            firsts.putIfAbsent(new Place(claims.get(i).memberId(), claims.get(i).partitionId()), i);
        }
        List<Integer> places = List.copyOf(firsts.values());
        List<Claim> first = places.stream().map(claims::get).toList();
        OptionalInt[] generations = new OptionalInt[claims.size()];
        Arrays.fill(generations, OptionalInt.empty());
        return List.of(database.write(new Sql(
                        CLAIM,
                        Sql.longs(first, Claim::memberId),
                        Sql.longs(first, Claim::partitionId),
                        Sql.array("int4", first, Claim::generation),
                        Sql.longs(first, Claim::position),
                        Sql.array("int8", first, Claim::deliveredId),
                        Sql.array("int8", first, Claim::claimId),
                        Sql.array("int8", first, Claim::claimOffset),
                        Sql.array("bool", first, Claim::commits),
                        until)
                .into(
                        () -> generations,
                        (all, row) -> all[places.get(row.getInt(1) - 1)] = OptionalInt.of(row.getInt(2)))));
    }

    private record Place(long memberId, long partitionId) {}

    /** What became of an answer: delivered, so that the positions move on; or not, so that the records are sent again. */
    record Mark(long memberId, long claimId, boolean delivered) {}

    void mark(List<Mark> marks) {
        database.write(new Sql(
                        MARK,
                        Sql.longs(marks, Mark::memberId),
                        Sql.longs(marks, Mark::claimId),
                        Sql.array("bool", marks, Mark::delivered))
                .update());
    }

    /** Lets claims hold for longer, because their answers are still being sent. */
    void renew(List<Mark> claims, Duration until) {
        database.write(
                new Sql(RENEW, Sql.longs(claims, Mark::memberId), Sql.longs(claims, Mark::claimId), until).update());
    }

    /** Commits offsets, by partition; answers false, and commits none, when the member does not have all of them. */
    boolean commit(long memberId, Map<Long, OffsetAndMetadata> offsets) {
        SortedMap<Long, OffsetAndMetadata> sorted = new TreeMap<>(offsets);
        return database.write(new Sql(
                        COMMIT,
                        Sql.longs(sorted.keySet()),
                        Sql.longs(sorted.values(), OffsetAndMetadata::offset),
                        Sql.array("text", sorted.values(), OffsetAndMetadata::metadata),
                        memberId)
                .one(row -> row.getBoolean(1)));
    }

    /** Moves positions, by partition; answers false, and moves none, when the member does not have all of them. */
    boolean seek(long memberId, Map<Long, OffsetAndMetadata> positions) {
        SortedMap<Long, OffsetAndMetadata> sorted = new TreeMap<>(positions);
        return database.write(new Sql(
                        SEEK,
                        Sql.longs(sorted.keySet()),
                        Sql.longs(sorted.values(), OffsetAndMetadata::offset),
                        memberId)
                .one(row -> row.getBoolean(1)));
    }

    /** Commits what was delivered; answers false, and commits nothing, while an answer is being sent. */
    boolean commitDelivered(long memberId) {
        return database.write(new Sql(COMMIT_DELIVERED, memberId).one(row -> row.getBoolean(1)));
    }

    /** A position that cannot be read from, and the one to go on from. */
    record Reset(long partitionId, long from, long to) {}

    /** Moves positions that nobody else has moved. */
    void reset(long memberId, List<Reset> resets) {
        database.write(new Sql(
                        RESET,
                        Sql.longs(resets, Reset::partitionId),
                        Sql.longs(resets, Reset::from),
                        Sql.longs(resets, Reset::to),
                        memberId)
                .update());
    }
}
