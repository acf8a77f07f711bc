package io.trunkline.bench;

import io.trunkline.access.ApiToken;
import io.trunkline.testing.TokenIssuer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.time.Clock;
import java.util.List;
import java.util.Map;

/**
 * How the clients of a run prove who they are, if they must. They are administrators, who have all rights.
 *
 * @param name what reports call it
 * @param settings of the replica that they use
 * @param bearer what clients show
 */
record Identity(String name, Map<String, String> settings, Bearer bearer) {
    private static final String MODE = "trunkline.access.mode";
    private static final String PRINCIPAL = "bench";
    private static final String ROLE = "admin";
    private static final String ISSUER = "https://id.bench.example";
    private static final String AUDIENCE = "trunkline";
    private static final String ROLES_CLAIM = "groups";
    /** A week: longer than any benchmark. */
    private static final long LIFETIME_SECONDS = 7 * 24 * 3600;

    private static final String ADD_TOKEN = """
            SELECT trunkline.add_token(?, ?, ?, ?, '', NULL, 'bench')
            """;

    Identity {
        settings = Map.copyOf(settings);
    }

    /** No access control. */
    static Identity none() {
        return new Identity("none", Map.of(MODE, "none"), Bearer.NOBODY);
    }

    /** An API token, created as the owner of the schema. Replicas that start afterwards know it. */
    static Identity apiToken(Postgres postgres) throws SQLException {
        ApiToken token = ApiToken.random(new SecureRandom());
        try (Connection owner = postgres.owner();
                PreparedStatement statement = owner.prepareStatement(ADD_TOKEN)) {
            statement.setString(1, token.id());
            statement.setBytes(2, token.secretHash());
            statement.setString(3, PRINCIPAL);
            statement.setArray(4, owner.createArrayOf("text", new String[] {ROLE}));
            statement.execute();
        }
        return new Identity("API token", Map.of(MODE, "required"), new Bearer(token.reveal()));
    }

    /** A token of an OpenID provider (RS256) that brings its role, and the provider's keys in a file of a directory. */
    static Identity oidc(Path directory) throws IOException {
        TokenIssuer issuer = new TokenIssuer(ISSUER, AUDIENCE);
        Path keys = Files.writeString(directory.resolve("jwks.json"), issuer.publicKeys());
        String token = issuer.token(PRINCIPAL)
                .claim(ROLES_CLAIM, List.of(ROLE))
                .claim("exp", Clock.systemUTC().instant().getEpochSecond() + LIFETIME_SECONDS)
                .signed();
        return new Identity(
                "OIDC token",
                Map.of(
                        MODE,
                        "required",
                        "trunkline.access.oidc.issuer",
                        ISSUER,
                        "trunkline.access.oidc.audience",
                        AUDIENCE,
                        "trunkline.access.oidc.jwks-file",
                        keys.toString(),
                        "trunkline.access.oidc.roles-claims",
                        ROLES_CLAIM),
                new Bearer(token));
    }
}
