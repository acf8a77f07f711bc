package io.trunkline.rest;

import static io.trunkline.testing.Failure.assertDoesNotFit;
import static io.trunkline.testing.Failure.assertFailure;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.quarkus.test.junit.QuarkusTest;
import io.trunkline.testing.Api;
import io.trunkline.testing.Consumer;
import io.trunkline.testing.Group;
import io.trunkline.testing.ServiceTestCase;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpRequest;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Consumer instances: how they come, are addressed, and go. */
@QuarkusTest
class ConsumersApiTest extends ServiceTestCase {
    private String consumers;

    @BeforeEach
    void group() {
        consumers = "/consumers/" + group.id();
    }

    @Test
    void everyOptionIsTakenAndTheAnswerSaysWhereTheInstanceIs() {
        Api.Answer answer = api.post(consumers, Api.CONTROL, """
                {"name":"my-consumer","format":"json","auto.offset.reset":"earliest","enable.auto.commit":false,
                 "fetch.min.bytes":512,"consumer.request.timeout.ms":30000,"isolation.level":"read_committed"}
                """);

        assertThat(answer.status()).as(answer.body()).isEqualTo(200);
        assertThat(answer.header("Content-Type")).startsWith(Api.CONTROL);
        assertThat(answer.json().properties()).hasSize(2);
        assertThat(answer.json().path("instance_id").asText()).isEqualTo("my-consumer");
        assertThat(answer.json().path("base_uri").asText()).isEqualTo(uri(consumers + "/instances/my-consumer"));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{\"format\":\"binary\"}",
                "{\"format\":\"json\"}",
                "{\"format\":\"text\"}",
                "{\"auto.offset.reset\":\"latest\"}",
                "{\"auto.offset.reset\":\"earliest\"}",
                "{\"auto.offset.reset\":\"none\"}",
                "{\"enable.auto.commit\":true}",
                "{\"enable.auto.commit\":false}",
                "{\"fetch.min.bytes\":1}",
                "{\"consumer.request.timeout.ms\":1}",
                "{\"isolation.level\":\"read_uncommitted\"}",
                "{\"isolation.level\":\"read_committed\"}"
            })
    void eachLegalValueIsTaken(String options) {
        assertThat(api.post(consumers, Api.CONTROL, options).status()).isEqualTo(200);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "{}", "{\"format\":\"json\"}"})
    void instanceWithoutANameGetsOneThatNobodyHas(String body) {
        Api.Answer first = api.post(consumers, Api.CONTROL, body);
        Api.Answer second = api.post(consumers, Api.CONTROL, body);

        assertThat(first.status()).as(first.body()).isEqualTo(200);
        assertThat(first.json().path("instance_id").asText())
                .isNotBlank()
                .isNotEqualTo(second.json().path("instance_id").asText());
        assertThat(group.members())
                .containsExactlyInAnyOrder(
                        first.json().path("instance_id").asText(),
                        second.json().path("instance_id").asText());
    }

    @Test
    void bodyIsOptionalAndSoIsItsType() {
        Api.Answer answer = api.send(api.request(consumers).POST(HttpRequest.BodyPublishers.noBody()));

        assertThat(answer.status()).as(answer.body()).isEqualTo(200);
        assertThat(answer.json().path("instance_id").asText()).isNotBlank();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "{\"color\":\"red\"}|color",
                "{\"auto.commit.enable\":true}|auto.commit.enable",
                "{\"name\":7}|name",
                "{\"name\":[]}|name",
                "{\"format\":true}|format",
                "{\"auto.offset.reset\":0}|auto.offset.reset",
                "{\"enable.auto.commit\":\"true\"}|enable.auto.commit",
                "{\"enable.auto.commit\":1}|enable.auto.commit",
                "{\"fetch.min.bytes\":\"512\"}|fetch.min.bytes",
                "{\"fetch.min.bytes\":1.5}|fetch.min.bytes",
                "{\"consumer.request.timeout.ms\":\"soon\"}|consumer.request.timeout.ms",
                "{\"isolation.level\":{}}|isolation.level",
                "[]|object",
                "7|object"
            })
    void bodyOfAnotherShapeIsABadRequestThatSaysWhatDoesNotFit(String body, String what) {
        Api.Answer answer = api.post(consumers, Api.CONTROL, body);

        assertDoesNotFit(answer, what);
        assertFailure(api.get(group.path()), 404, "GROUP_NOT_FOUND");
    }

    @Test
    void everythingThatDoesNotFitIsSaidAtOnce() {
        Api.Answer answer =
                api.post(consumers, Api.CONTROL, "{\"color\":1,\"format\":2,\"fetch.min.bytes\":\"x\",\"name\":3}");

        assertThat(answer.json().path("validation_errors")).hasSize(4);
    }

    @ParameterizedTest
    @ValueSource(strings = {"{", "nope", "{\"name\":\"a\"} x", "{\"name\":\"a\",\"name\":\"b\"}"})
    void bodyThatIsNoJsonIsABadRequest(String body) {
        assertFailure(api.post(consumers, Api.CONTROL, body), 400, "INVALID_JSON");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{\"format\":\"xml\"}",
                "{\"format\":\"\"}",
                "{\"auto.offset.reset\":\"middle\"}",
                "{\"isolation.level\":\"serializable\"}",
                "{\"fetch.min.bytes\":-1}",
                "{\"consumer.request.timeout.ms\":-1}",
                "{\"name\":\"\"}",
                "{\"name\":\".\"}",
                "{\"name\":\"..\"}",
                "{\"name\":\"a/b\"}",
                "{\"name\":\"a\\nb\"}",
                "{\"name\":\"a\\u007f\"}"
            })
    void illegalValueIsUnprocessable(String body) {
        Api.Answer answer = api.post(consumers, Api.CONTROL, body);

        assertFailure(answer, 422, "INVALID_CONSUMER_CONFIG");
        assertFailure(api.get(group.path()), 404, "GROUP_NOT_FOUND");
    }

    @Test
    void namesHaveUpTo255Characters() {
        String longest = "n".repeat(255);
        String longestGroup = group.id() + "g".repeat(255 - group.id().length());

        Api.Answer good = api.post("/consumers/" + longestGroup, Api.CONTROL, named(longest));
        Api.Answer badName = api.post(consumers, Api.CONTROL, named(longest + "n"));
        Api.Answer badGroup = api.post("/consumers/" + longestGroup + "g", Api.CONTROL, "{}");

        assertThat(good.status()).as(good.body()).isEqualTo(200);
        assertFailure(badName, 422, "INVALID_CONSUMER_CONFIG");
        assertFailure(badGroup, 422, "INVALID_GROUP");
        assertThat(api.delete("/consumers/" + longestGroup + "/instances/" + longest)
                        .status())
                .isEqualTo(204);
    }

    @ParameterizedTest
    @ValueSource(strings = {"%07", "a%0Ab", "%7F", "a%00"})
    void groupWithAControlCharacterCannotBeAndIsNotFound(String illegal) {
        assertFailure(api.post("/consumers/" + illegal, Api.CONTROL, "{}"), 422, "INVALID_GROUP");
        assertFailure(api.delete("/consumers/" + illegal + "/instances/c"), 404, "CONSUMER_NOT_FOUND");
        assertFailure(api.get("/consumers/" + illegal + "/instances/c/records"), 404, "CONSUMER_NOT_FOUND");
        assertFailure(api.get("/groups/" + illegal), 404, "GROUP_NOT_FOUND");
        assertFailure(api.delete("/groups/" + illegal), 404, "GROUP_NOT_FOUND");
    }

    @Test
    void nameIsTakenOnceInAGroupAndAgainInAnother() {
        String other = new Group(api).id();
        api.newConsumer(group.id(), named("c"));

        Api.Answer again = api.post(consumers, Api.CONTROL, named("c"));
        Api.Answer elsewhere = api.post("/consumers/" + other, Api.CONTROL, named("c"));

        assertFailure(again, 409, "CONSUMER_ALREADY_EXISTS");
        assertThat(elsewhere.status()).isEqualTo(200);
        assertThat(group.members()).containsExactly("c");
    }

    @Test
    void oneOfManyWhoTakeANameAtOnceGetsIt() {
        List<CompletableFuture<Api.Answer>> calls = new ArrayList<>();
        for (int i = 0; i < 8; i++) {
            calls.add(api.postLater(consumers, Api.CONTROL, named("c")));
        }

        assertThat(calls.stream().map(CompletableFuture::join).map(Api.Answer::status))
                .containsOnly(200, 409)
                .containsOnlyOnce(200);
    }

    @Test
    void manyWhoCreateTheFirstConsumerOfAGroupAtOnceAllDo() {
        List<CompletableFuture<Api.Answer>> calls = new ArrayList<>();
        for (int i = 0; i < 8; i++) {
            calls.add(api.postLater(consumers, Api.CONTROL, "{}"));
        }

        assertThat(calls.stream().map(CompletableFuture::join).map(Api.Answer::status))
                .containsOnly(200);
        assertThat(group.members()).hasSize(8).doesNotHaveDuplicates();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "a b",
                "100%",
                "a%2Fb",
                "größe",
                "日本",
                "😀",
                "a+b",
                "a;b=c",
                "a?b#c",
                "a&b=c",
                "it's \"quoted\"",
                "back\\slash",
                "<{[|]}>",
                "~@:,$!*()",
                " ",
                "..."
            })
    void namesMayHaveAnyCharacterButASlashAndTheUriIsUsableAsItIs(String text) {
        String topic = api.newTopic(1);
        String groupPath = encoded(group.id() + " " + text);

        Api.Answer created =
                api.post("/consumers/" + groupPath, Api.CONTROL, "{\"name\":" + quoted(text) + ",\"format\":\"json\"}");

        assertThat(created.status()).as(created.body()).isEqualTo(200);
        assertThat(created.json().path("instance_id").asText()).isEqualTo(text);
        URI uri = URI.create(created.json().path("base_uri").asText());
        assertThat(uri.getPath()).isEqualTo("/consumers/" + group.id() + " " + text + "/instances/" + text);
        Consumer consumer = new Consumer(api, uri.getRawPath()).subscribe(topic);
        api.writeNumbers(topic, 0, 0, 1);
        assertThat(consumer.poll()).hasSize(1);
        assertThat(api.get("/groups/" + groupPath).json().path("group_id").asText())
                .isEqualTo(group.id() + " " + text);
        assertThat(api.get("/groups/" + groupPath)
                        .json()
                        .path("members")
                        .path(0)
                        .path("member_id")
                        .asText())
                .isEqualTo(text);
        consumer.delete();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "host=gateway.example:8443;proto=https|https://gateway.example:8443",
                "for=192.0.2.60;proto=https;host=gateway.example:8443;by=203.0.113.43|https://gateway.example:8443",
                "for=192.0.2.60; host=\"gateway.example:8443\"; proto=https|https://gateway.example:8443",
                "Host=gateway.example:8443;Proto=https|https://gateway.example:8443",
                "host=gateway.example;proto=https|https://gateway.example",
                "host=gateway.example:8443;proto=https, host=inner.example:80;proto=http|https://gateway.example:8443",
                "host=\"[2001:db8::1]:8443\";proto=https|https://[2001:db8::1]:8443"
            })
    void baseUriIsTheOneOfTheForwardedHeader(String forwarded, String expected) {
        Api.Answer answer = api.send(creation("c").header("Forwarded", forwarded));

        assertThat(answer.json().path("base_uri").asText()).isEqualTo(expected + consumers + "/instances/c");
    }

    @Test
    void baseUriIsTheOneOfTheXForwardedHeaders() {
        Api.Answer hostAndProto = api.send(
                creation("a").header("X-Forwarded-Host", "gateway.example:8443").header("X-Forwarded-Proto", "https"));
        Api.Answer all = api.send(creation("b")
                .header("X-Forwarded-Host", "gateway.example")
                .header("X-Forwarded-Proto", "https")
                .header("X-Forwarded-Port", "8443")
                .header("X-Forwarded-Prefix", "/streams"));
        Api.Answer prefix = api.send(creation("c").header("X-Forwarded-Prefix", "/streams/"));
        Api.Answer several = api.send(creation("d")
                .header("X-Forwarded-Host", "gateway.example:8443, inner.example")
                .header("X-Forwarded-Proto", "https, http"));

        assertThat(baseUri(hostAndProto)).isEqualTo("https://gateway.example:8443" + consumers + "/instances/a");
        assertThat(baseUri(all)).isEqualTo("https://gateway.example:8443/streams" + consumers + "/instances/b");
        assertThat(baseUri(prefix)).isEqualTo(uri("/streams" + consumers + "/instances/c"));
        assertThat(baseUri(several)).isEqualTo("https://gateway.example:8443" + consumers + "/instances/d");
    }

    @Test
    void baseUriIsTheOneOfTheForwardedPathAndPrefixBesideEither() {
        Api.Answer path = api.send(creation("a")
                .header("Forwarded", "host=gateway.example:443;proto=https")
                .header("X-Forwarded-Path", "/bridge/consumers/my%20group/"));
        Api.Answer prefix = api.send(creation("b")
                .header("Forwarded", "host=gateway.example:443;proto=https")
                .header("X-Forwarded-Prefix", "/bridge"));
        Api.Answer both =
                api.send(creation("c").header("X-Forwarded-Path", "/path/c").header("X-Forwarded-Prefix", "/prefix"));
        Api.Answer garbage = api.send(creation("d").header("X-Forwarded-Path", "/a b<c>"));

        assertThat(baseUri(path)).isEqualTo("https://gateway.example:443/bridge/consumers/my%20group/instances/a");
        assertThat(baseUri(prefix)).isEqualTo("https://gateway.example:443/bridge" + consumers + "/instances/b");
        assertThat(baseUri(both)).isEqualTo(uri("/path/c/instances/c"));
        assertThat(baseUri(garbage)).isEqualTo(uri(consumers + "/instances/d"));
    }

    @Test
    void forwardedGoesBeforeXForwarded() {
        Api.Answer answer = api.send(creation("c")
                .header("Forwarded", "host=right.example:1;proto=https")
                .header("X-Forwarded-Host", "wrong.example:2")
                .header("X-Forwarded-Proto", "http"));

        assertThat(baseUri(answer)).isEqualTo("https://right.example:1" + consumers + "/instances/c");
    }

    @ParameterizedTest
    @ValueSource(strings = {";;==,,", "\"", "host=", "proto=;host=;", "host=\"a", "x"})
    void headerThatCannotBeReadDoesNotKeepAConsumerFromBeing(String garbage) {
        Api.Answer forwarded = api.send(creation("a").header("Forwarded", garbage));
        Api.Answer xForwarded = api.send(creation("b").header("X-Forwarded-Port", garbage));

        assertThat(baseUri(forwarded)).endsWith(consumers + "/instances/a");
        assertThat(baseUri(xForwarded)).endsWith(consumers + "/instances/b");
    }

    @Test
    void controlBodiesAreTakenUnderBothNamesAndNoOther() {
        String path = api.newConsumer(group.id(), "{}");

        assertThat(api.post(consumers, "application/json", "{}").status()).isEqualTo(200);
        assertThat(api.post(consumers, "Application/vnd.kafka.v2+JSON; charset=utf-8", "{}")
                        .status())
                .isEqualTo(200);
        for (String operation : List.of(
                "/subscription", "/assignments", "/offsets", "/positions", "/positions/beginning", "/positions/end")) {
            assertFailure(api.post(path + operation, "text/csv", "a,b"), 415, "UNSUPPORTED_MEDIA_TYPE");
        }
        assertFailure(api.post(consumers, "text/csv", "a,b"), 415, "UNSUPPORTED_MEDIA_TYPE");
    }

    @Test
    void answerIsOfTheTypeThatTheClientKnows() {
        Api.Answer plain = api.send(creation("c").header("Accept", "application/json"));
        String subscription = consumers + "/instances/c/subscription";

        assertThat(plain.header("Content-Type")).startsWith("application/json");
        assertThat(api.get(subscription, "application/json").header("Content-Type"))
                .startsWith("application/json");
        assertThat(api.get(subscription, Api.CONTROL).header("Content-Type")).startsWith(Api.CONTROL);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            nullValues = "-",
            value = {
                "POST|/subscription|{\"topics\":[\"t\"]}",
                "GET|/subscription|-",
                "DELETE|/subscription|-",
                "POST|/assignments|{\"partitions\":[]}",
                "GET|/records|-",
                "POST|/offsets|{\"offsets\":[{\"topic\":\"t\",\"partition\":0,\"offset\":0}]}",
                "POST|/offsets|''",
                "POST|/positions|{\"offsets\":[{\"topic\":\"t\",\"partition\":0,\"offset\":0}]}",
                "POST|/positions/beginning|{\"partitions\":[]}",
                "POST|/positions/end|{\"partitions\":[]}",
                "DELETE|''|-"
            })
    void noOperationFindsAnInstanceThatIsNotThere(String method, String operation, @Nullable String body) {
        api.newConsumer(group.id(), named("there"));
        api.delete(api.newConsumer(group.id(), named("gone")));

        assertFailure(call(method, consumers + "/instances/never" + operation, body), 404, "CONSUMER_NOT_FOUND");
        assertFailure(call(method, consumers + "/instances/gone" + operation, body), 404, "CONSUMER_NOT_FOUND");
        assertFailure(
                call(method, "/consumers/" + new Group(api).id() + "/instances/there" + operation, body),
                404,
                "CONSUMER_NOT_FOUND");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "/subscription",
                "/assignments",
                "/offsets",
                "/positions",
                "/positions/beginning",
                "/positions/end"
            })
    void instanceThatIsNotThereIsToldBeforeABadBody(String operation) {
        String nobody = consumers + "/instances/nobody" + operation;

        assertFailure(api.post(nobody, Api.CONTROL, "{\"color\":1}"), 404, "CONSUMER_NOT_FOUND");
        assertFailure(api.post(nobody, Api.CONTROL, "{"), 404, "CONSUMER_NOT_FOUND");
        assertFailure(api.post(nobody, "text/csv", "a,b"), 404, "CONSUMER_NOT_FOUND");
    }

    @Test
    void consumerBeginsAtTheFirstRecordThatIsNotOlderThanItSays() {
        String topic = api.newTopic(1);
        long now = System.currentTimeMillis();
        api.write(
                topic,
                0,
                Api.TEXT,
                Stream.of(Duration.ofHours(3), Duration.ofHours(2), Duration.ofMinutes(30), Duration.ZERO)
                        .map(age -> "{\"value\":\"v\",\"timestamp\":" + (now - age.toMillis()) + "}")
                        .toList());
        String options = "{\"format\":\"text\",\"auto.offset.reset\":\"by_duration:";

        Consumer anHour = group.consumer(options + "PT1H\"}").subscribe(topic);
        Consumer fourHours = new Group(api).consumer(options + "PT4H\"}").subscribe(topic);
        List<JsonNode> first = anHour.poll();
        // Nothing is there, so it begins anew.
        anHour.post("/positions", Consumer.offsets(Consumer.offset(topic, 0, 99)));

        assertThat(Consumer.offsets(first)).containsExactly(2L, 3L);
        assertThat(Consumer.offsets(fourHours.poll())).containsExactly(0L, 1L, 2L, 3L);
        assertThat(Consumer.offsets(anHour.poll())).containsExactly(2L, 3L);
    }

    @Test
    void consumerBeginsAtTheEndWhereAllRecordsAreOlderThanItSays() {
        String topic = api.newTopic(1);
        api.write(topic, 0, Api.TEXT, List.of("{\"value\":\"old\",\"timestamp\":1}"));
        Consumer consumer = group.consumer("{\"format\":\"text\",\"auto.offset.reset\":\"by_duration:PT1M\"}")
                .subscribe(topic);

        api.write(topic, 0, Api.TEXT, List.of("{\"value\":\"new\"}"));

        assertThat(Consumer.offsets(consumer.poll())).containsExactly(1L);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"by_duration", "by_duration:", "by_duration:1h", "by_duration:PT-1H", "by_duration:P40000D"})
    void durationThatCannotBeReadIsRefused(String reset) {
        assertFailure(
                api.post(consumers, Api.CONTROL, "{\"auto.offset.reset\":\"" + reset + "\"}"),
                422,
                "INVALID_CONSUMER_CONFIG");
    }

    @Test
    void deletedInstanceIsGoneAndItsNameIsFree() {
        String path = api.newConsumer(group.id(), named("c"));

        Api.Answer deleted = api.delete(path);

        assertThat(deleted.status()).isEqualTo(204);
        assertThat(deleted.body()).isEmpty();
        assertFailure(api.delete(path), 404, "CONSUMER_NOT_FOUND");
        assertThat(api.newConsumer(group.id(), named("c"))).isEqualTo(path);
    }

    @Test
    void newInstanceOfAnOldNameHasNothingOfTheOldOne() {
        String topic = api.newTopic(1);
        Consumer old = group.consumer(named("c")).subscribe(topic);
        old.delete();

        Consumer young = group.consumer(named("c"));

        assertThat(young.subscription().path("topics")).isEmpty();
        assertThat(young.subscription().path("partitions")).isEmpty();
        assertFailure(young.pollAnswer("timeout=0"), 409, "NOT_SUBSCRIBED");
    }

    @Test
    void otherMethodsAndPathsFailInTheSameShape() {
        String path = api.newConsumer(group.id(), "{}");

        assertFailure(api.get(consumers), 405, "METHOD_NOT_ALLOWED");
        assertFailure(api.get(path), 405, "METHOD_NOT_ALLOWED");
        assertFailure(api.put(path + "/subscription", Api.CONTROL, "{}"), 405, "METHOD_NOT_ALLOWED");
        assertFailure(api.post(path + "/records", Api.CONTROL, "{}"), 405, "METHOD_NOT_ALLOWED");
        assertFailure(api.get(path + "/offsets"), 405, "METHOD_NOT_ALLOWED");
        assertFailure(api.post(path + "/positions/middle", Api.CONTROL, "{}"), 404, "PATH_NOT_FOUND");
        assertFailure(api.get("/consumers"), 404, "PATH_NOT_FOUND");
    }

    private HttpRequest.Builder creation(String name) {
        return api.request(consumers)
                .header("Content-Type", Api.CONTROL)
                .POST(HttpRequest.BodyPublishers.ofString(named(name)));
    }

    private Api.Answer call(String method, String path, @Nullable String body) {
        return body == null
                ? api.send(api.request(path).method(method, HttpRequest.BodyPublishers.noBody()))
                : api.post(path, Api.CONTROL, body);
    }

    private String uri(String path) {
        return base.toString().replaceFirst("/$", "") + path;
    }

    private static String baseUri(Api.Answer answer) {
        assertThat(answer.status()).as(answer.body()).isEqualTo(200);
        return answer.json().path("base_uri").asText();
    }

    private static String named(String name) {
        return "{\"name\":\"" + name + "\"}";
    }

    private static String quoted(String text) {
        return "\"" + text.replace("\\", "\\\\").replace("\"", "\\\"") + "\"";
    }

    private static String encoded(String text) {
        return URLEncoder.encode(text, StandardCharsets.UTF_8).replace("+", "%20");
    }
}
