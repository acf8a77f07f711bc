package io.trunkline.rest;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.quarkus.test.junit.QuarkusTest;
import io.trunkline.testing.ServiceTestCase;
import org.junit.jupiter.api.Test;

/** The session of a browser where nobody has to prove who they are. */
@QuarkusTest
class OpenSessionTest extends ServiceTestCase {
    @Test
    void everybodyMayDoEverythingButAdministerAccess() {
        JsonNode session = api.get("/session?topic=orders&group=g").json();

        assertThat(session.path("access").asText()).isEqualTo("none");
        assertThat(session.path("principal").isNull()).isTrue();
        assertThat(session.path("administrator").asBoolean()).isFalse();
        assertThat(session.path("oidc_login").asBoolean()).isFalse();
        assertThat(session.at("/rights/topics/orders").toString()).isEqualTo("[\"read\",\"write\",\"manage\"]");
        assertThat(session.at("/rights/groups/g").toString()).isEqualTo("[\"use\",\"manage\"]");
    }

    @Test
    void nobodyLogsIn() {
        assertThat(api.with("Trunkline-Console", "1")
                        .post("/session", "application/json", "{\"token\":\"x\"}")
                        .code())
                .isEqualTo("PATH_NOT_FOUND");
        assertThat(api.with("Cookie", "trunkline=x").get("/topics").status()).isEqualTo(200);
        assertThat(api.with("Cookie", "trunkline=x").get("/topics").header("Set-Cookie"))
                .isEmpty();
    }
}
