package io.trunkline.rest;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.quarkus.test.junit.QuarkusTest;
import io.trunkline.testing.Api;
import io.trunkline.testing.ServiceTestCase;
import java.net.http.HttpRequest;
import java.nio.charset.StandardCharsets;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** One record a request, without an envelope. */
@QuarkusTest
class RawRecordApiTest extends ServiceTestCase {
    private static final String BYTES = "application/octet-stream";

    @ParameterizedTest
    @ValueSource(ints = {1, 1_000, 100_000, 1_000_000})
    void bodyIsTheValueByteForByte(int size) throws Exception {
        String topic = api.newTopic(1);
        byte[] body = new byte[size];
        new Random(size).nextBytes(body);

        Api.Answer answer = post("/topics/" + topic, BYTES, body);

        assertThat(answer.status()).as(answer.body()).isEqualTo(200);
        assertThat(answer.body()).isEqualTo("{\"offsets\":[{\"partition\":0,\"offset\":0}]}");
        JsonNode record = api.readAll(topic, 0, 0, Api.BINARY).getFirst();
        assertThat(record.path("value").binaryValue()).isEqualTo(body);
        assertThat(record.path("key").isNull()).isTrue();
    }

    @Test
    void recordWithAnIdempotencyKeyIsWrittenOnce() {
        String topic = api.newTopic(1);

        Api.Answer written = keyed(topic + "?key=a", "x");
        Api.Answer again = keyed(topic + "?key=a", "x");
        Api.Answer other = keyed(topic + "?key=b", "x");

        assertThat(written.status()).as(written.body()).isEqualTo(200);
        assertThat(again.body()).isEqualTo(written.body());
        assertThat(again.header("Idempotency-Replayed")).isEqualTo("true");
        assertThat(other.code()).isEqualTo("IDEMPOTENCY_KEY_REUSED");
        assertThat(api.readAll(topic, 0, 0, Api.BINARY)).hasSize(1);
    }

    private Api.Answer keyed(String topicAndQuery, String body) {
        return api.send(api.request("/topics/" + topicAndQuery)
                .header("Content-Type", "text/plain")
                .header("Idempotency-Key", "k-1")
                .POST(HttpRequest.BodyPublishers.ofString(body)));
    }

    @Test
    void emptyBodyIsAnEmptyValueAndNoTombstone() {
        String topic = api.newTopic(1);

        Api.Answer answer = post("/topics/" + topic + "/partitions/0?key=k", BYTES, new byte[0]);

        assertThat(answer.status()).as(answer.body()).isEqualTo(200);
        JsonNode record = api.readAll(topic, 0, 0, Api.TEXT).getFirst();
        assertThat(record.path("value").isNull()).isFalse();
        assertThat(record.path("value").asText()).isEmpty();
        assertThat(record.path("key").asText()).isEqualTo("k");
    }

    @ParameterizedTest
    @CsvSource({"foobar,foobar", "a%20b,a b", "a+b,a b", "%2B,+", "caf%C3%A9,caf\u00e9", "%22a%22,\"a\"", "a=b,a=b"})
    void keyIsTheTextOfTheParameter(String parameter, String key) {
        String topic = api.newTopic(10);

        Api.Answer answer =
                post("/topics/" + topic + "?key=" + parameter, "text/plain", "v".getBytes(StandardCharsets.UTF_8));

        JsonNode offset = answer.json().path("offsets").path(0);
        JsonNode record = api.readAll(topic, offset.path("partition").asInt(), 0, Api.TEXT)
                .getFirst();
        assertThat(record.path("key").asText()).isEqualTo(key);
        assertThat(record.path("value").asText()).isEqualTo("v");
        if (key.equals("foobar")) {
            // As in the envelope, where Kafka's clients would put it.
            assertThat(offset.path("partition").asInt()).isEqualTo(6);
        }
    }

    @Test
    void emptyKeyIsAKey() {
        String topic = api.newTopic(1);

        post("/topics/" + topic + "?key=", "text/plain; charset=utf-8", new byte[] {'v'});

        JsonNode record = api.readAll(topic, 0, 0, Api.TEXT).getFirst();
        assertThat(record.path("key").isNull()).isFalse();
        assertThat(record.path("key").asText()).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(strings = {"key=a&key=b", "key=%FF", "key=%C0%80", "key=%ED%A0%80"})
    void keyThatIsNotOneTextIsRefused(String query) {
        String topic = api.newTopic(1);

        Api.Answer answer = post("/topics/" + topic + "?" + query, BYTES, new byte[] {1});

        assertThat(answer.status()).isEqualTo(400);
        assertThat(answer.code()).isEqualTo("INVALID_PARAMETER");
        assertThat(api.readAll(topic, 0, 0, Api.BINARY)).isEmpty();
    }

    @Test
    void textHasToBeUtf8() {
        String topic = api.newTopic(1);

        Api.Answer broken = post("/topics/" + topic, "text/plain", new byte[] {'a', (byte) 0xff});
        Api.Answer latin = post("/topics/" + topic, "text/plain; charset=iso-8859-1", new byte[] {'a'});

        assertThat(broken.status()).isEqualTo(422);
        assertThat(broken.code()).isEqualTo("INVALID_RECORD");
        assertThat(broken.json().path("validation_errors").path(0).asText()).contains("UTF-8");
        assertThat(latin.status()).isEqualTo(415);
        assertThat(api.readAll(topic, 0, 0, Api.BINARY)).isEmpty();
    }

    @Test
    void failureOfTheRecordIsThatOfTheRequest() {
        String topic = api.newTopic(1, "{\"max.message.bytes\":\"10\"}");

        Api.Answer tooLarge = post("/topics/" + topic + "?key=123456", BYTES, new byte[5]);
        Api.Answer nowhere = post("/topics/" + topic + "/partitions/7", BYTES, new byte[5]);
        Api.Answer unknown = post("/topics/" + topic + "x", BYTES, new byte[5]);
        Api.Answer fits = post("/topics/" + topic + "?key=12345", BYTES, new byte[5]);

        assertThat(tooLarge.status()).isEqualTo(413);
        assertThat(tooLarge.code()).isEqualTo("RECORD_TOO_LARGE");
        assertThat(nowhere.code()).isEqualTo("PARTITION_NOT_FOUND");
        assertThat(unknown.code()).isEqualTo("TOPIC_NOT_FOUND");
        assertThat(fits.status()).isEqualTo(200);
    }

    @Test
    void asyncIsAnsweredAtOnce() {
        String topic = api.newTopic(1);

        Api.Answer answer = post("/topics/" + topic + "?async=true&key=k", BYTES, new byte[] {1});

        assertThat(answer.status()).isEqualTo(204);
    }

    @Test
    void compressedBodiesAreRefused() {
        String topic = api.newTopic(1);

        Api.Answer answer = api.send(api.request("/topics/" + topic)
                .header("Content-Type", BYTES)
                .header("Content-Encoding", "gzip")
                .POST(HttpRequest.BodyPublishers.ofByteArray(new byte[100])));

        assertThat(answer.status()).isEqualTo(415);
        assertThat(api.readAll(topic, 0, 0, Api.BINARY)).isEmpty();
    }

    private Api.Answer post(String path, String type, byte[] body) {
        return api.send(
                api.request(path).header("Content-Type", type).POST(HttpRequest.BodyPublishers.ofByteArray(body)));
    }
}
