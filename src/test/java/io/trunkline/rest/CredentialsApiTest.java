package io.trunkline.rest;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.quarkus.test.junit.QuarkusTest;
import io.quarkus.test.junit.TestProfile;
import io.trunkline.access.ApiToken;
import io.trunkline.testing.AccessTestCase;
import io.trunkline.testing.Api;
import io.trunkline.testing.TokenIssuer;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.sql.SQLException;
import java.util.Base64;
import java.util.List;
import org.eclipse.microprofile.config.ConfigProvider;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Every operation, for clients that do not prove who they are. */
@QuarkusTest
@TestProfile(AccessTestCase.Required.class)
class CredentialsApiTest extends OperationsTestCase {
    @Test
    void nobodyDoesAnythingWithoutCredentials() throws SQLException {
        refusesAll(api, NOBODY);
    }

    @Test
    void wrongTokenIsRefused() throws SQLException {
        refusesAll(api.as(ApiToken.random(new SecureRandom()).reveal()), INVALID);
        refusesAll(api.as(victim.substring(0, victim.length() - 1) + (victim.endsWith("a") ? "b" : "a")), INVALID);
        refusesAll(api.as("eyJhbGciOiJub25lIn0.e30."), INVALID);
    }

    @Test
    void expiredTokenIsRefused() throws SQLException {
        String token = expiredTokenBySql(prefix + "late", "admin");
        token(prefix + "other"); // so that the service has looked

        refusesAll(api.as(token), INVALID);
    }

    @Test
    void revokedTokenIsRefusedAtOnce() throws SQLException {
        String token = token(prefix + "gone", "admin");
        assertThat(api.as(token).get("/tokens").status()).isEqualTo(200);

        assertThat(admin.delete("/tokens/" + id(token)).status()).isEqualTo(204);

        refusesAll(api.as(token), INVALID);
    }

    @Test
    void tokensOfTheProviderThatAreNotValidAreRefused() throws IOException, SQLException {
        TokenIssuer issuer = new TokenIssuer(ISSUER, AUDIENCE);
        Path keys = Path.of(ConfigProvider.getConfig().getValue("trunkline.access.oidc.jwks-file", String.class));
        Files.writeString(keys, issuer.publicKeys());
        String valid =
                issuer.token(prefix + "ann").claim("groups", List.of("reader")).signed();
        await().atMost(PATIENCE)
                .untilAsserted(
                        () -> assertThat(api.as(valid).get("/topics/" + topic).status())
                                .isEqualTo(200));

        assertThat(api.as(valid).post("/topics/" + topic, Api.JSON, "{}").code())
                .isEqualTo("ACCESS_DENIED");
        for (String invalid : issuer.invalid().values()) {
            refusesAll(api.as(invalid), INVALID);
        }
    }

    @Test
    void oddHeadersAreRefused() {
        String basic =
                Base64.getEncoder().encodeToString(("somebody:" + administrator).getBytes(StandardCharsets.UTF_8));

        assertThat(List.of(
                        "Bearer",
                        "Bearer x",
                        "Basic !",
                        "Basic " + basic,
                        "Token " + administrator,
                        administrator,
                        "x".repeat(14_000)))
                .allSatisfy(header -> isRefused(api.authorized(header).get("/topics"), INVALID));
        isRefused(
                api.send(api.request("/topics")
                        .header("Authorization", "Bearer " + administrator)
                        .header("Authorization", "Bearer " + administrator)
                        .GET()),
                INVALID);
    }

    @Test
    void tokenIsTakenAsThePasswordOfBasicToo() {
        for (String user : List.of("", ADMINISTRATOR)) {
            String basic =
                    Base64.getEncoder().encodeToString((user + ":" + administrator).getBytes(StandardCharsets.UTF_8));
            assertThat(api.authorized("basic " + basic).get("/topics").status()).isEqualTo(200);
        }
        assertThat(api.authorized("bearer  " + administrator).get("/topics").status())
                .isEqualTo(200);
    }

    @Test
    void descriptionOfTheApiNeedsNoCredentials() {
        for (String path : List.of("/", "/openapi", "/openapi/v3", "/q/openapi", "/q/swagger-ui/")) {
            assertThat(api.get(path).status()).as(path).isEqualTo(200);
        }
    }

    @Test
    void whatIsNoOperationIsRefusedForNobodyAndNotFoundForOthers() {
        isRefused(api.get("/nothing"), NOBODY);
        isRefused(api.get("/topics;x=1"), NOBODY);
        assertThat(admin.get("/nothing").code()).isEqualTo("PATH_NOT_FOUND");
        assertThat(admin.get("/topics/" + topic + ";x=1").code()).isEqualTo("PATH_NOT_FOUND");
        assertThat(admin.delete("/topics").code()).isEqualTo("METHOD_NOT_ALLOWED");
    }

    @Test
    void healthIsOpenAndMetricsNeedACredential() {
        String noRights = token(prefix + "prometheus");

        assertThat(ops.get("/healthy").status()).isEqualTo(200);
        assertThat(ops.get("/ready").status()).isEqualTo(200);
        assertThat(ops.get("/q/health/live").status()).isEqualTo(200);
        isUnknown(ops.get("/metrics"));
        isUnknown(ops.get("/q/metrics"));
        isUnknown(ops.get("/q/../q/metrics"));
        isUnknown(ops.as("wrong").get("/q/metrics"));
        assertThat(ops.as(noRights).get("/q/metrics").body()).contains("trunkline_");
        assertThat(ops.as(noRights).get("/metrics").status()).isEqualTo(200);
    }

    @ParameterizedTest
    @ValueSource(strings = {"//topics", "/./topics", "/x/../topics", "/%74opics", "/topics/", "/TOPICS/../topics"})
    void otherSpellingsOfAPathAreThatPath(String path) {
        Api nothing = principal(prefix + "nothing");

        isRefused(api.get(path), NOBODY);
        isRefused(api.get(path + "/" + topic), NOBODY);
        assertThat(nothing.get(path + "/" + topic).status()).isEqualTo(404);
        assertThat(nothing.get(path + "/" + topic + "/partitions/0/records").status())
                .isEqualTo(404);
    }

    /** A proxy that ends TLS says so; the connection to it has no certificate all the same. */
    @Test
    void credentialsAreTakenBehindAProxyThatEndsTls() {
        Api.Answer known = admin.send(
                admin.request("/topics").header("X-Forwarded-Proto", "https").GET());
        Api.Answer nobody = api.send(
                api.request("/topics").header("X-Forwarded-Proto", "https").GET());

        assertThat(known.status()).isEqualTo(200);
        isRefused(nobody, NOBODY);
    }

    @Test
    void nothingIsReadOfABodyThatMayNotBeSent() {
        Api nothing = principal(prefix + "nothing");
        String large = "x".repeat(8 << 20);

        assertThat(nothing.post("/topics/" + topic, Api.JSON, large).code()).isEqualTo("TOPIC_NOT_FOUND");
        assertThat(nothing.post("/admin/topics", Api.CONTROL, large).code()).isEqualTo("ACCESS_DENIED");
        assertThat(nothing.post("/tokens", Api.CONTROL, large).code()).isEqualTo("ACCESS_DENIED");
        isRefused(api.post("/topics/" + topic, Api.JSON, large), NOBODY);
    }

    private void refusesAll(Api caller, String message) throws SQLException {
        String before = one(STATE);
        for (ApiOperation operation : ApiOperation.values()) {
            if (operation.need() != Need.NOTHING) {
                isRefused(send(caller, operation), message);
            }
        }
        assertThat(one(STATE)).isEqualTo(before);
    }

    private static void isUnknown(Api.Answer answer) {
        assertThat(answer.status()).isEqualTo(401);
        assertThat(answer.code()).isEqualTo("AUTHENTICATION_REQUIRED");
        assertThat(answer.header("WWW-Authenticate")).isEqualTo("Bearer, Basic realm=\"trunkline\"");
    }
}
