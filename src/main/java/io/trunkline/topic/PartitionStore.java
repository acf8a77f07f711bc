package io.trunkline.topic;

import io.trunkline.jdbc.Database;
import jakarta.enterprise.context.ApplicationScoped;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;

/** Which partitions a topic has. */
@ApplicationScoped
class PartitionStore {
    private static final String IDS_OF_TOPIC = """
            SELECT tp_id
              FROM trunkline.partition_head
             WHERE topic_id = ?
             ORDER BY partition
            """;

    private final Database database;

    PartitionStore(Database database) {
        this.database = database;
    }

    List<Integer> idsOf(UUID topic) {
        return database.read(connection -> {
            try (PreparedStatement statement = connection.prepareStatement(IDS_OF_TOPIC)) {
                statement.setObject(1, topic);
                List<Integer> ids = new ArrayList<>();
                try (ResultSet rows = statement.executeQuery()) {
                    while (rows.next()) {
                        ids.add(rows.getInt(1));
                    }
                }
                return ids;
            }
        });
    }
}
