package io.trunkline.rest;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.quarkus.test.junit.QuarkusTest;
import io.quarkus.test.junit.TestProfile;
import io.trunkline.access.ApiToken;
import io.trunkline.testing.AccessTestCase;
import io.trunkline.testing.Api;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.Test;

/** Tokens and rules over HTTP. */
@QuarkusTest
@TestProfile(AccessTestCase.Required.class)
class TokensApiTest extends AccessTestCase {
    @Test
    void tokenIsShownOnceAndValidAtOnce() throws SQLException {
        Api.Answer created = create("{\"principal\":\"" + prefix
                + "ci\",\"roles\":[\"writer\",\"team:a\"],\"description\":\"Für den Bau\",\"expires_in\":\"P90D\"}");

        assertThat(created.status()).isEqualTo(201);
        assertThat(created.header("Cache-Control")).isEqualTo("no-store");
        String token = created.json().path("token").asText();
        String id = created.json().path("id").asText();
        assertThat(ApiToken.parse(token).orElseThrow().id()).isEqualTo(id);
        assertThat(api.as(token).get("/topics").status()).isEqualTo(200);
        JsonNode listed = listed("/tokens", id);
        assertThat(listed.has("token")).isFalse();
        assertThat(listed.path("principal").asText()).isEqualTo(prefix + "ci");
        assertThat(listed.path("roles").toString()).isEqualTo("[\"team:a\",\"writer\"]");
        assertThat(listed.path("description").asText()).isEqualTo("Für den Bau");
        assertThat(listed.path("created_by").asText()).isEqualTo(ADMINISTRATOR);
        assertThat(Instant.parse(listed.path("expires_at").asText()))
                .isBetween(
                        Instant.now().plus(Duration.ofDays(89)), Instant.now().plus(Duration.ofDays(91)));
        assertThat(listed.path("revoked_at").isNull()).isTrue();
        assertThat(listed.has("last_used_at")).isTrue();
        assertThat(admin.get("/tokens").body()).doesNotContain(token.substring(16));
        assertThat(one("SELECT string_agg(t::text, '') FROM trunkline.access_token t"))
                .doesNotContain(token.substring(16));
    }

    @Test
    void tokenMayExpireAtATime() {
        Instant tomorrow =
                Instant.ofEpochSecond(Instant.now().plus(Duration.ofDays(1)).getEpochSecond());

        Api.Answer created = create("{\"principal\":\"" + prefix + "ci\",\"expires_at\":\"" + tomorrow + "\"}");

        assertThat(created.json().path("expires_at").asText()).isEqualTo(tomorrow.toString());
        assertThat(create("{\"principal\":\"" + prefix + "ci\"}")
                        .json()
                        .path("expires_at")
                        .isNull())
                .isTrue();
    }

    @Test
    void everythingThatIsWrongWithATokenIsTold() {
        Api.Answer shape = create("{\"roles\":\"admin\",\"expires_at\":\"x\",\"expires_in\":\"y\",\"other\":1}");
        Api.Answer values = create("{\"principal\":\"a\\nb\",\"roles\":[\"no role\"],\"description\":\""
                + "x".repeat(1001) + "\",\"expires_in\":\"90d\"}");

        assertThat(shape.code()).isEqualTo("INVALID_REQUEST");
        assertThat(shape.json().path("validation_errors")).hasSize(4);
        assertThat(values.status()).isEqualTo(422);
        assertThat(values.code()).isEqualTo("INVALID_ACCESS");
        assertThat(values.json().path("validation_errors")).hasSize(4);
        assertThat(create("{\"principal\":\"\"}").code()).isEqualTo("INVALID_ACCESS");
        assertThat(create("{\"principal\":\"a\",\"expires_in\":\"-P1D\"}").code())
                .isEqualTo("INVALID_ACCESS");
        assertThat(create("{\"principal\":\"a\",\"expires_in\":\"P99999999D\"}").code())
                .isEqualTo("INVALID_ACCESS");
        assertThat(create("{\"principal\":\"a\",\"expires_at\":\"2020-01-01T00:00:00Z\"}")
                        .code())
                .isEqualTo("INVALID_ACCESS");
        assertThat(create("{\"principal\":\"a\",\"expires_at\":\"+999999999-01-01T00:00:00Z\"}")
                        .code())
                .isEqualTo("INVALID_ACCESS");
        assertThat(create("no json").code()).isEqualTo("INVALID_JSON");
    }

    @Test
    void tokenIsRevokedOnceAndForAll() {
        String token = token(prefix + "ci", "reader");
        String path = "/tokens/" + ApiToken.parse(token).orElseThrow().id();

        assertThat(admin.delete(path).status()).isEqualTo(204);
        String revokedAt =
                listed("/tokens", path.substring(8)).path("revoked_at").asText();
        assertThat(admin.delete(path).status()).isEqualTo(204);

        assertThat(api.as(token).get("/topics").status()).isEqualTo(401);
        assertThat(listed("/tokens", path.substring(8)).path("revoked_at").asText())
                .isEqualTo(revokedAt);
        assertThat(admin.delete("/tokens/aaaaaaaaaaaa").code()).isEqualTo("TOKEN_NOT_FOUND");
        assertThat(admin.delete("/tokens/%00").code()).isEqualTo("TOKEN_NOT_FOUND");
    }

    @Test
    void onlyAdministratorsSeeAndChangeTokensAndRules() {
        Api plain = principal(prefix + "plain", "manage topic *", "manage group *");

        assertThat(List.of(
                        plain.get("/tokens"),
                        plain.post("/tokens", Api.CONTROL, "{\"principal\":\"p\",\"roles\":[\"admin\"]}"),
                        plain.delete("/tokens/aaaaaaaaaaaa"),
                        plain.get("/rules"),
                        plain.post("/rules", Api.CONTROL, "{\"principal\":\"p\",\"right\":\"read\",\"topic\":\"*\"}"),
                        plain.delete("/rules/1")))
                .extracting(Api.Answer::code)
                .containsOnly("ACCESS_DENIED");
    }

    @Test
    void administratorOfTheTableOfRolesAdministersToo() throws SQLException {
        String boss = prefix + "boss";
        asOwner("INSERT INTO trunkline.access_role (principal, role) VALUES ('" + boss + "', 'admin')");
        Api bosses = api.as(token(boss));

        assertThat(bosses.post("/tokens", Api.CONTROL, "{\"principal\":\"" + prefix + "p\"}")
                        .status())
                .isEqualTo(201);
    }

    @Test
    void ruleIsCreatedListedAndTakenBack() {
        Api.Answer created = rule("{\"role\":\"team:a\",\"right\":\"use\",\"group\":\"" + prefix + "*\"}");

        assertThat(created.status()).as(created.body()).isEqualTo(201);
        String id = created.json().path("id").asText();
        JsonNode listed = listed("/rules", id);
        assertThat(listed).isEqualTo(created.json());
        assertThat(listed.path("role").asText()).isEqualTo("team:a");
        assertThat(listed.path("right").asText()).isEqualTo("use");
        assertThat(listed.path("group").asText()).isEqualTo(prefix + "*");
        assertThat(listed.path("created_by").asText()).isEqualTo(ADMINISTRATOR);
        assertThat(listed.path("source").asText()).isEqualTo("api");
        assertThat(fields(listed)).doesNotContain("principal", "topic");
        assertThat(rule("{\"role\":\"team:a\",\"right\":\"use\",\"group\":\"" + prefix + "*\"}")
                        .json())
                .isEqualTo(listed);
        assertThat(admin.delete("/rules/" + id).status()).isEqualTo(204);
        assertThat(admin.delete("/rules/" + id).code()).isEqualTo("RULE_NOT_FOUND");
        assertThat(admin.delete("/rules/x").code()).isEqualTo("RULE_NOT_FOUND");
        assertThat(admin.delete("/rules/99999999999999999999").code()).isEqualTo("RULE_NOT_FOUND");
    }

    @Test
    void ruleOfARoleHoldsForWhoeverHasIt() {
        String topic = topic("orders", 1);
        assertThat(rule("{\"role\":\"" + prefix + "team\",\"right\":\"read\",\"topic\":\"" + prefix + "*\"}")
                        .status())
                .isEqualTo(201);

        assertThat(api.as(token(prefix + "in", prefix + "team"))
                        .get("/topics/" + topic)
                        .status())
                .isEqualTo(200);
        assertThat(api.as(token(prefix + "out")).get("/topics/" + topic).status())
                .isEqualTo(404);
    }

    @Test
    void everythingThatIsWrongWithARuleIsTold() {
        Api.Answer shape = rule("{\"principal\":\"a\",\"role\":\"b\",\"topic\":\"t\",\"group\":\"g\"}");
        Api.Answer values = rule("{\"role\":\"no role\",\"right\":\"use\",\"topic\":\"a*b\"}");

        assertThat(shape.code()).isEqualTo("INVALID_REQUEST");
        assertThat(shape.json().path("validation_errors")).hasSize(3);
        assertThat(values.status()).isEqualTo(422);
        assertThat(values.code()).isEqualTo("INVALID_ACCESS");
        assertThat(values.json().path("validation_errors")).hasSize(3);
        assertThat(rule("{\"principal\":\"a\",\"right\":\"read\",\"topic\":\"\"}")
                        .code())
                .isEqualTo("INVALID_ACCESS");
        assertThat(rule("{\"principal\":\"a\",\"right\":\"read\",\"group\":\"g\"}")
                        .code())
                .isEqualTo("INVALID_ACCESS");
        assertThat(rule("{\"principal\":\"a\",\"right\":\"READ\",\"topic\":\"t\"}")
                        .code())
                .isEqualTo("INVALID_ACCESS");
        assertThat(rule("{\"principal\":\"a\",\"right\":\"use\",\"group\":\"a/b\"}")
                        .code())
                .isEqualTo("INVALID_ACCESS");
    }

    private Api.Answer create(String body) {
        return admin.post("/tokens", Api.CONTROL, body);
    }

    private Api.Answer rule(String body) {
        return admin.post("/rules", Api.CONTROL, body);
    }

    private JsonNode listed(String path, String id) {
        return StreamSupport.stream(admin.get(path).json().spliterator(), false)
                .filter(item -> item.path("id").asText().equals(id))
                .findFirst()
                .orElseThrow();
    }

    private static List<String> fields(JsonNode node) {
        List<String> fields = new ArrayList<>();
        node.fieldNames().forEachRemaining(fields::add);
        return fields;
    }
}
