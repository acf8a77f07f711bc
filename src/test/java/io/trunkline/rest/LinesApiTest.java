package io.trunkline.rest;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.quarkus.test.junit.QuarkusTest;
import io.trunkline.testing.Api;
import io.trunkline.testing.RawHttp;
import io.trunkline.testing.RawHttp2;
import io.trunkline.testing.ServiceTestCase;
import io.trunkline.testing.TestDatabase;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpClient;
import io.vertx.core.http.HttpClientOptions;
import io.vertx.core.http.HttpClientRequest;
import io.vertx.core.http.HttpClientResponse;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpVersion;
import jakarta.inject.Inject;
import java.net.http.HttpRequest;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Bodies of one JSON value a line, which are written as they arrive. */
@QuarkusTest
class LinesApiTest extends ServiceTestCase {
    private static final String LINES = "application/x-ndjson";

    @Inject
    Vertx vertx;

    @Test
    void answerSaysWhatWasWrittenWhere() {
        String topic = api.newTopic(1);
        api.writeNumbers(topic, 0, 0, 3);

        Api.Answer answer = api.post("/topics/" + topic, LINES, "{\"a\": 1.10}\r\n\n[2]\n\"three\"");

        assertThat(answer.status()).as(answer.body()).isEqualTo(200);
        assertThat(answer.header("Content-Type")).isEqualTo(Api.CONTROL);
        assertThat(answer.body())
                .isEqualTo(
                        "{\"records\":3,\"partitions\":[{\"partition\":0,\"records\":3,\"first_offset\":3,\"last_offset\":5}]}");
        assertThat(api.readAll(topic, 0, 3, Api.TEXT))
                .extracting(r -> r.path("value").asText())
                .containsExactly("{\"a\": 1.10}", "[2]", "\"three\"");
    }

    @ParameterizedTest
    @ValueSource(strings = {"application/jsonl", "Application/X-NDJSON; charset=UTF-8"})
    void otherNamesOfTheTypeMeanTheSame(String type) {
        String topic = api.newTopic(1);

        Api.Answer answer = api.post("/topics/" + topic + "/partitions/0", type, "1\n");

        assertThat(answer.json().path("records").asInt()).isEqualTo(1);
    }

    @Test
    void noLinesAreNoRecords() {
        String topic = api.newTopic(1);

        assertThat(api.post("/topics/" + topic, LINES, "").body()).isEqualTo("{\"records\":0,\"partitions\":[]}");
        assertThat(api.post("/topics/" + topic, LINES, "\n \r\n\n").body())
                .isEqualTo("{\"records\":0,\"partitions\":[]}");
    }

    @Test
    void keysGoWhereTheJsonFormatPutsThem() {
        String topic = api.newTopic(10);
        List<String> keys = List.of("\"a\"", "\"b\"", "1.10", "{\"x\":[1]}", "true");
        Map<String, Integer> expected = new HashMap<>();
        for (String key : keys) {
            Api.Answer answer =
                    api.post("/topics/" + topic, Api.JSON, "{\"records\":[{\"key\":" + key + ",\"value\":1}]}");
            expected.put(key, answer.json().at("/offsets/0/partition").asInt());
        }

        Api.Answer answer = api.post(
                "/topics/" + topic + "?offsets=true&key=/order/id",
                LINES,
                String.join(
                        "\n",
                        keys.stream()
                                .map(key -> "{\"order\":{\"id\":" + key + "}}")
                                .toList()));

        JsonNode offsets = answer.json().path("offsets");
        for (int i = 0; i < keys.size(); i++) {
            int partition = offsets.path(i).path("partition").asInt();
            assertThat(partition).as(keys.get(i)).isEqualTo(expected.get(keys.get(i)));
            assertThat(offsets.path(i).path("line").asInt()).isEqualTo(i + 1);
            List<JsonNode> records = api.readAll(topic, partition, 0, Api.TEXT);
            assertThat(records.get(offsets.path(i).path("offset").asInt())
                            .path("key")
                            .asText())
                    .isEqualTo(keys.get(i));
        }
    }

    @Test
    void manyLinesAreAllWrittenInTheirOrderByKey() {
        String topic = api.newTopic(4);
        int count = 50_000;
        StringBuilder body = new StringBuilder();
        for (int i = 0; i < count; i++) {
            body.append("{\"k\":").append(i % 17).append(",\"i\":").append(i).append("}\n");
        }

        Api.Answer answer = api.post("/topics/" + topic + "?key=/k", LINES, body.toString());

        assertThat(answer.json().path("records").asInt()).as(answer.body()).isEqualTo(count);
        int total = 0;
        for (JsonNode part : answer.json().path("partitions")) {
            int partition = part.path("partition").asInt();
            Map<Integer, Integer> last = new HashMap<>();
            List<JsonNode> records = api.readAll(topic, partition, 0, Api.JSON);
            for (JsonNode record : records) {
                int key = record.at("/value/k").asInt();
                int i = record.at("/value/i").asInt();
                assertThat(i).isGreaterThan(last.getOrDefault(key, -1));
                last.put(key, i);
            }
            assertThat(part.path("records").asInt()).isEqualTo(records.size());
            assertThat(part.path("first_offset").asInt()).isZero();
            assertThat(part.path("last_offset").asInt()).isEqualTo(records.size() - 1);
            total += records.size();
        }
        assertThat(total).isEqualTo(count);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {"{\"i\":|INVALID_JSON|400", "{}|INVALID_RECORD|422", "{\"i\":\"x\"} 1|INVALID_JSON|400"})
    void allBeforeABadLineIsWrittenAndNothingAfterIt(String bad, String code, int status) {
        String topic = api.newTopic(3);
        StringBuilder body = new StringBuilder();
        for (int i = 0; i < 20_000; i++) {
            body.append("{\"i\":").append(i).append("}\n\n");
        }
        int at = body.length();
        body.append(bad).append('\n').append("{\"i\":-1}\n".repeat(20_000));

        Api.Answer answer = api.post("/topics/" + topic + "?key=/i", LINES, body.toString());

        assertThat(answer.status()).as(answer.body()).isEqualTo(status);
        assertThat(answer.code()).isEqualTo(code);
        assertThat(answer.json().path("error_code").asInt()).isEqualTo(status);
        assertThat(answer.json().path("line").asInt()).isEqualTo(40_001);
        assertThat(answer.json().path("byte").asInt()).isEqualTo(at);
        assertThat(answer.json().path("records").asInt()).isEqualTo(20_000);
        assertThat(answer.json().path("records_behind").asInt()).isZero();
        List<Integer> written = written(topic, 3);
        assertThat(written).hasSize(20_000).doesNotContain(-1);
        // The client's next try: the body from that byte on.
        assertThat(api.post("/topics/" + topic + "?key=/i", LINES, body.substring(at + bad.length()))
                        .status())
                .isEqualTo(200);
    }

    @Test
    void invalidUtf8IsABadLine() {
        String topic = api.newTopic(1);
        byte[] body = {'1', '\n', '"', (byte) 0xc3, (byte) 0x28, '"', '\n', '2', '\n'};

        Api.Answer answer = api.send(api.request("/topics/" + topic)
                .header("Content-Type", LINES)
                .POST(HttpRequest.BodyPublishers.ofByteArray(body)));

        assertThat(answer.status()).isEqualTo(400);
        assertThat(answer.json().path("message").asText()).contains("UTF-8");
        assertThat(answer.json().path("line").asInt()).isEqualTo(2);
        assertThat(answer.json().path("byte").asInt()).isEqualTo(2);
        assertThat(answer.json().path("records").asInt()).isEqualTo(1);
    }

    @Test
    void lineOfExactlyMaxMessageBytesIsWrittenAndALongerOneIsNot() {
        String topic = api.newTopic(1, "{\"max.message.bytes\":\"1000\"}");
        String fits = "\"" + "x".repeat(998) + "\"";

        Api.Answer answer = api.post("/topics/" + topic, LINES, "1\n " + fits + "\r\n\"" + fits + "\n2\n");
        Api.Answer endless = api.post("/topics/" + topic, LINES, "1\n" + "x".repeat(5_000_000));

        assertThat(answer.status()).isEqualTo(413);
        assertThat(answer.code()).isEqualTo("RECORD_TOO_LARGE");
        assertThat(answer.json().path("line").asInt()).isEqualTo(3);
        assertThat(answer.json().path("byte").asInt()).isEqualTo(1005);
        assertThat(endless.status()).isEqualTo(413);
        assertThat(endless.json().path("line").asInt()).isEqualTo(2);
        assertThat(api.readAll(topic, 0, 0, Api.JSON)).hasSize(3);
    }

    @Test
    void longLinesAreWrittenWhole() {
        String topic = api.newTopic(1, "{\"max.message.bytes\":\"4000000\"}");
        String large = "\"" + "x".repeat(3_000_000) + "\"";

        Api.Answer answer = api.post("/topics/" + topic, LINES, "1\n" + large + "\n2\n" + large + "\n" + large + "\n3");

        assertThat(answer.json().path("records").asInt()).as(answer.body()).isEqualTo(6);
        assertThat(api.readAll(topic, 0, 0, Api.JSON))
                .extracting(r -> r.path("value").asText().length())
                .containsExactly(1, 3_000_000, 1, 3_000_000, 3_000_000, 1);
    }

    @Test
    void offsetsOfAllLinesAreForABoundedNumber() {
        String topic = api.newTopic(1);

        Api.Answer most = api.post("/topics/" + topic + "?offsets=true", LINES, "1\n".repeat(100_000));
        Api.Answer more = api.post("/topics/" + topic + "?offsets=true", LINES, "1\n".repeat(100_001));

        assertThat(most.status()).isEqualTo(200);
        assertThat(most.json().path("offsets")).hasSize(100_000);
        assertThat(most.json().at("/offsets/99999").toString())
                .isEqualTo("{\"line\":100000,\"partition\":0,\"offset\":99999}");
        assertThat(more.status()).isEqualTo(400);
        assertThat(more.code()).isEqualTo("INVALID_PARAMETER");
        assertThat(more.json().path("line").asInt()).isEqualTo(100_001);
        assertThat(more.json().path("offsets")).hasSize(100_000);
    }

    @ParameterizedTest
    @CsvSource({
        "?key=id,400,INVALID_PARAMETER",
        "?key=/a&key=/b,400,INVALID_PARAMETER",
        "?offsets=yes,400,INVALID_PARAMETER",
        "?async=true,400,INVALID_PARAMETER",
        "/partitions/x,400,INVALID_PARAMETER",
        "/partitions/9,404,PARTITION_NOT_FOUND"
    })
    void requestThatIsWrongIsRefusedBeforeAnythingIsWritten(String rest, int status, String code) {
        String topic = api.newTopic(1);

        Api.Answer answer = api.post("/topics/" + topic + rest, LINES, "1\n");

        assertThat(answer.status()).isEqualTo(status);
        assertThat(answer.code()).isEqualTo(code);
        assertThat(api.readAll(topic, 0, 0, Api.JSON)).isEmpty();
    }

    @ParameterizedTest
    @CsvSource({"Idempotency-Key,x,400", "If-Match,\"\"\"0\"\"\",400", "Content-Encoding,gzip,415"})
    void headersThatCannotBeHeedWhileLinesArriveAreRefused(String name, String value, int status) {
        String topic = api.newTopic(1);

        Api.Answer answer = api.send(api.request("/topics/" + topic)
                .header("Content-Type", LINES)
                .header(name, value)
                .POST(HttpRequest.BodyPublishers.ofString("1\n")));

        assertThat(answer.status()).isEqualTo(status);
        assertThat(api.readAll(topic, 0, 0, Api.JSON)).isEmpty();
    }

    @Test
    void unknownTopicIsToldBeforeTheBodyIsRead() {
        RawHttp connection = new RawHttp(base.getPort());
        connection.send(head("t-unknown", "Expect: 100-continue\r\nContent-Length: 1000000000\r\n"));

        String answer = connection.readAll();

        assertThat(answer)
                .startsWith("HTTP/1.1 404")
                .contains("TOPIC_NOT_FOUND")
                .doesNotContain("100 Continue");
        connection.close();
    }

    @Test
    void clientThatWaitsIsToldToSend() {
        String topic = api.newTopic(1);
        RawHttp connection = new RawHttp(base.getPort());
        connection.send(head(topic, "Expect: 100-continue\r\nContent-Length: 4\r\nConnection: close\r\n"));
        byte[] interim = "HTTP/1.1 100 Continue\r\n\r\n".getBytes(StandardCharsets.US_ASCII);
        int read = 0;
        while (read < interim.length) {
            read += connection.read(interim.length - read);
        }
        connection.send("1\n2\n");

        assertThat(connection.readAll()).startsWith("HTTP/1.1 200").contains("\"records\":2");
        connection.close();
    }

    @Test
    void wholeLinesOfAClientThatGoesAwayAreWrittenAndHalfOnesAreNot() {
        String topic = api.newTopic(1);
        StringBuilder lines = new StringBuilder();
        IntStream.range(0, 30_000).forEach(i -> lines.append(i).append('\n'));
        RawHttp connection = new RawHttp(base.getPort());
        connection.send(head(topic, "Content-Length: 1000000000\r\n"));
        connection.send(lines + "12345");

        connection.close();

        Awaitility.await().until(() -> written(topic, 1).size() == 30_000);
        api.writeNumbers(topic, 0, 7, 8);
        List<JsonNode> records = api.readAll(topic, 0, 0, Api.JSON);
        assertThat(records).hasSize(30_001);
        assertThat(records.get(29_999).path("value").asInt()).isEqualTo(29_999);
        assertThat(records.get(30_000).path("value").asInt()).isEqualTo(7);
    }

    @Test
    void linesAreWrittenWhileTheClientHasNotSentTheOthers() {
        String topic = api.newTopic(1);
        RawHttp connection = new RawHttp(base.getPort());
        connection.send(head(topic, "Transfer-Encoding: chunked\r\nConnection: close\r\n"));

        for (int i = 0; i < 5; i++) {
            connection.send("2\r\n" + i + "\n\r\n");
            int count = i + 1;
            Awaitility.await().until(() -> api.readAll(topic, 0, 0, Api.JSON).size() == count);
        }
        connection.send("1\r\n5\r\n0\r\n\r\n");

        assertThat(connection.readAll()).startsWith("HTTP/1.1 200").contains("\"records\":6");
        connection.close();
    }

    @Test
    void connectionServesFurtherRequests() {
        String topic = api.newTopic(1);
        RawHttp connection = new RawHttp(base.getPort());
        String bad = head(topic, "Content-Length: 4\r\n") + "1\nx\n";
        String good = head(topic, "Content-Length: 4\r\n") + "2\n3\n";

        connection.send(bad + good + bad + head(topic, "Content-Length: 2\r\nConnection: close\r\n") + "4\n");

        String answers = connection.readAll();
        assertThat(answers.split("HTTP/1.1 400", -1)).hasSize(3);
        assertThat(answers.split("HTTP/1.1 200", -1)).hasSize(3);
        assertThat(api.readAll(topic, 0, 0, Api.JSON))
                .extracting(r -> r.path("value").asInt())
                .containsExactly(1, 2, 3, 1, 4);
        connection.close();
    }

    @Test
    void failureOfTheDatabaseSaysHowFarItCame() {
        String topic = api.newTopic(1);
        RawHttp connection = new RawHttp(base.getPort());
        connection.send(head(topic, "Transfer-Encoding: chunked\r\nConnection: close\r\n"));
        connection.send("4\r\n1\n\n2\r\n");
        Awaitility.await().until(() -> written(topic, 1).size() == 1);

        TestDatabase.network().goAway();
        String answer;
        try {
            connection.send("3\r\n\n3\n\r\n0\r\n\r\n");
            answer = connection.readAll();
        } finally {
            TestDatabase.network().comeBack();
        }

        assertThat(answer)
                .startsWith("HTTP/1.1 503")
                .contains("\"line\":3,\"byte\":3,\"records_behind\":0,\"records\":1,");
        Awaitility.await()
                .ignoreExceptions()
                .untilAsserted(() -> assertThat(written(topic, 1)).startsWith(1));
        connection.close();
    }

    @Test
    void linesComeByHttp2Too() {
        String topic = api.newTopic(1);
        RawHttp connection = new RawHttp(base.getPort());
        RawHttp2 streams = new RawHttp2(connection, 65_535);
        streams.request("POST", "/topics/" + topic, false, Map.of("content-type", LINES));

        streams.data("1\n".repeat(5_000).getBytes(StandardCharsets.US_ASCII), false);
        streams.data("2\n2".getBytes(StandardCharsets.US_ASCII), true);

        Awaitility.await().until(() -> written(topic, 1).size() == 5_002);
        connection.close();
    }

    @Test
    void partitionThatSomebodyHoldsIsWaitedFor() throws Exception {
        String topic = api.newTopic(1);
        CompletableFuture<Api.Answer> lines;
        try (Connection connection = TestDatabase.asOwner();
                Statement statement = connection.createStatement()) {
            hold(statement, topic);
            lines = api.postLater("/topics/" + topic, LINES, "1\n2\n");
            // Who comes later is refused later.
            assertThat(api.post("/topics/" + topic, Api.JSON, "{\"records\":[{\"value\":3}]}")
                            .code())
                    .isEqualTo("OVERLOADED");
            connection.rollback();
        }

        assertThat(lines.join().status()).as(lines.join().body()).isEqualTo(200);
        assertThat(written(topic, 1)).containsExactly(1, 2);
    }

    @Test
    void bodyOfHttp2ThatWaitsLeavesItsConnectionToOthers() throws Exception {
        String held = api.newTopic(1);
        String free = api.newTopic(1);
        HttpClient client = http2();
        try (Connection connection = TestDatabase.asOwner();
                Statement statement = connection.createStatement()) {
            hold(statement, held);
            List<HttpClientRequest> waiting = new ArrayList<>();
            for (int i = 0; i < 2; i++) {
                HttpClientRequest request = request(client, held, LINES).setChunked(true);
                request.write(Buffer.buffer("1\n".repeat(1_000_000)));
                waiting.add(request);
            }
            // Until as much is under way as the service takes.
            Awaitility.await().during(Duration.ofSeconds(1)).until(() -> true);

            int status = status(request(client, free, Api.JSON)
                    .send(Buffer.buffer("{\"records\":[{\"value\":\"" + "x".repeat(200_000) + "\"}]}")));

            assertThat(status).isEqualTo(200);
            assertThat(waiting).hasSize(2);
            connection.rollback();
        } finally {
            client.close();
        }
    }

    @Test
    void refusalOfOneBodyOfHttp2LeavesItsConnectionToOthers() throws Exception {
        String topic = api.newTopic(1);
        HttpClient client = http2();
        try {
            HttpClientRequest first = request(client, topic, LINES).setChunked(true);
            first.write(Buffer.buffer("1\n"));
            Awaitility.await().until(() -> written(topic, 1).size() == 1);

            int refused = status(request(client, "t-unknown", LINES)
                    .putHeader("Expect", "100-continue")
                    .setChunked(true)
                    .send(Buffer.buffer("1\n")));
            int compressed = status(request(client, topic, Api.JSON)
                    .putHeader("Expect", "100-continue")
                    .putHeader("Content-Encoding", "gzip")
                    .setChunked(true)
                    .send(Buffer.buffer("1")));
            Awaitility.await().during(Duration.ofSeconds(1)).until(() -> true);
            int whole = status(first.end(Buffer.buffer("2\n")).compose(ended -> first.response()));

            assertThat(refused).isEqualTo(404);
            assertThat(compressed).isEqualTo(415);
            assertThat(whole).isEqualTo(200);
        } finally {
            client.close();
        }
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "application/json, */*|application/json",
                "*/*, application/json|application/json",
                "application/json;q=0.5, application/vnd.kafka.v2+json|application/vnd.kafka.v2+json",
                "application/json;q=1, text/plain|application/json",
                "text/plain|application/vnd.kafka.v2+json",
                "*/*|application/vnd.kafka.v2+json"
            })
    void answerHasTheTypeThatIsAccepted(String accept, String type) {
        Api.Answer answer = api.send(api.request("/topics/" + api.newTopic(1))
                .header("Content-Type", LINES)
                .header("Accept", accept)
                .POST(HttpRequest.BodyPublishers.ofString("1\n")));

        assertThat(answer.header("Content-Type")).isEqualTo(type);
    }

    private HttpClient http2() {
        return vertx.createHttpClient(new HttpClientOptions()
                .setProtocolVersion(HttpVersion.HTTP_2)
                .setHttp2ClearTextUpgrade(false)
                .setHttp2MaxPoolSize(1)
                .setDefaultHost(base.getHost())
                .setDefaultPort(base.getPort()));
    }

    private static HttpClientRequest request(HttpClient client, String topic, String type) {
        return client.request(HttpMethod.POST, "/topics/" + topic)
                .map(request -> request.putHeader("Content-Type", type))
                .toCompletionStage()
                .toCompletableFuture()
                .join();
    }

    private static int status(Future<HttpClientResponse> response) {
        return response.toCompletionStage()
                .toCompletableFuture()
                .orTimeout(10, TimeUnit.SECONDS)
                .join()
                .statusCode();
    }

    /** Holds a topic's partitions until the end of the transaction. */
    private static void hold(Statement statement, String topic) throws SQLException {
        statement.getConnection().setAutoCommit(false);
        statement.execute("SELECT FROM trunkline.partition_head JOIN trunkline.topic USING (topic_id) WHERE name = '"
                + topic + "' FOR UPDATE OF partition_head");
    }

    @Test
    void recordsHaveTheTimeOfTheirArrival() {
        String topic = api.newTopic(1);
        long before = System.currentTimeMillis();

        api.post("/topics/" + topic, LINES, "1\n");

        assertThat(api.readAll(topic, 0, 0, Api.JSON)
                        .getFirst()
                        .path("timestamp")
                        .asLong())
                .isBetween(before - 60_000, System.currentTimeMillis() + 60_000);
    }

    private static String head(String topic, String headers) {
        return "POST /topics/" + topic + " HTTP/1.1\r\nHost: localhost\r\nContent-Type: " + LINES + "\r\n" + headers
                + "\r\n";
    }

    private List<Integer> written(String topic, int partitions) {
        List<Integer> values = new ArrayList<>();
        for (int p = 0; p < partitions; p++) {
            api.readAll(topic, p, 0, Api.JSON)
                    .forEach(r -> values.add(
                            r.path("value").isInt()
                                    ? r.path("value").asInt()
                                    : r.at("/value/i").asInt()));
        }
        return values;
    }
}
