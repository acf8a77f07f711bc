package io.trunkline.access;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.quarkus.runtime.configuration.ConfigurationException;
import io.trunkline.jdbc.Databases;
import io.trunkline.schema.Migrations;
import io.trunkline.testing.TestDatabase;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

/** The file's roles and rules in the database, beside those of others. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class AccessFileStoreTest {
    private static final AccessFile.PrincipalRole ALICE = new AccessFile.PrincipalRole("alice", "admin");
    private static final AccessFile.PrincipalRole BOB = new AccessFile.PrincipalRole("bob", "reader");
    private static final Rule READ = rule("orders.*");
    private static final Rule ALL = rule("*");

    private final TestDatabase database = TestDatabase.inASharedServer();
    private Map<String, String> settings = Map.of();

    @BeforeAll
    void migrate() {
        settings = database.start();
        Migrations.migrate(settings);
    }

    @AfterAll
    void stopDatabase() {
        database.stop();
    }

    @BeforeEach
    void deleteAll() throws SQLException {
        asOwner("DELETE FROM trunkline.access_role");
        asOwner("DELETE FROM trunkline.access_rule");
    }

    @Test
    void rolesAndRulesBecomeThoseOfTheFile() throws SQLException {
        AccessFileStore.Change first = replaceBy(Set.of(ALICE, BOB), Set.of(READ, ALL));
        AccessFileStore.Change second = replaceBy(Set.of(BOB), Set.of(ALL));

        assertThat(first).isEqualTo(new AccessFileStore.Change(2, 0, 2, 0));
        assertThat(second).isEqualTo(new AccessFileStore.Change(0, 1, 0, 1));
        assertThat(rows("SELECT principal || ' ' || role || ' ' || source FROM trunkline.access_role"))
                .containsExactly("bob reader file");
        assertThat(rows("SELECT subject || ' ' || name || ' ' || prefix || ' ' || source || ' ' || created_by"
                        + " FROM trunkline.access_rule"))
                .containsExactly("billing  true file file");
    }

    @Test
    void whatOthersMadeStays() throws SQLException {
        asOwner("INSERT INTO trunkline.access_role (principal, role) VALUES ('alice', 'admin'), ('carol', 'writer')");
        asOwner("SELECT trunkline.add_rule('principal', 'billing', 'read', 'topic', '', true, 'api', 'root')");

        replaceBy(Set.of(ALICE, BOB), Set.of(READ, ALL));
        replaceBy(Set.of(), Set.of());

        assertThat(rows("SELECT principal || ' ' || source FROM trunkline.access_role ORDER BY 1"))
                .containsExactly("alice api", "carol api");
        assertThat(rows("SELECT created_by FROM trunkline.access_rule")).containsExactly("root");
    }

    @Test
    void fileThatSaysWhatIsThereMovesNoVersion() throws SQLException {
        replaceBy(Set.of(ALICE), Set.of(READ));
        List<String> version = rows("SELECT version FROM trunkline.access_version");

        AccessFileStore.Change again = replaceBy(Set.of(ALICE), Set.of(READ));

        assertThat(again).isEqualTo(new AccessFileStore.Change(0, 0, 0, 0));
        assertThat(rows("SELECT version FROM trunkline.access_version")).isEqualTo(version);
    }

    @Test
    void tooManyAreRefusedAndNothingIsChanged() throws SQLException {
        asOwner("INSERT INTO trunkline.access_role SELECT 'p' || i, 'reader' FROM generate_series(1, 9999) i");

        assertThatThrownBy(() -> replaceBy(Set.of(ALICE, BOB), Set.of(READ)))
                .isInstanceOf(ConfigurationException.class)
                .hasMessageContaining("10001 roles of principals")
                .hasMessageContaining("nothing was changed");

        assertThat(rows("SELECT count(*) FROM trunkline.access_role")).containsExactly("9999");
        assertThat(rows("SELECT count(*) FROM trunkline.access_rule")).containsExactly("0");
    }

    private AccessFileStore.Change replaceBy(Set<AccessFile.PrincipalRole> roles, Set<Rule> rules) throws SQLException {
        return new AccessFileStore(Databases.config(settings)).replaceBy(new AccessFile(roles, rules));
    }

    private static Rule rule(String name) {
        return new Rule(new Subject.OfPrincipal("billing"), Right.READ, Resource.TOPIC, NamePattern.parse(name));
    }

    private static List<String> rows(String query) throws SQLException {
        List<String> rows = new ArrayList<>();
        try (Connection owner = TestDatabase.asOwner();
                Statement statement = owner.createStatement();
                ResultSet row = statement.executeQuery(query)) {
            while (row.next()) {
                rows.add(row.getString(1));
            }
        }
        return rows;
    }

    private static void asOwner(String sql) throws SQLException {
        try (Connection owner = TestDatabase.asOwner();
                Statement statement = owner.createStatement()) {
            statement.execute(sql);
        }
    }
}
