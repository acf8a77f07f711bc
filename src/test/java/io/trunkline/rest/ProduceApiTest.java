package io.trunkline.rest;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.quarkus.test.junit.QuarkusTest;
import io.trunkline.testing.Api;
import io.trunkline.testing.ServiceTestCase;
import java.time.Duration;
import java.util.HashSet;
import java.util.Set;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@QuarkusTest
class ProduceApiTest extends ServiceTestCase {
    @Test
    void answerHasAnOffsetForEachRecordInTheOrderGiven() {
        String topic = api.newTopic(3);

        Api.Answer answer = api.post("/topics/" + topic, Api.JSON, """
                {"records":[{"value":"a","partition":1},{"value":"b","partition":0},
                            {"value":"c","partition":1},{"value":"d","partition":2},{"value":"e","partition":1}]}
                """);

        assertThat(answer.status()).isEqualTo(200);
        assertThat(answer.header("Content-Type")).startsWith(Api.CONTROL);
        assertThat(answer.body())
                .isEqualTo(
                        "{\"offsets\":[{\"partition\":1,\"offset\":0},{\"partition\":0,\"offset\":0},"
                                + "{\"partition\":1,\"offset\":1},{\"partition\":2,\"offset\":0},{\"partition\":1,\"offset\":2}]}");
        assertThat(api.readAll(topic, 1, 0, Api.JSON))
                .extracting(r -> r.path("value").asText())
                .containsExactly("a", "c", "e");
    }

    @Test
    void noRecordsAreNoOffsets() {
        String topic = api.newTopic(1);

        Api.Answer answer = api.post("/topics/" + topic, Api.JSON, "{\"records\":[]}");

        assertThat(answer.status()).isEqualTo(200);
        assertThat(answer.body()).isEqualTo("{\"offsets\":[]}");
    }

    @Test
    void recordsWithTheSameKeyGoWhereKafkaPutsThem() {
        String topic = api.newTopic(10);

        // murmur2("foobar") = -790332482, without its sign bit 1357151166, modulo 10
        Api.Answer answer = api.post(
                "/topics/" + topic,
                Api.TEXT,
                "{\"records\":[{\"key\":\"foobar\",\"value\":\"1\"},{\"key\":\"foobar\",\"value\":\"2\"}]}");

        assertThat(answer.json().path("offsets"))
                .extracting(o -> o.path("partition").asInt())
                .containsExactly(6, 6);
    }

    @Test
    void recordsWithoutAKeySpreadOverAllPartitions() {
        String topic = api.newTopic(4);
        String record = "{\"value\":\"" + "x".repeat(4000) + "\"}";
        String body = "{\"records\":[" + (record + ",").repeat(199) + record + "]}";

        Api.Answer answer = api.post("/topics/" + topic, Api.TEXT, body);

        Set<Integer> partitions = new HashSet<>();
        answer.json()
                .path("offsets")
                .forEach(o -> partitions.add(o.path("partition").asInt()));
        assertThat(partitions).containsExactlyInAnyOrder(0, 1, 2, 3);
    }

    @Test
    void partitionOutOfRangeFailsItsRecordAndNoOther() {
        String topic = api.newTopic(2);

        Api.Answer answer = api.post(
                "/topics/" + topic + "?include=code",
                Api.JSON,
                "{\"records\":[{\"value\":1,\"partition\":0},{\"value\":2,\"partition\":2},{\"value\":3,\"partition\":0}]}");

        assertThat(answer.status()).isEqualTo(200);
        JsonNode offsets = answer.json().path("offsets");
        assertThat(offsets.path(0).path("offset").asLong()).isZero();
        assertThat(offsets.path(1).path("error_code").asInt()).isEqualTo(404);
        assertThat(offsets.path(1).path("code").asText()).isEqualTo("PARTITION_NOT_FOUND");
        assertThat(offsets.path(2).path("offset").asLong()).isEqualTo(1);
    }

    @Test
    void recordOverMaxMessageBytesFailsAloneAndOneOfExactlyThatSizeDoesNot() {
        String topic = api.newTopic(1, "{\"max.message.bytes\":\"10\"}");

        Api.Answer answer = api.post(
                "/topics/" + topic + "?include=code",
                Api.TEXT,
                "{\"records\":[{\"key\":\"12345\",\"value\":\"12345\"},{\"key\":\"12345\",\"value\":\"123456\"}]}");

        JsonNode offsets = answer.json().path("offsets");
        assertThat(offsets.path(0).path("offset").asLong()).isZero();
        assertThat(offsets.path(1).path("error_code").asInt()).isEqualTo(413);
        assertThat(offsets.path(1).path("code").asText()).isEqualTo("RECORD_TOO_LARGE");
        assertThat(api.readAll(topic, 0, 0, Api.TEXT)).hasSize(1);
    }

    @Test
    void logAppendTimeReplacesTheProducersTime() {
        String topic = api.newTopic(1, "{\"message.timestamp.type\":\"LogAppendTime\"}");

        api.post("/topics/" + topic, Api.JSON, "{\"records\":[{\"value\":1,\"timestamp\":5}]}");

        assertThat(api.readAll(topic, 0, 0, Api.JSON)
                        .getFirst()
                        .path("timestamp")
                        .asLong())
                .isGreaterThan(1_600_000_000_000L);
    }

    @Test
    void asyncAnswersWithoutOffsetsAndWrites() {
        String topic = api.newTopic(1);

        Api.Answer answer = api.post("/topics/" + topic + "?async=true", Api.JSON, "{\"records\":[{\"value\":1}]}");

        assertThat(answer.status()).isEqualTo(204);
        assertThat(answer.body()).isEmpty();
        Awaitility.await()
                .atMost(Duration.ofSeconds(10))
                .untilAsserted(
                        () -> assertThat(api.readAll(topic, 0, 0, Api.JSON)).hasSize(1));
    }

    @Test
    void asyncRefusesAsAWholeWhatItCouldNotReport() {
        String topic = api.newTopic(1);

        Api.Answer answer = api.post(
                "/topics/" + topic + "?async=true",
                Api.JSON,
                "{\"records\":[{\"value\":1},{\"value\":2,\"partition\":7}]}");

        assertThat(answer.status()).isEqualTo(404);
        assertThat(api.readAll(topic, 0, 0, Api.JSON)).isEmpty();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "json|{}|400|INVALID_REQUEST",
                "json|[]|400|INVALID_REQUEST",
                "json|7|400|INVALID_REQUEST",
                "json|{\"records\":{}}|400|INVALID_REQUEST",
                "json|{\"records\":[7]}|400|INVALID_REQUEST",
                "json|{\"records\":[{}]}|400|INVALID_REQUEST",
                "json|{\"records\":[{\"key\":1}]}|400|INVALID_REQUEST",
                "json|{\"records\":[],\"records\":[]}|400|INVALID_REQUEST",
                "json|{\"records\":[{\"value\":1,\"value\":2}]}|400|INVALID_REQUEST",
                "json|{\"records\":[{\"value\":1,\"color\":2}]}|400|INVALID_REQUEST",
                "json|{\"records\":[{\"value\":1,\"partition\":-1}]}|400|INVALID_REQUEST",
                "json|{\"records\":[{\"value\":1,\"partition\":3000000000}]}|400|INVALID_REQUEST",
                "json|{\"records\":[{\"value\":1,\"partition\":\"0\"}]}|400|INVALID_REQUEST",
                "json|{\"records\":[{\"value\":1,\"timestamp\":-1}]}|400|INVALID_REQUEST",
                "json|{\"records\":[{\"value\":1,\"timestamp\":1.5}]}|400|INVALID_REQUEST",
                "json|{\"records\":[{\"value\":1,\"headers\":{}}]}|400|INVALID_REQUEST",
                "json|{\"records\":[{\"value\":1,\"headers\":[{\"key\":\"h\"}]}]}|400|INVALID_REQUEST",
                "json|{\"records\":[{\"value\":1,\"headers\":[{\"key\":null,\"value\":null}]}]}|400|INVALID_REQUEST",
                "json|{\"records\":[{\"value\":1,\"headers\":[{\"key\":\"h\",\"value\":\"%\"}]}]}|422|INVALID_RECORD",
                "json|{\"records\":[{\"value\":1,\"headers\":[{\"key\":\"\\u0000\",\"value\":null}]}]}|422|INVALID_RECORD",
                "json|{\"records\":[{\"value\":1}]|400|INVALID_JSON",
                "json|{\"records\":[{\"value\":1}]}]|400|INVALID_JSON",
                "json|{\"records\":[{\"value\":01}]}|400|INVALID_JSON",
                "json|{\"records\":[{\"value\":NaN}]}|400|INVALID_JSON",
                "binary|{\"records\":[{\"value\":\"%%%\"}]}|422|INVALID_RECORD",
                "binary|{\"records\":[{\"value\":{}}]}|422|INVALID_RECORD",
                "text|{\"records\":[{\"value\":7}]}|422|INVALID_RECORD",
                "text|{\"records\":[{\"key\":[],\"value\":\"\"}]}|422|INVALID_RECORD",
                "text|{\"records\":[{\"value\":\"\\ud800\"}]}|422|INVALID_RECORD"
            })
    void badRecordsAreRefusedAsAWholeAndNothingIsWritten(String format, String body, int status, String code) {
        String topic = api.newTopic(1);
        String withAGoodOne =
                body.replaceFirst("\\[\\{", "[{\"value\":" + (format.equals("json") ? "0" : "\"AA==\"") + "},{");

        Api.Answer answer = api.post("/topics/" + topic, "application/vnd.kafka." + format + ".v2+json", withAGoodOne);

        assertThat(answer.status()).isEqualTo(status);
        assertThat(answer.code()).isEqualTo(code);
        assertThat(api.readAll(topic, 0, 0, Api.BINARY)).isEmpty();
    }

    @Test
    void emptyBodyIsABadRequest() {
        String topic = api.newTopic(1);

        assertThat(api.post("/topics/" + topic, Api.JSON, "").code()).isEqualTo("INVALID_JSON");
    }

    @Test
    void pathWithAPartitionWritesThereAndRecordsNameNone() {
        String topic = api.newTopic(2);

        Api.Answer good = api.post(
                "/topics/" + topic + "/partitions/1",
                Api.JSON,
                "{\"records\":[{\"key\":\"a\",\"value\":1},{\"key\":\"b\",\"value\":2}]}");
        Api.Answer bad = api.post(
                "/topics/" + topic + "/partitions/1", Api.JSON, "{\"records\":[{\"value\":1,\"partition\":1}]}");

        assertThat(good.json().path("offsets"))
                .extracting(o -> o.path("partition").asInt())
                .containsExactly(1, 1);
        assertThat(bad.code()).isEqualTo("INVALID_REQUEST");
    }
}
