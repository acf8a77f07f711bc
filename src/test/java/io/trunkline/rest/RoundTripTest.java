package io.trunkline.rest;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.quarkus.test.junit.QuarkusTest;
import io.trunkline.testing.Api;
import io.trunkline.testing.ServiceTestCase;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Invariant 5: everything comes back as it went in, in each format that can carry it. */
@QuarkusTest
class RoundTripTest extends ServiceTestCase {
    private static final JsonMapper MAPPER = new JsonMapper();
    private static final int MIB = 1024 * 1024;

    private String topic;

    @BeforeEach
    void topic() {
        topic = api.newTopic(1);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "null",
                "\"\"",
                "\"null\"",
                "0",
                "-0",
                "1.10",
                "1E400",
                "0.30000000000000004",
                "123456789012345678901234567890",
                "true",
                "[]",
                "{}",
                "{ \"b\" : 1 ,\n\t\"a\" : [ 1.0 , null ] }",
                "{\"a\":1,\"a\":2}",
                "\"\\u0000\\ud83d\\ude00\\/\\\"\"",
                "\"\\ud800\"",
                "\"a\u007f\u2028😀\"",
                "[[[[[[[[[[\"deep\"]]]]]]]]]]"
            })
    void jsonKeepsItsTextAsKeyAndAsValue(String json) {
        Api.Answer sent = api.post(
                "/topics/" + topic, Api.JSON, "{\"records\":[{ \"value\" : " + json + " , \"key\" : " + json + "\n}]}");

        assertThat(sent.status()).as(sent.body()).isEqualTo(200);
        assertThat(api.get("/topics/" + topic + "/partitions/0/records").body())
                .contains("\"key\":" + json + ",\"value\":" + json + "}");
    }

    @Test
    void jsonNullTextIsNoTombstone() {
        api.post(
                "/topics/" + topic, Api.TEXT, "{\"records\":[{\"value\":\"null\"},{\"value\":null},{\"value\":\"\"}]}");

        List<JsonNode> asBinary = api.readAll(topic, 0, 0, Api.BINARY);
        List<JsonNode> asText = api.readAll(topic, 0, 0, Api.TEXT);

        assertThat(asBinary).extracting(r -> r.path("value").asText("-")).containsExactly("bnVsbA==", "-", "");
        assertThat(asBinary.get(1).path("value").isNull()).isTrue();
        assertThat(asText.get(0).path("value").asText()).isEqualTo("null");
        assertThat(asText.get(1).path("value").isNull()).isTrue();
        assertThat(asText.get(2).path("value").asText()).isEmpty();
    }

    @Test
    void absentAndNullKeyAreNoKeyAndAnEmptyOneIsOne() {
        api.post(
                "/topics/" + topic,
                Api.TEXT,
                "{\"records\":[{\"value\":\"a\"},{\"key\":null,\"value\":\"b\"},{\"key\":\"\",\"value\":\"c\"}]}");

        List<JsonNode> records = api.readAll(topic, 0, 0, Api.TEXT);

        assertThat(records.get(0).path("key").isNull()).isTrue();
        assertThat(records.get(1).path("key").isNull()).isTrue();
        assertThat(records.get(2).path("key").isTextual()).isTrue();
        assertThat(records.get(2).path("key").asText()).isEmpty();
    }

    @Test
    void jsonStringIsItsJsonTextAndTextIsTheCharacters() {
        api.post("/topics/" + topic, Api.JSON, "{\"records\":[{\"key\":\"a\",\"value\":\"a\"}]}");
        api.post("/topics/" + topic, Api.TEXT, "{\"records\":[{\"key\":\"a\",\"value\":\"a\"}]}");

        List<JsonNode> records = api.readAll(topic, 0, 0, Api.TEXT);

        assertThat(records.get(0).path("key").asText()).isEqualTo("\"a\"");
        assertThat(records.get(1).path("key").asText()).isEqualTo("a");
    }

    @Test
    void headersKeepTheirOrderRepetitionsNullsAndBytes() {
        byte[] all = new byte[256];
        for (int i = 0; i < all.length; i++) {
            all[i] = (byte) i;
        }
        String bytes = Base64.getEncoder().encodeToString(all);
        String headers =
                "[{\"key\":\"b\",\"value\":\"AQ==\"},{\"key\":\"a\",\"value\":null},{\"key\":\"b\",\"value\":\"\"},"
                        + "{\"key\":\"\",\"value\":\"" + bytes + "\"},{\"key\":\"é😀\",\"value\":null}]";

        Api.Answer sent = api.post(
                "/topics/" + topic,
                Api.JSON,
                "{\"records\":[{\"value\":1},{\"value\":2,\"headers\":" + headers + "},{\"value\":3,\"headers\":[]},"
                        + "{\"value\":4,\"headers\":[{\"key\":\"z\",\"value\":\"AA==\"}]}]}");

        assertThat(sent.status()).as(sent.body()).isEqualTo(200);
        List<JsonNode> records = api.readAll(topic, 0, 0, Api.JSON);
        assertThat(records.get(0).has("headers")).isFalse();
        assertThat(records.get(1).path("headers").toString()).isEqualTo(headers);
        assertThat(records.get(2).has("headers")).isFalse();
        assertThat(records.get(3).path("headers")).hasSize(1);
    }

    @Test
    void aMebibyteOfRandomBytesComesBack() {
        byte[] random = new byte[MIB];
        new Random(1).nextBytes(random);
        String base64 = Base64.getEncoder().encodeToString(random);

        Api.Answer sent = api.post("/topics/" + topic, Api.BINARY, "{\"records\":[{\"value\":\"" + base64 + "\"}]}");

        assertThat(sent.status()).as(sent.body()).isEqualTo(200);
        assertThat(api.readAll(topic, 0, 0, Api.BINARY).getFirst().path("value").asText())
                .isEqualTo(base64);
    }

    @Test
    void everyByteComesBackAsKey() {
        List<String> records = new ArrayList<>();
        for (int i = 0; i < 256; i++) {
            String base64 = Base64.getEncoder().encodeToString(new byte[] {(byte) i});
            records.add("{\"key\":\"" + base64 + "\",\"value\":\"" + base64 + "\"}");
        }

        api.post("/topics/" + topic, Api.BINARY, "{\"records\":[" + String.join(",", records) + "]}");

        List<JsonNode> read = api.readAll(topic, 0, 0, Api.BINARY);
        for (int i = 0; i < 256; i++) {
            assertThat(Base64.getDecoder().decode(read.get(i).path("key").asText()))
                    .containsExactly((byte) i);
        }
    }

    static Stream<Integer> planes() {
        return Stream.iterate(0, plane -> plane <= 16, plane -> plane + 1);
    }

    @ParameterizedTest
    @MethodSource("planes")
    void everyUnicodePlaneComesBackAsTextAndAsJson(int plane) throws Exception {
        StringBuilder text = new StringBuilder();
        for (int c = plane << 16; c < (plane + 1) << 16; c += 13) {
            if (c < 0xd800 || c > 0xdfff) {
                text.appendCodePoint(c);
            }
        }
        String quoted = MAPPER.writeValueAsString(text.toString());
        String body = "{\"records\":[{\"key\":" + quoted + ",\"value\":" + quoted + "}]}";

        api.post("/topics/" + topic, Api.TEXT, body);
        api.post("/topics/" + topic, Api.JSON, body);

        List<JsonNode> asText = api.readAll(topic, 0, 0, Api.TEXT);
        assertThat(asText.get(0).path("value").asText()).isEqualTo(text.toString());
        assertThat(asText.get(0).path("key").asText()).isEqualTo(text.toString());
        assertThat(asText.get(1).path("value").asText()).isEqualTo(quoted);
        List<JsonNode> asBinary = api.readAll(topic, 0, 0, Api.BINARY);
        assertThat(Base64.getDecoder().decode(asBinary.get(0).path("value").asText()))
                .isEqualTo(text.toString().getBytes(StandardCharsets.UTF_8));
        assertThat(api.readAll(topic, 0, 1, Api.JSON).getFirst().path("value").asText())
                .isEqualTo(text.toString());
    }

    @Test
    void whatAFormatCannotShowIsToldAndTheOthersAreShown() {
        api.post("/topics/" + topic, Api.TEXT, "{\"records\":[{\"value\":\"{\"},{\"key\":\"x y\",\"value\":\"1\"}]}");
        api.post("/topics/" + topic, Api.BINARY, "{\"records\":[{\"value\":\"/w==\"}]}");
        api.post("/topics/" + topic, Api.JSON, "{\"records\":[{\"value\":2}]}");

        List<JsonNode> asJson = api.readAll(topic, 0, 0, Api.JSON);
        List<JsonNode> asText = api.readAll(topic, 0, 0, Api.TEXT);

        assertThat(asJson).hasSize(4);
        assertThat(asJson.get(0).path("value").isNull()).isTrue();
        assertThat(asJson.get(0).path("error").asText()).contains("value").contains("json");
        assertThat(asJson.get(1).path("error").asText()).contains("key");
        assertThat(asJson.get(1).path("value").asInt()).isEqualTo(1);
        assertThat(asJson.get(2).path("error").asText()).isNotEmpty();
        assertThat(asJson.get(3).has("error")).isFalse();
        assertThat(asText.get(2).path("error").asText()).contains("text");
        assertThat(asText.get(0).path("value").asText()).isEqualTo("{");
    }
}
