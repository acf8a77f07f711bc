package io.trunkline.command;

import io.quarkus.runtime.configuration.ConfigurationException;
import io.trunkline.access.ApiToken;
import io.trunkline.access.Rule;
import io.trunkline.jdbc.DatabaseUrl;
import io.trunkline.jdbc.DirectConnections;
import io.trunkline.jdbc.Sql;
import io.trunkline.jdbc.Work;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.time.OffsetDateTime;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Tokens, roles and rules, as the owner of the schema, who needs to prove nothing else. */
final class OwnerStore implements AutoCloseable {
    private static final Duration TIMEOUT = Duration.ofSeconds(30);
    /** What the lists name as the author. */
    private static final String BY = "command";

    private static final String TOO_MANY = "TL011";
    /** A schema, a table or a function that is not there, or that one does not own. */
    private static final Set<String> NO_SCHEMA = Set.of("3F000", "42P01", "42883", "42501");

    private static final String ADD_TOKEN = """
            SELECT add_token(?, ?, ?, ?, ?, log_now() + make_interval(secs => ?), ?)
            """;
    private static final String TOKENS = """
            SELECT token_id, principal, roles, description, created_by, created_at, expires_at, revoked_at, last_used_at,
                   CASE WHEN revoked_at IS NOT NULL THEN 'REVOKED'
                        WHEN expires_at <= log_now() THEN 'EXPIRED'
                        ELSE 'VALID' END
              FROM access_token
             ORDER BY created_at, token_id
            """;
    private static final String REVOKE_TOKEN = """
            UPDATE access_token
               SET revoked_at = coalesce(revoked_at, log_now())
             WHERE token_id = ?
            """;
    private static final String ADD_RULE = """
            SELECT add_rule(?, ?, ?, ?, ?, ?, 'api', ?)
            """;
    private static final String RULES = """
            SELECT rule_id, subject_kind, subject, access_right, resource, name, prefix, source, created_by
              FROM access_rule
             ORDER BY rule_id
            """;
    private static final String DELETE_RULE = """
            DELETE FROM access_rule
             WHERE rule_id = ?
            RETURNING source
            """;
    private static final String ADD_ROLE = """
            INSERT INTO access_role (principal, role, source)
            SELECT ?, ?, 'api'
             WHERE (SELECT count(*) FROM access_role) < 10000
            ON CONFLICT (principal, role) DO NOTHING
            """;
    private static final String HAS_ROLE = """
            SELECT EXISTS (SELECT
                             FROM access_role
                            WHERE principal = ? AND role = ?)
            """;
    private static final String ROLES = """
            SELECT principal, role, source
              FROM access_role
             ORDER BY principal, role
            """;
    private static final String REMOVE_ROLE = """
            DELETE FROM access_role
             WHERE principal = ? AND role = ?
            RETURNING source
            """;

    private final Connection connection;

    private OwnerStore(Connection connection) {
        this.connection = connection;
    }

    /**
     * Connects.
     *
     * @throws ConfigurationException if PostgreSQL refuses the credentials
     * @throws CommandException if it cannot be reached
     */
    static OwnerStore open(
            DatabaseUrl url, String owner, Optional<String> password, String schema, Duration writeTimeout) {
        try {
            return new OwnerStore(DirectConnections.open(url, owner, password, schema, TIMEOUT, writeTimeout));
        } catch (SQLException e) {
            String message = "PostgreSQL at " + url.shown() + " cannot be reached as " + owner + ": "
                    + url.shownIn(String.valueOf(e.getMessage()));
            if (DirectConnections.isAway(e.getSQLState())) {
                throw new CommandException(message, e);
            }
            throw new ConfigurationException(
                    message + " (trunkline.database.url, trunkline.database.owner.username and .password)", e);
        }
    }

    /** @param lifetime from now on; null for ever */
    void addToken(
            ApiToken token, String principal, List<String> roles, String description, @Nullable Duration lifetime) {
        call(new Sql(
                        ADD_TOKEN,
                        token.id(),
                        token.secretHash(),
                        principal,
                        Sql.array("text", roles, role -> role),
                        description,
                        lifetime,
                        BY)
                .call());
    }

    /** All tokens, the oldest first; those that are revoked or have expired too, for 30 days. */
    List<StoredToken> tokens() {
        return call(new Sql(TOKENS)
                .list(row -> new StoredToken(
                        row.getString(1),
                        row.getString(2),
                        Sql.texts(row, 3),
                        row.getString(4),
                        row.getString(5),
                        row.getObject(6, OffsetDateTime.class),
                        row.getObject(7, OffsetDateTime.class),
                        row.getObject(8, OffsetDateTime.class),
                        row.getObject(9, OffsetDateTime.class),
                        StoredToken.State.valueOf(row.getString(10)))));
    }

    /** Answers whether there is such a token. */
    boolean revokeToken(String id) {
        return call(new Sql(REVOKE_TOKEN, id).update()) > 0;
    }

    /** Answers the id of the rule, also of one that says the same already. */
    long addRule(Rule rule) {
        return call(new Sql(
                        ADD_RULE,
                        rule.subject().kind(),
                        rule.subject().name(),
                        rule.right().text(),
                        rule.resource().text(),
                        rule.name().text(),
                        rule.name().prefix(),
                        BY)
                .one(row -> row.getLong(1)));
    }

    /** All rules, the oldest first. */
    List<StoredRule> rules() {
        return call(new Sql(RULES)
                .list(row -> new StoredRule(
                        row.getLong(1),
                        Rule.stored(
                                row.getString(2),
                                row.getString(3),
                                row.getString(4),
                                row.getString(5),
                                row.getString(6),
                                row.getBoolean(7)),
                        row.getString(8),
                        row.getString(9))));
    }

    /** Answers where the rule came from; empty if there is none of this id. */
    Optional<String> deleteRule(long id) {
        return call(new Sql(DELETE_RULE, id).first(row -> row.getString(1)));
    }

    /** Answers whether the principal did not have the role yet. */
    boolean addRole(String principal, String role) {
        if (call(new Sql(ADD_ROLE, principal, role).update()) > 0) {
            return true;
        }
        if (call(new Sql(HAS_ROLE, principal, role).one(row -> row.getBoolean(1)))) {
            return false;
        }
        throw new CommandException("There may be at most 10,000 roles of principals; nothing was done.");
    }

    List<StoredRole> roles() {
        return call(new Sql(ROLES).list(row -> new StoredRole(row.getString(1), row.getString(2), row.getString(3))));
    }

    /** Answers where the role came from; empty if the principal does not have it. */
    Optional<String> removeRole(String principal, String role) {
        return call(new Sql(REMOVE_ROLE, principal, role).first(row -> row.getString(1)));
    }

    private <T> T call(Work<T> work) {
        try {
            return work.with(connection);
        } catch (SQLException e) {
            String state = String.valueOf(e.getSQLState());
            if (state.equals(TOO_MANY)) {
                throw new CommandException("There may be at most 10,000 tokens and 10,000 rules; nothing was done.", e);
            }
            if (NO_SCHEMA.contains(state)) {
                throw new CommandException(
                        "The schema is missing, older than this program, or owned by another role: run the command migrate"
                                + " with the same credentials first.",
                        e);
            }
            throw new CommandException("PostgreSQL refused: " + e.getMessage(), e);
        }
    }

    @Override
    public void close() {
        try {
            connection.close();
        } catch (SQLException e) {
            throw new CommandException("The connection to PostgreSQL could not be closed: " + e.getMessage(), e);
        }
    }
}
