package io.trunkline.access;

import io.quarkus.runtime.configuration.ConfigurationException;
import io.trunkline.jdbc.DatabaseConfig;
import io.trunkline.jdbc.DatabaseUrl;
import io.trunkline.jdbc.DirectConnections;
import jakarta.enterprise.context.ApplicationScoped;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.function.Function;

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
        try (PreparedStatement lock = connection.prepareStatement(LOCK)) {
            lock.execute();
        }
        Set<AccessFile.PrincipalRole> roles = roles(connection);
        Set<Rule> rules = rules(connection);
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

    private static Set<AccessFile.PrincipalRole> roles(Connection connection) throws SQLException {
        Set<AccessFile.PrincipalRole> roles = new HashSet<>();
        try (PreparedStatement statement = connection.prepareStatement(ROLES);
                ResultSet row = statement.executeQuery()) {
            while (row.next()) {
                roles.add(new AccessFile.PrincipalRole(row.getString(1), row.getString(2)));
            }
        }
        return roles;
    }

    private static Set<Rule> rules(Connection connection) throws SQLException {
        Set<Rule> rules = new HashSet<>();
        try (PreparedStatement statement = connection.prepareStatement(RULES);
                ResultSet row = statement.executeQuery()) {
            while (row.next()) {
                String subject = row.getString(2);
                rules.add(new Rule(
                        row.getString(1).equals("role")
                                ? new Subject.OfRole(subject)
                                : new Subject.OfPrincipal(subject),
                        Right.valueOf(row.getString(3).toUpperCase(Locale.ROOT)),
                        Resource.valueOf(row.getString(4).toUpperCase(Locale.ROOT)),
                        new NamePattern(row.getString(5), row.getBoolean(6))));
            }
        }
        return rules;
    }

    /** Each statement raises the version of the rules, so that there is none without a change. */
    private static int changeRoles(Connection connection, String sql, Collection<AccessFile.PrincipalRole> roles)
            throws SQLException {
        if (roles.isEmpty()) {
            return 0;
        }
        try (PreparedStatement statement = connection.prepareStatement(sql)) {
            set(statement, 1, "text", roles, AccessFile.PrincipalRole::principal);
            set(statement, 2, "text", roles, AccessFile.PrincipalRole::role);
            return statement.executeUpdate();
        }
    }

    private static int changeRules(Connection connection, String sql, Collection<Rule> rules) throws SQLException {
        if (rules.isEmpty()) {
            return 0;
        }
        try (PreparedStatement statement = connection.prepareStatement(sql)) {
            set(statement, 1, "text", rules, rule -> rule.subject() instanceof Subject.OfRole ? "role" : "principal");
            set(statement, 2, "text", rules, rule -> rule.subject().name());
            set(statement, 3, "text", rules, rule -> rule.right().name().toLowerCase(Locale.ROOT));
            set(statement, 4, "text", rules, rule -> rule.resource().name().toLowerCase(Locale.ROOT));
            set(statement, 5, "text", rules, rule -> rule.name().text());
            set(statement, 6, "boolean", rules, rule -> rule.name().prefix());
            return statement.executeUpdate();
        }
    }

    private static <T> void set(
            PreparedStatement statement, int index, String type, Collection<T> rows, Function<T, Object> column)
            throws SQLException {
        statement.setArray(
                index,
                statement
                        .getConnection()
                        .createArrayOf(type, rows.stream().map(column).toArray()));
    }

    private static void checkCounts(Connection connection) throws SQLException {
        try (PreparedStatement statement = connection.prepareStatement(COUNTS);
                ResultSet row = statement.executeQuery()) {
            row.next();
            if (row.getLong(1) > MOST || row.getLong(2) > MOST) {
                throw new ConfigurationException("With the file of trunkline.access.file there would be "
                        + row.getLong(1) + " roles of principals and " + row.getLong(2)
                        + " rules, but there may be at most 10,000 of each; nothing was changed.");
            }
        }
    }
}
