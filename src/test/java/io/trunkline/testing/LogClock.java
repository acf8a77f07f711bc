package io.trunkline.testing;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.time.Instant;

/** The clock of the log in the database under test, which its owner can put in the place of the server's. */
public final class LogClock {
    private LogClock() {}

    /** Stops the clock at a time, and makes the slices that are missing then. */
    public static void stopAt(Instant time) throws SQLException {
        replace("SELECT timestamptz '" + time + "'");
        prepareSlices();
    }

    /** Stops the clock at a time, as if no slice could be made. */
    public static void stopAtWithoutSlices(Instant time) throws SQLException {
        replace("SELECT timestamptz '" + time + "'");
    }

    /** Lets it run with the server's again. */
    public static void reset() throws SQLException {
        replace("SELECT pg_catalog.clock_timestamp()");
    }

    /** Makes the slices, each a day long, that are missing from now to three days on. */
    private static void prepareSlices() throws SQLException {
        try (Connection connection = TestDatabase.asApplication();
                PreparedStatement statement =
                        connection.prepareStatement("SELECT trunkline.prepare_slices(make_interval(secs => ?), 3)")) {
            statement.setDouble(1, Duration.ofDays(1).toSeconds());
            statement.executeQuery().close();
        }
    }

    private static void replace(String body) throws SQLException {
        try (Connection connection = TestDatabase.asOwner();
                Statement statement = connection.createStatement()) {
            statement.execute("CREATE OR REPLACE FUNCTION trunkline.log_now() RETURNS timestamptz LANGUAGE sql AS '"
                    + body.replace("'", "''") + "'");
        }
    }
}
