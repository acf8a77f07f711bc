package io.trunkline.access;

import io.trunkline.jdbc.Database;
import jakarta.enterprise.context.ApplicationScoped;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.ArrayList;
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
        return database.read(connection -> {
            try (PreparedStatement statement = connection.prepareStatement(LIST);
                    ResultSet rows = statement.executeQuery()) {
                List<Token> tokens = new ArrayList<>();
                while (rows.next()) {
                    tokens.add(token(rows));
                }
                return tokens;
            }
        });
    }

    Optional<Token> find(String id) {
        return database.read(connection -> {
            try (PreparedStatement statement = connection.prepareStatement(FIND)) {
                statement.setString(1, id);
                try (ResultSet row = statement.executeQuery()) {
                    return row.next() ? Optional.of(token(row)) : Optional.empty();
                }
            }
        });
    }

    /** Creates a token in the name of an administrator. */
    void create(ApiToken administrator, ApiToken secret, TokenRequest wanted) {
        database.<Boolean>write(connection -> {
            try (PreparedStatement statement = connection.prepareStatement(CREATE)) {
                statement.setString(1, administrator.id());
                statement.setBytes(2, administrator.proof());
                statement.setString(3, secret.id());
                statement.setBytes(4, secret.secretHash());
                statement.setString(5, wanted.principal());
                statement.setArray(
                        6, connection.createArrayOf("text", wanted.roles().toArray()));
                statement.setString(7, wanted.description());
                statement.setObject(
                        8,
                        wanted.expiresAt()
                                .map(instant -> instant.atOffset(ZoneOffset.UTC))
                                .orElse(null));
                return statement.execute();
            }
        });
    }

    /** Revokes a token in the name of an administrator; false where there is none of this id. */
    boolean revoke(ApiToken administrator, String id) {
        return database.write(connection -> {
            try (PreparedStatement statement = connection.prepareStatement(REVOKE)) {
                statement.setString(1, administrator.id());
                statement.setBytes(2, administrator.proof());
                statement.setString(3, id);
                try (ResultSet row = statement.executeQuery()) {
                    row.next();
                    return row.getBoolean(1);
                }
            }
        });
    }

    private static Token token(ResultSet row) throws SQLException {
        return new Token(
                row.getString(1),
                row.getString(2),
                List.of((String[]) row.getArray(3).getArray()),
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
