package io.trunkline.edge;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.trunkline.testing.Api;
import io.trunkline.testing.RawHttp;
import io.trunkline.testing.RawHttp2;
import io.trunkline.testing.ServiceProcess;
import io.trunkline.testing.TestDatabase;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.CleanupMode;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * What strangers can do to the packaged service with a heap of 512 MiB, which ends when its memory does: it goes on, its memory
 * stays bounded, and honest clients are served meanwhile.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class HostileClientsIT {
    private static final Duration TIMEOUT = Duration.ofSeconds(5);
    /** Until a connection that is too slow is closed: the timeout and the interval of checks, with time for a busy machine. */
    private static final Duration CLOSED = Duration.ofSeconds(20);

    private static final int MEBIBYTE = 1024 * 1024;
    /** The heap, as much direct memory as pools and pieces take, and the JVM itself. */
    private static final long MOST_RESIDENT = 1_000L * MEBIBYTE;

    @TempDir(cleanup = CleanupMode.ON_SUCCESS)
    static Path directory = Path.of("");

    private final TestDatabase database = TestDatabase.inASharedServer();
    private final List<RawHttp> connections = new ArrayList<>();
    private ServiceProcess service;
    private int managementPort;
    private Canary canary;

    @BeforeAll
    void start() {
        managementPort = ServiceProcess.freePort();
        Map<String, String> settings = new HashMap<>(database.start());
        settings.put("quarkus.management.port", Integer.toString(managementPort));
        settings.put("trunkline.http.request-timeout", TIMEOUT.toSeconds() + "s");
        settings.put("trunkline.http.response-timeout", TIMEOUT.toSeconds() + "s");
        settings.put("trunkline.http.min-transfer-rate", "4M");
        settings.put("trunkline.http.allowed-hosts", "localhost,x,a");
        service = ServiceProcess.start(directory, settings);
    }

    @AfterAll
    void stop() {
        service.close();
        database.stop();
    }

    @BeforeEach
    void sing() {
        canary = new Canary(service.api());
    }

    @AfterEach
    void hangUp() {
        canary.close();
        connections.forEach(RawHttp::close);
        connections.clear();
    }

    @Test
    void announcedBodiesThatDoNotArriveTakeNoMemory() {
        String topic = service.api().newTopic(1);
        String head = "POST /topics/" + topic + " HTTP/1.1\r\nHost: localhost\r\nContent-Type: " + Api.JSON
                + "\r\nContent-Length: 262144\r\n\r\n";
        for (int i = 0; i < 2_000; i++) {
            connect().send(head);
        }
        for (int i = 0; i < 10; i++) {
            RawHttp2 streams = new RawHttp2(connect(), 65_535);
            for (int s = 0; s < 100; s++) {
                streams.request(
                        "POST",
                        "/topics/" + topic,
                        false,
                        Map.of("content-type", Api.JSON, "content-length", "262144"));
            }
        }

        assertThat(memory("bodies")).isLessThan(10L * MEBIBYTE);
        assertServed();
    }

    @Test
    void refusedBodiesAreDropped() {
        String topic = service.api().newTopic(1);
        String head = "POST /topics/" + topic + " HTTP/1.1\r\nHost: localhost\r\nContent-Type: " + Api.JSON
                + "\r\nTransfer-Encoding: chunked\r\n\r\n";
        byte[] chunk = ("10000\r\n" + "x".repeat(0x10000) + "\r\n").getBytes(StandardCharsets.US_ASCII);
        for (int i = 0; i < 60; i++) {
            RawHttp connection = connect();
            connection.send(head);
            for (int c = 0; c < 161 && connection.send(chunk); c++) {
                // up to 64 KiB more than a body may have
            }
        }

        Awaitility.await().atMost(CLOSED).until(() -> memory("bodies") < 10L * MEBIBYTE);
        assertServed();
    }

    @Test
    void bodiesOfManyTinyChunksCountWhatTheyTake() {
        String topic = service.api().newTopic(1);
        String head = "POST /topics/" + topic + " HTTP/1.1\r\nHost: localhost\r\nContent-Type: " + Api.JSON
                + "\r\nTransfer-Encoding: chunked\r\n\r\n";
        String chunks = "1\r\nx\r\n".repeat(50_000);
        for (int i = 0; i < 40; i++) {
            RawHttp connection = connect();
            connection.send(head);
            connection.send(chunks);
        }

        assertServed();
    }

    @Test
    void streamsOfAConnectionAreBounded() {
        for (int i = 0; i < 5; i++) {
            RawHttp2 streams = new RawHttp2(connect(), 0);
            for (int s = 0; s < 9_000 && streams.request("GET", "/openapi", true, Map.of()); s++) {
                // until the service has had enough
            }
        }

        assertServed();
    }

    @Test
    void pipelinedRequestsOfAConnectionAreBounded() {
        String requests = "GET / HTTP/1.1\r\nHost: x\r\n\r\n".repeat(500);
        for (int i = 0; i < 3_000; i++) {
            connect().send(requests);
        }

        assertServed();
    }

    @ParameterizedTest
    @ValueSource(strings = {"/", "/topics"})
    void pipelinedRequestsThatAreReadAreAllServed(String path) {
        RawHttp connection = connect();
        connection.send(("GET " + path + " HTTP/1.1\r\nHost: x\r\n\r\n").repeat(19) + "GET " + path
                + " HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");

        assertThat(connection.readAll().split("HTTP/1.1 200 OK", -1)).hasSize(21);
    }

    /** Longer than what waits for the client, with requests that are answered by other threads. */
    @Test
    void pipelinedRequestsWhoseResponsesAreTakenSlowlyAreAllServed() {
        Api api = service.api();
        String topic = api.newTopic(1);
        api.write(topic, 0, Api.TEXT, List.of("{\"value\":\"" + "x".repeat(900_000) + "\"}"));
        String request = "GET /topics/" + topic + "/partitions/0/records?offset=0 HTTP/1.1\r\nHost: x\r\nAccept: "
                + Api.TEXT + "\r\n";
        RawHttp connection = connect();
        connection.send((request + "\r\n").repeat(9) + request + "Connection: close\r\n\r\n");

        assertThat(connection.readAll()).hasSizeGreaterThan(9_000_000);
    }

    @Test
    void slowReadersOfLargePagesLeaveRoomForOthers() {
        String request = largePage();
        for (int i = 0; i < 40; i++) {
            connect().send(request);
        }

        assertServed();
        Awaitility.await().atMost(CLOSED).until(() -> memory("responses") < MEBIBYTE);
    }

    @Test
    void readersThatTakeALittleNowAndThenAreDisconnected() {
        RawHttp reader = connect();
        reader.send(largePage());

        // What lies in the buffers of the network is read to the end.
        Awaitility.await()
                .pollInterval(Duration.ofMillis(100))
                .atMost(Duration.ofMinutes(1))
                .until(() -> reader.read(50_000) < 0 || memory("responses") < MEBIBYTE);
        assertThat(closed("slow_response")).isPositive();
        assertServed();
    }

    /** A request for a page of 16 MB. */
    private String largePage() {
        Api api = service.api();
        String topic = api.newTopic(1, "{\"max.message.bytes\":\"3000000\"}");
        for (int i = 0; i < 7; i++) {
            api.write(topic, 0, Api.TEXT, List.of("{\"value\":\"" + "x".repeat(2_500_000) + "\"}"));
        }
        return "GET /topics/" + topic
                + "/partitions/0/records?offset=0&max_bytes=16000000 HTTP/1.1\r\nHost: x\r\nAccept: " + Api.TEXT
                + "\r\n\r\n";
    }

    @Test
    void responsesToProducersThatDoNotReadAreCounted() {
        String topic = "long-" + "n".repeat(240);
        service.api().createTopic(topic, 1);
        String body =
                "{\"records\":[" + "{\"value\":1,\"partition\":9},".repeat(99_999) + "{\"value\":1,\"partition\":9}]}";
        String request = "POST /topics/" + topic + " HTTP/1.1\r\nHost: x\r\nContent-Type: " + Api.JSON
                + "\r\nContent-Length: " + body.length() + "\r\n\r\n" + body;
        for (int i = 0; i < 40; i++) {
            connect().send(request);
        }

        assertServed();
        Awaitility.await().atMost(CLOSED).until(() -> memory("responses") < MEBIBYTE);
    }

    /** Several times what there is memory for: those that are refused learn it before their body is read. */
    @Test
    void producersBeyondCapacityAreAllAnswered() throws Exception {
        String topic = service.api().newTopic(8, "{\"max.message.bytes\":\"3000000\"}");
        String body = "{\"records\":[{\"value\":\"" + "x".repeat(2_000_000) + "\"}]}";
        Map<Integer, Integer> statuses = new ConcurrentSkipListMap<>();
        List<Throwable> lost = Collections.synchronizedList(new ArrayList<>());
        ConcurrentLinkedQueue<Long> refusedMillis = new ConcurrentLinkedQueue<>();
        try (ExecutorService producers = Executors.newVirtualThreadPerTaskExecutor()) {
            for (int i = 0; i < 120; i++) {
                producers.execute(() -> {
                    Api api = service.api();
                    for (int n = 0; n < 3; n++) {
                        long start = System.nanoTime();
                        try {
                            int status =
                                    api.post("/topics/" + topic, Api.TEXT, body).status();
                            statuses.merge(status, 1, Integer::sum);
                            if (status == 503) {
                                refusedMillis.add((System.nanoTime() - start) / 1_000_000);
                            }
                        } catch (RuntimeException e) {
                            lost.add(e);
                        }
                    }
                });
            }
        }

        List<Long> sorted = refusedMillis.stream().sorted().toList();
        System.out.println("producers: " + statuses + ", refused after "
                + (sorted.isEmpty() ? "" : sorted.get(sorted.size() / 2) + " ms, " + sorted.getLast() + " ms at most"));
        assertThat(lost).isEmpty();
        assertThat(statuses.keySet()).isSubsetOf(200, 408, 503);
        assertThat(statuses).containsKey(200);
        assertThat(service.isAlive()).as(service.output()).isTrue();
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void bodyOverHttp2IsReadWithAndWithoutItsLength(boolean announced) throws Exception {
        int before = service.output().length();
        String topic = service.api().newTopic(1);
        byte[] body = "{\"records\":[{\"value\":1}]}".getBytes(StandardCharsets.US_ASCII);
        RawHttp2 streams = new RawHttp2(connect(), 65_535);

        streams.request(
                "POST",
                "/topics/" + topic,
                false,
                announced
                        ? Map.of("content-type", Api.JSON, "content-length", Integer.toString(body.length))
                        : Map.of("content-type", Api.JSON));
        streams.data(Arrays.copyOf(body, 10), false);
        streams.data(Arrays.copyOfRange(body, 10, body.length), true);
        streams.request("POST", "/admin/topics", true, Map.of("content-type", Api.CONTROL));

        Awaitility.await()
                .atMost(CLOSED)
                .until(() -> service.api().readAll(topic, 0, 0, Api.JSON).size() == 1);
        assertThat(service.output().substring(before)).doesNotContain("ERROR");
    }

    @Test
    void halfAHeadIsCutOff() {
        RawHttp silent = connect();
        RawHttp half = connect();
        half.send("GET /topics HTTP/1.1\r\nHost: x\r\n");
        RawHttp dripping = connect();
        RawHttp second = connect();
        second.send("GET / HTTP/1.1\r\nHost: x\r\n\r\nGET / HTTP/1.1\r\n");

        Awaitility.await().pollInterval(Duration.ofMillis(500)).atMost(CLOSED).until(() -> !dripping.send("G"));
        assertThat(silent.isClosedWithin(CLOSED)).isTrue();
        assertThat(half.isClosedWithin(CLOSED)).isTrue();
        assertThat(second.isClosedWithin(CLOSED)).isTrue();
    }

    @Test
    void connectionThatWaitsForItsNextRequestStaysOpen() {
        RawHttp patient = connect();
        patient.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n");

        assertThat(patient.isClosedWithin(TIMEOUT.multipliedBy(2))).isFalse();

        patient.send("GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
        assertThat(patient.readAll()).contains("HTTP/1.1 200 OK");
    }

    @Test
    void largeHeadsTakeBoundedMemory() {
        String half = "GET / HTTP/1.1\r\nHost: x\r\nX-Large: " + "x".repeat(15_000);
        for (int i = 0; i < 3_000; i++) {
            connect().send(half);
        }

        assertThat(memory("heads")).isLessThanOrEqualTo(16L * MEBIBYTE);
        assertServed();
    }

    @Test
    void slowBodyIsRefusedAndTheRefusalArrives() {
        String topic = service.api().newTopic(1);
        RawHttp slow = connect();
        slow.send("POST /topics/" + topic + " HTTP/1.1\r\nHost: x\r\nContent-Type: " + Api.JSON
                + "\r\nContent-Length: 100\r\n\r\n{");

        assertThat(slow.readAll()).contains("HTTP/1.1 408", "REQUEST_TIMEOUT").doesNotContain("(reset)");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "GET / HTTP/1.1 | 400",
                "GET / HTTP/1.1;Host: a;Host: b | 400",
                "GET / HTTP/1.1;Host: a b | 400",
                "GET / HTTP/1.1;Host: evil.example.org:8080 | 421",
                "nonsense | 400",
                "GET nonsense HTTP/1.1;Host: a | 400",
                "GET /topics/%zz HTTP/1.1;Host: a | 400",
                "GET /topics?x=%f HTTP/1.1;Host: a | 400",
                "GET /long HTTP/1.1;Host: a | 414",
                "GET / HTTP/1.1;Host: a;X: large | 431",
                "POST /topics/t HTTP/1.1;Host: a;Content-Length: 2;Transfer-Encoding: xchunked | 400",
                "POST /topics/t HTTP/1.1;Host: a;Transfer-Encoding: identity, chunked | 400",
                "POST /topics/t HTTP/1.1;Host: a;Content-Length: x | 400",
                "POST /topics/t HTTP/1.1;Host: a;Content-Encoding: gzip;Content-Length: 0 | 415",
                "POST /topics/t HTTP/1.1;Host: a;Content-Type: application/json;charset=latin1;Content-Length: 0 | 415"
            })
    void headThatCannotBeServedHasTheShapeOfEveryError(String head, int status) {
        int before = service.output().length();
        RawHttp connection = connect();
        String lines = head.replace("/long", "/" + "l".repeat(20_000))
                .replace("large", "l".repeat(20_000))
                .replace("json;charset", "json,charset")
                .replace(";", "\r\n")
                .replace("json,charset", "json;charset");

        connection.send(lines + "\r\nConnection: close\r\n\r\n");

        assertThat(connection.readAll())
                .startsWith("HTTP/1.1 " + status)
                .containsIgnoringCase("content-type: " + Api.CONTROL)
                .contains("{\"error_code\":" + status, "\"message\":", "\"code\":");
        assertThat(service.output().substring(before)).doesNotContain("ERROR");
    }

    @Test
    void requestOfAnOldClientNeedsNoHost() {
        int before = service.output().length();
        RawHttp connection = connect();
        connection.send("GET /topics HTTP/1.0\r\n\r\n");

        assertThat(connection.readAll()).contains(" 200 OK");
        assertThat(service.output().substring(before)).doesNotContain("ERROR");
    }

    /** One of each kind: with and without a body, waiting and not, changing topics, records, consumers and groups. */
    private static final Set<Operation> OF_EACH_KIND = Set.of(
            new Operation("GET", "/topics/{topicname}/partitions/{partitionid}/records"),
            new Operation("POST", "/topics/{topicname}"),
            new Operation("POST", "/admin/topics"),
            new Operation("PATCH", "/topics/{topicname}"),
            new Operation("PUT", "/groups/{group}/offsets"),
            new Operation("DELETE", "/consumers/{groupid}/instances/{name}"),
            new Operation("GET", "/consumers/{groupid}/instances/{name}/records"));

    static Stream<Operation> operationsOfEachKind() throws IOException {
        return operations().filter(OF_EACH_KIND::contains);
    }

    static Stream<Operation> otherOperations() throws IOException {
        return operations().filter(operation -> !OF_EACH_KIND.contains(operation));
    }

    private static Stream<Operation> operations() throws IOException {
        JsonNode paths = new ObjectMapper()
                .readTree(Path.of("docs/openapi.json").toFile())
                .path("paths");
        List<Operation> operations = new ArrayList<>();
        paths.fields()
                .forEachRemaining(path -> path.getValue().fieldNames().forEachRemaining(method -> {
                    if (List.of("get", "post", "put", "patch", "delete").contains(method)) {
                        operations.add(new Operation(method.toUpperCase(Locale.ROOT), path.getKey()));
                    }
                }));
        return operations.stream();
    }

    record Operation(String method, String path) {
        String filled() {
            return path.replaceAll("\\{topic(name)?}", "hostile")
                    .replaceAll("\\{partition(id)?}", "0")
                    .replaceAll("\\{group(id)?}", "hostile")
                    .replaceAll("\\{(name|id)}", "hostile");
        }
    }

    @Test
    void operationsOfEachKindAreThere() throws IOException {
        assertThat(operationsOfEachKind()).containsExactlyInAnyOrderElementsOf(OF_EACH_KIND);
    }

    @ParameterizedTest
    @MethodSource("operationsOfEachKind")
    void operationHoldsAgainstEveryKindOfClient(Operation operation) {
        attack(operation);

        assertServed();
    }

    @Tag("nightly")
    @ParameterizedTest
    @MethodSource("otherOperations")
    void everyOtherOperationHoldsAgainstEveryKindOfClient(Operation operation) {
        attack(operation);

        assertServed();
    }

    /** Slow heads, slow bodies, slow readers, floods of streams, and the largest legal bodies. */
    private void attack(Operation operation) {
        String start = operation.method() + " " + operation.filled() + " HTTP/1.1\r\nHost: x\r\nContent-Type: "
                + "application/json\r\n";
        String largest = start + "Content-Length: " + 10 * MEBIBYTE + "\r\n\r\n";
        byte[] body = new byte[10 * MEBIBYTE];
        Arrays.fill(body, (byte) ' ');
        IntStream.range(0, 30).forEach(i -> connect().send(start.substring(0, start.length() - 2 - i % 20)));
        IntStream.range(0, 30).forEach(i -> connect().send(start + "Content-Length: 1000000\r\n\r\n{\"a\":"));
        IntStream.range(0, 30).forEach(i -> connect().send((start + "Content-Length: 0\r\n\r\n").repeat(20)));
        for (int i = 0; i < 3; i++) {
            RawHttp2 streams = new RawHttp2(connect(), 0);
            for (int s = 0;
                    s < 300
                            && streams.request(
                                    operation.method(),
                                    operation.filled(),
                                    s % 2 == 0,
                                    Map.of("content-type", "application/json"));
                    s++) {
                // until the service has had enough
            }
        }
        for (int i = 0; i < 4; i++) {
            RawHttp connection = connect();
            connection.send(largest);
            connection.send(body);
        }
    }

    private RawHttp connect() {
        RawHttp connection = new RawHttp(service.port());
        connections.add(connection);
        return connection;
    }

    private void assertServed() {
        Api.Answer answer = service.api().get("/topics");
        canary.assertWell();

        assertThat(answer.status()).isEqualTo(200);
        assertThat(service.isAlive()).as(service.output()).isTrue();
        assertThat(resident()).isLessThan(MOST_RESIDENT);
    }

    /** What the service says it holds, in bytes. */
    private long memory(String of) {
        return metric("trunkline_http_memory_bytes{of=\"" + of + "\"");
    }

    /** How many connections it has closed for a reason. */
    private long closed(String reason) {
        return metric("trunkline_http_connections_closed_total{reason=\"" + reason + "\"");
    }

    private long metric(String start) {
        String metrics =
                new Api("http://localhost:" + managementPort).get("/metrics").body();
        return metrics.lines()
                .filter(line -> line.startsWith(start))
                .mapToLong(line -> (long) Double.parseDouble(line.substring(line.lastIndexOf(' ') + 1)))
                .findFirst()
                .orElseThrow(() -> new AssertionError(metrics));
    }

    private long resident() {
        try (Stream<String> lines = Files.lines(Path.of("/proc/" + service.pid() + "/status"))) {
            long kibibytes = lines.filter(line -> line.startsWith("VmRSS:"))
                    .mapToLong(line -> Long.parseLong(line.replaceAll("[^0-9]", "")))
                    .findFirst()
                    .orElse(0);
            System.out.println("resident: " + kibibytes / 1024 + " MiB");
            return kibibytes * 1024;
        } catch (IOException e) {
            return 0; // not on Linux
        }
    }
}
