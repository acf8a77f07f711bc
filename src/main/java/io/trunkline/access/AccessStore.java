package io.trunkline.access;

import io.trunkline.jdbc.Database;
import jakarta.enterprise.context.ApplicationScoped;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** The tokens, roles and rules that the service goes by. */
@ApplicationScoped
class AccessStore {
    private static final String VERSION = """
            SELECT version
              FROM access_version
            """;
    private static final String TOKENS = """
            SELECT token_id, secret_hash, principal, roles, expires_at
              FROM access_token
             WHERE revoked_at IS NULL
            """;
    private static final String ROLES = """
            SELECT principal, role
              FROM access_role
            """;
    private static final String RULES = """
            SELECT subject_kind, subject, access_right, resource, name, prefix
              FROM access_rule
            """;
    private static final String NOTE_USES = """
            SELECT note_token_uses(?)
            """;

    private final Database database;

    AccessStore(Database database) {
        this.database = database;
    }

    /** All of it, where its version is another than one that is known; no newer than the rows that are read after it. */
    Optional<AccessSnapshot> newerThan(long known) {
        return database.read(connection -> {
            long version = version(connection);
            return version == known ? Optional.empty() : Optional.of(load(connection, version));
        });
    }

    private static long version(Connection connection) throws SQLException {
        try (PreparedStatement statement = connection.prepareStatement(VERSION);
                ResultSet row = statement.executeQuery()) {
            row.next();
            return row.getLong(1);
        }
    }

    private static AccessSnapshot load(Connection connection, long version) throws SQLException {
        Map<String, AccessSnapshot.StoredToken> tokens = new HashMap<>();
        try (PreparedStatement statement = connection.prepareStatement(TOKENS);
                ResultSet row = statement.executeQuery()) {
            while (row.next()) {
                OffsetDateTime expires = row.getObject(5, OffsetDateTime.class);
                tokens.put(
                        row.getString(1),
                        new AccessSnapshot.StoredToken(
                                row.getBytes(2),
                                new Principal(row.getString(3), new HashSet<>(Arrays.asList(texts(row, 4)))),
                                expires == null ? null : expires.toInstant()));
            }
        }
        Map<String, Set<String>> roles = new HashMap<>();
        try (PreparedStatement statement = connection.prepareStatement(ROLES);
                ResultSet row = statement.executeQuery()) {
            while (row.next()) {
                roles.computeIfAbsent(row.getString(1), principal -> new HashSet<>())
                        .add(row.getString(2));
            }
        }
        Map<String, List<Rights.Grant>> ofPrincipals = new HashMap<>();
        Map<String, List<Rights.Grant>> ofRoles = new HashMap<>();
        try (PreparedStatement statement = connection.prepareStatement(RULES);
                ResultSet row = statement.executeQuery()) {
            while (row.next()) {
                (row.getString(1).equals("role") ? ofRoles : ofPrincipals)
                        .computeIfAbsent(row.getString(2), subject -> new ArrayList<>())
                        .add(new Rights.Grant(
                                Right.valueOf(row.getString(3).toUpperCase(Locale.ROOT)),
                                Resource.valueOf(row.getString(4).toUpperCase(Locale.ROOT)),
                                new NamePattern(row.getString(5), row.getBoolean(6))));
            }
        }
        return new AccessSnapshot(version, tokens, roles, ofPrincipals, ofRoles);
    }

    private static String[] texts(ResultSet row, int column) throws SQLException {
        return (String[]) row.getArray(column).getArray();
    }

    /** Notes that tokens have been used now. */
    void noteUses(Collection<String> tokenIds) {
        database.<Boolean>write(connection -> {
            try (PreparedStatement statement = connection.prepareStatement(NOTE_USES)) {
                statement.setArray(1, connection.createArrayOf("text", tokenIds.toArray()));
                return statement.execute();
            }
        });
    }
}
