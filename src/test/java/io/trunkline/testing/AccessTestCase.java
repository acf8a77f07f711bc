package io.trunkline.testing;

import static org.assertj.core.api.Assertions.assertThat;

import io.quarkus.test.junit.QuarkusTestProfile;
import io.trunkline.access.ApiToken;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.sql.Types;
import java.time.Duration;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.Arrays;
import java.util.Map;
import java.util.UUID;
import org.awaitility.Awaitility;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;

/** A test of a service whose clients must prove who they are. Each test has names and principals of its own. */
public abstract class AccessTestCase extends ServiceTestCase {
    /** What a principal may have. */
    protected static final int TOPICS = 20;

    protected static final int PARTITIONS = 60;
    protected static final int CONSUMERS = 15;

    /** Access control is on, for the metrics too, and topics are created automatically. Tests guess as much as they like. */
    public static final class Required implements QuarkusTestProfile {
        @Override
        public Map<String, String> getConfigOverrides() {
            return Map.ofEntries(
                    Map.entry("trunkline.access.mode", "required"),
                    Map.entry("trunkline.access.metrics", "credentials"),
                    Map.entry("trunkline.access.failed-attempts", "1000000"),
                    Map.entry("trunkline.access.oidc.issuer", ISSUER),
                    Map.entry("trunkline.access.oidc.audience", AUDIENCE),
                    Map.entry("trunkline.access.oidc.roles-claims", "groups"),
                    Map.entry("trunkline.access.oidc.jwks-file", keys().toString()),
                    Map.entry("trunkline.quotas.topics", Integer.toString(TOPICS)),
                    Map.entry("trunkline.quotas.partitions", Integer.toString(PARTITIONS)),
                    Map.entry("trunkline.quotas.consumers", Integer.toString(CONSUMERS)),
                    Map.entry("trunkline.topics.auto-create", "true"),
                    Map.entry("quarkus.http.proxy.proxy-address-forwarding", "true"),
                    Map.entry("quarkus.http.proxy.allow-x-forwarded", "true"));
        }

        private static Path keys() {
            try {
                Path file = Files.createTempFile("trunkline-keys", ".json");
                file.toFile().deleteOnExit();
                return Files.writeString(file, new TokenIssuer(ISSUER, AUDIENCE).publicKeys());
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }

    /** Of the tokens that a provider signs. */
    protected static final String ISSUER = "https://login.example.org";

    protected static final String AUDIENCE = "trunkline";

    protected static final Duration PATIENCE = Duration.ofSeconds(20);

    private static final SecureRandom RANDOM = new SecureRandom();

    /** The principal of the administrator. */
    protected static final String ADMINISTRATOR = "administrator";

    private static String known = "";

    /** What the names of this test begin with. */
    protected String prefix = "";

    /** The token of an administrator. */
    protected String administrator = "";

    /** The API as an administrator uses it. */
    protected Api admin;

    /** Consumers count for the quota of whoever created them, which tests share. */
    @AfterEach
    void deleteGroups() throws SQLException {
        asOwner("DELETE FROM trunkline.consumer_group");
    }

    /** {@code api} shows no credentials. One administrator is enough for all tests: a new one takes a second. */
    @BeforeEach
    void makeAdministrator() throws SQLException {
        prefix = "x" + UUID.randomUUID().toString().substring(0, 8) + "-";
        if (known.isEmpty() || api.as(known).get("/tokens").status() != 200) {
            known = tokenBySql(ADMINISTRATOR, "admin");
        }
        administrator = known;
        admin = api.as(administrator);
        Awaitility.await()
                .atMost(PATIENCE)
                .untilAsserted(() -> assertThat(admin.get("/tokens").status()).isEqualTo(200));
    }

    /** A token as the owner of the schema makes it, which the service knows a second later. */
    protected static String tokenBySql(String principal, String... roles) throws SQLException {
        return tokenBySql(null, principal, roles);
    }

    /** The same, of a token that has expired. */
    protected static String expiredTokenBySql(String principal, String... roles) throws SQLException {
        return tokenBySql(OffsetDateTime.now(ZoneOffset.UTC).minusMinutes(1), principal, roles);
    }

    private static String tokenBySql(@Nullable OffsetDateTime expires, String principal, String... roles)
            throws SQLException {
        ApiToken token = ApiToken.random(RANDOM);
        try (Connection owner = TestDatabase.asOwner();
                PreparedStatement statement =
                        owner.prepareStatement("SELECT trunkline.add_token(?, ?, ?, ?, '', ?, 'test')")) {
            statement.setString(1, token.id());
            statement.setBytes(2, token.secretHash());
            statement.setString(3, principal);
            statement.setArray(4, owner.createArrayOf("text", roles));
            statement.setObject(5, expires, Types.TIMESTAMP_WITH_TIMEZONE);
            statement.execute();
        }
        return token.reveal();
    }

    /** A new token of a principal, which is valid at once. */
    protected String token(String principal, String... roles) {
        Api.Answer answer = admin.post(
                "/tokens",
                Api.CONTROL,
                "{\"principal\":\"" + principal + "\",\"roles\":["
                        + String.join(
                                ",",
                                Arrays.stream(roles)
                                        .map(role -> "\"" + role + "\"")
                                        .toList())
                        + "]}");
        assertThat(answer.status()).as(answer.body()).isEqualTo(201);
        return answer.json().path("token").asText();
    }

    /** The API for a new principal with these rules, such as {@code read topic orders*}. */
    protected Api principal(String name, String... rules) {
        for (String rule : rules) {
            allow(name, rule);
        }
        return api.as(token(name));
    }

    /** Creates a rule, which holds at once, and returns its id. */
    protected long allow(String principal, String rule) {
        String[] parts = rule.split(" ");
        Api.Answer answer = admin.post(
                "/rules",
                Api.CONTROL,
                "{\"principal\":\"" + principal + "\",\"right\":\"" + parts[0] + "\",\"" + parts[1] + "\":\"" + parts[2]
                        + "\"}");
        assertThat(answer.status()).as(answer.body()).isEqualTo(201);
        return answer.json().path("id").asLong();
    }

    protected void deny(long rule) {
        assertThat(admin.delete("/rules/" + rule).status()).isEqualTo(204);
    }

    /** Creates a topic of this test, which counts for nobody's quota, and returns its name. */
    protected String topic(String name, int partitions) {
        try {
            asOwner("SELECT trunkline.create_topic('" + prefix + name + "', " + partitions + ")");
        } catch (SQLException e) {
            throw new IllegalStateException(e);
        }
        return prefix + name;
    }

    /** Changes something as the owner of the schema, past all replicas. */
    protected static void asOwner(String sql) throws SQLException {
        try (Connection owner = TestDatabase.asOwner();
                Statement statement = owner.createStatement()) {
            statement.execute(sql);
        }
    }

    /** The text that a query has as its one result. */
    protected static String one(String query) throws SQLException {
        try (Connection owner = TestDatabase.asOwner();
                Statement statement = owner.createStatement();
                ResultSet row = statement.executeQuery(query)) {
            row.next();
            return String.valueOf(row.getString(1));
        }
    }
}
