package io.trunkline.access;

import io.trunkline.jdbc.Database;
import io.trunkline.jdbc.Sql;
import jakarta.enterprise.context.ApplicationScoped;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Optional;

/** The tokens as administrators see and change them. */
@ApplicationScoped
class TokenStore {
    private static final String LIST = """
            SELECT token_id, principal, roles, description, created_by, created_at, expires_at, revoked_at, last_used_at
              FROM access_token
             ORDER BY created_at, token_id
            """;
    private static final String FIND = """
            SELECT token_id, principal, roles, description, created_by, created_at, expires_at, revoked_at, last_used_at
              FROM access_token
             WHERE token_id = ?
            """;
    private static final String CREATE = """
            SELECT create_token(?, ?, ?, ?, ?, ?, ?, ?)
            """;
    private static final String REVOKE = """
            SELECT revoke_token(?, ?, ?)
            """;

    private final Database database;

    TokenStore(Database database) {
        this.database = database;
    }

    List<Token> list() {
        return database.read(new Sql(LIST).list(TokenStore::token));
    }

    Optional<Token> find(String id) {
        return database.read(new Sql(FIND, id).first(TokenStore::token));
    }

    /** Creates a token in the name of an administrator. */
    void create(ApiToken administrator, ApiToken secret, TokenRequest wanted) {
        database.write(new Sql(
                        CREATE,
                        administrator.id(),
                        administrator.proof(),
                        secret.id(),
                        secret.secretHash(),
                        wanted.principal(),
                        Sql.array("text", wanted.roles(), role -> role),
                        wanted.description(),
                        wanted.expiresAt()
                                .map(instant -> instant.atOffset(ZoneOffset.UTC))
                                .orElse(null))
                .call());
    }

    /** Revokes a token in the name of an administrator; false where there is none of this id. */
    boolean revoke(ApiToken administrator, String id) {
        return database.write(
                new Sql(REVOKE, administrator.id(), administrator.proof(), id).one(row -> row.getBoolean(1)));
    }

    private static Token token(ResultSet row) throws SQLException {
        return new Token(
                row.getString(1),
                row.getString(2),
                Sql.texts(row, 3),
                row.getString(4),
                row.getString(5),
                row.getObject(6, OffsetDateTime.class).toInstant(),
                instant(row, 7),
                instant(row, 8),
                instant(row, 9));
    }

    private static Optional<Instant> instant(ResultSet row, int column) throws SQLException {
        return Optional.ofNullable(row.getObject(column, OffsetDateTime.class)).map(OffsetDateTime::toInstant);
    }
}
