package io.trunkline.log;

import io.trunkline.jdbc.Database;
import io.trunkline.jdbc.Sql;
import jakarta.enterprise.context.ApplicationScoped;
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
        return database.read(new Sql(AHEAD).one(row -> row.getInt(1)));
    }

    /** Makes the slices that are missing and answers how many that were. */
    int prepare(Duration length, int ahead) {
        return database.writeAtLeisure(new Sql(PREPARE, length, ahead).one(row -> row.getInt(1)));
    }
}
