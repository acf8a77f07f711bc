package io.trunkline.rest;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.quarkus.test.junit.QuarkusTest;
import io.trunkline.testing.Api;
import io.trunkline.testing.BridgeClient;
import io.trunkline.testing.BridgeContract;
import io.trunkline.testing.Consumer;
import io.trunkline.testing.ServiceTestCase;
import java.net.URI;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.UUID;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Trunkline as clients of the bridge see it; their client validates every response against the bridge's contract. */
@QuarkusTest
class BridgeDialectTest extends ServiceTestCase {
    private static final BridgeContract CONTRACT = BridgeContract.closed();
    private static final String NO_TOPIC = "/topics/no-" + UUID.randomUUID();

    private BridgeClient bridge;
    private String topic;
    private String consumers;

    @BeforeEach
    void client() {
        bridge = new BridgeClient(api);
        topic = "bridge-" + UUID.randomUUID();
        consumers = "/consumers/bridge-" + UUID.randomUUID();
        assertThat(create(topic, 2).status()).isEqualTo(201);
    }

    private Api.Answer create(String name, int partitions) {
        return bridge.post(
                "/admin/topics",
                Api.JSON,
                "{\"topic_name\":\"" + name + "\",\"partitions_count\":" + partitions + ",\"replication_factor\":1}");
    }

    private String consumer(String options) {
        Api.Answer created = bridge.post(consumers, options);
        assertThat(created.status()).as(created.body()).isEqualTo(200);
        return URI.create(created.json().path("base_uri").asText()).getRawPath();
    }

    private String subscribed(String format) {
        String consumer = consumer(
                "{\"format\":\"" + format + "\",\"auto.offset.reset\":\"earliest\",\"enable.auto.commit\":false}");
        done(bridge.post(consumer + "/subscription", Consumer.topics(topic)));
        return consumer;
    }

    private static void done(Api.Answer answer) {
        assertThat(answer.status()).as(answer.body()).isEqualTo(204);
    }

    private List<JsonNode> poll(String consumer, String accept, int count) {
        List<JsonNode> records = new ArrayList<>();
        while (records.size() < count) {
            JsonNode page =
                    bridge.get(consumer + "/records?timeout=15000", accept).json();
            assertThat(page).isNotEmpty();
            page.forEach(records::add);
        }
        return records;
    }

    @Test
    void everyOperationAnswersAsTheContractSays() {
        BridgeClient managing = new BridgeClient(ops);
        bridge.get("/", "application/json");
        bridge.get("/openapi", "application/json");
        bridge.get("/openapi/v3", "application/json");
        managing.get("/healthy", null);
        managing.get("/ready", null);
        managing.get("/metrics", "text/plain");
        bridge.get("/topics");
        bridge.get("/topics/" + topic);
        bridge.get("/topics/" + topic + "/partitions");
        bridge.get("/topics/" + topic + "/partitions/1");
        bridge.post("/topics/" + topic, Api.JSON, "{\"records\":[{\"key\":\"a\",\"value\":{\"b\":1}}]}");
        bridge.post("/topics/" + topic + "/partitions/1", Api.JSON, "{\"records\":[{\"value\":[1]}]}");
        bridge.get("/topics/" + topic + "/partitions/1/offsets");
        String consumer = subscribed("json");
        bridge.get(consumer + "/subscription");
        poll(consumer, Api.JSON, 2);
        done(bridge.post(consumer + "/offsets"));
        done(bridge.post(consumer + "/positions", Consumer.offsets(Consumer.offset(topic, 1, 0))));
        done(bridge.post(consumer + "/positions/beginning", Consumer.partitions(topic, 0, 1)));
        done(bridge.post(consumer + "/positions/end", Consumer.partitions(topic, 0, 1)));
        done(bridge.delete(consumer + "/subscription"));
        done(bridge.post(consumer + "/assignments", Consumer.partitions(topic, 0)));
        done(bridge.delete(consumer));

        Set<String> seen = new TreeSet<>(bridge.seen());
        seen.addAll(managing.seen());
        assertThat(seen).isEqualTo(CONTRACT.operations()).hasSize(25);
    }

    @Test
    void responseWithAnythingElseIsNotTaken() {
        String path = "GET /topics/{topicname}";
        byte[] more = "{\"name\":\"t\",\"configs\":{},\"partitions\":[],\"size_bytes\":1}".getBytes();

        assertThat(CONTRACT.errorsOf(path, 200, Api.CONTROL, more)).isNotEmpty();
        assertThat(CONTRACT.errorsOf(path, 200, "application/json", "{}".getBytes()))
                .isNotEmpty();
        assertThat(CONTRACT.errorsOf(path, 202, Api.CONTROL, "{}".getBytes())).isNotEmpty();
    }

    /** Its own examples are what it says after the corrections that the validation makes, and only then. */
    @Test
    void contractIsCorrectedOnlyWhereItContradictsItself() {
        for (String schema : List.of("OffsetRecordSentList", "SubscribedTopicList")) {
            assertThat(BridgeContract.published().errorsOfExample(schema)).isNotEmpty();
            assertThat(CONTRACT.errorsOfExample(schema)).isEmpty();
        }
    }

    @Test
    void topicIsCreatedWithDefaultsAndDescribed() {
        String other = "bridge-" + UUID.randomUUID();

        Api.Answer created = bridge.post(
                "/admin/topics",
                Api.JSON,
                "{\"topic_name\":\"" + other + "\",\"partitions_count\":-1,\"replication_factor\":-1}");
        Api.Answer again = create(other, 1);

        assertThat(created.status()).isEqualTo(201);
        assertThat(created.body()).isEqualTo("{}");
        assertThat(again.status()).isEqualTo(409);
        JsonNode described = bridge.get("/topics/" + other).json();
        assertThat(described.path("partitions")).hasSize(1);
        assertThat(described.at("/partitions/0/replicas/0/in_sync").asBoolean()).isTrue();
        assertThat(described.at("/configs/cleanup.policy").asText()).isEqualTo("delete");
        assertThat(bridge.get("/topics").json()).extracting(JsonNode::asText).contains(other);
    }

    @ParameterizedTest
    @CsvSource({"application/vnd.kafka.v2+json", "*/*", "application/*", "''"})
    void everyAcceptHeaderOfABridgeClientGetsTheContractsFields(String accept) {
        String header = accept.isEmpty() ? null : accept;

        assertThat(bridge.get("/topics/" + topic, header).status()).isEqualTo(200);
        assertThat(bridge.get("/topics/" + topic + "/partitions", header).status())
                .isEqualTo(200);
        assertThat(bridge.get("/topics/" + topic + "/partitions/0", header).status())
                .isEqualTo(200);
        assertThat(bridge.get("/", header).status()).isEqualTo(200);
    }

    @Test
    void recordsAreWrittenInEveryFormatAndBadOnesFailAlone() {
        String records = "{\"records\":[{\"key\":\"a2V5\",\"value\":\"dmFsdWU=\",\"timestamp\":1591897790000,"
                + "\"headers\":[{\"key\":\"h\",\"value\":\"dg==\"}]},{\"value\":\"dg==\",\"partition\":7}]}";
        for (String format : List.of(Api.JSON, Api.BINARY, Api.TEXT)) {
            JsonNode sent =
                    bridge.post("/topics/" + topic, format, records).json().path("offsets");

            assertThat(sent.path(0).has("offset")).isTrue();
            assertThat(sent.path(1).path("error_code").asInt()).isEqualTo(404);
        }
        done(bridge.post("/topics/" + topic + "?async=true", Api.TEXT, "{\"records\":[{\"value\":\"v\"}]}"));
        done(bridge.post(
                "/topics/" + topic + "/partitions/0?async=true", Api.TEXT, "{\"records\":[{\"value\":\"v\"}]}"));
    }

    @Test
    void recordsAreReadInEveryFormat() {
        bridge.post(
                "/topics/" + topic + "/partitions/0",
                Api.JSON,
                "{\"records\":[{\"key\":\"k\",\"value\":{\"a\":[1,null]},\"headers\":[{\"key\":\"h\",\"value\":\"dg==\"}]},"
                        + "{\"value\":\"no key\"},{\"key\":[1],\"value\":null}]}");

        List<JsonNode> json = poll(subscribed("json"), Api.JSON, 3);
        consumers += "-binary";
        List<JsonNode> binary = poll(subscribed("binary"), Api.BINARY, 3);
        consumers += "-text";
        List<JsonNode> text = poll(subscribed("text"), Api.TEXT, 3);

        assertThat(json.get(0).at("/value/a/0").asInt()).isEqualTo(1);
        assertThat(json.get(0).at("/headers/0/value").asText()).isEqualTo("dg==");
        assertThat(json.get(1).path("key").isNull()).isTrue();
        assertThat(json.get(2).path("value").isNull()).isTrue();
        assertThat(Stream.of(binary, text))
                .allSatisfy(all -> assertThat(Consumer.offsets(all)).containsExactly(0L, 1L, 2L));
    }

    @Test
    void recordThatTheFormatCannotShowIsNull() {
        bridge.post("/topics/" + topic + "/partitions/0", Api.TEXT, "{\"records\":[{\"value\":\"not json\"}]}");

        JsonNode record = poll(subscribed("json"), Api.JSON, 1).getFirst();

        assertThat(record.path("value").isNull()).isTrue();
    }

    /** As clients set where a group begins before its consumers subscribe. */
    @Test
    void offsetIsCommittedBeforeTheSubscriptionAndCounts() {
        bridge.post(
                "/topics/" + topic + "/partitions/0",
                Api.TEXT,
                "{\"records\":[{\"value\":\"a\"},{\"value\":\"b\"},{\"value\":\"c\"}]}");
        String consumer = consumer("{\"format\":\"text\",\"auto.offset.reset\":\"earliest\"}");

        done(bridge.post(consumer + "/offsets", Consumer.offsets(Consumer.offset(topic, 0, 2))));
        done(bridge.post(consumer + "/subscription", Consumer.topics(topic)));

        assertThat(poll(consumer, Api.TEXT, 1).getFirst().path("value").asText())
                .isEqualTo("c");
    }

    @Test
    void subscriptionTellsTopicsAndPartitionsHoweverTheyWereChosen() {
        String consumer = consumer("{}");

        done(bridge.post(consumer + "/assignments", Consumer.partitions(topic, 1)));
        JsonNode assigned = bridge.get(consumer + "/subscription").json();
        done(bridge.delete(consumer + "/subscription"));
        done(bridge.post(consumer + "/subscription", Consumer.pattern(topic)));
        JsonNode matching = bridge.get(consumer + "/subscription").json();

        assertThat(assigned.toString())
                .isEqualTo("{\"topics\":[\"" + topic + "\"],\"partitions\":[{\"" + topic + "\":[1]}]}");
        assertThat(matching.toString())
                .isEqualTo("{\"topics\":[\"" + topic + "\"],\"partitions\":[{\"" + topic + "\":[0,1]}]}");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "GET|/subscription||404",
                "POST|/subscription|{\"topics\":[\"t\"]}|404",
                "POST|/assignments|{\"partitions\":[]}|404",
                "POST|/positions|{\"offsets\":[]}|404",
                "POST|/positions/beginning|{\"partitions\":[]}|404",
                "POST|/positions/end|{\"partitions\":[]}|404",
                "POST|/offsets|{\"offsets\":[]}|404",
                "GET|/records||404",
                "DELETE|``||404"
            })
    void unknownConsumerIsToldInTheContractsWords(String method, String operation, String body, int status) {
        String path = consumers + "/instances/nobody" + operation;

        Api.Answer answer = bridge.send(method, path, Api.CONTROL, body == null ? null : Api.CONTROL, body);

        assertThat(answer.status()).isEqualTo(status);
        assertThat(message(answer))
                .isEqualTo(CONTRACT.message(CONTRACT.operation(method, path).orElseThrow(), status))
                .isEqualTo("The specified consumer instance was not found.");
    }

    @Test
    void failuresOfConsumersAreToldInTheContractsWords() {
        String consumer = consumer("{\"name\":\"c\",\"format\":\"json\"}");
        String subscription = consumer + "/subscription";

        Api.Answer exists = bridge.post(consumers, "{\"name\":\"c\"}");
        Api.Answer nothing = bridge.post(subscription, "{}");
        Api.Answer both = bridge.post(subscription, "{\"topics\":[\"t\"],\"topic_pattern\":\"t\"}");
        done(bridge.post(subscription, Consumer.topics(topic)));
        Api.Answer pattern = bridge.post(subscription, Consumer.pattern("t"));
        Api.Answer partitions = bridge.post(consumer + "/assignments", Consumer.partitions(topic, 0));
        Api.Answer format = bridge.get(consumer + "/records", Api.BINARY);
        Api.Answer seek = bridge.post(consumer + "/positions", Consumer.offsets(Consumer.offset(other(), 0, 0)));

        assertFailure(exists, 409, "POST /consumers/{groupid}");
        assertFailure(nothing, 422, "POST /consumers/{groupid}/instances/{name}/subscription");
        assertFailure(both, 409, "POST /consumers/{groupid}/instances/{name}/subscription");
        assertFailure(pattern, 409, "POST /consumers/{groupid}/instances/{name}/subscription");
        assertFailure(partitions, 409, "POST /consumers/{groupid}/instances/{name}/assignments");
        assertFailure(format, 406, "GET /consumers/{groupid}/instances/{name}/records");
        assertThat(seek.status()).isEqualTo(404);
        assertThat(message(seek)).isEqualTo("No current assignment for partition " + lastOther + "-0");
    }

    private String lastOther = "";

    private String other() {
        lastOther = "bridge-" + UUID.randomUUID();
        create(lastOther, 1);
        return lastOther;
    }

    private static void assertFailure(Api.Answer answer, int status, String operation) {
        assertThat(answer.status()).as(answer.body()).isEqualTo(status);
        assertThat(message(answer))
                .isEqualTo(CONTRACT.message(operation, status))
                .isNotEmpty();
    }

    private static String message(Api.Answer answer) {
        return answer.json().path("message").asText();
    }

    @Test
    void failuresHaveTheContractsShape() {
        String consumer = consumer("{}");
        List<Api.Answer> failures = List.of(
                bridge.get(NO_TOPIC),
                bridge.get(NO_TOPIC + "/partitions"),
                bridge.get(NO_TOPIC + "/partitions/0"),
                bridge.get(NO_TOPIC + "/partitions/0/offsets"),
                bridge.get("/topics/" + topic + "/partitions/9"),
                bridge.get("/topics/" + topic + "/partitions/9/offsets"),
                bridge.get("/topics/" + topic + "/partitions/one"),
                bridge.post(NO_TOPIC, Api.JSON, "{\"records\":[{\"value\":\"v\"}]}"),
                bridge.post("/topics/" + topic + "/partitions/9", Api.JSON, "{\"records\":[{\"value\":\"v\"}]}"),
                bridge.post("/topics/" + topic, Api.JSON, "{}"),
                bridge.post("/topics/" + topic, Api.JSON, "{"),
                bridge.post("/topics/" + topic, "text/csv", "a,b"),
                bridge.post("/topics/" + topic, Api.BINARY, "{\"records\":[{\"value\":\"no base64!\"}]}"),
                bridge.post("/admin/topics", Api.JSON, "{\"topic_name\":\"a b\"}"),
                bridge.post(consumers, "{\"format\":\"foo\"}"),
                bridge.post(consumers, "{\"color\":\"red\"}"),
                bridge.get(consumer + "/records"),
                bridge.post(consumer + "/offsets", "{\"offsets\":[{\"topic\":\"" + topic + "\"}]}"));

        assertThat(failures).allSatisfy(failure -> assertThat(failure.status()).isBetween(400, 422));
    }
}
