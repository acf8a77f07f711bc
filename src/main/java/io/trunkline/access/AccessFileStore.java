package io.trunkline.access;

import io.quarkus.runtime.configuration.ConfigurationException;
import io.trunkline.jdbc.DatabaseConfig;
import io.trunkline.jdbc.DatabaseUrl;
import io.trunkline.jdbc.DirectConnections;
import io.trunkline.jdbc.Sql;
import jakarta.enterprise.context.ApplicationScoped;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** The roles and rules that come from a file, written as the owner of the schema. */
@ApplicationScoped
class AccessFileStore {
    private static final int MOST = 10_000;

    /** Whoever else changes tokens or rules waits. */
    private static final String LOCK = """
            SELECT version
              FROM access_version
               FOR UPDATE
            """;

    private static final String ROLES = """
            SELECT principal, role
              FROM access_role
             WHERE source = 'file'
            """;
    private static final String REMOVE_ROLES = """
            DELETE FROM access_role r
             USING unnest(?, ?) AS gone (principal, role)
             WHERE r.source = 'file'
               AND (r.principal, r.role) = (gone.principal, gone.role)
            """;
    private static final String ADD_ROLES = """
            INSERT INTO access_role (principal, role, source)
            SELECT principal, role, 'file'
              FROM unnest(?, ?) AS added (principal, role)
            ON CONFLICT (principal, role) DO NOTHING
            """;
    private static final String RULES = """
            SELECT subject_kind, subject, access_right, resource, name, prefix
              FROM access_rule
             WHERE source = 'file'
            """;
    private static final String REMOVE_RULES = """
            DELETE FROM access_rule r
             USING unnest(?, ?, ?, ?, ?, ?) AS gone (subject_kind, subject, access_right, resource, name, prefix)
             WHERE r.source = 'file'
               AND (r.subject_kind, r.subject, r.access_right, r.resource, r.name, r.prefix)
                   = (gone.subject_kind, gone.subject, gone.access_right, gone.resource, gone.name, gone.prefix)
            """;
    private static final String ADD_RULES = """
            INSERT INTO access_rule (subject_kind, subject, access_right, resource, name, prefix, source, created_by)
            SELECT subject_kind, subject, access_right, resource, name, prefix, 'file', 'file'
              FROM unnest(?, ?, ?, ?, ?, ?) AS added (subject_kind, subject, access_right, resource, name, prefix)
            ON CONFLICT (subject_kind, subject, access_right, resource, name, prefix) DO NOTHING
            """;
    private static final String COUNTS = """
            SELECT (SELECT count(*) FROM access_role), (SELECT count(*) FROM access_rule)
            """;

    /** How much has changed. */
    record Change(int rolesAdded, int rolesRemoved, int rulesAdded, int rulesRemoved) {}

    private final DatabaseConfig config;

    AccessFileStore(DatabaseConfig config) {
        this.config = config;
    }

    /**
     * Makes the roles and rules that come from a file those of this one, in one transaction. What was made by other ways stays,
     * and what it says already is not added again.
     *
     * @throws ConfigurationException if there would be too many
     */
    Change replaceBy(AccessFile file) throws SQLException {
        try (Connection connection = DirectConnections.open(
                DatabaseUrl.parse(config.url().orElseThrow()),
                config.owner().username().orElseThrow(),
                config.owner().password(),
                config.schema(),
                config.upkeepTimeout(),
                config.responseTimeout())) {
            connection.setAutoCommit(false);
            // What is not committed is rolled back by the end of the connection.
            Change change = replace(connection, file);
            connection.commit();
            return change;
        }
    }

    private static Change replace(Connection connection, AccessFile file) throws SQLException {
        new Sql(LOCK).call().with(connection);
        Set<AccessFile.PrincipalRole> roles = new Sql(ROLES)
                .into(
                        HashSet<AccessFile.PrincipalRole>::new,
                        (all, row) -> all.add(new AccessFile.PrincipalRole(row.getString(1), row.getString(2))))
                .with(connection);
        Set<Rule> rules = new Sql(RULES)
                .into(
                        HashSet<Rule>::new,
                        (all, row) -> all.add(Rule.stored(
                                row.getString(1),
                                row.getString(2),
                                row.getString(3),
                                row.getString(4),
                                row.getString(5),
                                row.getBoolean(6))))
                .with(connection);
        Change change = new Change(
                changeRoles(connection, ADD_ROLES, without(file.roles(), roles)),
                changeRoles(connection, REMOVE_ROLES, without(roles, file.roles())),
                changeRules(connection, ADD_RULES, without(file.rules(), rules)),
                changeRules(connection, REMOVE_RULES, without(rules, file.rules())));
        checkCounts(connection);
        return change;
    }

    private static <T> List<T> without(Set<T> all, Set<T> others) {
        List<T> rest = new ArrayList<>(all);
        rest.removeIf(others::contains);
        return rest;
    }

    /** Each statement raises the version of the rules, so that there is none without a change. */
    private static int changeRoles(Connection connection, String sql, Collection<AccessFile.PrincipalRole> roles)
            throws SQLException {
        if (roles.isEmpty()) {
            return 0;
        }
        return new Sql(
                        sql,
                        Sql.array("text", roles, AccessFile.PrincipalRole::principal),
                        Sql.array("text", roles, AccessFile.PrincipalRole::role))
                .update()
                .with(connection);
    }

    private static int changeRules(Connection connection, String sql, Collection<Rule> rules) throws SQLException {
        if (rules.isEmpty()) {
            return 0;
        }
        return new Sql(
                        sql,
                        Sql.array("text", rules, rule -> rule.subject().kind()),
                        Sql.array("text", rules, rule -> rule.subject().name()),
                        Sql.array("text", rules, rule -> rule.right().text()),
                        Sql.array("text", rules, rule -> rule.resource().text()),
                        Sql.array("text", rules, rule -> rule.name().text()),
                        Sql.array("boolean", rules, rule -> rule.name().prefix()))
                .update()
                .with(connection);
    }

    private record Counts(long roles, long rules) {}

    private static void checkCounts(Connection connection) throws SQLException {
        Counts counts = new Sql(COUNTS)
                .one(row -> new Counts(row.getLong(1), row.getLong(2)))
                .with(connection);
        if (counts.roles() > MOST || counts.rules() > MOST) {
            throw new ConfigurationException("With the file of trunkline.access.file there would be "
                    + counts.roles() + " roles of principals and " + counts.rules()
                    + " rules, but there may be at most 10,000 of each; nothing was changed.");
        }
    }
}
