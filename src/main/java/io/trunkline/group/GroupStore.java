package io.trunkline.group;

import io.trunkline.jdbc.Database;
import io.trunkline.jdbc.Sql;
import jakarta.enterprise.context.ApplicationScoped;
import java.time.Duration;
import java.util.List;

/** Looks at all groups, and forgets those that nobody uses. */
@ApplicationScoped
class GroupStore {
    private static final String SIZES = """
            SELECT g.name, g.generation, count(m.member_id)
              FROM consumer_group g
              LEFT JOIN group_member m ON m.group_id = g.group_id
             GROUP BY g.group_id
             ORDER BY g.name
            """;
    private static final String SILENT = """
            SELECT g.name
              FROM consumer_group g
             WHERE EXISTS (SELECT FROM group_member m
                            WHERE m.group_id = g.group_id
                              AND m.last_seen < clock_timestamp() - make_interval(secs => ?))
             ORDER BY random()
             LIMIT 1000
            """;
    private static final String FORGET = """
            DELETE FROM consumer_group g
             WHERE g.empty_since < clock_timestamp() - make_interval(secs => ?)
               AND NOT EXISTS (SELECT FROM group_member m WHERE m.group_id = g.group_id)
            """;

    private final Database database;

    GroupStore(Database database) {
        this.database = database;
    }

    List<GroupSize> sizes() {
        return database.read(new Sql(SIZES).list(row -> new GroupSize(row.getString(1), row.getInt(2), row.getInt(3))));
    }

    /**
     * Some groups with members of which nothing was noted for so long; others the next time, so that none is held up by
     * groups that fail again and again.
     */
    List<GroupName> withSilentMembers(Duration duration) {
        return database.read(new Sql(SILENT, duration).list(row -> row.getString(1))).stream()
                .flatMap(name -> GroupName.stored(name).stream())
                .toList();
    }

    /** Removes groups that have been empty for so long; answers how many. */
    int forgetEmpty(Duration duration) {
        return database.writeAtLeisure(new Sql(FORGET, duration).update());
    }
}
