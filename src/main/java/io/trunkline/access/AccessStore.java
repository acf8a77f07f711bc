package io.trunkline.access;

import io.trunkline.jdbc.Database;
import io.trunkline.jdbc.Sql;
import jakarta.enterprise.context.ApplicationScoped;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
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
            long version = new Sql(VERSION).one(row -> row.getLong(1)).with(connection);
            return version == known ? Optional.empty() : Optional.of(load(connection, version));
        });
    }

    private static AccessSnapshot load(Connection connection, long version) throws SQLException {
        Map<String, AccessSnapshot.StoredToken> tokens =
                new Sql(TOKENS).map(row -> row.getString(1), AccessStore::token).with(connection);
        Map<String, Set<String>> roles = new Sql(ROLES)
                .into(
                        HashMap<String, Set<String>>::new,
                        (all, row) -> all.computeIfAbsent(row.getString(1), principal -> new HashSet<>())
                                .add(row.getString(2)))
                .with(connection);
        Map<String, List<Rights.Grant>> ofPrincipals = new HashMap<>();
        Map<String, List<Rights.Grant>> ofRoles = new Sql(RULES)
                .into(
                        HashMap<String, List<Rights.Grant>>::new,
                        (all, row) -> (row.getString(1).equals("role") ? all : ofPrincipals)
                                .computeIfAbsent(row.getString(2), subject -> new ArrayList<>())
                                .add(grant(row)))
                .with(connection);
        return new AccessSnapshot(version, tokens, roles, ofPrincipals, ofRoles);
    }

    private static AccessSnapshot.StoredToken token(ResultSet row) throws SQLException {
        OffsetDateTime expires = row.getObject(5, OffsetDateTime.class);
        return new AccessSnapshot.StoredToken(
                row.getBytes(2),
                new Principal(row.getString(3), new HashSet<>(Sql.texts(row, 4))),
                expires == null ? null : expires.toInstant());
    }

    private static Rights.Grant grant(ResultSet row) throws SQLException {
        return new Rights.Grant(
                Right.stored(row.getString(3)),
                Resource.stored(row.getString(4)),
                new NamePattern(row.getString(5), row.getBoolean(6)));
    }

    /** Notes that tokens have been used now. */
    void noteUses(Collection<String> tokenIds) {
        database.write(new Sql(NOTE_USES, Sql.array("text", tokenIds, id -> id)).call());
    }
}
