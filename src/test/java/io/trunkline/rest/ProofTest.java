package io.trunkline.rest;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.quarkus.test.junit.QuarkusTest;
import io.quarkus.test.junit.TestProfile;
import io.trunkline.access.ApiToken;
import io.trunkline.testing.AccessTestCase;
import io.trunkline.testing.Api;
import io.trunkline.testing.RawHttp;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.regex.Pattern;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Connections on which one credential comes after the other, as those of a proxy. */
@QuarkusTest
@TestProfile(AccessTestCase.Required.class)
class ProofTest extends AccessTestCase {
    private static final Pattern STATUS = Pattern.compile("HTTP/1\\.1 (\\d{3}) ");

    private String topic = "";
    private String ann = "";

    @BeforeEach
    void makeReader() {
        topic = topic("orders", 1);
        allow(prefix + "ann", "read topic " + topic);
        ann = token(prefix + "ann");
    }

    @Test
    void whatAConnectionHasProvenIsNotProvenByAnotherHeader() {
        String almost = ann.substring(0, ann.length() - 1) + (ann.endsWith("a") ? "b" : "a");
        String stranger = token(prefix + "bob");

        List<String> statuses = statuses(
                bearer(ann),
                bearer(ann),
                bearer(almost),
                bearer(ann.substring(0, ann.length() - 1)),
                bearer(ann + "a"),
                "",
                bearer(stranger),
                bearer(ann) + bearer(ann),
                bearer(ann));

        assertThat(statuses).containsExactly("200", "200", "401", "401", "401", "401", "404", "401", "200");
    }

    @Test
    void itEndsWithTheToken() throws SQLException {
        Api anns = api.as(ann);
        assertThat(read(anns)).isEqualTo(200);

        asOwner("UPDATE trunkline.access_token SET expires_at = clock_timestamp() + interval '1.5 seconds'"
                + " WHERE token_id = '" + ApiToken.parse(ann).orElseThrow().id() + "'");

        await().atMost(Duration.ofSeconds(4)).until(() -> read(anns) == 401);
    }

    @Test
    void itEndsWithTheRuleAtOnceWhereThatIsTakenAway() {
        String bob = prefix + "bob";
        long rule = allow(bob, "read topic " + topic);
        Api bobs = api.as(token(bob));
        assertThat(read(bobs)).isEqualTo(200);
        assertThat(read(bobs)).isEqualTo(200);

        deny(rule);

        assertThat(read(bobs)).isEqualTo(404);
    }

    private int read(Api as) {
        return as.get("/topics/" + topic + "/partitions/0/offsets").status();
    }

    private static String bearer(String token) {
        return "Authorization: Bearer " + token + "\r\n";
    }

    /** Of the responses to requests with these lines in their heads, on one connection. */
    private List<String> statuses(String... lines) {
        StringBuilder requests = new StringBuilder();
        for (int i = 0; i < lines.length; i++) {
            requests.append("GET /topics/")
                    .append(topic)
                    .append("/partitions/0/offsets HTTP/1.1\r\nHost: localhost\r\n")
                    .append(lines[i])
                    .append(i == lines.length - 1 ? "Connection: close\r\n\r\n" : "\r\n");
        }
        try (RawHttp connection = new RawHttp(base.getPort())) {
            assertThat(connection.send(requests.toString())).isTrue();
            return STATUS.matcher(connection.readAll())
                    .results()
                    .map(status -> status.group(1))
                    .toList();
        }
    }
}
