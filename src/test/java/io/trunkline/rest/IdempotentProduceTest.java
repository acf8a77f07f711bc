package io.trunkline.rest;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import io.quarkus.test.junit.QuarkusTest;
import io.trunkline.error.ErrorCode;
import io.trunkline.error.TrunklineException;
import io.trunkline.testing.Api;
import io.trunkline.testing.ServiceTestCase;
import io.trunkline.topic.TopicName;
import java.net.http.HttpRequest;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.UUID;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** {@code Idempotency-Key} and {@code If-Match} on produce requests. */
@QuarkusTest
class IdempotentProduceTest extends ServiceTestCase {
    private final String key = UUID.randomUUID().toString();

    @Test
    void repetitionGetsTheFirstOffsetsAndWritesNothing() {
        String topic = api.newTopic(1);
        String path = "/topics/" + topic + "/partitions/0";
        api.writeNumbers(topic, 0, 0, 3);

        Api.Answer first = produce(path, key, records("a", "b"));
        api.writeNumbers(topic, 0, 3, 5);
        Api.Answer again = produce(path, key, records("a", "b"));

        assertThat(first.status()).as(first.body()).isEqualTo(200);
        assertThat(first.header("Idempotency-Replayed")).isEmpty();
        assertThat(again.status()).isEqualTo(200);
        assertThat(again.body()).isEqualTo(first.body()).contains("\"offset\":3", "\"offset\":4");
        assertThat(again.header("Idempotency-Replayed")).isEqualTo("true");
        assertThat(api.readAll(topic, 0, 0, Api.JSON)).hasSize(7);
    }

    @Test
    void repetitionIsDistributedAsTheFirstRequestAlsoAfterPartitionsWereAdded() {
        String topic = api.newTopic(3);
        List<String> values = new ArrayList<>();
        for (int i = 0; i < 40; i++) {
            values.add("{\"value\":" + i + (i % 3 == 0 ? "" : ",\"key\":\"k" + i + "\"") + "}");
        }
        String body = "{\"records\":[" + String.join(",", values) + ",{\"value\":1,\"partition\":2},"
                + "{\"value\":1,\"partition\":4}]}";

        Api.Answer first = produce("/topics/" + topic, key, body);
        api.addPartitions(topic, 7);
        Api.Answer again = produce("/topics/" + topic, key, body);

        assertThat(first.status()).as(first.body()).isEqualTo(200);
        assertThat(first.json().path("offsets").path(41).path("error_code").asInt())
                .isEqualTo(404);
        assertThat(again.body()).isEqualTo(first.body());
        assertThat(again.header("Idempotency-Replayed")).isEqualTo("true");
        assertThat(total(topic, 7)).isEqualTo(41);
        assertThat(produce("/topics/" + topic, UUID.randomUUID().toString(), body)
                        .json()
                        .path("offsets")
                        .path(41)
                        .has("offset"))
                .isTrue();
    }

    @Test
    void recordsWithoutAKeyAreSpreadOverPartitions() {
        String topic = api.newTopic(4);
        String body = records(
                IntStream.range(0, 40).mapToObj(i -> i + "x".repeat(4_000)).toArray(String[]::new));

        Api.Answer first = produce("/topics/" + topic, key, body);
        Api.Answer again = produce("/topics/" + topic, key, body);

        assertThat(again.body()).isEqualTo(first.body());
        for (int partition = 0; partition < 4; partition++) {
            assertThat(api.readAll(topic, partition, 0, Api.TEXT)).hasSizeBetween(5, 15);
        }
    }

    @Test
    void keyOfAnotherRequestIsRefused() {
        String topic = api.newTopic(2);
        String path = "/topics/" + topic + "/partitions/0";
        produce(path, key, records("a"));

        List<Api.Answer> others = List.of(
                produce(path, key, records("b")),
                produce("/topics/" + topic + "/partitions/1", key, records("a")),
                produce("/topics/" + topic, key, records("a")),
                send(path, key, Api.TEXT, records("a")),
                produce(path + "?async=true", key, records("b")));

        assertThat(others).allSatisfy(answer -> {
            assertThat(answer.status()).as(answer.body()).isEqualTo(422);
            assertThat(answer.code()).isEqualTo("IDEMPOTENCY_KEY_REUSED");
        });
        assertThat(total(topic, 2)).isEqualTo(1);
    }

    @Test
    void keyBelongsToItsTopic() {
        String one = api.newTopic(1);
        String other = api.newTopic(1);

        produce("/topics/" + one, key, records("a"));
        Api.Answer answer = produce("/topics/" + other, key, records("b"));

        assertThat(answer.status()).isEqualTo(200);
        assertThat(answer.header("Idempotency-Replayed")).isEmpty();
    }

    @Test
    void topicOfTheSameNameIsAnother() {
        String topic = api.newTopic(1);
        produce("/topics/" + topic, key, records("a"));
        assertThat(api.delete("/topics/" + topic).status()).isEqualTo(204);
        api.createTopic(topic, 1);

        Api.Answer answer = produce("/topics/" + topic, key, records("b"));

        assertThat(answer.status()).as(answer.body()).isEqualTo(200);
        assertThat(api.readAll(topic, 0, 0, Api.JSON)).hasSize(1);
    }

    @Test
    void clientThatWaitsForNoOffsetsCanRepeatToo() {
        String topic = api.newTopic(2);
        String path = "/topics/" + topic + "?async=true";

        Api.Answer first = produce(path, key, records("a", "b"));
        Api.Answer again = produce(path, key, records("a", "b"));

        assertThat(first.status()).as(first.body()).isEqualTo(204);
        assertThat(first.header("Idempotency-Replayed")).isEmpty();
        assertThat(again.status()).isEqualTo(204);
        assertThat(again.header("Idempotency-Replayed")).isEqualTo("true");
        assertThat(total(topic, 2)).isEqualTo(2);
    }

    @Test
    void requestThatWritesAllOrNothingIsAnotherOne() {
        String topic = api.newTopic(1, "{\"max.message.bytes\":\"10\"}");
        String path = "/topics/" + topic + "/partitions/0";
        String body = records("a", "much too large for it");

        Api.Answer first = produce(path, key, body);
        List<Api.Answer> others = List.of(
                produce(path + "?async=true", key, body),
                api.send(request(path, Api.JSON, body)
                        .header("Idempotency-Key", key)
                        .header("If-Match", "\"0\"")));

        assertThat(first.status()).as(first.body()).isEqualTo(200);
        assertThat(others)
                .as("not told that a request was refused of which a record is in the log")
                .allSatisfy(other -> assertThat(other.code()).isEqualTo("IDEMPOTENCY_KEY_REUSED"));
        assertThat(produce(path, key, body).body()).isEqualTo(first.body());
    }

    @Test
    void rawRecordsAndEventsAreWrittenOnceToo() {
        String topic = api.newTopic(3);
        String path = "/topics/" + topic;
        String batch = "[{\"specversion\":\"1.0\",\"id\":\"1\",\"source\":\"/s\",\"type\":\"t\"}]";

        Api.Answer raw = send(path + "?key=a", "raw", "text/plain", "hello");
        Api.Answer rawAgain = send(path + "?key=a", "raw", "text/plain", "hello");
        Api.Answer rawWithAnotherKey = send(path + "?key=b", "raw", "text/plain", "hello");
        Api.Answer event = event(path, "event", "1");
        Api.Answer eventAgain = event(path, "event", "1");
        Api.Answer otherEvent = event(path, "event", "2");
        Api.Answer events = send(path, "batch", "application/cloudevents-batch+json", batch);
        Api.Answer eventsAgain = send(path, "batch", "application/cloudevents-batch+json", batch);

        assertThat(raw.status()).as(raw.body()).isEqualTo(200);
        assertThat(rawAgain.body()).isEqualTo(raw.body());
        assertThat(rawWithAnotherKey.code()).isEqualTo("IDEMPOTENCY_KEY_REUSED");
        assertThat(List.of(event.status(), eventAgain.status(), events.status(), eventsAgain.status()))
                .containsOnly(202);
        assertThat(List.of(rawAgain, eventAgain, eventsAgain))
                .allSatisfy(answer ->
                        assertThat(answer.header("Idempotency-Replayed")).isEqualTo("true"));
        assertThat(otherEvent.code())
                .as("the body is the same, the event is not")
                .isEqualTo("IDEMPOTENCY_KEY_REUSED");
        assertThat(total(topic, 3)).isEqualTo(3);
    }

    private Api.Answer event(String path, String key, String id) {
        return api.send(request(path, "text/plain", "data")
                .header("Idempotency-Key", key)
                .header("ce-specversion", "1.0")
                .header("ce-id", id)
                .header("ce-source", "/s")
                .header("ce-type", "t"));
    }

    @Test
    void whatGatewaysStampOnAnEnvelopeMakesNoOtherRequestOfIt() {
        String path = "/topics/" + api.newTopic(1);

        Api.Answer first = api.send(request(path, Api.JSON, records("a"))
                .header("Idempotency-Key", key)
                .header("ce-time", "2026-01-01T00:00:00Z"));
        Api.Answer again = api.send(request(path, Api.JSON, records("a"))
                .header("Idempotency-Key", key)
                .header("ce-time", "2026-01-01T00:00:01Z"));

        assertThat(first.status()).as(first.body()).isEqualTo(200);
        assertThat(again.body()).isEqualTo(first.body());
        assertThat(again.header("Idempotency-Replayed")).isEqualTo("true");
    }

    @Test
    void semicolonIsAPartOfAParameter() {
        String topic = api.newTopic(1);

        Api.Answer first = send("/topics/" + topic + "?key=a;async=true", key, "text/plain", "x");
        Api.Answer other = send("/topics/" + topic + "?key=a;async=1", key, "text/plain", "x");

        assertThat(first.status()).as("waits for the offset").isEqualTo(200);
        assertThat(other.code()).isEqualTo("IDEMPOTENCY_KEY_REUSED");
        assertThat(api.readAll(topic, 0, 0, Api.TEXT))
                .singleElement()
                .satisfies(read -> assertThat(read.path("key").asText()).isEqualTo("a;async=true"));
    }

    @Test
    void rawRecordIsWrittenOnlyAtTheEndThatIsExpected() {
        String path = "/topics/" + api.newTopic(1) + "/partitions/0";

        Api.Answer first = api.send(request(path, "text/plain", "a").header("If-Match", "\"0\""));
        Api.Answer late = api.send(request(path, "text/plain", "b").header("If-Match", "\"0\""));

        assertThat(first.status()).isEqualTo(200);
        assertThat(late.code()).isEqualTo("END_OFFSET_MOVED");
        assertThat(late.header("Trunkline-End-Offset")).isEqualTo("1");
    }

    @Test
    void clientThatWaitsForNoOffsetsIsNotToldThatNothingWasWrittenWhereSomethingWas() {
        ProduceCall call = new ProduceCall(
                TopicName.parse("t"),
                OptionalInt.empty(),
                true,
                new ProduceBody.Envelope(RecordFormat.JSON),
                MediaTypes.CONTROL,
                true,
                true,
                new ProduceTerms(Optional.of(new IdempotencyKey("k")), Optional.empty(), OptionalLong.empty()));
        TrunklineException refused = new TrunklineException(ErrorCode.OVERLOADED, "nothing was written");

        assertThatThrownBy(() -> call.response(result(null, refused)))
                .isInstanceOfSatisfying(TrunklineException.class, e -> {
                    assertThat(e.code()).isEqualTo(ErrorCode.OUTCOME_UNKNOWN);
                    assertThat(e.userMessage()).contains("Some records").contains("Idempotency-Key");
                });
        assertThatThrownBy(() -> call.response(result(refused, refused))).isSameAs(refused);
        assertThat(call.response(result(null, null))).isEmpty();
    }

    private static ProduceResult result(@Nullable TrunklineException... failures) {
        return new ProduceResult(
                new int[failures.length], new long[failures.length], failures, false, Optional.empty());
    }

    @Test
    void requestThatWroteNothingLeavesItsKeyFree() {
        String topic = api.newTopic(1, "{\"max.message.bytes\":\"10\"}");

        Api.Answer broken = produce("/topics/" + topic, key, "{\"records\":[{\"value\":1,\"offset\":1}]}");
        Api.Answer refused = produce("/topics/" + topic, key, records("much too large for it"));
        Api.Answer empty = produce("/topics/" + topic, key, "{\"records\":[]}");
        Api.Answer written = produce("/topics/" + topic, key, records("a"));

        assertThat(broken.status()).isEqualTo(400);
        assertThat(refused.body()).contains("\"error_code\":413");
        assertThat(empty.status()).isEqualTo(200);
        assertThat(written.body()).contains("\"offset\":0");
        assertThat(written.header("Idempotency-Replayed")).isEmpty();
    }

    @Test
    void repetitionGetsTheFirstAnswerAlthoughTheTopicTakesSmallerRecordsNow() {
        String topic = api.newTopic(1, "{\"max.message.bytes\":\"20\"}");
        String body = records("fifteen bytes..", "longer than twenty bytes");
        String small = records("fifteen bytes..");
        String other = UUID.randomUUID().toString();
        Api.Answer first = produce("/topics/" + topic, key, body);
        produce("/topics/" + topic + "?async=true", other, small);
        assertThat(api.send("PATCH", "/topics/" + topic, Api.CONTROL, "{\"configs\":{\"max.message.bytes\":10}}")
                        .status())
                .isEqualTo(200);

        Api.Answer again = produce("/topics/" + topic, key, body);
        Api.Answer async = produce("/topics/" + topic + "?async=true", other, small);

        assertThat(first.body()).contains("\"offset\":0", "at most 20 bytes");
        assertThat(again.body()).isEqualTo(first.body());
        assertThat(again.header("Idempotency-Replayed")).isEqualTo("true");
        assertThat(async.status()).isEqualTo(204);
        assertThat(produce("/topics/" + topic, key, records("also too large")).status())
                .isEqualTo(422);
        assertThat(produce("/topics/" + topic + "?async=true", "new", small).status())
                .isEqualTo(413);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "with space", "a\tb"})
    void keyMustBeVisibleAscii(String bad) {
        String topic = api.newTopic(1);

        Api.Answer answer = produce("/topics/" + topic, bad, records("a"));

        assertThat(answer.status()).isEqualTo(400);
        assertThat(answer.code()).isEqualTo("INVALID_PARAMETER");
        assertThat(total(topic, 1)).isZero();
    }

    @Test
    void keyHasNoOtherCharacters() {
        assertThatThrownBy(() -> IdempotencyKey.parse("größe")).isInstanceOf(TrunklineException.class);
        assertThatThrownBy(() -> IdempotencyKey.parse("a\u007f")).isInstanceOf(TrunklineException.class);
        assertThatThrownBy(() -> new IdempotencyKey("a b")).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void keyHasAtMost255Characters() {
        String topic = api.newTopic(1);

        assertThat(produce("/topics/" + topic, "k".repeat(255), records("a")).status())
                .isEqualTo(200);
        assertThat(produce("/topics/" + topic, "k".repeat(256), records("a")).status())
                .isEqualTo(400);
        assertThat(api.send(request("/topics/" + topic, Api.JSON, records("a"))
                                .header("Idempotency-Key", "a")
                                .header("Idempotency-Key", "b"))
                        .status())
                .isEqualTo(400);
    }

    @Test
    void recordsAreWrittenAtTheExpectedEndOnly() {
        String topic = api.newTopic(2);
        String path = "/topics/" + topic + "/partitions/1";

        Api.Answer first = produceAt(path, "\"0\"", records("a", "b"));
        Api.Answer late = produceAt(path, "\"0\"", records("c"));
        Api.Answer second = produceAt(path, "\"2\"", records("c"));

        assertThat(first.status()).as(first.body()).isEqualTo(200);
        assertThat(late.status()).isEqualTo(412);
        assertThat(late.code()).isEqualTo("END_OFFSET_MOVED");
        assertThat(late.header("Trunkline-End-Offset")).isEqualTo("2");
        assertThat(second.body()).contains("\"offset\":2");
        assertThat(api.readAll(topic, 1, 0, Api.JSON)).hasSize(3);
    }

    @Test
    void conditionIsToldByTheResourceToo() {
        String topic = api.newTopic(1);
        // An escape in the query keeps the request from the short way.
        String path = "/topics/" + topic + "/partitions/0?async=f%61lse";

        Api.Answer late = produceAt(path, "\"7\"", records("c"));
        produce(path, key, records("c"));
        Api.Answer again = produce(path, key, records("c"));

        assertThat(late.status()).isEqualTo(412);
        assertThat(late.header("Trunkline-End-Offset")).isEqualTo("0");
        assertThat(again.header("Idempotency-Replayed")).isEqualTo("true");
    }

    @Test
    void conditionMeansAllRecordsOrNone() {
        String topic = api.newTopic(1, "{\"max.message.bytes\":\"10\"}");

        Api.Answer answer =
                produceAt("/topics/" + topic + "/partitions/0", "\"0\"", records("a", "much too large for the topic"));

        assertThat(answer.status()).isEqualTo(413);
        assertThat(total(topic, 1)).isZero();
    }

    @Test
    void repetitionGetsTheFirstAnswerAlthoughTheEndHasMoved() {
        String topic = api.newTopic(1);
        String path = "/topics/" + topic + "/partitions/0";
        HttpRequest.Builder request = request(path, Api.JSON, records("a"))
                .header("Idempotency-Key", key)
                .header("If-Match", "\"0\"");

        Api.Answer first = api.send(request);
        api.writeNumbers(topic, 0, 0, 3);
        Api.Answer again = api.send(request);

        assertThat(again.status()).isEqualTo(200);
        assertThat(again.body()).isEqualTo(first.body());
        assertThat(total(topic, 1)).isEqualTo(4);
    }

    @ParameterizedTest
    @ValueSource(strings = {"*", "W/\"0\"", "0", "\"\"", "\"-1\"", "\"00\"", "\"0\", \"1\"", "\"9999999999999999999\""})
    void conditionMustBeOneOffset(String bad) {
        String topic = api.newTopic(1);

        Api.Answer answer = produceAt("/topics/" + topic + "/partitions/0", bad, records("a"));

        assertThat(answer.status()).as(answer.body()).isEqualTo(400);
        assertThat(answer.code()).isEqualTo("INVALID_PARAMETER");
        assertThat(total(topic, 1)).isZero();
    }

    @Test
    void conditionNeedsAPartitionARecordAndAResponse() {
        String topic = api.newTopic(1);

        assertThat(produceAt("/topics/" + topic, "\"0\"", records("a")).status())
                .isEqualTo(400);
        assertThat(produceAt("/topics/" + topic + "/partitions/0?async=true", "\"0\"", records("a"))
                        .status())
                .isEqualTo(400);
        assertThat(produceAt("/topics/" + topic + "/partitions/0", "\"0\"", "{\"records\":[]}")
                        .status())
                .isEqualTo(400);
        assertThat(total(topic, 1)).isZero();
    }

    private int total(String topic, int partitions) {
        return IntStream.range(0, partitions)
                .map(p -> {
                    List<JsonNode> records = api.readAll(topic, p, 0, Api.BINARY);
                    for (int i = 0; i < records.size(); i++) {
                        assertThat(records.get(i).path("offset").asInt()).isEqualTo(i);
                    }
                    return records.size();
                })
                .sum();
    }

    private static String records(String... values) {
        return "{\"records\":["
                + String.join(
                        ",",
                        IntStream.range(0, values.length)
                                .mapToObj(i -> "{\"value\":\"" + values[i] + "\"}")
                                .toList())
                + "]}";
    }

    private Api.Answer produce(String path, String key, String body) {
        return send(path, key, Api.JSON, body);
    }

    private Api.Answer send(String path, String key, String type, String body) {
        return api.send(request(path, type, body).header("Idempotency-Key", key));
    }

    private Api.Answer produceAt(String path, String end, String body) {
        return api.send(request(path, Api.JSON, body).header("If-Match", end));
    }

    private HttpRequest.Builder request(String path, String type, String body) {
        return api.request(path).header("Content-Type", type).POST(HttpRequest.BodyPublishers.ofString(body));
    }
}
