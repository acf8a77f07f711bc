package io.trunkline.rest;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.quarkus.test.junit.QuarkusTest;
import io.trunkline.testing.Api;
import io.trunkline.testing.ServiceTestCase;
import java.util.Map;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@QuarkusTest
class SecurityHeadersTest extends ServiceTestCase {
    private static final Pattern SECRET = Pattern.compile("token|secret|password|api.?key|auth|credential");

    @ParameterizedTest
    @ValueSource(strings = {"/", "/topics", "/openapi", "/nothing/here", "/topics/none", "/groups/none"})
    void responsesToReadersMayNotBeSniffedFramedOrKept(String path) {
        assertProtected(api.get(path));
    }

    @ParameterizedTest
    @ValueSource(strings = {"/ready", "/metrics", "/q/metrics", "/nothing"})
    void managementPortProtectsItsResponsesToo(String path) {
        assertProtected(ops.get(path));
    }

    private static void assertProtected(Api.Answer answer) {
        assertThat(answer.header("X-Content-Type-Options")).isEqualTo("nosniff");
        assertThat(answer.header("Referrer-Policy")).isEqualTo("no-referrer");
        assertThat(answer.header("X-Frame-Options")).isEqualTo("DENY");
        assertThat(answer.header("Content-Security-Policy")).isEqualTo("default-src 'none'; frame-ancestors 'none'");
        assertThat(answer.response().headers().allValues("Cache-Control")).containsExactly("no-store");
        assertThat(answer.header("Strict-Transport-Security")).isEmpty();
    }

    @Test
    void swaggerUiMayRunItsOwnFilesOnlyAndBeKept() {
        Api.Answer page = api.get("/q/swagger-ui/");

        assertThat(page.status()).isEqualTo(200);
        assertThat(page.header("Content-Security-Policy"))
                .contains("default-src 'none'", "script-src 'self'", "frame-ancestors 'none'");
        assertThat(page.header("X-Content-Type-Options")).isEqualTo("nosniff");
        assertThat(page.header("Cache-Control")).doesNotContain("no-store");
        // What the policy would not allow.
        assertThat(page.body()).doesNotContain("http://", "https://cdn");
    }

    @Test
    void pagesThatNeverChangeMayBeKept() {
        String topic = api.newTopic(1);
        api.writeNumbers(topic, 0, 0, 10);

        Api.Answer page = api.get("/topics/" + topic + "/partitions/0/records?offset=0&max_records=3", Api.JSON);

        assertThat(page.response().headers().allValues("Cache-Control"))
                .containsExactly("private, max-age=3600, immutable");
    }

    @Test
    void responseToAProduceRequestHasTheOneHeaderThatItNeeds() {
        String topic = api.newTopic(1);

        Api.Answer answer = api.post("/topics/" + topic, Api.JSON, "{\"records\":[{\"value\":1}]}");

        assertThat(answer.status()).isEqualTo(200);
        assertThat(answer.response().headers().allValues("X-Content-Type-Options"))
                .containsExactly("nosniff");
        assertThat(answer.header("Content-Security-Policy")).isEmpty();
    }

    @Test
    void noOperationTakesASecretInItsUrl() {
        JsonNode paths = api.get("/openapi").json().path("paths");

        assertThat(paths.properties()).isNotEmpty();
        for (Map.Entry<String, JsonNode> path : paths.properties()) {
            path.getValue()
                    .findValues("parameters")
                    .forEach(parameters -> parameters.forEach(
                            parameter -> assertThat(parameter.path("name").asText())
                                    .as(path.getKey())
                                    .doesNotContainPattern(SECRET)));
        }
    }
}
