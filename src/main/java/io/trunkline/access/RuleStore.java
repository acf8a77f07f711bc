package io.trunkline.access;

import io.trunkline.jdbc.Database;
import jakarta.enterprise.context.ApplicationScoped;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/** The rules as administrators see and change them. */
@ApplicationScoped
class RuleStore {
    private static final String LIST = """
            SELECT rule_id, subject_kind, subject, access_right, resource, name, prefix, source, created_by, created_at
              FROM access_rule
             ORDER BY rule_id
            """;
    private static final String FIND = """
            SELECT rule_id, subject_kind, subject, access_right, resource, name, prefix, source, created_by, created_at
              FROM access_rule
             WHERE rule_id = ?
            """;
    private static final String CREATE = """
            SELECT create_rule(?, ?, ?, ?, ?, ?, ?, ?)
            """;
    private static final String DELETE = """
            SELECT delete_rule(?, ?, ?)
            """;

    private final Database database;

    RuleStore(Database database) {
        this.database = database;
    }

    List<StoredRule> list() {
        return database.read(connection -> {
            try (PreparedStatement statement = connection.prepareStatement(LIST);
                    ResultSet rows = statement.executeQuery()) {
                List<StoredRule> rules = new ArrayList<>();
                while (rows.next()) {
                    rules.add(rule(rows));
                }
                return rules;
            }
        });
    }

    Optional<StoredRule> find(long id) {
        return database.read(connection -> {
            try (PreparedStatement statement = connection.prepareStatement(FIND)) {
                statement.setLong(1, id);
                try (ResultSet row = statement.executeQuery()) {
                    return row.next() ? Optional.of(rule(row)) : Optional.empty();
                }
            }
        });
    }

    /** Creates a rule in the name of an administrator, and returns its id; that of the same rule, where there is one. */
    long create(ApiToken administrator, Rule rule) {
        return database.write(connection -> {
            try (PreparedStatement statement = connection.prepareStatement(CREATE)) {
                statement.setString(1, administrator.id());
                statement.setBytes(2, administrator.proof());
                statement.setString(3, rule.subject() instanceof Subject.OfRole ? "role" : "principal");
                statement.setString(4, rule.subject().name());
                statement.setString(5, rule.right().name().toLowerCase(Locale.ROOT));
                statement.setString(6, rule.resource().name().toLowerCase(Locale.ROOT));
                statement.setString(7, rule.name().text());
                statement.setBoolean(8, rule.name().prefix());
                try (ResultSet row = statement.executeQuery()) {
                    row.next();
                    return row.getLong(1);
                }
            }
        });
    }

    /** Deletes a rule in the name of an administrator; false where there is none of this id. */
    boolean delete(ApiToken administrator, long id) {
        return database.write(connection -> {
            try (PreparedStatement statement = connection.prepareStatement(DELETE)) {
                statement.setString(1, administrator.id());
                statement.setBytes(2, administrator.proof());
                statement.setLong(3, id);
                try (ResultSet row = statement.executeQuery()) {
                    row.next();
                    return row.getBoolean(1);
                }
            }
        });
    }

    private static StoredRule rule(ResultSet row) throws SQLException {
        return new StoredRule(
                row.getLong(1),
                row.getString(2).equals("role"),
                row.getString(3),
                Right.valueOf(row.getString(4).toUpperCase(Locale.ROOT)),
                Resource.valueOf(row.getString(5).toUpperCase(Locale.ROOT)),
                new NamePattern(row.getString(6), row.getBoolean(7)),
                row.getString(8),
                row.getString(9),
                row.getObject(10, OffsetDateTime.class).toInstant());
    }
}
