package io.trunkline.rest;

import static org.assertj.core.api.Assertions.assertThat;

import io.quarkus.test.junit.QuarkusTest;
import io.quarkus.test.junit.TestProfile;
import io.trunkline.testing.AccessTestCase;
import io.trunkline.testing.Api;
import io.trunkline.testing.RawHttp;
import java.sql.SQLException;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Who may write lines, also while they arrive. */
@QuarkusTest
@TestProfile(AccessTestCase.Required.class)
class LinesAccessTest extends AccessTestCase {
    private static final String LINES = "application/x-ndjson";

    private String topic = "";
    private String ann = "";
    private long writing;

    @BeforeEach
    void makeWriter() {
        topic = topic("orders", 1);
        writing = allow(prefix + "ann", "write topic " + topic);
        allow(prefix + "ann", "read topic " + topic);
        ann = token(prefix + "ann");
    }

    @Test
    void writerWhoseRightIsTakenAwayWritesNothingMore() throws SQLException {
        RawHttp sender = new RawHttp(base.getPort());
        sender.send("POST /topics/" + topic + " HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer " + ann
                + "\r\nConnection: close\r\nContent-Type: " + LINES + "\r\nContent-Length: 1000\r\n\r\n1\n2\n3");
        Awaitility.await()
                .atMost(PATIENCE)
                .until(() -> admin.readAll(topic, 0, 0, Api.JSON).size() == 2);

        asOwner("DELETE FROM trunkline.access_rule WHERE rule_id = " + writing);

        assertThat(sender.readAll())
                .startsWith("HTTP/1.1 403")
                .contains("ACCESS_DENIED", "\"line\":3", "\"byte\":4", "\"records\":2");
        assertThat(admin.readAll(topic, 0, 0, Api.JSON)).hasSize(2);
        sender.close();
    }

    @Test
    void nobodyElseWrites() {
        String readers = token(prefix + "reader");
        allow(prefix + "reader", "read topic " + topic);

        assertThat(api.post("/topics/" + topic, LINES, "1\n").status()).isEqualTo(401);
        assertThat(api.as(readers).post("/topics/" + topic, LINES, "1\n").status())
                .isEqualTo(403);
        assertThat(api.as(ann).post("/topics/" + topic, LINES, "1\n").status()).isEqualTo(200);
        assertThat(admin.readAll(topic, 0, 0, Api.JSON)).hasSize(1);
    }

    @Test
    void topicIsCreatedForWhoMayOnly() {
        String name = prefix + "new";
        Api manager = principal(prefix + "bob", "manage topic " + name, "write topic " + name);
        Api writer = principal(prefix + "eve", "write topic " + name);

        assertThat(writer.post("/topics/" + name, LINES, "1\n").code()).isEqualTo("TOPIC_NOT_FOUND");
        assertThat(manager.post("/topics/" + name, LINES, "1\n")
                        .json()
                        .path("records")
                        .asInt())
                .isEqualTo(1);
        assertThat(writer.post("/topics/" + name, LINES, "2\n").status()).isEqualTo(200);
    }
}
