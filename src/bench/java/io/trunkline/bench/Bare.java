package io.trunkline.bench;

import java.io.IOException;
import java.sql.SQLException;

/** Runs a {@link BareLoop} on a table of its own, and looks whether every row that was acknowledged is in it. */
final class Bare {
    private Bare() {}

    static Measured measure(Stage stage, int connections, int records, int bytes, double perSecond)
            throws IOException, SQLException {
        String table = stage.tables().newBareTable();
        Measured measured =
                stage.measure(new BareLoop(stage.postgres(), table, connections, records, bytes, perSecond));
        long found = stage.tables().countBare(table);
        stage.tables().drop(table);
        if (found != measured.meter().records()) {
            throw new IllegalStateException(
                    found + " records of " + measured.meter().records() + " are in the bare table");
        }
        return measured;
    }
}
