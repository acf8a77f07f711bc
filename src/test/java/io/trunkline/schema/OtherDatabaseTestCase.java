package io.trunkline.schema;

import io.trunkline.testing.ServiceTestCase;
import io.trunkline.testing.TestDatabase;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.Map;
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

    /** Settings of a service whose schema in this database has a name. */
    static Map<String, String> settings(String schema) {
        return settings(schema, "trunkline_owner", "trunkline_app");
    }

    static Map<String, String> settings(String schema, String owner, String role) {
        return Map.of(
                "trunkline.database.url",
                TestDatabase.url(DATABASE),
                "trunkline.database.schema",
                schema,
                "trunkline.database.username",
                role,
                "trunkline.database.password",
                TestDatabase.applicationPassword(),
                "trunkline.database.owner.username",
                owner,
                "trunkline.database.owner.password",
                TestDatabase.ownerPassword());
    }

    private static void asSuperuser(String sql) throws SQLException {
        try (Connection superuser = TestDatabase.asSuperuser()) {
            TestDatabase.execute(superuser, sql);
        }
    }
}
