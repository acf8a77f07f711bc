package io.trunkline.group;

import io.trunkline.jdbc.Database;
import jakarta.enterprise.context.ApplicationScoped;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.util.ArrayList;
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

    /** All groups. */
    List<GroupSize> sizes() {
        return database.read(connection -> {
            try (PreparedStatement statement = connection.prepareStatement(SIZES);
                    ResultSet rows = statement.executeQuery()) {
                List<GroupSize> sizes = new ArrayList<>();
                while (rows.next()) {
                    sizes.add(new GroupSize(rows.getString(1), rows.getInt(2), rows.getInt(3)));
                }
                return sizes;
            }
        });
    }

    /**
     * Some groups with members of which nothing was noted for so long; others the next time, so that none is held up by
     * groups that fail again and again.
     */
    List<GroupName> withSilentMembers(double seconds) {
        return database.read(connection -> {
            try (PreparedStatement statement = connection.prepareStatement(SILENT)) {
                statement.setDouble(1, seconds);
                List<GroupName> groups = new ArrayList<>();
                try (ResultSet rows = statement.executeQuery()) {
                    while (rows.next()) {
                        GroupName.stored(rows.getString(1)).ifPresent(groups::add);
                    }
                }
                return groups;
            }
        });
    }

    /** Removes groups that have been empty for so long; answers how many. */
    int forgetEmpty(double seconds) {
        return database.writeAtLeisure(connection -> {
            try (PreparedStatement statement = connection.prepareStatement(FORGET)) {
                statement.setDouble(1, seconds);
                return statement.executeUpdate();
            }
        });
    }
}
