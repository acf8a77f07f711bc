package io.trunkline.rest;

import static org.assertj.core.api.Assertions.assertThat;

import io.trunkline.testing.Api;
import io.trunkline.testing.EventStream;
import io.trunkline.testing.EventStream.Event;
import io.trunkline.testing.RawHttp;
import io.trunkline.testing.ServiceProcess;
import io.trunkline.testing.TestDatabase;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.CleanupMode;
import org.junit.jupiter.api.io.TempDir;

/** Streams of the packaged application: over replicas that end, with clients that stall, and with very many clients. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class StreamsIT {
    private static final Duration PATIENCE = Duration.ofSeconds(60);
    private static final int KILLS = 4;
    private static final int PARTITIONS = 3;
    private static final int STREAMS = 5_000;
    private static final int RECORDS = 20;

    private final TestDatabase database = TestDatabase.inASharedServer();
    private final Map<String, String> settings = new HashMap<>();
    private Path directory = Path.of("");
    private final List<ServiceProcess> replicas = new ArrayList<>();

    @BeforeAll
    void startDatabase(@TempDir(cleanup = CleanupMode.ON_SUCCESS) Path directory) {
        this.directory = directory;
        settings.putAll(database.start());
        settings.put("trunkline.streams.heartbeat", "200ms");
        settings.put("trunkline.streams.stall-timeout", "1s");
        settings.put("trunkline.http.response-timeout", "4s");
    }

    @AfterEach
    void stopReplicas() {
        replicas.forEach(ServiceProcess::close);
        replicas.clear();
    }

    @AfterAll
    void stopDatabase() {
        database.stop();
    }

    private ServiceProcess replica() {
        return replica(Map.of());
    }

    private ServiceProcess replica(Map<String, String> more) {
        Map<String, String> all = new HashMap<>(settings);
        all.putAll(more);
        ServiceProcess replica = ServiceProcess.start(directory, all);
        replicas.add(replica);
        return replica;
    }

    /** A reader whose replica is killed goes on at another one; each record comes once, those of a partition in order. */
    @Test
    void readerOfReplicasThatAreKilledMissesNothingAndGetsNothingTwice() throws InterruptedException {
        followOverKills(KILLS, 300);
    }

    @Test
    @Tag("nightly")
    @Tag("minutes")
    void readerOfTenReplicasThatAreKilledMissesNothingOfTenThousand() throws InterruptedException {
        followOverKills(10, 1_000);
    }

    private void followOverKills(int kills, int events) throws InterruptedException {
        ServiceProcess writing = replica();
        String topic = writing.api().newTopic(PARTITIONS);
        String path = "/topics/" + topic + "/records";
        AtomicBoolean done = new AtomicBoolean();
        List<Long> written = new ArrayList<>(List.of(0L, 0L, 0L));
        Thread writer = Thread.ofVirtual().start(() -> {
            for (int n = 0; !done.get(); n++) {
                int partition = n % PARTITIONS;
                int from = written.get(partition).intValue();
                writing.api().writeNumbers(topic, partition, from, from + 5);
                written.set(partition, from + 5L);
            }
        });
        List<Long> read = new ArrayList<>(List.of(0L, 0L, 0L));
        String last = "";
        for (int kill = 0; kill < kills; kill++) {
            ServiceProcess reading = replica();
            try (EventStream stream = stream(reading.api(), path, last)) {
                for (int i = 0; i < events; i++) {
                    last = take(stream.next(), read);
                }
                reading.kill();
                // What had arrived before counts.
                for (Optional<Event> event = stream.poll(); event.isPresent(); event = stream.poll()) {
                    last = take(event.get(), read);
                }
            }
        }
        done.set(true);
        writer.join();
        try (EventStream stream = stream(writing.api(), path, last)) {
            while (!read.equals(written)) {
                last = take(stream.next(), read);
            }
            assertThat(stream.waiting()).isZero();
        }
    }

    private static EventStream stream(Api api, String path, String last) {
        return last.isEmpty() ? EventStream.open(api, path) : EventStream.open(api, path, last);
    }

    private static String take(Event event, List<Long> read) {
        int partition = event.json().path("partition").asInt();
        assertThat(event.json().path("offset").asLong()).isEqualTo(read.get(partition));
        read.set(partition, read.get(partition) + 1);
        return event.id();
    }

    @Test
    void streamsAreToldWhenTheReplicaStopsWhichTheyDoNotHoldUp() {
        ServiceProcess stopping = replica();
        ServiceProcess other = replica();
        String topic = other.api().newTopic(1);
        String path = "/topics/" + topic + "/records";
        other.api().writeNumbers(topic, 0, 0, 1);
        List<EventStream> streams = new ArrayList<>();
        for (int i = 0; i < 20; i++) {
            streams.add(EventStream.open(stopping.api(), path));
        }
        streams.forEach(EventStream::next);
        // One that does not read its end.
        RawHttp stalled = new RawHttp(stopping.port());
        stalled.send("GET " + path + " HTTP/1.1\r\nHost: localhost\r\nAccept: text/event-stream\r\n\r\n");

        long start = System.nanoTime();
        stopping.terminate();

        for (EventStream stream : streams) {
            Event last = stream.next();
            assertThat(last.name()).isEqualTo("error");
            assertThat(last.json().path("code").asText()).isEqualTo("REPLICA_STOPPING");
            assertThat(stream.poll()).isEmpty();
        }
        stopping.awaitEnd();
        assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(Duration.ofSeconds(15));
        other.api().writeNumbers(topic, 0, 1, 2);
        try (EventStream goesOn =
                EventStream.open(other.api(), path, streams.getFirst().lastId())) {
            assertThat(goesOn.next().position()).isEqualTo("0:1");
        }
        stalled.close();
    }

    /** With 512 MiB of heap. Everybody has everything, and those who wait cost PostgreSQL one look for all of them. */
    @Test
    @Tag("nightly")
    void thousandsOfStreamsAllGetEverything() throws Exception {
        int managementPort = ServiceProcess.freePort();
        ServiceProcess replica = replica(Map.of(
                "quarkus.management.port",
                Integer.toString(managementPort),
                "trunkline.streams.heartbeat",
                "15s",
                "trunkline.streams.stall-timeout",
                "30s"));
        Api management = new Api("http://localhost:" + managementPort);
        Api api = replica.api();
        String topic = api.newTopic(1);
        List<Socket> sockets = new ArrayList<>();
        AtomicLong received = new AtomicLong();
        ConcurrentLinkedQueue<Long> latencies = new ConcurrentLinkedQueue<>();
        try {
            for (int i = 0; i < STREAMS; i++) {
                Socket socket = new Socket("localhost", replica.port());
                sockets.add(socket);
                socket.getOutputStream()
                        .write(("GET /topics/" + topic + "/records?from=latest HTTP/1.1\r\nHost: localhost\r\n"
                                        + "Accept: text/event-stream\r\n\r\n")
                                .getBytes(StandardCharsets.US_ASCII));
                Thread.ofVirtual().start(() -> read(socket, received, latencies));
            }
            Awaitility.await()
                    .atMost(PATIENCE)
                    .untilAsserted(() -> assertThat(metric(management, "trunkline_streams_open"))
                            .isEqualTo(STREAMS));

            double before = metric(management, "trunkline_wakeup_polls_total");
            long start = System.nanoTime();
            Awaitility.await()
                    .pollDelay(Duration.ofSeconds(5))
                    .atMost(PATIENCE)
                    .until(() ->
                            System.nanoTime() - start >= Duration.ofSeconds(5).toNanos());
            double seconds = (System.nanoTime() - start) / 1e9;
            assertThat(metric(management, "trunkline_wakeup_polls_total") - before)
                    .as("looks at PostgreSQL in %.1f s", seconds)
                    .isLessThan(seconds * 41 + 5);

            for (int n = 1; n <= RECORDS; n++) {
                api.write(topic, 0, Api.JSON, List.of("{\"value\":{\"at\":" + System.nanoTime() + "}}"));
                long expected = (long) n * STREAMS;
                Awaitility.await()
                        .atMost(PATIENCE)
                        .pollInterval(Duration.ofMillis(10))
                        .until(() -> received.get() >= expected);
            }

            assertThat(received).hasValue((long) STREAMS * RECORDS);
            List<Long> sorted = latencies.stream().sorted().toList();
            System.out.printf(
                    "%d streams, from the request of a producer to a client: p50 %d ms, p99 %d ms%n",
                    STREAMS,
                    sorted.get(sorted.size() / 2) / 1_000_000,
                    sorted.get(sorted.size() * 99 / 100) / 1_000_000);
            assertThat(replica.isAlive()).isTrue();
        } finally {
            for (Socket socket : sockets) {
                socket.close();
            }
        }
        Awaitility.await()
                .atMost(PATIENCE)
                .untilAsserted(() ->
                        assertThat(metric(management, "trunkline_streams_open")).isZero());
        Awaitility.await()
                .atMost(PATIENCE)
                .untilAsserted(() -> assertThat(metric(management, "trunkline_fetch_waiting"))
                        .isZero());
    }

    /** Counts the records that come. */
    private static void read(Socket socket, AtomicLong received, ConcurrentLinkedQueue<Long> latencies) {
        try (BufferedReader in =
                new BufferedReader(new InputStreamReader(socket.getInputStream(), StandardCharsets.US_ASCII), 512)) {
            for (String line = in.readLine(); line != null; line = in.readLine()) {
                int at = line.indexOf("{\"at\":");
                if (at >= 0) {
                    long sent = Long.parseLong(line.substring(at + 6, line.indexOf('}', at)));
                    latencies.add(System.nanoTime() - sent);
                    received.incrementAndGet();
                }
            }
        } catch (IOException e) {
            // closed by the test
        }
    }

    private static double metric(Api management, String name) {
        return management
                .get("/metrics")
                .body()
                .lines()
                .filter(line -> line.startsWith(name + " ") || line.startsWith(name + "{"))
                .mapToDouble(line -> Double.parseDouble(line.substring(line.lastIndexOf(' ') + 1)))
                .sum();
    }

    @Test
    void silentStreamHasHeartbeatsAndOutlivesTheTimeOfAResponse() {
        Api api = replica().api();
        String topic = api.newTopic(1);
        try (EventStream stream = EventStream.open(api, "/topics/" + topic + "/records")) {
            // Longer than a client may take for a response with an end.
            Awaitility.await().atMost(PATIENCE).until(() -> stream.comments() > 40);
            api.writeNumbers(topic, 0, 0, 1);
            assertThat(stream.next().position()).isEqualTo("0:0");
            assertThat(stream.hasEnded()).isFalse();
        }
    }

    @Test
    void clientThatStallsIsCutOff() {
        int managementPort = ServiceProcess.freePort();
        ServiceProcess replica = replica(Map.of("quarkus.management.port", Integer.toString(managementPort)));
        Api api = replica.api();
        Api management = new Api("http://localhost:" + managementPort);
        String topic = api.newTopic(1);
        String value = "{\"value\":\"" + "x".repeat(500_000) + "\"}";
        for (int i = 0; i < 20; i++) {
            api.write(topic, 0, Api.TEXT, List.of(value));
        }
        try (RawHttp stalled = new RawHttp(replica.port());
                EventStream reads = EventStream.open(api, "/topics/" + topic + "/records?format=text")) {
            stalled.send("GET /topics/" + topic
                    + "/records?format=text HTTP/1.1\r\nHost: localhost\r\nAccept: text/event-stream\r\n\r\n");

            Awaitility.await()
                    .atMost(PATIENCE)
                    .untilAsserted(() -> assertThat(management.get("/metrics").body())
                            .containsPattern(
                                    "trunkline_http_connections_closed_total\\{reason=\"slow_response\",?} 1\\.0"));
            assertThat(reads.next(20)).hasSize(20);
            assertThat(reads.hasEnded()).isFalse();
        }
    }
}
