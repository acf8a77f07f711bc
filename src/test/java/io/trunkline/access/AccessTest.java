package io.trunkline.access;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.quarkus.test.junit.QuarkusTest;
import io.quarkus.test.junit.TestProfile;
import io.trunkline.error.ErrorCode;
import io.trunkline.error.Failures;
import io.trunkline.testing.AccessTestCase;
import io.trunkline.testing.Api;
import io.trunkline.testing.TestDatabase;
import jakarta.inject.Inject;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.security.SecureRandom;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;

/** What the service goes by, how old it may be, and what PostgreSQL lets it change. */
@QuarkusTest
@TestProfile(AccessTestCase.Required.class)
class AccessTest extends AccessTestCase {
    @Inject
    Access access;

    @Test
    void decisionsAreAtMostASecondOld() throws SQLException {
        String token = tokenBySql(prefix + "new");
        ApiToken parsed = ApiToken.parse(token).orElseThrow();
        long start = System.nanoTime();

        Awaitility.await().pollInterval(Duration.ofMillis(20)).atMost(PATIENCE).until(() -> isValid(parsed));

        // The look itself takes its time.
        assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(Duration.ofMillis(1900));
    }

    @Test
    void freshDecisionsTakeNoLook() {
        access.rights(new Principal(prefix + "a", Set.of())).join();

        CompletableFuture<Rights> rights = access.rights(new Principal(prefix + "a", Set.of()));

        assertThat(rights).isDone();
    }

    @Test
    void latestRightsAreNotOlderThanTheCall() throws SQLException {
        Principal ann = new Principal(prefix + "ann", Set.of());
        for (int i = 0; i < 20; i++) {
            String topic = prefix + i;
            asOwner("SELECT trunkline.add_rule('principal', '" + ann.name() + "', 'read', 'topic', '" + topic
                    + "', false, 'api', 'test')");

            Map<Principal, Rights> rights = access.latestRights(Set.of(ann)).join();

            assertThat(rights.get(ann)).matches(known -> known.onTopic(topic, Right.READ));
        }
    }

    @Test
    void nobodyIsLetInWhilePostgresqlCannotBeAsked() {
        assertThat(admin.get("/topics").status()).isEqualTo(200);
        TestDatabase.network().goAway();
        try {
            Awaitility.await()
                    .atMost(PATIENCE)
                    .until(() -> failure(ApiToken.parse(administrator).orElseThrow())
                            .filter(code -> code == ErrorCode.DATABASE_UNAVAILABLE || code == ErrorCode.OVERLOADED)
                            .isPresent());
            Api.Answer answer = admin.get("/topics");
            assertThat(answer.status()).isEqualTo(503);
            assertThat(api.as("tl_wrong").get("/topics").status()).isEqualTo(401);
        } finally {
            TestDatabase.network().comeBack();
        }
        Awaitility.await()
                .atMost(PATIENCE)
                .untilAsserted(() -> assertThat(admin.get("/topics").status()).isEqualTo(200));
    }

    @Test
    void useOfATokenIsNotedWithoutARaiseOfTheVersion() throws SQLException {
        String id = ApiToken.parse(administrator).orElseThrow().id();
        String version = one("SELECT version FROM trunkline.access_version");

        asApplication("SELECT trunkline.note_token_uses(ARRAY['" + id + "'])");

        assertThat(one("SELECT last_used_at > clock_timestamp() - interval '1 minute' FROM trunkline.access_token WHERE"
                        + " token_id = '" + id + "'"))
                .isEqualTo("t");
        assertThat(one("SELECT version FROM trunkline.access_version")).isEqualTo(version);
    }

    @Test
    void serviceCanGrantItselfNothing() throws SQLException {
        String before = state();

        for (String sql : List.of(
                "INSERT INTO trunkline.access_token (token_id, secret_hash, principal, created_by)"
                        + " VALUES ('aaaaaaaaaaaa', sha256('x'), 'p', 'p')",
                "UPDATE trunkline.access_token SET roles = '{admin}'",
                "DELETE FROM trunkline.access_token",
                "TRUNCATE trunkline.access_token",
                "INSERT INTO trunkline.access_role (principal, role) VALUES ('p', 'admin')",
                "UPDATE trunkline.access_role SET role = 'admin'",
                "DELETE FROM trunkline.access_role",
                "INSERT INTO trunkline.access_rule (subject_kind, subject, access_right, resource, name, prefix, created_by)"
                        + " VALUES ('principal', 'p', 'read', 'topic', '', true, 'p')",
                "UPDATE trunkline.access_rule SET subject = 'p'",
                "DELETE FROM trunkline.access_rule",
                "UPDATE trunkline.access_version SET version = 0",
                "SELECT trunkline.add_token('aaaaaaaaaaaa', sha256('x'), 'p', '{admin}', '', NULL, 'p')",
                "SELECT trunkline.add_rule('principal', 'p', 'read', 'topic', '', true, 'api', 'p')",
                "SELECT trunkline.administrator('aaaaaaaaaaaa', sha256('x'))")) {
            assertThatThrownBy(() -> asApplication(sql))
                    .as(sql)
                    .isInstanceOfSatisfying(
                            SQLException.class, e -> assertThat(e.getSQLState()).isEqualTo("42501"));
        }
        assertThat(state()).isEqualTo(before);
    }

    @Test
    void whatTheTableHoldsIsNoProof() throws SQLException {
        ApiToken token = ApiToken.parse(administrator).orElseThrow();
        String before = state();

        assertThat(create(token.id(), token.secretHash())).isEqualTo("TL010");
        assertThat(create(token.id(), new byte[32])).isEqualTo("TL010");
        assertThat(create("aaaaaaaaaaaa", token.proof())).isEqualTo("TL010");
        assertThat(state()).isEqualTo(before);
        assertThat(create(token.id(), token.proof())).isEqualTo("00000");
    }

    @Test
    void proofOfSomebodyElseIsNone() throws SQLException {
        ApiToken plain = ApiToken.parse(token(prefix + "plain", "writer")).orElseThrow();
        ApiToken revoked = ApiToken.parse(token(prefix + "gone", "admin")).orElseThrow();
        admin.delete("/tokens/" + revoked.id());

        assertThat(create(plain.id(), plain.proof())).isEqualTo("TL010");
        assertThat(create(revoked.id(), revoked.proof())).isEqualTo("TL010");
    }

    /** The SQLSTATE with which the service's role fails to create a token, or 00000. */
    private static String create(String by, byte[] proof) throws SQLException {
        try (Connection application = TestDatabase.asApplication();
                PreparedStatement statement = application.prepareStatement(
                        "SELECT trunkline.create_token(?, ?, ?, ?, 'made', '{admin}', '', NULL)")) {
            statement.setString(1, by);
            statement.setBytes(2, proof);
            statement.setString(3, ApiToken.random(new SecureRandom()).id());
            statement.setBytes(4, MessageDigest.getInstance("SHA-256").digest(new byte[0]));
            statement.execute();
            return "00000";
        } catch (SQLException e) {
            return String.valueOf(e.getSQLState());
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }

    private static void asApplication(String sql) throws SQLException {
        try (Connection application = TestDatabase.asApplication();
                Statement statement = application.createStatement()) {
            statement.execute(sql);
        }
    }

    private static String state() throws SQLException {
        return one("""
                SELECT concat((SELECT count(*) FROM trunkline.access_token), (SELECT count(*) FROM trunkline.access_role),
                              (SELECT count(*) FROM trunkline.access_rule), (SELECT version FROM trunkline.access_version))
                """);
    }

    private boolean isValid(ApiToken token) {
        return failure(token).isEmpty();
    }

    private Optional<ErrorCode> failure(ApiToken token) {
        try {
            access.authenticate(token).join();
            return Optional.empty();
        } catch (CompletionException e) {
            return Optional.of(Failures.code(e));
        }
    }
}
