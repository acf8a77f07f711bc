package io.trunkline.rest;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.quarkus.test.junit.QuarkusTest;
import io.trunkline.testing.Api;
import io.trunkline.testing.ServiceTestCase;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.net.Socket;
import java.net.http.HttpRequest;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Every failure has the one shape, whoever notices it. */
@QuarkusTest
class ErrorsApiTest extends ServiceTestCase {
    @Test
    void unknownPathIsNotFound() {
        assertError(api.get("/no/such/path"), 404, "PATH_NOT_FOUND");
    }

    /** Paths as no URI class would build them, sent as they are. */
    @ParameterizedTest
    @CsvSource({"/topics/%00,404", "/topics/%ff,404", "/topics/a%2Fb,404", "/topics/%C3%A9,404"})
    void strangePathHasTheShapeOfEveryError(String path, int status) throws Exception {
        String answer = raw(path);

        assertThat(answer).startsWith("HTTP/1.1 " + status).contains("\"error_code\":" + status);
    }

    @Test
    void wrongMethodIsNotAllowed() {
        assertError(api.send("PUT", "/topics", Api.CONTROL, "{}"), 405, "METHOD_NOT_ALLOWED");
    }

    @Test
    void wrongMediaTypeIsUnsupported() {
        String topic = api.newTopic(1);

        assertError(api.post("/topics/" + topic, "text/csv", "a,b"), 415, "UNSUPPORTED_MEDIA_TYPE");
        assertError(api.post("/admin/topics", "text/plain", "x"), 415, "UNSUPPORTED_MEDIA_TYPE");
    }

    @Test
    void parametersOfAMediaTypeAreAccepted() {
        String topic = api.newTopic(1);

        Api.Answer answer =
                api.post("/topics/" + topic, "application/JSON; charset=utf-8", "{\"records\":[{\"value\":1}]}");

        assertThat(answer.status()).isEqualTo(200);
    }

    @Test
    void formatThatIsNotThereIsNotAcceptable() {
        String topic = api.newTopic(1);

        assertError(api.get("/topics/" + topic + "/partitions/0/records", "image/png"), 406, "NOT_ACCEPTABLE");
    }

    @Test
    void bodyOverTheLimitIsRefusedWhetherAnnouncedOrNot() {
        String topic = api.newTopic(1);
        byte[] tooLarge = new byte[10 * 1024 * 1024 + 1];

        Api.Answer announced = api.send(api.request("/topics/" + topic)
                .header("Content-Type", Api.JSON)
                .POST(HttpRequest.BodyPublishers.ofByteArray(tooLarge)));
        Api.Answer chunked = api.send(api.request("/topics/" + topic)
                .header("Content-Type", Api.JSON)
                .POST(HttpRequest.BodyPublishers.ofInputStream(() -> new ByteArrayInputStream(tooLarge))));

        assertError(announced, 413, "BODY_TOO_LARGE");
        assertError(chunked, 413, "BODY_TOO_LARGE");
        assertThat(api.readAll(topic, 0, 0, Api.JSON)).isEmpty();
    }

    @ParameterizedTest
    @CsvSource({
        "offset=-1",
        "offset=x",
        "offset=1&timestamp=1",
        "timestamp=-5",
        "max_bytes=0",
        "max_bytes=99999999999",
        "max_records=0",
        "timeout=-1",
        "timeout=86400000"
    })
    void parameterOutOfItsRangeIsABadRequest(String query) {
        String topic = api.newTopic(1);

        assertError(api.get("/topics/" + topic + "/partitions/0/records?" + query), 400, "INVALID_PARAMETER");
    }

    /** What comes after the records are written must not fail: the client would send them again. */
    @ParameterizedTest
    @ValueSource(strings = {"foo", "a/b/c"})
    void acceptHeaderThatCannotBeReadIsRefusedBeforeAnythingIsWritten(String accept) {
        String topic = api.newTopic(1);

        Api.Answer answer = api.send(api.request("/topics/" + topic)
                .header("Content-Type", Api.JSON)
                .header("Accept", accept)
                .POST(HttpRequest.BodyPublishers.ofString("{\"records\":[{\"value\":1}]}")));

        assertError(answer, 406, "NOT_ACCEPTABLE");
        assertThat(api.readAll(topic, 0, 0, Api.JSON)).isEmpty();
    }

    @Test
    void nameThatIsCutThroughACharacterIsStillAnError() {
        String name = "a".repeat(49) + "😀😀";
        String topic = api.newTopic(1);

        assertError(
                api.post("/topics/" + topic, Api.JSON, "{\"records\":[],\"" + name + "\":1}"), 400, "INVALID_REQUEST");
        assertError(api.post("/admin/topics", Api.CONTROL, "{\"" + name + "\":1}"), 400, "INVALID_REQUEST");
    }

    @Test
    void requestHasABoundOnItsRecordsAndControlBodiesOnTheirSize() {
        String topic = api.newTopic(1);
        String many = "{\"records\":[" + "{\"value\":1},".repeat(100_000) + "{\"value\":1}]}";

        assertError(api.post("/topics/" + topic, Api.JSON, many), 400, "INVALID_REQUEST");
        assertError(
                api.post("/admin/topics", Api.CONTROL, "{\"x\":[" + "{},".repeat(100_000) + "{}]}"),
                413,
                "BODY_TOO_LARGE");
        assertThat(api.readAll(topic, 0, 0, Api.JSON)).isEmpty();
    }

    @ParameterizedTest
    @CsvSource({
        "Sec-Fetch-Site,cross-site",
        "Sec-Fetch-Site,same-site",
        "Origin,https://evil.example.org",
        "Origin,null"
    })
    void requestOfAForeignPageIsRefusedAndChangesNothing(String header, String value) {
        String topic = api.newTopic(1);
        String records = "/topics/" + topic + "/partitions/0/records";

        Api.Answer image = api.send(api.request(records).header(header, value).GET());
        Api.Answer form = api.send(api.request("/topics/" + topic)
                .header("Content-Type", Api.JSON)
                .header(header, value)
                .POST(HttpRequest.BodyPublishers.ofString("{\"records\":[{\"value\":1}]}")));

        assertError(image, 403, "ORIGIN_NOT_ALLOWED");
        assertError(form, 403, "ORIGIN_NOT_ALLOWED");
        assertThat(api.readAll(topic, 0, 0, Api.JSON)).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(strings = {"same-origin", "none"})
    void requestOfOurOwnPageIsServed(String site) {
        assertThat(api.send(api.request("/topics")
                                .header("Sec-Fetch-Site", site)
                                .GET())
                        .status())
                .isEqualTo(200);
        assertThat(api.send(api.request("/topics")
                                .header("Origin", base.toString().replaceFirst("/$", ""))
                                .GET())
                        .status())
                .isEqualTo(200);
    }

    @Test
    void linkOnAForeignPageLeadsToTheFirstPageOnly() {
        assertThat(visit("/").status()).isEqualTo(200);
        assertError(visit("/topics"), 403, "ORIGIN_NOT_ALLOWED");
    }

    private Api.Answer visit(String path) {
        return api.send(api.request(path)
                .header("Sec-Fetch-Site", "cross-site")
                .header("Sec-Fetch-Mode", "navigate")
                .header("Sec-Fetch-Dest", "document")
                .GET());
    }

    @Test
    void asyncMustBeABoolean() {
        String topic = api.newTopic(1);

        Api.Answer answer = api.post("/topics/" + topic + "?async=maybe", Api.JSON, "{\"records\":[]}");

        assertError(answer, 400, "INVALID_PARAMETER");
    }

    private String raw(String path) throws IOException {
        try (Socket socket = new Socket(base.getHost(), base.getPort())) {
            socket.setSoTimeout(10_000);
            socket.getOutputStream()
                    .write(("GET " + path + " HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
                            .getBytes(StandardCharsets.US_ASCII));
            return new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        }
    }

    private static void assertError(Api.Answer answer, int status, String code) {
        assertThat(answer.status()).isEqualTo(status);
        assertThat(answer.header("Content-Type")).startsWith(Api.CONTROL);
        JsonNode error = answer.json();
        assertThat(error.path("error_code").asInt()).isEqualTo(status);
        assertThat(error.path("code").asText()).isEqualTo(code);
        assertThat(error.path("message").asText())
                .isNotBlank()
                .doesNotContain("Exception", "io.trunkline", "java.", "SELECT");
    }
}
