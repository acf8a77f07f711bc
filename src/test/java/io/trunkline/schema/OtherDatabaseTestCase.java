package io.trunkline.schema;

import io.trunkline.testing.ServiceTestCase;
import io.trunkline.testing.TestDatabase;
import java.sql.Connection;
import java.sql.SQLException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;

/** A test of a database beside that of the service, which is empty at first. */
abstract class OtherDatabaseTestCase extends ServiceTestCase {
    static final String DATABASE = "trunkline_other";

    @BeforeEach
    void createDatabase() throws SQLException {
        asSuperuser("CREATE DATABASE " + DATABASE + " OWNER trunkline_owner");
    }

    @AfterEach
    void dropDatabase() throws SQLException {
        asSuperuser("DROP DATABASE " + DATABASE + " WITH (FORCE)");
    }

    /** The number that a query has as its one result. */
    static long one(String query) throws SQLException {
        try (Connection owner = TestDatabase.asOwner(DATABASE)) {
            return Long.parseLong(TestDatabase.one(owner, query));
        }
    }

    static void asOwner(String sql) throws SQLException {
        try (Connection owner = TestDatabase.asOwner(DATABASE)) {
            TestDatabase.execute(owner, sql);
        }
    }

    private static void asSuperuser(String sql) throws SQLException {
        try (Connection superuser = TestDatabase.asSuperuser()) {
            TestDatabase.execute(superuser, sql);
        }
    }
}
