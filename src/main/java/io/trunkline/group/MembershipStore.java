package io.trunkline.group;

import io.trunkline.jdbc.Database;
import io.trunkline.jdbc.Sql;
import jakarta.enterprise.context.ApplicationScoped;
import java.time.Duration;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.SortedMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * What changes of a group do to rows that are no entities, and what tells that members live. Calls that change a group
 * belong into the transaction that has locked its row.
 */
@ApplicationScoped
class MembershipStore {
    /** Makers of groups follow one another to the ends of their transactions; those who use groups do not wait for them. */
    private static final String LOCK_MAKING = """
            SELECT pg_advisory_xact_lock('consumer_group'::regclass::int, 0)
            """;

    private static final String MAKE_GROUP = """
            INSERT INTO consumer_group (name)
            SELECT ?
             WHERE (SELECT count(*) FROM consumer_group) < ?
            ON CONFLICT (name) DO NOTHING
            """;
    private static final String EXISTS = """
            SELECT EXISTS (SELECT FROM consumer_group WHERE name = ?)
            """;
    private static final String OCCUPY = """
            UPDATE consumer_group
               SET empty_since = NULL
             WHERE group_id = ? AND empty_since IS NOT NULL
            """;
    private static final String VACATE = """
            UPDATE consumer_group g
               SET empty_since = clock_timestamp()
             WHERE g.group_id = ?
               AND g.empty_since IS NULL
               AND NOT EXISTS (SELECT FROM group_member m WHERE m.group_id = g.group_id)
            """;
    private static final String USED = """
            UPDATE consumer_group
               SET empty_since = clock_timestamp()
             WHERE group_id = ? AND empty_since IS NOT NULL
            """;
    private static final String SINCE_LAST_HEARTBEAT = """
            SELECT member_id, extract(epoch FROM clock_timestamp() - last_seen)
              FROM group_member
             WHERE group_id = ? AND isfinite(last_seen)
            """;
    private static final String PARTITIONS = """
            SELECT p.member_id, p.tp_id, p.position
              FROM member_partition p
             WHERE p.member_id IN (SELECT m.member_id FROM group_member m WHERE m.group_id = ?)
             ORDER BY p.member_id, p.tp_id
            """;
    private static final String REVOKE = """
            DELETE FROM member_partition p
             USING unnest(?::bigint[], ?::bigint[]) AS r (member_id, tp_id)
             WHERE p.member_id = r.member_id AND p.tp_id = r.tp_id
            RETURNING p.tp_id, p.member_id, p.position
            """;
    private static final String COMMIT = """
            UPDATE group_offset o
               SET committed_offset = c.committed_offset, committed_at = clock_timestamp(), commit_metadata = ''
              FROM (SELECT ?::int AS group_id, u.*
                      FROM unnest(?::bigint[], ?::bigint[]) AS u (tp_id, committed_offset)) AS c
             WHERE o.group_id = c.group_id
               AND o.tp_id = c.tp_id
               AND coalesce(o.committed_offset, o.start_offset) IS DISTINCT FROM c.committed_offset
            """;
    private static final String OFFSETS = """
            SELECT tp_id, coalesce(committed_offset, start_offset)
              FROM group_offset
             WHERE group_id = ? AND tp_id = ANY (?)
            """;
    private static final String BEGIN = """
            INSERT INTO group_offset (group_id, tp_id, start_offset)
            SELECT ?, s.tp_id, s.start_offset
              FROM unnest(?::bigint[], ?::bigint[]) AS s (tp_id, start_offset)
            ON CONFLICT (group_id, tp_id) DO UPDATE
               SET start_offset = coalesce(excluded.start_offset, group_offset.start_offset)
            """;
    /** Rows of members of other groups, which only SQL can write, would keep members of this one from getting partitions. */
    private static final String REMOVE_STRAYS = """
            DELETE FROM member_partition p
             USING group_member m
             WHERE p.group_id = ?
               AND p.generation IS NOT NULL
               AND m.member_id = p.member_id
               AND m.group_id <> p.group_id
            """;

    private static final String GRANT = """
            INSERT INTO member_partition (member_id, tp_id, group_id, generation, position)
            SELECT g.member_id, g.tp_id, o.group_id, g.generation, coalesce(o.committed_offset, o.start_offset)
              FROM unnest(?::bigint[], ?::bigint[], ?::int[]) AS g (member_id, tp_id, generation)
              JOIN group_offset o ON o.group_id = ? AND o.tp_id = g.tp_id
            """;
    private static final String FORGET_PARTITIONS = """
            DELETE FROM member_partition p
             WHERE p.member_id IN (SELECT m.member_id FROM group_member m WHERE m.group_id = ?)
               AND p.generation IS NULL
               AND NOT EXISTS (SELECT FROM partition_head h WHERE h.tp_id = p.tp_id)
            """;
    private static final String FORGET_OFFSETS = """
            DELETE FROM group_offset o
             WHERE o.group_id = ?
               AND NOT EXISTS (SELECT FROM partition_head h WHERE h.tp_id = o.tp_id)
            """;
    private static final String PUT_COMMITTED = """
            INSERT INTO group_offset (group_id, tp_id, committed_offset, committed_at, commit_metadata)
            SELECT ?, r.tp_id, r.committed_offset, clock_timestamp(), r.commit_metadata
              FROM unnest(?::bigint[], ?::bigint[], ?::text[]) AS r (tp_id, committed_offset, commit_metadata)
            ON CONFLICT (group_id, tp_id) DO UPDATE
               SET committed_offset = excluded.committed_offset,
                   committed_at = excluded.committed_at,
                   commit_metadata = excluded.commit_metadata
            """;

    private static final String SEEN = """
            UPDATE group_member
               SET last_seen = clock_timestamp()
             WHERE member_id IN (SELECT m.member_id
                                   FROM group_member m
                                  WHERE m.member_id = ANY (?)
                                    FOR NO KEY UPDATE SKIP LOCKED)
            """;
    private static final String WATCH = """
            SELECT g.name, g.generation, g.topic_version < (SELECT version FROM topic_version)
              FROM consumer_group g
             WHERE g.name = ANY (?)
            """;

    private final Database database;

    MembershipStore(Database database) {
        this.database = database;
    }

    /** Makes a group, unless there is one already; false where there are so many that none can be made. */
    boolean makeGroup(GroupName name, int most) {
        // In a statement of its own: what is counted has to be as it is under the lock.
        database.write(new Sql(LOCK_MAKING).call());
        return database.write(new Sql(MAKE_GROUP, name.value(), most).update()) == 1
                || database.read(new Sql(EXISTS, name.value()).one(row -> row.getBoolean(1)));
    }

    void occupy(int groupId) {
        update(OCCUPY, groupId);
    }

    /** Notes since when the group has none, where that is so. */
    void vacateIfEmpty(int groupId) {
        update(VACATE, groupId);
    }

    /** How long ago the last request of each member was noted, by its id. */
    Map<Long, Duration> sinceLastHeartbeat(int groupId) {
        return database.read(new Sql(SINCE_LAST_HEARTBEAT, groupId)
                .map(row -> row.getLong(1), row -> Duration.ofMillis((long) (row.getDouble(2) * 1000))));
    }

    /** The partitions of all members and where they stand, by member and partition. */
    Map<Long, SortedMap<Long, OptionalLong>> partitions(int groupId) {
        return database.read(new Sql(PARTITIONS, groupId)
                .into(
                        HashMap<Long, SortedMap<Long, OptionalLong>>::new,
                        (partitions, row) -> partitions
                                .computeIfAbsent(row.getLong(1), id -> new TreeMap<>())
                                .put(row.getLong(2), Sql.optionalLong(row, 3))));
    }

    /** Takes partitions away, and commits where their members stood in those for which that is wanted. */
    void revoke(int groupId, List<GroupState.Revocation> revoked) {
        if (revoked.isEmpty()) {
            return;
        }
        Map<Place, OptionalLong> positions = database.write(new Sql(
                        REVOKE,
                        Sql.longs(revoked, GroupState.Revocation::memberId),
                        Sql.longs(revoked, GroupState.Revocation::partitionId))
                .map(row -> new Place(row.getLong(2), row.getLong(1)), row -> Sql.optionalLong(row, 3)));
        Map<Long, Long> commits = new TreeMap<>();
        for (GroupState.Revocation revocation : revoked) {
            OptionalLong position = positions.getOrDefault(
                    new Place(revocation.memberId(), revocation.partitionId()), OptionalLong.empty());
            if (revocation.commit().isPresent() && position.isPresent()) {
                commits.put(revocation.partitionId(), position.getAsLong());
            }
        }
        if (!commits.isEmpty()) {
            update(COMMIT, groupId, Sql.longs(commits.keySet()), Sql.longs(commits.values()));
        }
    }

    private record Place(long memberId, long partitionId) {}

    /** Where the group goes on reading these partitions, of those of which that is known. */
    Map<Long, Long> offsets(int groupId, Collection<Long> partitionIds) {
        return database.read(new Sql(OFFSETS, groupId, Sql.longs(partitionIds))
                .into(HashMap<Long, Long>::new, (offsets, row) -> {
                    long partitionId = row.getLong(1);
                    Sql.optionalLong(row, 2).ifPresent(offset -> offsets.put(partitionId, offset));
                }));
    }

    /** Notes where the group begins, by partition; null where nobody knows. */
    void begin(int groupId, SortedMap<Long, @Nullable Long> offsets) {
        if (!offsets.isEmpty()) {
            update(BEGIN, groupId, Sql.longs(offsets.keySet()), Sql.array("int8", offsets.values(), offset -> offset));
        }
    }

    /** Commits offsets, by partition, whether or not anything is known of the partition yet. */
    void commit(int groupId, Map<Long, OffsetAndMetadata> offsets) {
        if (!offsets.isEmpty()) {
            SortedMap<Long, OffsetAndMetadata> sorted = new TreeMap<>(offsets);
            update(
                    PUT_COMMITTED,
                    groupId,
                    Sql.longs(sorted.keySet()),
                    Sql.longs(sorted.values(), OffsetAndMetadata::offset),
                    Sql.array("text", sorted.values(), OffsetAndMetadata::metadata));
        }
    }

    /** Commits offsets of a group that has no members, by partition; counts as a use of the group. */
    void reset(int groupId, Map<Long, OffsetAndMetadata> offsets) {
        commit(groupId, offsets);
        update(USED, groupId);
    }

    /**
     * Gives partitions to members, who go on where the group does. One of which the group does not know where to begin has gone
     * meanwhile, and is passed over: the version of the topics has grown, so that the group is looked at again.
     */
    void grant(int groupId, int generation, List<GroupState.Grant> granted) {
        if (granted.isEmpty()) {
            return;
        }
        update(REMOVE_STRAYS, groupId);
        update(
                GRANT,
                Sql.longs(granted, GroupState.Grant::memberId),
                Sql.longs(granted, GroupState.Grant::partitionId),
                Sql.array("int4", granted, grant -> grant.shared() ? (Integer) generation : null),
                groupId);
    }

    void forgetGonePartitions(int groupId) {
        update(FORGET_PARTITIONS, groupId);
        update(FORGET_OFFSETS, groupId);
    }

    /** Notes that requests of these members have come; passes over those that somebody is changing. */
    void seen(List<Long> memberIds) {
        database.write(new Sql(SEEN, Sql.longs(memberIds)).update());
    }

    /** What of a group those who wait in it have to know. */
    record Glance(int generation, boolean outdated) {}

    /** Those of the groups that exist. */
    Map<GroupName, Glance> glance(List<GroupName> groups) {
        return database.read(new Sql(WATCH, Sql.array("text", groups, GroupName::value))
                .map(row -> new GroupName(row.getString(1)), row -> new Glance(row.getInt(2), row.getBoolean(3))));
    }

    private void update(String sql, Object... parameters) {
        database.write(new Sql(sql, parameters).update());
    }
}
