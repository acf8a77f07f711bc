package io.trunkline.rest;

import static io.trunkline.testing.Failure.assertFailure;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.quarkus.test.junit.QuarkusTest;
import io.trunkline.testing.Api;
import io.trunkline.testing.Consumer;
import io.trunkline.testing.ServiceTestCase;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** How the records of a poll look, and what the client may say of that. */
@QuarkusTest
class PollFormatsApiTest extends ServiceTestCase {
    private String topic;

    @BeforeEach
    void topic() {
        topic = api.newTopic(1);
    }

    @Test
    void recordHasTopicPartitionOffsetAndWhatWasSent() {
        api.write(
                topic,
                0,
                Api.JSON,
                List.of("{\"key\":{\"id\":1},\"value\":[1.10,true],\"timestamp\":1500000000000,"
                        + "\"headers\":[{\"key\":\"h\",\"value\":\"AQI=\"},{\"key\":\"h\",\"value\":null}]}"));

        Api.Answer answer = consumer("json").pollAnswer("timeout=15000");

        assertThat(answer.body())
                .isEqualTo("[{\"topic\":\"" + topic
                        + "\",\"partition\":0,\"offset\":0,\"timestamp\":1500000000000,\"key\":{\"id\":1},\"value\":[1.10,true],"
                        + "\"headers\":[{\"key\":\"h\",\"value\":\"AQI=\"},{\"key\":\"h\",\"value\":null}]}]");
    }

    @ParameterizedTest
    @CsvSource({
        "json,application/vnd.kafka.json.v2+json",
        "binary,application/vnd.kafka.binary.v2+json",
        "text,application/vnd.kafka.text.v2+json"
    })
    void recordsLookAsTheyDoInAFetch(String format, String mediaType) {
        api.write(
                topic,
                0,
                Api.JSON,
                List.of(
                        "{\"key\":\"k\",\"value\":{\"a\":[1,null]}}",
                        "{\"value\":null}",
                        "{\"key\":null,\"value\":\"😀\",\"headers\":[{\"key\":\"h\",\"value\":\"\"}]}"));

        Api.Answer answer = consumer(format).pollAnswer("timeout=15000");

        assertThat(answer.header("Content-Type")).isEqualTo(mediaType);
        assertThat(answer.json()).hasSize(3).isEqualTo(fetched(mediaType));
    }

    @Test
    void binaryIsTheDefault() {
        api.write(topic, 0, Api.TEXT, List.of("{\"key\":\"key\",\"value\":\"value\"}"));
        Consumer consumer =
                group.consumer("{\"auto.offset.reset\":\"earliest\"}").subscribe(topic);

        Api.Answer answer = consumer.pollAnswer("timeout=15000");

        assertThat(answer.header("Content-Type")).isEqualTo(Api.BINARY);
        JsonNode record = answer.json().path(0);
        assertThat(record.path("key").asText()).isEqualTo("a2V5");
        assertThat(record.path("value").asText()).isEqualTo("dmFsdWU=");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "json|*/*",
                "json|application/*",
                "json|application/vnd.kafka.json.v2+json",
                "json|application/vnd.kafka.json.v2+json; charset=utf-8",
                "json|application/vnd.kafka.v2+json",
                "json|text/html, application/vnd.kafka.json.v2+json;q=0.5",
                "json|application/vnd.kafka.binary.v2+json, application/vnd.kafka.json.v2+json;q=0.1",
                "json|image/png, */*;q=0.1",
                "binary|*/*",
                "binary|application/vnd.kafka.v2+json",
                "binary|application/vnd.kafka.binary.v2+json",
                "text|*/*",
                "text|application/vnd.kafka.v2+json",
                "text|application/vnd.kafka.text.v2+json",
                "text|application/json, application/vnd.kafka.v2+json"
            })
    void acceptedTypeIsTheConsumersOwnOrAnyOrTheControlType(String format, String accept) {
        api.write(topic, 0, Api.JSON, List.of("{\"value\":1}"));

        Api.Answer answer = consumer(format).pollAnswer("timeout=15000", accept);

        assertThat(answer.status()).as(answer.body()).isEqualTo(200);
        assertThat(answer.header("Content-Type")).isEqualTo("application/vnd.kafka." + format + ".v2+json");
        assertThat(answer.json()).hasSize(1);
    }

    @Test
    void plainJsonIsTheJsonFormat() {
        api.write(topic, 0, Api.JSON, List.of("{\"value\":{\"a\":1}}"));

        Api.Answer answer = consumer("json").pollAnswer("timeout=15000", "application/json");

        assertThat(answer.status()).isEqualTo(200);
        assertThat(answer.header("Content-Type")).isEqualTo("application/json");
        assertThat(answer.json().path(0).path("value").path("a").asInt()).isEqualTo(1);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "json|application/vnd.kafka.binary.v2+json",
                "json|application/vnd.kafka.text.v2+json",
                "json|text/html",
                "json|foo",
                "json|a/b/c",
                "binary|application/vnd.kafka.json.v2+json",
                "binary|application/json",
                "text|application/vnd.kafka.json.v2+json",
                "text|application/vnd.kafka.binary.v2+json, application/json"
            })
    void otherTypesAreNotAcceptableAndNothingIsGivenOut(String format, String accept) {
        api.write(topic, 0, Api.JSON, List.of("{\"value\":1}"));
        Consumer consumer = consumer(format);

        Api.Answer answer = consumer.pollAnswer("timeout=15000", accept);

        assertFailure(answer, 406, "NOT_ACCEPTABLE");
        assertThat(Consumer.offsets(consumer.poll())).containsExactly(0L);
    }

    @Test
    void emptyPageIsOfTheConsumersTypeToo() {
        Api.Answer answer = consumer("text").pollAnswer("timeout=0");

        assertThat(answer.status()).isEqualTo(200);
        assertThat(answer.header("Content-Type")).isEqualTo(Api.TEXT);
        assertThat(answer.body()).isEqualTo("[]");
    }

    @Test
    void nullsAreNullAndEmptyTextIsNot() {
        api.write(
                topic,
                0,
                Api.TEXT,
                List.of(
                        "{\"value\":null}",
                        "{\"key\":\"\",\"value\":\"\"}",
                        "{\"key\":\"k\",\"value\":null}",
                        "{\"value\":\"null\"}"));

        List<JsonNode> records = consumer("text").pollUntil(4);

        assertThat(records.get(0).path("key").isNull()).isTrue();
        assertThat(records.get(0).path("value").isNull()).isTrue();
        assertThat(records.get(1).path("key").textValue()).isEmpty();
        assertThat(records.get(1).path("value").textValue()).isEmpty();
        assertThat(records.get(2).path("key").textValue()).isEqualTo("k");
        assertThat(records.get(2).path("value").isNull()).isTrue();
        assertThat(records.get(3).path("value").textValue()).isEqualTo("null");
        assertThat(records).allSatisfy(r -> assertThat(r.has("error")).isFalse());
    }

    @Test
    void valueThatTheFormatCannotShowIsNullWithAnErrorAndHoldsUpNothing() {
        api.write(topic, 0, Api.TEXT, List.of("{\"value\":\"1\"}", "{\"value\":\"not json\"}", "{\"value\":\"[2]\"}"));
        Consumer consumer = consumer("json");

        List<JsonNode> records = consumer.pollUntil(3, "timeout=15000&include=error");

        assertThat(Consumer.offsets(records)).containsExactly(0L, 1L, 2L);
        assertThat(records.get(0).has("error")).isFalse();
        assertThat(records.get(1).path("value").isNull()).isTrue();
        assertThat(records.get(1).path("error").asText()).contains("value").contains("json");
        assertThat(records.get(2).path("value").path(0).asInt()).isEqualTo(2);
        consumer.commit();
        assertThat(group.committed(topic, 0)).hasValue(3);
    }

    @Test
    void keyThatTheFormatCannotShowIsNullWithAnErrorToo() {
        api.write(topic, 0, Api.BINARY, List.of("{\"key\":\"/w==\",\"value\":\"YQ==\"}")); // 0xff is no UTF-8

        JsonNode record = consumer("text").poll("timeout=15000&include=error").getFirst();

        assertThat(record.path("key").isNull()).isTrue();
        assertThat(record.path("value").asText()).isEqualTo("a");
        assertThat(record.path("error").asText()).contains("key").contains("text");
    }

    @Test
    void errorIsShownToThoseWhoAskForItOnly() {
        api.write(topic, 0, Api.TEXT, List.of("{\"value\":\"not json\"}"));
        Consumer consumer = consumer("json");

        JsonNode plain = consumer.poll().getFirst();
        consumer.post("/positions/beginning", Consumer.partitions(topic, 0));
        JsonNode asked =
                consumer.pollAnswer("timeout=15000", "application/json").json().path(0);

        assertThat(plain.path("value").isNull()).isTrue();
        assertThat(plain.has("error")).isFalse();
        assertThat(asked.path("error").asText()).contains("value").contains("json");
        assertFailure(consumer.pollAnswer("include=errors"), 400, "INVALID_PARAMETER");
    }

    private Consumer consumer(String format) {
        return group.consumer("{\"format\":\"" + format + "\",\"auto.offset.reset\":\"earliest\"}")
                .subscribe(topic);
    }

    private JsonNode fetched(String mediaType) {
        return api.get("/topics/" + topic + "/partitions/0/records?offset=0", mediaType)
                .json();
    }
}
