package io.trunkline.rest;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.cloudevents.CloudEvent;
import io.cloudevents.core.builder.CloudEventBuilder;
import io.cloudevents.jackson.JsonFormat;
import io.quarkus.test.junit.QuarkusTest;
import io.trunkline.testing.Api;
import io.trunkline.testing.RawHttp;
import io.trunkline.testing.ServiceTestCase;
import io.trunkline.testing.TestDatabase;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpRequest;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.Statement;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** CloudEvents 1.0 by the HTTP binding, in its three modes, stored by the Kafka binding, and out again in batches. */
@QuarkusTest
class CloudEventsApiTest extends ServiceTestCase {
    private static final String ONE = "application/cloudevents+json";
    private static final String BATCH = "application/cloudevents-batch+json";
    private static final JsonFormat FORMAT = new JsonFormat();
    /** The example of the HTTP binding, section 3.1.4. */
    private static final Map<String, String> EXAMPLE = Map.of(
            "ce-specversion", "1.0",
            "ce-type", "com.example.someevent",
            "ce-time", "2018-04-05T03:56:24Z",
            "ce-id", "1234-1234-1234",
            "ce-source", "/mycontext/subcontext");

    @Test
    void binaryModeIsStoredAsTheKafkaBindingSays() {
        String topic = api.newTopic(1);

        Api.Answer answer = post(
                topic, with(EXAMPLE, "ce-partitionkey", "mykey"), "application/json; charset=utf-8", "{\"n\": 1.10}");

        assertThat(answer.status()).as(answer.body()).isEqualTo(202);
        assertThat(answer.body()).isEmpty();
        JsonNode record = api.readAll(topic, 0, 0, Api.TEXT).getFirst();
        assertThat(record.path("key").asText()).isEqualTo("mykey");
        assertThat(record.path("value").asText()).isEqualTo("{\"n\": 1.10}");
        assertThat(headers(record))
                .containsExactlyInAnyOrderEntriesOf(Map.of(
                        "ce_specversion", "1.0",
                        "ce_type", "com.example.someevent",
                        "ce_time", "2018-04-05T03:56:24Z",
                        "ce_id", "1234-1234-1234",
                        "ce_source", "/mycontext/subcontext",
                        "ce_partitionkey", "mykey",
                        "content-type", "application/json; charset=utf-8"));
    }

    @Test
    void structuredModeStaysStructured() {
        String topic = api.newTopic(1);
        String event = "{ \"specversion\" : \"1.0\", \"type\" : \"t\", \"source\" : \"/s\", \"id\" : \"A\","
                + " \"partitionkey\":\"k\\u00e9y\", \"comexampleothervalue\" : 5, \"data\" : {\"n\": 1.10} }";

        Api.Answer answer = api.post("/topics/" + topic, "application/cloudevents+json; charset=UTF-8", event);

        assertThat(answer.status()).as(answer.body()).isEqualTo(202);
        JsonNode record = api.readAll(topic, 0, 0, Api.TEXT).getFirst();
        assertThat(record.path("key").asText()).isEqualTo("k\u00e9y");
        assertThat(record.path("value").asText()).isEqualTo(event);
        assertThat(headers(record))
                .containsExactlyEntriesOf(Map.of("content-type", "application/cloudevents+json; charset=UTF-8"));
    }

    @Test
    void eventsOfABatchAreRecordsOfTheirOwn() {
        String topic = api.newTopic(1);
        String first = "{\"specversion\":\"1.0\",\"type\":\"t\",\"source\":\"/s\",\"id\":\"1\",\"partitionkey\":\"k\"}";
        String second = "{\"id\":\"2\", \"specversion\":\"1.0\",\"type\":\"t\",\"source\":\"/s\"}";

        Api.Answer answer = api.post("/topics/" + topic, BATCH, " [ " + first + " ,\n" + second + "]");
        Api.Answer empty = api.post("/topics/" + topic, BATCH, "[]");

        assertThat(answer.status()).as(answer.body()).isEqualTo(202);
        assertThat(empty.status()).isEqualTo(202);
        List<JsonNode> records = api.readAll(topic, 0, 0, Api.TEXT);
        assertThat(records).extracting(r -> r.path("value").asText()).containsExactly(first, second);
        assertThat(records).extracting(r -> r.path("key").isNull()).containsExactly(false, true);
        assertThat(headers(records.get(1)))
                .containsEntry("content-type", "application/cloudevents+json; charset=UTF-8");
    }

    @Test
    void clientThatAsksForOffsetsGetsThem() {
        String topic = api.newTopic(1);
        String event = "{\"specversion\":\"1.0\",\"type\":\"t\",\"source\":\"/s\",\"id\":\"1\"}";

        Api.Answer named = api.send(api.request("/topics/" + topic + "/partitions/0")
                .header("Content-Type", ONE)
                .header("Accept", "application/json")
                .POST(HttpRequest.BodyPublishers.ofString(event)));
        Api.Answer any = api.send(api.request("/topics/" + topic)
                .header("Content-Type", ONE)
                .header("Accept", "*/*")
                .POST(HttpRequest.BodyPublishers.ofString(event)));

        assertThat(named.status()).isEqualTo(200);
        assertThat(named.body()).isEqualTo("{\"offsets\":[{\"partition\":0,\"offset\":0}]}");
        assertThat(any.status()).isEqualTo(202);
    }

    /** Every topic is a Knative sink: 202 for what is stored, 400 for what cannot be read, never 200 without an event. */
    @Test
    void topicIsAKnativeSink() {
        String topic = api.newTopic(1);

        Api.Answer stored = post(topic, with(EXAMPLE, "Prefer", "reply"), "application/json", "{}");
        Api.Answer unreadable = post(topic, Map.of("ce-specversion", "1.0"), "application/json", "{}");
        Api.Answer nowhere = post(topic + "-none", EXAMPLE, "application/json", "{}");

        assertThat(stored.status()).isEqualTo(202);
        assertThat(unreadable.status()).isEqualTo(400);
        assertThat(nowhere.status()).isEqualTo(404);
    }

    @Test
    void valuesOfHeadersAreDecodedAsTheBindingSays() {
        String topic = api.newTopic(1);

        Api.Answer answer = post(
                topic,
                with(
                        EXAMPLE,
                        "CE-Subject",
                        "Euro%20%E2%82%AC%20%F0%9F%98%80",
                        "ce-quoted",
                        "\"a \\\"b\\\" c\"",
                        "ce-plain",
                        "a b%25c",
                        "ce-lower",
                        "%e2%82%ac"),
                "text/plain",
                "x");

        assertThat(answer.status()).as(answer.body()).isEqualTo(202);
        assertThat(headers(api.readAll(topic, 0, 0, Api.TEXT).getFirst()))
                .containsEntry("ce_subject", "Euro € \uD83D\uDE00")
                .containsEntry("ce_quoted", "a \"b\" c")
                .containsEntry("ce_plain", "a b%c")
                .containsEntry("ce_lower", "€");
    }

    @ParameterizedTest
    @CsvSource({
        "ce-subject,%C0%A0,ce-subject: is not percent-encoded UTF-8",
        "ce-subject,%ED%A0%80,ce-subject: is not percent-encoded UTF-8",
        "ce-subject,100%,ce-subject: is not percent-encoded UTF-8",
        "ce-subject,%4,ce-subject: is not percent-encoded UTF-8",
        "ce-subject,a%0D%0ASet-Cookie:x,ce-subject: has control characters or half surrogate pairs",
        "ce-subject,%00,ce-subject: has control characters or half surrogate pairs",
        "ce-subject,%C2%85,ce-subject: has control characters or half surrogate pairs",
        "ce-my_name,x,ce-my_name: names of attributes have the letters a to z and digits only",
        "ce-my-name,x,ce-my-name: names of attributes have the letters a to z and digits only",
        "ce-,x,ce-: names of attributes have the letters a to z and digits only",
        "ce-data,x,'ce-data: not allowed, the body is the data and Content-Type its type'",
        "ce-datacontenttype,x,'ce-datacontenttype: not allowed, the body is the data and Content-Type its type'",
        "ce-specversion,0.3,ce-specversion: must be 1.0",
        "ce-specversion,2.0,ce-specversion: must be 1.0",
        "ce-id,'',ce-id: missing",
        "ce-partitionkey,'',ce-partitionkey: must not be empty",
        "ce-type,'',ce-type: missing",
        "ce-time,yesterday,ce-time: is not a time (RFC 3339)",
        "ce-source,%20::,ce-source: is not a legal value"
    })
    void headerThatIsNoAttributeIsRefused(String name, String value, String error) {
        String topic = api.newTopic(1);
        Map<String, String> headers = new LinkedHashMap<>(EXAMPLE);
        headers.put(name, value);

        Api.Answer answer = post(topic, headers, "text/plain", "x");

        assertThat(answer.status()).isEqualTo(400);
        assertThat(answer.code()).isEqualTo("INVALID_EVENT");
        assertThat(answer.json().path("validation_errors").path(0).asText()).isEqualTo(error);
        assertThat(api.readAll(topic, 0, 0, Api.BINARY)).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(strings = {"ce-specversion", "ce-type", "ce-id", "ce-source"})
    void requiredHeaderThatIsMissingIsNamed(String name) {
        String topic = api.newTopic(1);
        Map<String, String> headers = new LinkedHashMap<>(EXAMPLE);
        headers.remove(name);

        Api.Answer answer = post(topic, headers, "application/octet-stream", "x");

        assertThat(answer.code()).isEqualTo("INVALID_EVENT");
        assertThat(answer.json().path("validation_errors").path(0).asText()).isEqualTo(name + ": missing");
        assertThat(api.readAll(topic, 0, 0, Api.BINARY)).isEmpty();
    }

    @Test
    void headerThatIsGivenTwiceIsRefused() {
        String topic = api.newTopic(1);
        RawHttp connection = new RawHttp(base.getPort());

        connection.send(head(topic) + "ce-id: other\r\nContent-Length: 1\r\nConnection: close\r\n\r\nx");

        assertThat(connection.readAll()).startsWith("HTTP/1.1 400").contains("ce-id: given twice");
        assertThat(api.readAll(topic, 0, 0, Api.BINARY)).isEmpty();
        connection.close();
    }

    @Test
    void tenThousandHeadersAreRefused() {
        String topic = api.newTopic(1);
        RawHttp connection = new RawHttp(base.getPort());
        StringBuilder headers = new StringBuilder();
        for (int i = 0; i < 10_000; i++) {
            headers.append("ce-x").append(i).append(": 1\r\n");
        }

        connection.send(head(topic) + headers + "Content-Length: 1\r\nConnection: close\r\n\r\nx");

        assertThat(connection.readAll()).startsWith("HTTP/1.1 431");
        assertThat(api.readAll(topic, 0, 0, Api.BINARY)).isEmpty();
        connection.close();
    }

    @Test
    void lineEndInAHeaderEndsTheHeader() {
        String topic = api.newTopic(1);
        RawHttp connection = new RawHttp(base.getPort());

        connection.send(
                head(topic) + "ce-subject: a\nce-injected: b\r\nContent-Length: 1\r\nConnection: close\r\n\r\nx");

        String answer = connection.readAll();
        assertThat(answer).startsWith("HTTP/1.1 ");
        api.readAll(topic, 0, 0, Api.BINARY)
                .forEach(record -> assertThat(headers(record).values()).noneMatch(value -> value.contains("\n")));
        connection.close();
    }

    @Test
    void eventWithoutDataHasNoValue() {
        String topic = api.newTopic(1);

        Api.Answer answer =
                api.send(with(api.request("/topics/" + topic), EXAMPLE).POST(HttpRequest.BodyPublishers.noBody()));

        assertThat(answer.status()).as(answer.body()).isEqualTo(202);
        JsonNode record = api.readAll(topic, 0, 0, Api.BINARY).getFirst();
        assertThat(record.path("value").isNull()).isTrue();
        assertThat(events(topic).getFirst().getData()).isNull();
    }

    @Test
    void dataMayBeAnything() {
        String topic = api.newTopic(1);
        byte[] data = {0, (byte) 0xff, 10};

        for (String type : List.of(
                "text/plain; charset=iso-8859-1",
                "application/x-ndjson",
                "application/json",
                "application/avro",
                "image/png")) {
            Api.Answer answer = api.send(with(api.request("/topics/" + topic), EXAMPLE)
                    .header("Content-Type", type)
                    .POST(HttpRequest.BodyPublishers.ofByteArray(data)));
            assertThat(answer.status()).as(type + answer.body()).isEqualTo(202);
        }

        assertThat(events(topic))
                .hasSize(5)
                .allSatisfy(event -> assertThat(
                                Objects.requireNonNull(event.getData()).toBytes())
                        .isEqualTo(data));
    }

    @Test
    void eventWithAnIdempotencyKeyIsWrittenOnce() {
        String topic = api.newTopic(2);
        Map<String, String> first = with(EXAMPLE, "Idempotency-Key", "k-1");

        Api.Answer written = post(topic, first, "text/plain; charset=utf-8", "x");
        Api.Answer again = post(topic, first, "text/plain; charset=utf-8", "x");
        List<Api.Answer> others = List.of(
                post(topic, with(first, "ce-id", "other"), "text/plain; charset=utf-8", "x"),
                post(topic, first, "text/plain; charset=iso-8859-1", "x"),
                post(topic, first, "text/plain; charset=utf-8", "y"));

        assertThat(written.status()).as(written.body()).isEqualTo(202);
        assertThat(again.status()).as(again.body()).isEqualTo(202);
        assertThat(again.header("Idempotency-Replayed")).isEqualTo("true");
        assertThat(others).allSatisfy(other -> assertThat(other.code()).isEqualTo("IDEMPOTENCY_KEY_REUSED"));
        assertThat(api.readAll(topic, 0, 0, Api.TEXT).size()
                        + api.readAll(topic, 1, 0, Api.TEXT).size())
                .isEqualTo(1);
    }

    @Test
    void eventsAreWrittenAtAKnownEndOnly() {
        String topic = api.newTopic(1);
        String path = topic + "/partitions/0";

        Api.Answer at = post(path, with(EXAMPLE, "If-Match", "\"0\""), "text/plain", "x");
        Api.Answer moved = post(path, with(EXAMPLE, "If-Match", "\"0\""), "text/plain", "x");

        assertThat(at.status()).as(at.body()).isEqualTo(202);
        assertThat(moved.status()).isEqualTo(412);
        assertThat(moved.header("Trunkline-End-Offset")).isEqualTo("1");
    }

    /** A gateway that passes them on does not turn records into the data of an event. */
    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void headersOfAnEventDoNotChangeAnEnvelope(boolean all) {
        String topic = api.newTopic(1);

        Api.Answer answer = post(
                topic, all ? EXAMPLE : Map.of("ce-id", "x"), Api.JSON, "{\"records\":[{\"value\":1},{\"value\":2}]}");
        Api.Answer charset =
                post(topic, EXAMPLE, Api.JSON + "; charset=iso-8859-1", "{\"records\":[{\"value\":1},{\"value\":2}]}");

        assertThat(answer.status()).as(answer.body()).isEqualTo(200);
        assertThat(answer.json().path("offsets")).hasSize(2);
        assertThat(charset.status()).isEqualTo(415);
        assertThat(api.readAll(topic, 0, 0, Api.JSON))
                .extracting(r -> r.path("value").asInt())
                .containsExactly(1, 2);
    }

    @ParameterizedTest
    @CsvSource({
        "application/cloudevents+json,key",
        "application/cloudevents-batch+json,offsets",
        "application/vnd.kafka.json.v2+json,key",
        "application/vnd.kafka.json.v2+json,offsets",
        "text/plain,offsets"
    })
    void parametersOfOtherBodiesAreRefused(String type, String parameter) {
        String topic = api.newTopic(1);

        Api.Answer answer = api.post("/topics/" + topic + "?" + parameter + "=true", type, "[]");

        assertThat(answer.status()).isEqualTo(400);
        assertThat(answer.code()).isEqualTo("INVALID_PARAMETER");
        assertThat(answer.json().path("message").asText()).contains("parameter " + parameter);
    }

    /** One of two partitions is held by somebody else, so that half of a batch is written. */
    @Test
    void batchOfWhichAPartIsWrittenIsNotToldToBeNothing() throws Exception {
        String topic = api.newTopic(2);
        StringBuilder events = new StringBuilder();
        for (int i = 0; i < 20; i++) {
            events.append(i == 0 ? "[" : ",")
                    .append(
                            "{\"specversion\":\"1.0\",\"type\":\"t\",\"source\":\"/s\",\"id\":\"1\",\"partitionkey\":\"")
                    .append(i)
                    .append("\"}");
        }
        Api.Answer answer;
        try (Connection connection = TestDatabase.asOwner();
                Statement statement = connection.createStatement()) {
            connection.setAutoCommit(false);
            statement.execute(
                    "SELECT FROM trunkline.partition_head JOIN trunkline.topic USING (topic_id) WHERE partition = 1 AND"
                            + " name = '" + topic + "' FOR UPDATE OF partition_head");

            answer = api.post("/topics/" + topic, BATCH, events + "]");
            connection.rollback();
        }

        assertThat(answer.status()).as(answer.body()).isEqualTo(503);
        assertThat(answer.code()).isEqualTo("OUTCOME_UNKNOWN");
        assertThat(answer.json().path("message").asText()).startsWith("Some of the records were written");
        assertThat(api.readAll(topic, 0, 0, Api.TEXT)).isNotEmpty();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "{\"specversion\":\"1.0\",\"type\":\"t\",\"source\":\"/s\"}|INVALID_EVENT|id: missing",
                "{\"specversion\":\"1.0\",\"type\":\"t\",\"source\":\"\",\"id\":\"1\"}|INVALID_EVENT|source: missing",
                "{\"specversion\":\"1.0\",\"type\":null,\"source\":\"/\",\"id\":\"1\"}|INVALID_EVENT|type: missing",
                "{\"specversion\":\"0.3\",\"type\":\"t\",\"source\":\"/s\",\"id\":\"1\"}|INVALID_EVENT|specversion: must be 1.0",
                "{\"specversion\":\"1.0\",\"type\":\"t\",\"source\":\"/s\",\"id\":\"1\",\"id\":\"2\"}|INVALID_EVENT|id: given twice",
                "{\"specversion\":\"1.0\",\"type\":\"t\",\"source\":\"/s\",\"id\":\"1\",\"data\":1,\"data\":2}|INVALID_EVENT|data: given twice",
                "{\"specversion\":\"1.0\",\"type\":\"t\",\"source\":\"/s\",\"id\":\"1\",\"data\":1,\"data_base64\":\"AA==\"}|INVALID_EVENT|data: not allowed beside data_base64",
                "{\"specversion\":\"1.0\",\"type\":\"t\",\"source\":\"/s\",\"id\":\"1\",\"data_base64\":\"%\"}|INVALID_EVENT|data_base64: must be a string of base64",
                "{\"specversion\":\"1.0\",\"type\":\"t\",\"source\":\"/s\",\"id\":\"1\",\"datacontenttype\":\"text/xml\",\"data\":{}}|INVALID_EVENT|data: must be a string",
                "{\"specversion\":\"1.0\",\"type\":\"t\",\"source\":\"/s\",\"id\":\"1\",\"ext\":{}}|INVALID_EVENT|ext: must be a string",
                "{\"specversion\":\"1.0\",\"type\":\"t\",\"source\":\"/s\",\"id\":\"1\",\"ext\":1.5}|INVALID_EVENT|ext: must be a string",
                "{\"specversion\":\"1.0\",\"type\":\"t\",\"source\":\"/s\",\"id\":\"1\",\"ext\":9999999999}|INVALID_EVENT|ext: must be a string",
                "{\"specversion\":\"1.0\",\"type\":\"t\",\"source\":\"/s\",\"id\":\"1\",\"partitionkey\":\"\"}|INVALID_EVENT|partitionkey: must not be empty",
                "{\"specversion\":\"1.0\",\"type\":\"t\",\"source\":\"/s\",\"id\":\"1\",\"subject\":7}|INVALID_EVENT|subject: must be a string",
                "{\"specversion\":\"1.0\",\"type\":\"t\",\"source\":\"/s\",\"id\":\"1\",\"data_base64\":\"AAA\"}|INVALID_EVENT|data_base64: must be a string of base64",
                "{\"specversion\":\"1.0\",\"type\":\"t\",\"source\":\"/s\",\"id\":\"1\",\"Ext\":1}|INVALID_EVENT|Ext: names of attributes",
                "{\"specversion\":\"1.0\",\"type\":\"t\",\"source\":\"/s\",\"id\":\"1\",\"time\":\"now\"}|INVALID_EVENT|time: is not a time",
                "{\"specversion\":\"1.0\",\"type\":\"t\",\"source\":\"/s\",\"id\":\"\\ud800\"}|INVALID_EVENT|id: has control characters",
                "[]|INVALID_EVENT|the body: must be an object",
                "7|INVALID_EVENT|the body: must be an object",
                "{\"specversion\":\"1.0\"|INVALID_JSON|",
                "{\"specversion\":\"1.0\"} {}|INVALID_JSON|",
                "``|INVALID_JSON|"
            })
    void textThatIsNoEventIsRefused(String body, String code, @Nullable String error) {
        String topic = api.newTopic(1);

        Api.Answer answer = api.post("/topics/" + topic, ONE, body);

        assertThat(answer.status()).isEqualTo(400);
        assertThat(answer.code()).isEqualTo(code);
        if (error != null) {
            assertThat(answer.json().path("validation_errors").path(0).asText()).startsWith(error);
        }
        assertThat(api.readAll(topic, 0, 0, Api.BINARY)).isEmpty();
    }

    @Test
    void oneBadEventRefusesItsBatch() {
        String topic = api.newTopic(1);
        String good = "{\"specversion\":\"1.0\",\"type\":\"t\",\"source\":\"/s\",\"id\":\"1\"}";

        Api.Answer answer = api.post("/topics/" + topic, BATCH, "[" + good + ",{},7," + good + "]");
        Api.Answer noArray = api.post("/topics/" + topic, BATCH, good);

        assertThat(answer.status()).isEqualTo(400);
        assertThat(answer.json().path("validation_errors"))
                .extracting(JsonNode::asText)
                .containsExactly(
                        "events[1].id: missing",
                        "events[1].source: missing",
                        "events[1].specversion: missing",
                        "events[1].type: missing",
                        "events[2]: must be an object");
        assertThat(noArray.json().path("validation_errors").path(0).asText())
                .isEqualTo("the body: must be an array of events");
        assertThat(api.readAll(topic, 0, 0, Api.BINARY)).isEmpty();
    }

    @Test
    void otherFormatsOfEventsAreNotTaken() {
        String topic = api.newTopic(1);

        assertThat(api.post("/topics/" + topic, "application/cloudevents+avro", "x")
                        .status())
                .isEqualTo(415);
        assertThat(post(topic, EXAMPLE, "application/cloudevents+protobuf", "x").status())
                .isEqualTo(415);
    }

    @Test
    void eventThatIsTooLargeIsRefusedWithItsBatch() {
        String topic = api.newTopic(1, "{\"max.message.bytes\":\"200\"}");
        String small = "{\"specversion\":\"1.0\",\"type\":\"t\",\"source\":\"/s\",\"id\":\"1\"}";
        String large = small.replace("\"1\"", "\"" + "1".repeat(200) + "\"");

        Api.Answer answer = api.post("/topics/" + topic, BATCH, "[" + small + "," + large + "]");

        assertThat(answer.status()).isEqualTo(413);
        assertThat(answer.code()).isEqualTo("RECORD_TOO_LARGE");
        assertThat(api.readAll(topic, 0, 0, Api.BINARY)).isEmpty();
    }

    /** The examples of the JSON event format, section 3.2, through both modes, as the CloudEvents library reads them. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "\"datacontenttype\" : \"application/vnd.apache.thrift.binary\", \"data_base64\" : \"AAECAw==\"",
                "\"unsetextension\": null, \"datacontenttype\" : \"application/xml\", \"data\" : \"<much wow=\\\"xml\\\"/>\"",
                "\"subject\": null, \"datacontenttype\" : \"application/json\","
                        + " \"data\" : {\"appinfoA\" : \"abc\", \"appinfoB\" : 123, \"appinfoC\" : true}",
                "\"subject\": null, \"data\" : \"I'm just a string\""
            })
    void examplesOfTheFormatComeBackAsTheyAre(String rest) {
        String topic = api.newTopic(1);
        String text = "{\"specversion\" : \"1.0\", \"type\" : \"com.example.someevent\", \"source\" : \"/mycontext\","
                + " \"id\" : \"A234-1234-1234\", \"time\" : \"2018-04-05T17:31:00Z\","
                + " \"comexampleextension1\" : \"value\", \"comexampleothervalue\" : 5, " + rest + "}";
        CloudEvent event = FORMAT.deserialize(text.getBytes(StandardCharsets.UTF_8));

        Api.Answer structured = api.post("/topics/" + topic, ONE, text);
        Api.Answer binary = post(
                topic,
                headers(event),
                Objects.requireNonNullElse(event.getDataContentType(), "application/json"),
                new String(Objects.requireNonNull(event.getData()).toBytes(), StandardCharsets.ISO_8859_1));

        assertThat(structured.status()).as(structured.body()).isEqualTo(202);
        assertThat(binary.status()).as(binary.body()).isEqualTo(202);
        List<CloudEvent> events = events(topic);
        assertThat(events.get(0)).isEqualTo(event);
        assertThat(headers(events.get(1))).isEqualTo(headers(event));
        assertThat(Objects.requireNonNull(events.get(1).getData()).toBytes())
                .isEqualTo(event.getData().toBytes());
    }

    @Test
    void recordThatIsNoEventIsTheDataOfOne() {
        String topic = api.newTopic(1);
        api.write(topic, 0, Api.JSON, List.of("{\"key\":\"k\",\"value\":{\"n\": 1.10},\"timestamp\":1517900000123}"));
        api.write(topic, 0, Api.TEXT, List.of("{\"key\":\"k\",\"value\":\"no \\\"JSON\\\"\"}"));
        api.write(topic, 0, Api.BINARY, List.of("{\"key\":\"/w==\",\"value\":\"AP8=\"}", "{\"value\":null}"));

        Api.Answer page = api.get("/topics/" + topic + "/partitions/0/records?offset=0", BATCH);

        assertThat(page.header("Content-Type")).startsWith(BATCH);
        assertThat(page.body())
                .startsWith("[{\"id\":\"0:0\",\"source\":\"/topics/" + topic + "\",\"type\":\"io.trunkline.record\","
                        + "\"time\":\"2018-02-06T06:53:20.123Z\",\"partitionkey\":\"\\\"k\\\"\","
                        + "\"datacontenttype\":\"application/json\",\"data\":{\"n\": 1.10},\"specversion\":\"1.0\"}");
        assertThat(page.json().get(1).path("data").asText()).isEqualTo("no \"JSON\"");
        assertThat(page.json().get(1).path("datacontenttype").asText()).isEqualTo("text/plain; charset=utf-8");
        assertThat(page.json().get(2).path("data_base64").asText()).isEqualTo("AP8=");
        assertThat(page.json().get(2).path("partitionkeybase64").asText()).isEqualTo("/w==");
        assertThat(page.json().get(3).has("data")).isFalse();
        assertThat(events(topic)).hasSize(4).extracting(CloudEvent::getId).containsExactly("0:0", "0:1", "0:2", "0:3");
    }

    @Test
    void recordWithHeadersThatMakeNoEventIsWrapped() {
        String topic = api.newTopic(1);
        api.write(
                topic,
                0,
                Api.TEXT,
                List.of(
                        "{\"value\":\"1\",\"headers\":[{\"key\":\"ce_id\",\"value\":\"MQ==\"}]}",
                        "{\"value\":\"no event\",\"headers\":[{\"key\":\"content-type\",\"value\":\"YXBwbGljYXRpb24vY2xvdWRldmVudHMranNvbg==\"}]}",
                        "{\"value\":\"{}\",\"headers\":[{\"key\":\"content-type\",\"value\":\"YXBwbGljYXRpb24vY2xvdWRldmVudHMranNvbg==\"}]}",
                        "{\"value\":\"1\",\"headers\":[{\"key\":\"ce_id\",\"value\":null},{\"key\":\"ce_\",\"value\":\"/w==\"}]}"));

        assertThat(events(topic))
                .extracting(CloudEvent::getType)
                .containsOnly("io.trunkline.record")
                .hasSize(4);
    }

    /** Producers that are not this service may write what the specification does not allow. */
    @Test
    void attributesThatMayNotBeEmptyAreLeftOut() {
        String topic = api.newTopic(1);
        String required = "{\"key\":\"ce_specversion\",\"value\":\"MS4w\"},{\"key\":\"ce_type\",\"value\":\"dA==\"},"
                + "{\"key\":\"ce_source\",\"value\":\"L3M=\"}";
        String empty = "{\"key\":\"content-type\",\"value\":\"\"},{\"key\":\"ce_subject\",\"value\":\"\"},"
                + "{\"key\":\"ce_time\",\"value\":\"\"},{\"key\":\"ce_dataschema\",\"value\":\"\"},"
                + "{\"key\":\"ce_partitionkey\",\"value\":\"\"},{\"key\":\"ce_other\",\"value\":\"\"}";
        api.write(
                topic,
                0,
                Api.TEXT,
                List.of(
                        "{\"value\":\"1\",\"headers\":[" + required + ",{\"key\":\"ce_id\",\"value\":\"Nw==\"}," + empty
                                + "]}",
                        "{\"value\":\"1\",\"headers\":[" + required + ",{\"key\":\"ce_id\",\"value\":\"\"}]}"));

        JsonNode page = api.get("/topics/" + topic + "/partitions/0/records?offset=0", BATCH)
                .json();

        assertThat(page.path(0).properties())
                .extracting(Map.Entry::getKey)
                .containsExactlyInAnyOrder("id", "source", "type", "specversion", "other", "data");
        assertThat(page.path(1).path("type").asText()).as("without an id").isEqualTo("io.trunkline.record");
    }

    @Test
    void pagesOfEventsAreCachedByThemselves() {
        String topic = api.newTopic(1);
        api.writeNumbers(topic, 0, 0, 10);
        String path = "/topics/" + topic + "/partitions/0/records?offset=0&max_records=5";

        Api.Answer events = api.get(path, BATCH);
        Api.Answer records = api.get(path, Api.JSON);

        assertThat(events.header("ETag")).isNotEqualTo(records.header("ETag")).isNotEmpty();
        assertThat(events.json()).hasSize(5);
        assertThat(api.get("/topics/" + topic + "/partitions/0/records?offset=10", BATCH)
                        .body())
                .isEqualTo("[]");
    }

    @Test
    void eventThatTheLibraryWritesComesBackEqual() {
        String topic = api.newTopic(3);
        CloudEvent event = CloudEventBuilder.v1()
                .withId("id")
                .withSource(URI.create("urn:x:y"))
                .withType("type")
                .withTime(OffsetDateTime.parse("2020-01-02T03:04:05.678+01:00"))
                .withDataSchema(URI.create("http://example.com/schema"))
                .withExtension("partitionkey", "some key")
                .withData("application/json", "{\"a\":1}".getBytes(StandardCharsets.UTF_8))
                .build();

        Api.Answer answer = api.post(
                "/topics/" + topic + "/partitions/2", ONE, new String(FORMAT.serialize(event), StandardCharsets.UTF_8));

        assertThat(answer.status()).as(answer.body()).isEqualTo(202);
        JsonNode page =
                api.get("/topics/" + topic + "/partitions/2/records", BATCH).json();
        assertThat(headers(FORMAT.deserialize(bytes(page.get(0))))).isEqualTo(headers(event));
    }

    private List<CloudEvent> events(String topic) {
        List<CloudEvent> events = new ArrayList<>();
        api.get("/topics/" + topic + "/partitions/0/records?offset=0", BATCH)
                .json()
                .forEach(event -> events.add(FORMAT.deserialize(bytes(event))));
        return events;
    }

    private static byte[] bytes(JsonNode json) {
        return json.toString().getBytes(StandardCharsets.UTF_8);
    }

    /** The attributes of an event as headers, but for the media type of its data. */
    private static Map<String, String> headers(CloudEvent event) {
        Map<String, String> headers = new LinkedHashMap<>();
        event.getAttributeNames().stream()
                .filter(name -> !name.equals("datacontenttype"))
                .forEach(name -> headers.put("ce-" + name, String.valueOf(event.getAttribute(name))));
        event.getExtensionNames().forEach(name -> headers.put("ce-" + name, String.valueOf(event.getExtension(name))));
        return headers;
    }

    private static Map<String, String> headers(JsonNode record) {
        Map<String, String> headers = new LinkedHashMap<>();
        record.path("headers").forEach(header -> {
            try {
                headers.put(
                        header.path("key").asText(),
                        new String(header.path("value").binaryValue(), StandardCharsets.UTF_8));
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        });
        return headers;
    }

    private static Map<String, String> with(Map<String, String> headers, String... more) {
        Map<String, String> all = new LinkedHashMap<>(headers);
        for (int i = 0; i < more.length; i += 2) {
            all.put(more[i], more[i + 1]);
        }
        return all;
    }

    private static HttpRequest.Builder with(HttpRequest.Builder request, Map<String, String> headers) {
        headers.forEach(request::header);
        return request;
    }

    private Api.Answer post(String topic, Map<String, String> headers, String contentType, String latin) {
        return api.send(with(api.request("/topics/" + topic), headers)
                .header("Content-Type", contentType)
                .POST(HttpRequest.BodyPublishers.ofByteArray(latin.getBytes(StandardCharsets.ISO_8859_1))));
    }

    private static String head(String topic) {
        StringBuilder head = new StringBuilder("POST /topics/" + topic + " HTTP/1.1\r\nHost: localhost\r\n");
        EXAMPLE.forEach(
                (name, value) -> head.append(name).append(": ").append(value).append("\r\n"));
        return head.toString();
    }
}
