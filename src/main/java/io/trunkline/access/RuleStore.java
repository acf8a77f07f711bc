package io.trunkline.access;

import io.trunkline.jdbc.Database;
import io.trunkline.jdbc.Sql;
import jakarta.enterprise.context.ApplicationScoped;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.OffsetDateTime;
import java.util.List;
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
        return database.read(new Sql(LIST).list(RuleStore::rule));
    }

    Optional<StoredRule> find(long id) {
        return database.read(new Sql(FIND, id).first(RuleStore::rule));
    }

    /** Creates a rule in the name of an administrator, and returns its id; that of the same rule, where there is one. */
    long create(ApiToken administrator, Rule rule) {
        return database.write(new Sql(
                        CREATE,
                        administrator.id(),
                        administrator.proof(),
                        rule.subject().kind(),
                        rule.subject().name(),
                        rule.right().text(),
                        rule.resource().text(),
                        rule.name().text(),
                        rule.name().prefix())
                .one(row -> row.getLong(1)));
    }

    /** Deletes a rule in the name of an administrator; false where there is none of this id. */
    boolean delete(ApiToken administrator, long id) {
        return database.write(
                new Sql(DELETE, administrator.id(), administrator.proof(), id).one(row -> row.getBoolean(1)));
    }

    private static StoredRule rule(ResultSet row) throws SQLException {
        return new StoredRule(
                row.getLong(1),
                row.getString(2).equals("role"),
                row.getString(3),
                Right.stored(row.getString(4)),
                Resource.stored(row.getString(5)),
                new NamePattern(row.getString(6), row.getBoolean(7)),
                row.getString(8),
                row.getString(9),
                row.getObject(10, OffsetDateTime.class).toInstant());
    }
}
