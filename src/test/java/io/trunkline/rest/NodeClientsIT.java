package io.trunkline.rest;

import static org.assertj.core.api.Assertions.assertThat;

import io.trunkline.testing.Api;
import io.trunkline.testing.Balancer;
import io.trunkline.testing.FlakyProxy;
import io.trunkline.testing.NodeClient;
import io.trunkline.testing.NodePackages;
import io.trunkline.testing.ServiceProcess;
import io.trunkline.testing.TestDatabase;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.CleanupMode;
import org.junit.jupiter.api.io.TempDir;

/** Clients by other authors against the packaged application: npm's {@code eventsource} and {@code cloudevents}. */
@Tag("nightly")
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class NodeClientsIT {
    private static final Duration PATIENCE = Duration.ofSeconds(60);
    private static final Duration TURN = Duration.ofSeconds(1);
    private static final int PARTITIONS = 3;
    private static final int RECORDS = 10_000;

    private final TestDatabase database = TestDatabase.inASharedServer();
    private final Map<String, String> settings = new HashMap<>();
    private final List<AutoCloseable> open = new ArrayList<>();
    private NodePackages packages;
    /** The replica that tests write to. */
    private ServiceProcess service;
    /** The replica that tests may end. */
    private ServiceProcess other;

    private final int otherPort = ServiceProcess.freePort();
    private final List<ServiceProcess> replicas = new ArrayList<>();
    private Path directory = Path.of("");

    @BeforeAll
    void start(@TempDir(cleanup = CleanupMode.ON_SUCCESS) Path directory) {
        packages = NodePackages.install();
        this.directory = directory;
        settings.putAll(database.start());
        settings.put("trunkline.streams.retry", "100ms");
        service = launch(0);
        service.awaitReady();
        other = launch(otherPort);
    }

    @AfterEach
    void closeWhatTheTestOpened() throws Exception {
        for (AutoCloseable each : open.reversed()) {
            each.close();
        }
        open.clear();
    }

    @AfterAll
    void stop() {
        for (ServiceProcess replica : replicas) {
            replica.close();
        }
        database.stop();
    }

    /** Is closed after the test. */
    private <T extends AutoCloseable> T opened(T closeable) {
        open.add(closeable);
        return closeable;
    }

    private ServiceProcess launch(int port) {
        Map<String, String> all = new HashMap<>(settings);
        all.put("quarkus.http.port", Integer.toString(port));
        ServiceProcess replica = ServiceProcess.launch(directory, all);
        replicas.add(replica);
        return replica;
    }

    /** The replica that tests may end, started again where one has; always at the same port. */
    private ServiceProcess other() {
        if (!other.isAlive()) {
            other = launch(otherPort);
        }
        other.awaitReady();
        return other;
    }

    private NodeClient follow(int port, String topic, int count) {
        String url = "http://127.0.0.1:" + port + "/topics/" + topic + "/records";
        return opened(packages.start("follow.mjs", url, Integer.toString(count)));
    }

    /** Each second, the proxy cuts all connections, and from then on sends clients to another replica, or to nobody. */
    @Test
    void followerThatIsCutOffEachSecondMissesNothingAndGetsNothingTwice() throws Exception {
        int other = other().port();
        Balancer refusing = opened(Balancer.start());
        FlakyProxy proxy = opened(FlakyProxy.toPort(service.port()));
        String topic = service.api().newTopic(PARTITIONS);
        Numbers numbers = opened(new Numbers(service.api(), topic));
        NodeClient follower = follow(proxy.port(), topic, RECORDS);

        int nobody = URI.create(refusing.url()).getPort();
        int before = 0;
        String expected = "open";
        for (int next : List.of(other, service.port(), nobody, other, service.port())) {
            numbers.writeMore();
            awaitTurn(follower, before, expected);
            before = follower.lines().size();
            expected = next == nobody ? "refused 503" : "open";
            proxy.goTo(next);
            proxy.cut();
        }
        awaitTurn(follower, before, expected);
        numbers.writeTheRest();

        List<String> lines = follower.awaitEnd();
        assertThat(records(lines)).isEqualTo(numbers.written());
        assertThat(lines.stream().filter("lost"::equals)).hasSizeGreaterThanOrEqualTo(4);
        assertThat(lines.stream().filter(line -> !line.startsWith("record ")).distinct())
                .containsExactlyInAnyOrder("open", "lost", "refused 503");
    }

    /** Waits for a second at least, and until the client is where the proxy sends it. */
    private static void awaitTurn(NodeClient follower, int before, String expected) {
        long start = System.nanoTime();
        follower.awaitLines(lines -> System.nanoTime() - start >= TURN.toNanos()
                && lines.subList(before, lines.size()).contains(expected));
    }

    @Test
    void followerOfReplicaThatIsKilledOrStoppedMissesNothingAndGetsNothingTwice() throws Exception {
        ServiceProcess first = other();
        FlakyProxy proxy = opened(FlakyProxy.toPort(otherPort));
        String topic = service.api().newTopic(PARTITIONS);
        Numbers numbers = opened(new Numbers(service.api(), topic));
        NodeClient follower = follow(proxy.port(), topic, RECORDS);

        awaitMoreRecords(follower, numbers);
        first.kill();
        follower.awaitLines(lines -> lines.contains("lost"));
        ServiceProcess second = other();
        awaitMoreRecords(follower, numbers);
        second.terminate();
        follower.awaitLines(lines -> lines.contains("error REPLICA_STOPPING"));
        proxy.goTo(service.port());
        second.awaitEnd();
        awaitMoreRecords(follower, numbers);
        numbers.writeTheRest();

        List<String> lines = follower.awaitEnd();
        assertThat(records(lines)).isEqualTo(numbers.written());
    }

    private static void awaitMoreRecords(NodeClient follower, Numbers numbers) {
        int before = follower.lines().size();
        numbers.writeMore();
        follower.awaitLines(lines -> lines.stream()
                        .skip(before)
                        .filter(line -> line.startsWith("record "))
                        .count()
                >= 100);
    }

    @Test
    void followerIsToldOfRecordsThatAreGoneAndWhyTheStreamEnds() {
        FlakyProxy proxy = opened(FlakyProxy.toPort(service.port()));
        Api api = service.api();
        String topic = api.newTopic(1);
        api.writeNumbers(topic, 0, 0, 3);
        NodeClient follower = follow(proxy.port(), topic, RECORDS);
        follower.awaitLines(lines -> lines.contains("record 0 2"));

        proxy.goAway();
        api.writeNumbers(topic, 0, 3, 9);
        assertThat(api.delete("/topics/" + topic + "/partitions/0/records?before=7")
                        .status())
                .isEqualTo(200);
        proxy.comeBack();
        follower.awaitLines(lines -> lines.contains("record 0 8"));
        assertThat(api.delete("/topics/" + topic).status()).isEqualTo(204);

        List<String> lines = follower.awaitEnd();
        assertThat(lines.stream().filter(line -> !line.matches("open|lost")))
                .containsExactly(
                        "record 0 0",
                        "record 0 1",
                        "record 0 2",
                        "overtaken 0 3 7",
                        "record 0 7",
                        "record 0 8",
                        "error TOPIC_NOT_FOUND");
    }

    /** The script compares what it sent with what it reads. */
    @Test
    void eventsOfTheSdkAreReadAsTheyWereSentInEachMode() {
        String topic = service.api().newTopic(PARTITIONS);

        NodeClient client = opened(packages.start("cloudevents.mjs", "http://127.0.0.1:" + service.port(), topic));

        assertThat(client.awaitEnd()).containsExactly("ok 15");
    }

    /** The positions of the records of each partition, in their order. */
    private static List<List<Long>> records(List<String> lines) {
        List<List<Long>> offsets = Stream.generate(() -> (List<Long>) new ArrayList<Long>())
                .limit(PARTITIONS)
                .toList();
        for (String line : lines) {
            if (line.startsWith("record ")) {
                String[] words = line.split(" ", -1);
                offsets.get(Integer.parseInt(words[1])).add(Long.parseLong(words[2]));
            }
        }
        return offsets;
    }

    /**
     * A producer that writes some records to one partition after the other, at a pace that lets it write while the test does what
     * it does, but no more than the test has asked for: the last ones come when the test has seen enough.
     */
    private static final class Numbers implements AutoCloseable {
        private static final int AT_ONCE = 5;
        private static final int MOST_AT_ONCE = 1_000;
        private static final int MORE = 1_500;
        private static final Duration PACE = Duration.ofMillis(10);

        private final Api api;
        private final String topic;
        private final int[] ends = new int[PARTITIONS];
        private final ScheduledExecutorService timer = Executors.newSingleThreadScheduledExecutor();
        private final AtomicInteger wanted = new AtomicInteger();
        private final ScheduledFuture<?> writing;

        Numbers(Api api, String topic) {
            this.api = api;
            this.topic = topic;
            writing = timer.scheduleWithFixedDelay(() -> write(AT_ONCE), 0, PACE.toMillis(), TimeUnit.MILLISECONDS);
        }

        private void write(int most) {
            int total = Arrays.stream(ends).sum();
            int partition = total / AT_ONCE % PARTITIONS;
            int end = ends[partition] + Math.min(most, wanted.get() - total);
            if (end > ends[partition]) {
                api.writeNumbers(topic, partition, ends[partition], end);
                ends[partition] = end;
            }
        }

        void writeMore() {
            wanted.addAndGet(MORE);
        }

        /** Ends the pace, and writes what is missing. */
        void writeTheRest() throws Exception {
            if (writing.isDone()) {
                writing.get(); // says why a request failed
            }
            writing.cancel(false);
            wanted.set(RECORDS);
            timer.submit(() -> {
                        while (Arrays.stream(ends).sum() < RECORDS) {
                            write(MOST_AT_ONCE);
                        }
                    })
                    .get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
        }

        /** The offsets of each partition. */
        List<List<Long>> written() {
            return Arrays.stream(ends)
                    .mapToObj(end -> LongStream.range(0, end).boxed().toList())
                    .toList();
        }

        @Override
        public void close() {
            timer.shutdownNow();
        }
    }
}
