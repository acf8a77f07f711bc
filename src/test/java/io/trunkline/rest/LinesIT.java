package io.trunkline.rest;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.trunkline.testing.Api;
import io.trunkline.testing.RawHttp;
import io.trunkline.testing.ServiceProcess;
import io.trunkline.testing.TestDatabase;
import java.io.InputStream;
import java.net.http.HttpRequest;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.CleanupMode;
import org.junit.jupiter.api.io.TempDir;

/** Bodies of lines that are larger than the memory of the packaged service, which has a heap of 256 MiB and ends without room. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class LinesIT {
    private static final String LINES = "application/x-ndjson";
    private static final Duration TIMEOUT = Duration.ofSeconds(4);
    private static final int PARTITIONS = 4;

    @TempDir(cleanup = CleanupMode.ON_SUCCESS)
    static Path directory = Path.of("");

    private final TestDatabase database = TestDatabase.inASharedServer();
    private Map<String, String> databaseSettings = Map.of();
    private ServiceProcess service;
    private int managementPort;

    @BeforeAll
    void start() {
        managementPort = ServiceProcess.freePort();
        databaseSettings = database.start();
        Map<String, String> settings = new HashMap<>(databaseSettings);
        settings.put("quarkus.management.port", Integer.toString(managementPort));
        settings.put("trunkline.http.request-timeout", TIMEOUT.toSeconds() + "s");
        settings.put("trunkline.http.max-body-size", "1M");
        settings.put("trunkline.http.max-streamed-body-size", "2G");
        service = ServiceProcess.start(directory, 256, settings);
    }

    @AfterAll
    void stop() {
        service.close();
        database.stop();
    }

    @Test
    void millionLinesAreWrittenInTheMemoryOfAFew() {
        int count = 1_000_000;
        String padding = "x".repeat(300);
        String topic = service.api().newTopic(PARTITIONS);

        Api.Answer answer = send(
                topic + "?key=/k",
                lines(count, i -> "{\"k\":" + i % 1000 + ",\"i\":" + i + ",\"padding\":\"" + padding + "\"}\n"));

        assertThat(answer.status()).as(answer.body()).isEqualTo(200);
        assertThat(answer.json().path("records").asInt()).isEqualTo(count);
        long ends = 0;
        for (JsonNode part : answer.json().path("partitions")) {
            assertThat(part.path("first_offset").asLong()).isZero();
            ends += part.path("last_offset").asLong() + 1;
            assertThat(end(topic, part.path("partition").asInt()))
                    .isEqualTo(part.path("last_offset").asLong() + 1);
        }
        assertThat(ends).isEqualTo(count);
        assertThat(inUse("bodies")).isZero();
        assertThat(service.isAlive()).isTrue();
    }

    @Test
    void sixtyFourSendersAtOnceStayWithinTheBudget() throws Exception {
        int senders = 64;
        int each = 5_000;
        String topic = service.api().newTopic(PARTITIONS);
        List<Future<Api.Answer>> answers = new ArrayList<>();
        try (ExecutorService threads = Executors.newFixedThreadPool(senders)) {
            for (int s = 0; s < senders; s++) {
                int sender = s;
                answers.add(threads.submit(() -> send(
                        topic + "?key=/s",
                        lines(
                                each,
                                i -> "{\"s\":" + sender + ",\"i\":" + i + ",\"p\":\"" + "y".repeat(200) + "\"}\n"))));
            }
        }

        long written = 0;
        for (Future<Api.Answer> answer : answers) {
            // All are served, or told at once that there is no room.
            assertThat(answer.get().status()).as(answer.get().body()).isIn(200, 503);
            written += answer.get().json().path("records").asLong();
            if (answer.get().status() == 200) {
                assertThat(answer.get().json().path("records").asInt()).isEqualTo(each);
            }
        }
        assertThat(IntStream.range(0, PARTITIONS).mapToLong(p -> end(topic, p)).sum())
                .isEqualTo(written);
        assertThat(written).isGreaterThan(32L * each);
        assertThat(service.isAlive()).isTrue();
        Awaitility.await().until(() -> inUse("bodies") == 0);
    }

    @Test
    void senderThatIsTooSlowIsToldHowFarItCame() {
        String topic = service.api().newTopic(1);
        RawHttp slow = new RawHttp(service.port());
        slow.send(head(topic) + "Content-Length: 100000000\r\n\r\n1\n2\n3");

        String answer = slow.readAll();

        assertThat(answer).contains("HTTP/1.1 408", "REQUEST_TIMEOUT", "\"line\":3", "\"byte\":4", "\"records\":2");
        assertThat(end(topic, 0)).isEqualTo(2);
        slow.close();
    }

    @Test
    void manySlowSendersLeaveRoomForOthers() {
        String topic = service.api().newTopic(1);
        List<RawHttp> slow = new ArrayList<>();
        for (int i = 0; i < 300; i++) {
            RawHttp sender = new RawHttp(service.port());
            sender.send(head(topic) + "Transfer-Encoding: chunked\r\n\r\n2\r\n1\n\r\n");
            slow.add(sender);
        }

        Awaitility.await().atMost(Duration.ofSeconds(40)).until(() -> inUse("bodies") == 0);

        assertThat(send(topic, lines(10, i -> i + "\n")).status()).isEqualTo(200);
        slow.forEach(RawHttp::close);
    }

    /** They have begun to send a body, and no more: each holds little, and all together leave half to the others. */
    @Test
    void silentSendersKeepNobodyOut() {
        String topic = service.api().newTopic(1);
        List<RawHttp> silent = new ArrayList<>();
        for (int i = 0; i < 200; i++) {
            RawHttp sender = new RawHttp(service.port());
            sender.send(head(topic) + "Transfer-Encoding: chunked\r\n\r\n");
            silent.add(sender);
        }
        Awaitility.await().until(() -> inUse("bodies") >= 150L * LinesBuffer.LEAST);

        Api.Answer envelope = service.api().post("/topics/" + topic, Api.JSON, "{\"records\":[{\"value\":1}]}");
        Api.Answer lines = send(topic, lines(10, i -> i + "\n"));

        assertThat(envelope.status()).as(envelope.body()).isEqualTo(200);
        assertThat(lines.status()).as(lines.body()).isEqualTo(200);
        silent.forEach(RawHttp::close);
        Awaitility.await().until(() -> inUse("bodies") == 0);
    }

    @Test
    void bodyIsWrittenWithTheLeastMemory() {
        Map<String, String> settings = new HashMap<>(databaseSettings);
        settings.put("trunkline.http.max-body-bytes-in-flight", Integer.toString(2 * LinesBuffer.LEAST));
        String topic = service.api().newTopic(1);
        try (ServiceProcess small = ServiceProcess.start(directory, 256, settings)) {
            Api api = small.api();

            Api.Answer answer = api.send(api.request("/topics/" + topic)
                    .timeout(Duration.ofMinutes(1))
                    .header("Content-Type", LINES)
                    .POST(lines(20_000, i -> "\"" + "x".repeat(i % 1_000) + "\"\n")));

            assertThat(answer.status()).as(answer.body()).isEqualTo(200);
            assertThat(answer.json().path("records").asInt()).isEqualTo(20_000);
        }
        assertThat(end(topic, 0)).isEqualTo(20_000);
    }

    @Test
    void bodyThatAnnouncesTooMuchIsRefused() {
        String topic = service.api().newTopic(1);
        RawHttp endless = new RawHttp(service.port());
        endless.send(head(topic) + "Content-Length: 3000000000\r\n\r\n");

        assertThat(endless.readAll()).contains("HTTP/1.1 413", "BODY_TOO_LARGE");
        assertThat(end(topic, 0)).isZero();
        endless.close();
    }

    @Test
    void restOfABodyWithABadLineIsThrownAway() {
        String topic = service.api().newTopic(1);

        Api.Answer answer = send(topic, lines(50_000, i -> i == 20_000 ? "bad\n" : i + "\n"));

        assertThat(answer.status()).as(answer.body()).isEqualTo(400);
        assertThat(answer.json().path("line").asInt()).isEqualTo(20_001);
        assertThat(end(topic, 0)).isEqualTo(20_000);
    }

    @Test
    void replicaThatStopsSaysWhereAnotherOneHasToGoOn() {
        Map<String, String> settings = new HashMap<>(databaseSettings);
        settings.put("trunkline.shutdown.delay", "5s");
        String topic = service.api().newTopic(1);
        try (ServiceProcess stopping = ServiceProcess.start(directory, 256, settings)) {
            RawHttp late = new RawHttp(stopping.port());
            RawHttp sender = new RawHttp(stopping.port());
            sender.send(head(topic) + "Content-Length: 100000000\r\n\r\n1\n2\n3");
            Awaitility.await().until(() -> end(topic, 0) == 2);

            stopping.terminate();
            // The client's balancer does not know yet: a body that begins now is not begun.
            assertThat(sender.read(1)).isEqualTo(1);
            late.send(head(topic) + "Content-Length: 100000000\r\n\r\n1\n2\n3");

            assertThat(sender.readAll()).contains("OVERLOADED", "\"line\":3", "\"byte\":4", "\"records\":2");
            assertThat(late.readAll()).contains("HTTP/1.1 503", "OVERLOADED", "is being stopped");
            sender.close();
            late.close();
        }
        assertThat(end(topic, 0)).isEqualTo(2);
    }

    /** What becomes of an event that makes objects without number, were it read into any. */
    @Test
    void largeEventsAreReadInTheMemoryOfTheirText() throws Exception {
        String topic = service.api().newTopic(1);
        String event = "{\"specversion\":\"1.0\",\"id\":\"1\",\"source\":\"/\",\"type\":\"t\",\"data\":[{}"
                + ",{}".repeat(3_400_000) + "]}";
        String noEvent = "{\"A\":0" + ",\"A\":0".repeat(1_600_000) + "}";
        try (ServiceProcess small = ServiceProcess.start(directory, 256, databaseSettings);
                ExecutorService threads = Executors.newFixedThreadPool(3)) {
            List<Future<Api.Answer>> answers = new ArrayList<>();
            for (String body : List.of(event, noEvent, event)) {
                answers.add(threads.submit(
                        () -> small.api().post("/topics/" + topic, "application/cloudevents+json", body)));
            }

            assertThat(answers.get(0).get().status()).isIn(413, 503);
            assertThat(answers.get(1).get().status()).isIn(400, 503);
            assertThat(answers.get(2).get().status()).isIn(413, 503);
            assertThat(small.api()
                            .post("/topics/" + topic, "application/cloudevents+json", event)
                            .status())
                    .isEqualTo(413);
            assertThat(small.isAlive()).isTrue();
        }
    }

    private interface Line {
        String of(int i);
    }

    /** A body that is made while it is sent. */
    private static HttpRequest.BodyPublisher lines(int count, Line line) {
        return HttpRequest.BodyPublishers.ofInputStream(() -> new InputStream() {
            private byte[] block = {};
            private int at;
            private int next;

            @Override
            public int read() {
                throw new UnsupportedOperationException("blocks are read");
            }

            @Override
            public int read(byte[] into, int from, int length) {
                if (at == block.length) {
                    if (next == count) {
                        return -1;
                    }
                    StringBuilder text = new StringBuilder();
                    for (int i = 0; i < 100 && next < count; i++) {
                        text.append(line.of(next++));
                    }
                    block = text.toString().getBytes(StandardCharsets.US_ASCII);
                    at = 0;
                }
                int some = Math.min(length, block.length - at);
                System.arraycopy(block, at, into, from, some);
                at += some;
                return some;
            }
        });
    }

    private Api.Answer send(String topicAndQuery, HttpRequest.BodyPublisher body) {
        Api api = service.api();
        return api.send(api.request("/topics/" + topicAndQuery)
                .timeout(Duration.ofMinutes(3))
                .header("Content-Type", LINES)
                .POST(body));
    }

    private static String head(String topic) {
        return "POST /topics/" + topic + " HTTP/1.1\r\nHost: localhost\r\nContent-Type: " + LINES + "\r\n";
    }

    private long end(String topic, int partition) {
        return service.api()
                .get("/topics/" + topic + "/partitions/" + partition + "/offsets")
                .json()
                .path("end_offset")
                .asLong(-1);
    }

    /** Memory in use for this now, in bytes. */
    private long inUse(String of) {
        return new Api("http://localhost:" + managementPort)
                .get("/metrics")
                .body()
                .lines()
                .filter(line -> line.startsWith("trunkline_http_memory_bytes{of=\"" + of + "\""))
                .mapToLong(line -> (long) Double.parseDouble(line.substring(line.lastIndexOf(' ') + 1)))
                .sum();
    }
}
