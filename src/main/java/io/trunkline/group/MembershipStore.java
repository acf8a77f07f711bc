package io.trunkline.group;

import io.trunkline.jdbc.Database;
import jakarta.enterprise.context.ApplicationScoped;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
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
               SET committed_offset = c.committed_offset, committed_at = clock_timestamp()
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
            INSERT INTO group_offset (group_id, tp_id, committed_offset, committed_at)
            SELECT ?, r.tp_id, r.committed_offset, clock_timestamp()
              FROM unnest(?::bigint[], ?::bigint[]) AS r (tp_id, committed_offset)
            ON CONFLICT (group_id, tp_id) DO UPDATE
               SET committed_offset = excluded.committed_offset, committed_at = excluded.committed_at
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
        database.<Boolean>write(connection -> {
            try (PreparedStatement statement = connection.prepareStatement(LOCK_MAKING)) {
                return statement.execute();
            }
        });
        int made = update(MAKE_GROUP, (statement, connection) -> {
            statement.setString(1, name.value());
            statement.setInt(2, most);
        });
        return made == 1 || exists(name);
    }

    private boolean exists(GroupName name) {
        return database.read(connection -> {
            try (PreparedStatement statement = connection.prepareStatement(EXISTS)) {
                statement.setString(1, name.value());
                try (ResultSet row = statement.executeQuery()) {
                    row.next();
                    return row.getBoolean(1);
                }
            }
        });
    }

    /** Notes that the group has members. */
    void occupy(int groupId) {
        update(OCCUPY, (statement, connection) -> statement.setInt(1, groupId));
    }

    /** Notes since when the group has none, where that is so. */
    void vacateIfEmpty(int groupId) {
        update(VACATE, (statement, connection) -> statement.setInt(1, groupId));
    }

    /** How long ago the last request of each member was noted, by its id. */
    Map<Long, Duration> sinceLastHeartbeat(int groupId) {
        return database.read(connection -> {
            try (PreparedStatement statement = connection.prepareStatement(SINCE_LAST_HEARTBEAT)) {
                statement.setInt(1, groupId);
                Map<Long, Duration> sinceLastHeartbeat = new HashMap<>();
                try (ResultSet rows = statement.executeQuery()) {
                    while (rows.next()) {
                        sinceLastHeartbeat.put(rows.getLong(1), Duration.ofMillis((long) (rows.getDouble(2) * 1000)));
                    }
                }
                return sinceLastHeartbeat;
            }
        });
    }

    /** The partitions of all members and where they stand, by member and partition. */
    Map<Long, SortedMap<Long, OptionalLong>> partitions(int groupId) {
        return database.read(connection -> {
            try (PreparedStatement statement = connection.prepareStatement(PARTITIONS)) {
                statement.setInt(1, groupId);
                Map<Long, SortedMap<Long, OptionalLong>> partitions = new HashMap<>();
                try (ResultSet rows = statement.executeQuery()) {
                    while (rows.next()) {
                        long position = rows.getLong(3);
                        OptionalLong known = rows.wasNull() ? OptionalLong.empty() : OptionalLong.of(position);
                        partitions
                                .computeIfAbsent(rows.getLong(1), id -> new TreeMap<>())
                                .put(rows.getLong(2), known);
                    }
                }
                return partitions;
            }
        });
    }

    /** Takes partitions away, and commits where their members stood in those for which that is wanted. */
    void revoke(int groupId, List<GroupState.Revocation> revoked) {
        if (revoked.isEmpty()) {
            return;
        }
        Map<Place, Long> positions = take(revoked);
        Map<Long, Long> commits = new HashMap<>();
        for (GroupState.Revocation revocation : revoked) {
            Long position = positions.get(new Place(revocation.memberId(), revocation.partitionId()));
            if (revocation.commit().isPresent() && position != null) {
                commits.put(revocation.partitionId(), position);
            }
        }
        updateOffsets(COMMIT, groupId, commits);
    }

    private record Place(long memberId, long partitionId) {}

    /** Removes the rows, and answers where the members stood in the end. */
    private Map<Place, Long> take(List<GroupState.Revocation> revoked) {
        return database.write(connection -> {
            try (PreparedStatement statement = connection.prepareStatement(REVOKE)) {
                statement.setObject(
                        1,
                        revoked.stream()
                                .mapToLong(GroupState.Revocation::memberId)
                                .toArray());
                statement.setObject(
                        2,
                        revoked.stream()
                                .mapToLong(GroupState.Revocation::partitionId)
                                .toArray());
                Map<Place, Long> positions = new HashMap<>();
                try (ResultSet rows = statement.executeQuery()) {
                    while (rows.next()) {
                        long position = rows.getLong(3);
                        if (!rows.wasNull()) {
                            positions.put(new Place(rows.getLong(2), rows.getLong(1)), position);
                        }
                    }
                }
                return positions;
            }
        });
    }

    /** Where the group goes on reading these partitions, of those of which that is known. */
    Map<Long, Long> offsets(int groupId, Collection<Long> partitionIds) {
        return database.read(connection -> {
            try (PreparedStatement statement = connection.prepareStatement(OFFSETS)) {
                statement.setInt(1, groupId);
                statement.setObject(
                        2, partitionIds.stream().mapToLong(Long::longValue).toArray());
                Map<Long, Long> offsets = new HashMap<>();
                try (ResultSet rows = statement.executeQuery()) {
                    while (rows.next()) {
                        long offset = rows.getLong(2);
                        if (!rows.wasNull()) {
                            offsets.put(rows.getLong(1), offset);
                        }
                    }
                }
                return offsets;
            }
        });
    }

    /** Notes where the group begins, by partition; null where nobody knows. */
    void begin(int groupId, Map<Long, @Nullable Long> offsets) {
        updateOffsets(BEGIN, groupId, offsets);
    }

    /** Commits offsets, by partition, whether or not anything is known of the partition yet. */
    void commit(int groupId, Map<Long, Long> offsets) {
        updateOffsets(PUT_COMMITTED, groupId, offsets);
    }

    /** Commits offsets of a group that has no members, by partition; counts as a use of the group. */
    void reset(int groupId, Map<Long, Long> offsets) {
        commit(groupId, offsets);
        update(USED, (statement, connection) -> statement.setInt(1, groupId));
    }

    /**
     * Gives partitions to members, who go on where the group does. One of which the group does not know where to begin has gone
     * meanwhile, and is passed over: the version of the topics has grown, so that the group is looked at again.
     */
    void grant(int groupId, int generation, List<GroupState.Grant> granted) {
        if (granted.isEmpty()) {
            return;
        }
        update(REMOVE_STRAYS, (statement, connection) -> statement.setInt(1, groupId));
        update(GRANT, (statement, connection) -> {
            statement.setObject(
                    1, granted.stream().mapToLong(GroupState.Grant::memberId).toArray());
            statement.setObject(
                    2, granted.stream().mapToLong(GroupState.Grant::partitionId).toArray());
            statement.setArray(
                    3,
                    connection.createArrayOf(
                            "int4",
                            granted.stream()
                                    .map(grant -> grant.shared() ? (Integer) generation : null)
                                    .toArray()));
            statement.setInt(4, groupId);
        });
    }

    /** Removes what is left of partitions that do not exist any more. */
    void forgetGonePartitions(int groupId) {
        update(FORGET_PARTITIONS, (statement, connection) -> statement.setInt(1, groupId));
        update(FORGET_OFFSETS, (statement, connection) -> statement.setInt(1, groupId));
    }

    /** Notes that requests of these members have come; passes over those that somebody is changing. */
    void seen(List<Long> memberIds) {
        database.<Integer>write(connection -> {
            try (PreparedStatement statement = connection.prepareStatement(SEEN)) {
                statement.setObject(
                        1, memberIds.stream().mapToLong(Long::longValue).toArray());
                return statement.executeUpdate();
            }
        });
    }

    /** What of a group those who wait in it have to know. */
    record Glance(int generation, boolean outdated) {}

    /** Those of the groups that exist. */
    Map<GroupName, Glance> glance(List<GroupName> groups) {
        return database.read(connection -> {
            try (PreparedStatement statement = connection.prepareStatement(WATCH)) {
                statement.setArray(
                        1,
                        connection.createArrayOf(
                                "text", groups.stream().map(GroupName::value).toArray()));
                Map<GroupName, Glance> glances = new HashMap<>();
                try (ResultSet rows = statement.executeQuery()) {
                    while (rows.next()) {
                        glances.put(new GroupName(rows.getString(1)), new Glance(rows.getInt(2), rows.getBoolean(3)));
                    }
                }
                return glances;
            }
        });
    }

    private void updateOffsets(String sql, int groupId, Map<Long, ? extends @Nullable Long> offsets) {
        if (offsets.isEmpty()) {
            return;
        }
        List<Long> partitionIds = new ArrayList<>(new TreeMap<>(offsets).keySet());
        update(sql, (statement, connection) -> {
            statement.setInt(1, groupId);
            statement.setObject(
                    2, partitionIds.stream().mapToLong(Long::longValue).toArray());
            statement.setArray(
                    3,
                    connection.createArrayOf(
                            "int8", partitionIds.stream().map(offsets::get).toArray()));
        });
    }

    private int update(String sql, Parameters parameters) {
        return database.<Integer>write(connection -> {
            try (PreparedStatement statement = connection.prepareStatement(sql)) {
                parameters.set(statement, connection);
                return statement.executeUpdate();
            }
        });
    }

    @FunctionalInterface
    private interface Parameters {
        void set(PreparedStatement statement, Connection connection) throws SQLException;
    }
}
