package io.trunkline.log;

import io.trunkline.jdbc.Database;
import jakarta.enterprise.context.ApplicationScoped;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.time.Duration;

/** Makes slices, with the owner's rights. */
@ApplicationScoped
class SliceStore {
    private static final String PREPARE = """
            SELECT prepare_slices(make_interval(secs => ?), ?)
            """;

    private static final String AHEAD = """
            SELECT count(*)
              FROM slice
             WHERE starts_at > log_now()
            """;

    private final Database database;

    SliceStore(Database database) {
        this.database = database;
    }

    /** How many slices are ready for the time to come. */
    int ahead() {
        return database.read(connection -> {
            try (PreparedStatement statement = connection.prepareStatement(AHEAD);
                    ResultSet row = statement.executeQuery()) {
                row.next();
                return row.getInt(1);
            }
        });
    }

    /** Makes the slices that are missing and answers how many that were. */
    int prepare(Duration length, int ahead) {
        return database.writeAtLeisure(connection -> {
            try (PreparedStatement statement = connection.prepareStatement(PREPARE)) {
                statement.setDouble(1, length.toSeconds());
                statement.setInt(2, ahead);
                try (ResultSet row = statement.executeQuery()) {
                    row.next();
                    return row.getInt(1);
                }
            }
        });
    }
}
