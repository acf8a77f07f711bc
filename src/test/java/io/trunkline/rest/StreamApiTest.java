package io.trunkline.rest;

import static io.trunkline.testing.Failure.assertFailure;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.micrometer.core.instrument.Metrics;
import io.quarkus.test.junit.QuarkusTest;
import io.trunkline.edge.ResponseBudget;
import io.trunkline.error.ErrorCode;
import io.trunkline.error.Failures;
import io.trunkline.testing.Api;
import io.trunkline.testing.EventStream;
import io.trunkline.testing.EventStream.Event;
import io.trunkline.testing.RawHttp;
import io.trunkline.testing.RawHttp2;
import io.trunkline.testing.ServiceTestCase;
import io.trunkline.testing.TestDatabase;
import io.trunkline.topic.Topic;
import io.trunkline.topic.TopicConfig;
import io.trunkline.topic.TopicName;
import io.trunkline.topic.Topics;
import jakarta.inject.Inject;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.URLEncoder;
import java.net.http.HttpRequest;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import java.util.zip.CRC32C;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Streams of a topic over real HTTP: what they give, where they go on, and what they say. */
@QuarkusTest
class StreamApiTest extends ServiceTestCase {
    private static final Duration PATIENCE = Duration.ofSeconds(30);
    /** Where a cursor tells its topic's id: behind its version and the name. */
    private static final int ID_TAG = 1 + Integer.BYTES;

    @Inject
    ResponseBudget budget;

    @Inject
    StreamStarts starts;

    @Inject
    Topics topics;

    private final List<EventStream> open = new ArrayList<>();

    @AfterEach
    void closeStreams() {
        open.forEach(EventStream::close);
    }

    @Test
    void streamGivesWhatIsThereAndThenWhatIsAppended() {
        String topic = api.newTopic(1);
        api.writeNumbers(topic, 0, 0, 3);

        EventStream stream = open(records(topic));

        assertThat(stream.next(3)).extracting(Event::position).containsExactly("0:0", "0:1", "0:2");
        api.writeNumbers(topic, 0, 3, 5);
        List<Event> more = stream.next(2);
        assertThat(more).extracting(Event::name).containsOnly("message");
        JsonNode record = more.getLast().json();
        assertThat(record.path("topic").asText()).isEqualTo(topic);
        assertThat(record.path("offset").asLong()).isEqualTo(4);
        assertThat(record.path("value").asInt()).isEqualTo(4);
        assertThat(stream.header("Cache-Control")).isEqualTo("no-store");
    }

    @Test
    void streamOfAllPartitionsGivesEachOfThemInOrder() {
        String topic = api.newTopic(5);
        EventStream stream = open(records(topic));
        for (int round = 0; round < 4; round++) {
            for (int partition = 0; partition < 5; partition++) {
                api.writeNumbers(topic, partition, round * 10, round * 10 + 10);
            }
        }

        Map<Integer, List<Long>> offsets = new HashMap<>();
        stream.next(200)
                .forEach(event -> offsets.computeIfAbsent(
                                event.json().path("partition").asInt(), none -> new ArrayList<>())
                        .add(event.json().path("offset").asLong()));

        assertThat(offsets)
                .hasSize(5)
                .allSatisfy((partition, all) -> assertThat(all)
                        .containsExactlyElementsOf(
                                IntStream.range(0, 40).mapToObj(i -> (long) i).toList()));
    }

    @Test
    void streamGoesOnBehindEachEvent() {
        String topic = api.newTopic(3);
        for (int partition = 0; partition < 3; partition++) {
            api.writeNumbers(topic, partition, 0, 4);
        }
        List<Event> all = open(records(topic)).next(12);

        for (int seen = 0; seen < all.size(); seen++) {
            EventStream rest = resume(records(topic), all.get(seen).id());
            assertThat(rest.next(11 - seen))
                    .extracting(Event::position)
                    .containsExactlyInAnyOrderElementsOf(all.subList(seen + 1, 12).stream()
                            .map(Event::position)
                            .toList());
            assertThat(rest.waiting()).isZero();
            rest.close();
        }
    }

    @Test
    void streamThatWasCutBeforeItsFirstEventMissesNothing() {
        String topic = api.newTopic(2);
        api.writeNumbers(topic, 1, 0, 3);
        EventStream cut = open(records(topic) + "?from=latest");
        Awaitility.await().atMost(PATIENCE).until(() -> !cut.lastId().isEmpty());
        cut.close();
        api.writeNumbers(topic, 1, 3, 4);

        EventStream stream = resume(records(topic) + "?from=latest", cut.lastId());

        assertThat(stream.next().position()).isEqualTo("1:3");
    }

    @Test
    void cursorIsAParameterTooAndCountsLessThanTheHeader() {
        String topic = api.newTopic(1);
        api.writeNumbers(topic, 0, 0, 4);
        List<Event> events = open(records(topic)).next(4);

        assertThat(open(records(topic) + "?cursor=" + events.get(0).id()).next().position())
                .isEqualTo("0:1");
        assertThat(resume(
                                records(topic) + "?cursor=" + events.get(0).id(),
                                events.get(2).id())
                        .next()
                        .position())
                .isEqualTo("0:3");
    }

    @Test
    void streamBeginsWhereItIsTold() {
        String topic = api.newTopic(1);
        api.write(
                topic,
                0,
                Api.JSON,
                List.of(
                        "{\"value\":0,\"timestamp\":1000}",
                        "{\"value\":1,\"timestamp\":2000}",
                        "{\"value\":2,\"timestamp\":1700000000000}"));
        String partition = "/topics/" + topic + "/partitions/0/records";
        String time = URLEncoder.encode("1970-01-01T02:00:01.500+02:00", StandardCharsets.UTF_8);

        for (String path : List.of(records(topic), partition)) {
            assertThat(open(path).next().position()).isEqualTo("0:0");
            assertThat(open(path + "?from=earliest").next().position()).isEqualTo("0:0");
            assertThat(open(path + "?from=1500").next().position()).isEqualTo("0:1");
            assertThat(open(path + "?from=" + time).next().position()).isEqualTo("0:1");
            assertThat(open(path + "?from=1970-01-01T02:00:01.500+02:00").next().position())
                    .isEqualTo("0:1");
            assertThat(open(path + "?from=" + Instant.ofEpochMilli(2001)).next().position())
                    .isEqualTo("0:2");
        }
        assertThat(open(partition + "?offset=2").next().position()).isEqualTo("0:2");
        EventStream latest = open(records(topic) + "?from=latest");
        api.writeNumbers(topic, 0, 3, 4);
        assertThat(latest.next().position()).isEqualTo("0:3");
    }

    @Test
    void searchForATimeEndsWhenItsClientHasGone() {
        TopicName topic = new TopicName(api.newTopic(30));
        AtomicInteger asked = new AtomicInteger();

        CompletableFuture<TopicSource.Start> start = starts.find(
                topic, OptionalInt.empty(), new StreamStarts.From.Time(0), () -> asked.incrementAndGet() == 2);

        Throwable failure = start.handle((found, reason) -> reason).join();
        assertThat(Failures.code(failure)).isEqualTo(ErrorCode.OVERLOADED);
        assertThat(asked).hasValue(2);
        assertThat(starts.find(topic, OptionalInt.empty(), new StreamStarts.From.Time(0), () -> false)
                        .join()
                        .offsets())
                .hasSize(30);
    }

    @Test
    void streamHasTheFormatThatItIsAskedFor() {
        String topic = api.newTopic(1);
        api.write(topic, 0, Api.TEXT, List.of("{\"key\":\"k\",\"value\":\"not json\"}"));

        JsonNode json = open(records(topic)).next().json();
        assertThat(json.path("value").isNull()).isTrue();
        assertThat(json.path("error").asText()).contains("cannot be shown");
        assertThat(open(records(topic) + "?format=text")
                        .next()
                        .json()
                        .path("value")
                        .asText())
                .isEqualTo("not json");
        assertThat(open(records(topic) + "?format=binary")
                        .next()
                        .json()
                        .path("key")
                        .asText())
                .isEqualTo("aw==");
    }

    @Test
    void streamHasCloudEventsWhereItIsAskedForThem() {
        String topic = api.newTopic(1);
        api.send(api.request("/topics/" + topic)
                .header("Content-Type", "text/plain")
                .header("ce-specversion", "1.0")
                .header("ce-id", "17")
                .header("ce-source", "/shop")
                .header("ce-type", "order.placed")
                .header("ce-partitionkey", "customer 7")
                .POST(HttpRequest.BodyPublishers.ofString("two\nlines")));
        api.send(
                api.request("/topics/" + topic)
                        .header("Content-Type", "application/cloudevents+json")
                        .POST(
                                HttpRequest.BodyPublishers.ofString(
                                        "{\n\"specversion\":\"1.0\",\n\"id\":\"18\",\"source\":\"/shop\",\"type\":\"t\",\"data\":1.10\n}\n")));
        api.write(topic, 0, Api.TEXT, List.of("{\"key\":\"k\",\"value\":\"no event\"}"));

        EventStream events = open(records(topic) + "?format=cloudevents");

        JsonNode binary = events.next().json();
        assertThat(binary.path("id").asText()).isEqualTo("17");
        assertThat(binary.path("partitionkey").asText()).isEqualTo("customer 7");
        assertThat(binary.path("data").asText()).isEqualTo("two\nlines");
        Event structured = events.next();
        assertThat(structured.json().path("id").asText()).isEqualTo("18");
        assertThat(structured.data()).contains("1.10").doesNotContain("\n");
        Event record = events.next();
        assertThat(record.json().path("type").asText()).isEqualTo("io.trunkline.record");
        assertThat(record.json().path("id").asText()).isEqualTo("0:2");
        assertThat(record.id()).as("cursor").isNotEqualTo(structured.id());
        assertFailure(
                api.send(api.request(records(topic) + "?format=cloudevents").header("Accept", "application/x-ndjson")),
                400,
                "INVALID_PARAMETER");
    }

    /** In JSON, line breaks may stand between tokens; in events they would end a field. */
    @Test
    void valueOfSeveralLinesIsOneEvent() {
        String topic = api.newTopic(1);
        api.write(topic, 0, Api.TEXT, List.of("{\"value\":\"{\\\"a\\\":\\n\\r\\n 1.10,\\\"b\\\":\\\"x\\\\ny\\\"}\"}"));

        Event event = open(records(topic)).next();

        assertThat(event.json().path("value").path("b").asText()).isEqualTo("x\ny");
        assertThat(event.data()).contains("1.10").doesNotContain("\n");
        assertThat(lines(records(topic), 2).get(1)).contains("1.10");
    }

    @Test
    void linesSayTheSame() throws IOException {
        String topic = api.newTopic(1);
        api.writeNumbers(topic, 0, 0, 3);
        api.send("DELETE", "/topics/" + topic + "/partitions/0/records?before=1", Api.CONTROL, "");
        String begin = open(records(topic)).next().id();

        List<String> lines = lines(records(topic), 3);
        assertThat(lines.get(0)).matches("\\{\"event\":\"open\",\"cursor\":\"[A-Za-z0-9_-]+\"}");
        JsonNode record = new ObjectMapper().readTree(lines.get(1));
        assertThat(record.path("value").asInt()).isEqualTo(1);
        assertThat(record.has("event")).isFalse();
        assertThat(record.path("cursor").asText()).isEqualTo(begin);

        assertThat(lines(records(topic) + "?cursor=" + begin, 2).get(1)).contains("\"offset\":2");
        assertThat(api.get(records(topic), "application/json").status()).isEqualTo(406);
    }

    @Test
    void readerThatRetentionHasOvertakenIsTold() {
        String topic = api.newTopic(2);
        api.writeNumbers(topic, 0, 0, 10);
        api.writeNumbers(topic, 1, 0, 1);
        Event third = open("/topics/" + topic + "/partitions/0/records").next(3).getLast();
        Event ofAll = open(records(topic)).next(11).stream()
                .filter(event -> event.position().equals("0:2"))
                .findFirst()
                .orElseThrow();
        assertThat(api.send("DELETE", "/topics/" + topic + "/partitions/0/records?before=7", Api.CONTROL, "")
                        .status())
                .isEqualTo(200);

        EventStream one = resume("/topics/" + topic + "/partitions/0/records", third.id());
        Event overtaken = one.next();
        assertThat(overtaken.name()).isEqualTo("overtaken");
        assertThat(overtaken.data()).isEqualTo("{\"partition\":0,\"expected\":3,\"actual\":7}");
        assertThat(one.next().position()).isEqualTo("0:7");
        assertThat(resume("/topics/" + topic + "/partitions/0/records", overtaken.id())
                        .next()
                        .position())
                .as("it is told once")
                .isEqualTo("0:7");

        List<Event> rest = resume(records(topic), ofAll.id()).next(4);
        assertThat(rest).extracting(Event::name).containsOnlyOnce("overtaken");
    }

    @Test
    void partitionsThatAreAddedAreReadFromTheirStart() {
        String topic = api.newTopic(1);
        api.writeNumbers(topic, 0, 0, 1);
        EventStream stream = open(records(topic) + "?from=latest");
        Event before = open(records(topic)).next();
        Awaitility.await().atMost(PATIENCE).until(() -> !stream.lastId().isEmpty());

        api.addPartitions(topic, 3);
        api.writeNumbers(topic, 2, 0, 2);
        api.writeNumbers(topic, 1, 0, 1);

        assertThat(stream.next(3))
                .as("while it is open")
                .extracting(Event::position)
                .containsExactlyInAnyOrder("2:0", "2:1", "1:0");
        assertThat(resume(records(topic), before.id()).next(3))
                .as("by a cursor from before")
                .extracting(Event::position)
                .containsExactlyInAnyOrder("2:0", "2:1", "1:0");
    }

    @Test
    void streamEndsWhenItsTopicIsDeletedAndSaysSo() {
        String topic = api.newTopic(2);
        EventStream all = open(records(topic));
        EventStream one = open("/topics/" + topic + "/partitions/0/records");

        assertThat(api.delete("/topics/" + topic).status()).isEqualTo(204);

        for (EventStream stream : List.of(all, one)) {
            Event last = stream.next();
            assertThat(last.name()).isEqualTo("error");
            assertThat(last.json().path("code").asText()).isEqualTo("TOPIC_NOT_FOUND");
            assertThat(last.json().path("error_code").asInt()).isEqualTo(404);
            assertThat(stream.poll()).as("nothing follows").isEmpty();
        }
    }

    @Test
    void cursorOfATopicThatWasCreatedAgainBeginsWithThatAndReadsIt() {
        String topic = api.newTopic(1);
        api.writeNumbers(topic, 0, 0, 5);
        Event last = open(records(topic)).next(5).getLast();
        api.delete("/topics/" + topic);
        api.createTopic(topic, 1);
        api.writeNumbers(topic, 0, 100, 101);

        EventStream stream = resume(records(topic), last.id());

        assertThat(stream.next().name()).isEqualTo("recreated");
        Event first = stream.next();
        assertThat(first.json().path("value").asInt()).isEqualTo(100);
    }

    /** The beginning of a stream has an id of its own, which must not be that of the new topic before the client knows of it. */
    @Test
    void clientThatIsCutBeforeItHearsOfTheNewTopicHearsOfItTheNextTime() {
        String topic = api.newTopic(1);
        api.writeNumbers(topic, 0, 0, 5);
        Event last = open(records(topic)).next(5).getLast();
        api.delete("/topics/" + topic);
        api.createTopic(topic, 1);

        try (RawHttp client = new RawHttp(base.getPort())) {
            client.send("GET " + records(topic)
                    + " HTTP/1.1\r\nHost: localhost\r\nAccept: text/event-stream\r\nLast-Event-ID: " + last.id()
                    + "\r\n\r\n");
            String begin = client.readUntil(": open\n\n");
            assertThat(begin.substring(0, begin.indexOf(": open")))
                    .contains("retry: ")
                    .doesNotContain("id: ");
        }
        List<String> lines = lines(records(topic) + "?cursor=" + last.id(), 2);
        assertThat(lines.get(0)).isEqualTo("{\"event\":\"open\"}");
        assertThat(lines.get(1)).contains("\"recreated\"", "\"cursor\"");
        Event recreated = resume(records(topic), last.id()).next();
        assertThat(recreated.name()).isEqualTo("recreated");
        api.writeNumbers(topic, 0, 100, 101);
        assertThat(resume(records(topic), recreated.id()).next().position())
                .as("it is told once")
                .isEqualTo("0:0");
    }

    @Test
    void badRequestsAreRefusedBeforeTheStreamBegins() {
        String topic = api.newTopic(2);
        String other = api.newTopic(2);
        api.writeNumbers(topic, 0, 0, 2);
        String cursor =
                open("/topics/" + topic + "/partitions/0/records").next().id();

        assertFailure(stream("/topics/none/records"), 404, "TOPIC_NOT_FOUND");
        assertFailure(stream("/topics/" + topic + "/partitions/9/records"), 404, "PARTITION_NOT_FOUND");
        assertFailure(stream(records(other) + "?cursor=" + cursor), 400, "INVALID_CURSOR");
        assertFailure(stream(records(topic) + "?cursor=" + cursor), 400, "INVALID_CURSOR");
        assertFailure(stream("/topics/" + topic + "/partitions/1/records?cursor=" + cursor), 400, "INVALID_CURSOR");
        assertFailure(stream(records(topic) + "?cursor=" + cursor.substring(1)), 400, "INVALID_CURSOR");
        assertFailure(stream(records(topic) + "?cursor=x"), 400, "INVALID_CURSOR");
        assertFailure(stream(records(topic) + "?cursor="), 400, "INVALID_CURSOR");
        assertFailure(stream("/topics/" + topic + "/partitions/0/records?offset=3"), 416, "OFFSET_OUT_OF_RANGE");
        assertFailure(
                api.send(api.request(records(topic))
                        .header("Accept", "text/event-stream")
                        .header("Last-Event-ID", "17")),
                400,
                "INVALID_CURSOR");
    }

    /** The key of a topic that is gone is gone with it: a forged cursor of its cannot be told from a true one, and gains nothing. */
    @Test
    void cursorThatWasForgedForAnEarlierTopicOfTheNameReadsFromTheStart() {
        String topic = api.newTopic(1);
        api.writeNumbers(topic, 0, 0, 3);
        byte[] cursor =
                Base64.getUrlDecoder().decode(open(records(topic)).next().id());
        for (int i = ID_TAG; i < ID_TAG + Integer.BYTES; i++) {
            cursor[i]++;
        }
        CRC32C sum = new CRC32C();
        sum.update(cursor, 0, cursor.length - Integer.BYTES);
        ByteBuffer.wrap(cursor).putInt(cursor.length - Integer.BYTES, (int) sum.getValue());

        EventStream stream =
                resume(records(topic), Base64.getUrlEncoder().withoutPadding().encodeToString(cursor));

        assertThat(stream.next().name()).isEqualTo("recreated");
        assertThat(stream.next().position()).isEqualTo("0:0");
    }

    @Test
    void cursorOfTheMostPartitionsFitsIntoAQuery() {
        Topic large = new Topic(
                UUID.randomUUID(),
                new TopicName("large"),
                LongStream.range(0, Cursor.MOST_PARTITIONS).boxed().toList(),
                TopicConfig.DEFAULT);
        Cursor.Progress progress = new Cursor.Progress(large, OptionalInt.empty());
        for (int partition = 0; partition < Cursor.MOST_PARTITIONS; partition++) {
            progress.set(partition, Long.MAX_VALUE);
        }
        String cursor = new String(progress.text(), StandardCharsets.US_ASCII);
        assertThat(cursor).hasSizeGreaterThan(13_000).hasSizeLessThanOrEqualTo(progress.mostLength());

        assertFailure(stream(records("t".repeat(249)) + "?cursor=" + cursor), 400, "INVALID_CURSOR");
    }

    /** With HTTP/2, headers and query have a limit of their own. */
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void cursorOfTheMostPartitionsResumesOverHttp2(boolean query) {
        String topic = api.newTopic(Cursor.MOST_PARTITIONS);
        Cursor.Progress progress =
                new Cursor.Progress(topics.fresh(new TopicName(topic)).join(), OptionalInt.empty());
        for (int partition = 0; partition < Cursor.MOST_PARTITIONS; partition++) {
            progress.set(partition, 10_000_000_000L + partition);
        }
        String cursor = new String(progress.text(), StandardCharsets.US_ASCII);
        Map<String, String> headers = query
                ? Map.of("accept", "text/event-stream")
                : Map.of("accept", "text/event-stream", "last-event-id", cursor);

        try (RawHttp connection = new RawHttp(base.getPort())) {
            RawHttp2 http2 = new RawHttp2(connection, 65_535);
            http2.request("GET", records(topic) + (query ? "?cursor=" + cursor : ""), true, headers);

            connection.readUntil("id: " + cursor + "\n: open\n\n");
        }
        assertThat(api.delete("/topics/" + topic).status()).isEqualTo(204);
    }

    @Test
    void largeHeadsOfHttp2AreCountedUntilTheirResponsesEnd() {
        String topic = api.newTopic(1);
        int size = 12_000;
        try (RawHttp connection = new RawHttp(base.getPort())) {
            RawHttp2 http2 = new RawHttp2(connection, 65_535);
            http2.request(
                    "GET", records(topic), true, Map.of("accept", "text/event-stream", "x-large", "x".repeat(size)));
            connection.readUntil(": open\n\n");

            assertThat(headBytes()).isBetween(size - 4_096.0, 1.0 * size);
        }
        Awaitility.await().atMost(PATIENCE).until(() -> headBytes() == 0);
    }

    private static double headBytes() {
        return Metrics.globalRegistry
                .get("trunkline.http.memory")
                .tag("of", "heads")
                .gauge()
                .value();
    }

    @ParameterizedTest
    @ValueSource(strings = {"from=latest", "cursor=AeqwMB9v", "format=text"})
    void parametersOfStreamsAreRefusedWhereTheResponseIsNone(String query) {
        String topic = api.newTopic(1);

        Api.Answer answer = api.get("/topics/" + topic + "/partitions/0/records?" + query, Api.JSON);

        assertFailure(answer, 400, "INVALID_PARAMETER");
        assertThat(answer.body()).contains("Accept", "text/event-stream", "application/x-ndjson");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "from=yesterday",
                "from=",
                "from=-1",
                "from=99999999999999999999",
                "from=1969-01-01T00:00:00Z",
                "from=latest&offset=1",
                "offset=x",
                "format=xml",
                "timeout=1",
                "max_bytes=1",
                "max_records=1",
                "timestamp=1"
            })
    void badParametersAreRefused(String query) {
        String topic = api.newTopic(1);

        assertFailure(stream("/topics/" + topic + "/partitions/0/records?" + query), 400, "INVALID_PARAMETER");
    }

    @Test
    void headHasTheHeadersOnly() {
        String topic = api.newTopic(1);

        Api.Answer answer = api.send(api.request(records(topic))
                .header("Accept", "text/event-stream")
                .method("HEAD", HttpRequest.BodyPublishers.noBody()));

        assertThat(answer.status()).isEqualTo(200);
        assertThat(answer.header("Content-Type")).startsWith("text/event-stream");
        assertThat(answer.body()).isEmpty();
    }

    @Test
    void whatAnotherReplicaOrSqlAppendsComesWithinTheInterval() throws SQLException {
        String topic = api.newTopic(2);
        EventStream stream = open(records(topic));
        try (Connection connection = TestDatabase.asApplication();
                PreparedStatement produce =
                        connection.prepareStatement("SELECT \"offset\" FROM trunkline.produce(?, NULL::text, '1')")) {
            for (int i = 0; i < 50; i++) {
                produce.setString(1, topic);
                produce.execute();
                assertThat(stream.next().json().path("value").asInt()).isEqualTo(1);
            }
        }
    }

    /** A client that does not read: the service holds a page for it, and not what is appended. */
    @Test
    void slowReaderHoldsNoMoreThanAPage() throws IOException {
        String topic = api.newTopic(1);
        Awaitility.await().atMost(PATIENCE).until(() -> budget.bytesInFlight() == 0);
        String value = "x".repeat(50_000);
        try (Socket client = new Socket()) {
            client.setReceiveBufferSize(4_096);
            client.setSoTimeout((int) PATIENCE.toMillis());
            client.connect(new InetSocketAddress(base.getHost(), base.getPort()));
            client.getOutputStream()
                    .write(("GET " + records(topic) + "?format=text HTTP/1.1\r\nHost: localhost\r\n"
                                    + "Accept: text/event-stream\r\n\r\n")
                            .getBytes(StandardCharsets.US_ASCII));
            InputStream in = client.getInputStream();
            assertThat(in.read()).isEqualTo('H');
            long most = 0;
            for (int i = 0; i < 400; i++) {
                api.write(topic, 0, Api.TEXT, List.of("{\"value\":\"" + value + "\"}"));
                most = Math.max(most, budget.bytesInFlight());
            }

            assertThat(most).isLessThan(2_000_000);

            // And it gets all of it, when it reads.
            long bytes = 0;
            byte[] buffer = new byte[1 << 16];
            while (bytes < 400L * value.length()) {
                int read = in.read(buffer);
                assertThat(read).isPositive();
                bytes += read;
            }
        }
        Awaitility.await().atMost(PATIENCE).until(() -> budget.bytesInFlight() == 0);
    }

    @Test
    void clientThatIsCutAgainAndAgainMissesNothingAndGetsNothingTwice() {
        String topic = api.newTopic(3);
        List<String> positions = new ArrayList<>();
        String last = "";
        for (int round = 0; round < 20; round++) {
            for (int partition = 0; partition < 3; partition++) {
                api.writeNumbers(topic, partition, round * 10, round * 10 + 10);
            }
            EventStream stream = last.isEmpty() ? open(records(topic)) : resume(records(topic), last);
            // Some of what is there, however much more was on its way.
            for (Event event : stream.next(17)) {
                positions.add(event.position());
                last = event.id();
            }
            stream.close();
        }
        EventStream rest = resume(records(topic), last);
        rest.next(20 * 30 - positions.size()).forEach(event -> positions.add(event.position()));

        assertThat(positions).doesNotHaveDuplicates().hasSize(600);
    }

    @Test
    void streamsOfHttp2AreServed() {
        String topic = api.newTopic(1);
        api.writeNumbers(topic, 0, 0, 2);

        try (RawHttp connection = new RawHttp(base.getPort())) {
            RawHttp2 http2 = new RawHttp2(connection, 65_535);
            assertThat(http2.request("GET", records(topic), true, Map.of("accept", "text/event-stream")))
                    .isTrue();
            assertThat(connection.readUntil("\"offset\":1")).contains("data: {\"topic\":\"" + topic + "\"");
            api.writeNumbers(topic, 0, 2, 3);
            assertThat(connection.readUntil("\"offset\":2")).contains("id: ");
        }
    }

    private static String records(String topic) {
        return "/topics/" + topic + "/records";
    }

    private EventStream open(String path) {
        EventStream stream = EventStream.open(api, path);
        open.add(stream);
        return stream;
    }

    private EventStream resume(String path, String id) {
        EventStream stream = EventStream.open(api, path, id);
        open.add(stream);
        return stream;
    }

    private Api.Answer stream(String path) {
        return api.get(path, "text/event-stream");
    }

    /** The first lines of a stream of lines. */
    private List<String> lines(String path, int count) {
        return api.firstLines(api.request(path).header("Accept", "application/x-ndjson"), count);
    }
}
