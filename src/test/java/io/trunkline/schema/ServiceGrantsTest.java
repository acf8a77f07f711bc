package io.trunkline.schema;

import static org.assertj.core.api.Assertions.assertThat;

import io.quarkus.test.junit.QuarkusTest;
import io.trunkline.testing.ServiceTestCase;
import io.trunkline.testing.TestDatabase;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Who may do what in the schema. */
@QuarkusTest
class ServiceGrantsTest extends ServiceTestCase {
    /** What the catalog says of the rights in the schema, but for the owner's. */
    private static final String GRANTED = """
            SELECT a.privilege_type || ' on ' || o.object || ' to ' || coalesce(r.rolname, 'PUBLIC')
              FROM (SELECT c.oid::regclass::text AS object, c.relacl AS acl, c.relowner AS owner
                      FROM pg_catalog.pg_class c
                     WHERE c.relnamespace = 'trunkline'::regnamespace AND c.relkind IN ('r', 'p', 'v', 'S')
                     UNION ALL
                    SELECT p.oid::regprocedure::text, coalesce(p.proacl, acldefault('f', p.proowner)), p.proowner
                      FROM pg_catalog.pg_proc p
                     WHERE p.pronamespace = 'trunkline'::regnamespace
                     UNION ALL
                    SELECT a.attrelid::regclass || '.' || a.attname, a.attacl, c.relowner
                      FROM pg_catalog.pg_attribute a
                      JOIN pg_catalog.pg_class c ON c.oid = a.attrelid
                     WHERE c.relnamespace = 'trunkline'::regnamespace
                     UNION ALL
                    SELECT n.nspname, n.nspacl, n.nspowner
                      FROM pg_catalog.pg_namespace n
                     WHERE n.nspname = 'trunkline') o
             CROSS JOIN LATERAL aclexplode(o.acl) a
              LEFT JOIN pg_catalog.pg_roles r ON r.oid = a.grantee
             WHERE a.grantee <> o.owner
            """;

    @Test
    void serviceHasTheRightsThatTheFunctionTellsAndNobodyElseHasAny() throws Exception {
        List<String> told = rows(
                "SELECT g.privilege || ' on ' || g.object || ' to trunkline_app' FROM trunkline.service_grants() g");

        assertThat(told).doesNotHaveDuplicates().hasSizeGreaterThan(40);
        assertThat(rows(GRANTED)).containsExactlyInAnyOrderElementsOf(told);
    }

    @Test
    void docsNameEveryRightThatCanBeTakenAway() throws Exception {
        String docs = Files.readString(Path.of("docs/sql.md"));

        List<String> optional = rows("""
                SELECT 'trunkline.' || p.proname || '(' || replace(oidvectortypes(p.proargtypes), 'integer', 'int') || ')'
                  FROM trunkline.service_grants() g
                  JOIN pg_catalog.pg_proc p ON p.oid = g.object::regprocedure
                 WHERE g.optional
                """);

        assertThat(optional)
                .isNotEmpty()
                .allSatisfy(function -> assertThat(docs).contains(function));
    }

    @Test
    void functionsWithTheOwnersRightsFixTheirSearchPath() throws Exception {
        assertThat(rows("""
                        SELECT p.oid::regprocedure::text
                          FROM pg_catalog.pg_proc p
                         WHERE p.pronamespace = 'trunkline'::regnamespace
                           AND p.prosecdef
                           AND NOT coalesce('search_path=pg_catalog, pg_temp' = ANY (p.proconfig), false)
                        """)).isEmpty();
    }

    /** The service finds them by their names alone, after those of PostgreSQL. */
    @Test
    void noFunctionOrTableHasANameOfPostgresqlsOwn() throws Exception {
        assertThat(rows("""
                        SELECT p.proname
                          FROM pg_catalog.pg_proc p
                         WHERE p.pronamespace = 'trunkline'::regnamespace
                           AND EXISTS (SELECT
                                         FROM pg_catalog.pg_proc o
                                        WHERE o.pronamespace = 'pg_catalog'::regnamespace AND o.proname = p.proname)
                         UNION ALL
                        SELECT c.relname
                          FROM pg_catalog.pg_class c
                         WHERE c.relnamespace = 'trunkline'::regnamespace
                           AND EXISTS (SELECT
                                         FROM pg_catalog.pg_class o
                                        WHERE o.relnamespace = 'pg_catalog'::regnamespace AND o.relname = c.relname)
                        """)).isEmpty();
    }

    @Test
    void everyFunctionAndTableHasAComment() throws Exception {
        assertThat(rows("""
                        SELECT p.oid::regprocedure::text
                          FROM pg_catalog.pg_proc p
                         WHERE p.pronamespace = 'trunkline'::regnamespace
                           AND p.proname !~ '^test_'
                           AND obj_description(p.oid, 'pg_proc') IS NULL
                        UNION ALL
                        SELECT c.oid::regclass::text
                          FROM pg_catalog.pg_class c
                         WHERE c.relnamespace = 'trunkline'::regnamespace
                           AND c.relkind IN ('r', 'p', 'v', 'S')
                           AND NOT c.relispartition
                           AND c.relname NOT LIKE '%\\_seq'
                           AND c.relname <> 'flyway_schema_history'
                           AND obj_description(c.oid, 'pg_class') IS NULL
                        """)).isEmpty();
    }

    private static List<String> rows(String query) throws SQLException {
        try (Connection owner = TestDatabase.asOwner();
                Statement statement = owner.createStatement();
                ResultSet rows = statement.executeQuery(query)) {
            List<String> found = new ArrayList<>();
            while (rows.next()) {
                found.add(rows.getString(1));
            }
            return found;
        }
    }
}
