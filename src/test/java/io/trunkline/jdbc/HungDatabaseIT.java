package io.trunkline.jdbc;

import static org.assertj.core.api.Assertions.assertThat;

import io.trunkline.testing.Api;
import io.trunkline.testing.ServiceProcess;
import io.trunkline.testing.TlsPostgres;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.function.Supplier;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * A PostgreSQL that takes everything and answers nothing, over TLS, where closing a connection waits for the other side as long as
 * an answer may take.
 */
class HungDatabaseIT {
    private static final Duration PROMISED = Duration.ofSeconds(15);
    private static final int PARTITIONS = 4;
    private static final int CALLERS = 72;

    @TempDir
    static Path directory = Path.of("");

    private static TlsPostgres postgres;
    private final ExecutorService callers = Executors.newVirtualThreadPerTaskExecutor();

    private record Timed(Api.Answer answer, Duration time) {}

    @BeforeAll
    static void startDatabase() throws Exception {
        postgres = TlsPostgres.start(directory);
    }

    @AfterAll
    static void stopDatabase() {
        postgres.close();
    }

    @AfterEach
    void goOn() {
        callers.shutdownNow();
        postgres.thaw();
    }

    @Test
    void clientsLearnInTimeThatPostgresqlHangsAndTheServiceGoesOnWhenItDoes() throws Exception {
        Map<String, String> settings = new HashMap<>(postgres.settings());
        int management = ServiceProcess.freePort();
        settings.put("quarkus.management.port", Integer.toString(management));
        try (ServiceProcess service = ServiceProcess.start(directory, settings)) {
            Api api = service.api();
            String topic = api.newTopic(PARTITIONS);
            String consumer = api.newConsumer("g-" + topic, "{\"format\":\"text\"}");
            api.post(consumer + "/subscription", Api.CONTROL, "{\"topics\":[\"" + topic + "\"]}");
            List<Supplier<Api.Answer>> calls = calls(api, topic, consumer);
            // All connections have been used, and wait for the next call.
            assertThat(call(calls, CALLERS))
                    .allSatisfy(timed -> assertThat(timed.answer().status())
                            .as(timed.answer().body())
                            .isLessThan(300));
            assertThat(postgres.encryptedConnections()).isPositive();

            postgres.freeze();
            List<CompletableFuture<Timed>> first = start(calls, CALLERS);
            first.add(timed(() -> large(api, topic)));
            CompletableFuture<Timed> ready = timed(() -> new Api("http://localhost:" + management).get("/ready"));
            // Those behind them, whom the threads and connections do not suffice for.
            List<CompletableFuture<Timed>> second = Awaitility.await()
                    .pollDelay(Duration.ofSeconds(4))
                    .atMost(Duration.ofSeconds(10))
                    .until(() -> start(calls, CALLERS), started -> true);

            for (Timed timed : joined(first, second)) {
                assertThat(timed.answer().status()).as(timed.answer().body()).isEqualTo(503);
                assertThat(timed.time()).as(timed.answer().body()).isLessThan(PROMISED);
            }
            assertThat(ready.join().answer().status()).isEqualTo(500);
            assertThat(ready.join().time()).isLessThan(Duration.ofSeconds(8));

            postgres.thaw();
            Awaitility.await().atMost(Duration.ofSeconds(30)).untilAsserted(() -> {
                assertThat(new Api("http://localhost:" + management)
                                .get("/ready")
                                .status())
                        .isEqualTo(200);
                assertThat(calls).allSatisfy(call -> {
                    Api.Answer answer = call.get();
                    assertThat(answer.status()).as(answer.body()).isLessThan(300);
                });
            });
            assertThat(service.isAlive()).isTrue();
        }
    }

    @Test
    void stopEndsInTimeWhilePostgresqlHangs() throws Exception {
        Map<String, String> settings = new HashMap<>(postgres.settings());
        settings.put("trunkline.shutdown.timeout", "5s");
        try (ServiceProcess service = ServiceProcess.start(directory, settings)) {
            Api api = service.api();
            String topic = api.newTopic(PARTITIONS);
            String consumer = api.newConsumer("g-" + topic, "{\"format\":\"text\"}");
            api.post(consumer + "/subscription", Api.CONTROL, "{\"topics\":[\"" + topic + "\"]}");
            List<Supplier<Api.Answer>> calls = calls(api, topic, consumer);
            call(calls, CALLERS);

            postgres.freeze();
            List<CompletableFuture<Timed>> underWay = start(calls, CALLERS);
            underWay.add(timed(() -> large(api, topic)));
            Awaitility.await()
                    .during(Duration.ofMillis(500))
                    .atMost(Duration.ofSeconds(5))
                    .until(() -> underWay.stream().noneMatch(CompletableFuture::isDone));
            long begin = System.nanoTime();
            service.terminate();

            assertThat(service.awaitEnd()).as(service.output()).isIn(0, 143);
            // The timeout, and what pools and connections may take together.
            assertThat(Duration.ofNanos(System.nanoTime() - begin)).isLessThan(Duration.ofSeconds(5 + 15));
            assertThat(service.output()).contains("Stopping: ").contains("Trunkline has ended.");
        }
    }

    /** Fills every buffer on the way to PostgreSQL. */
    private static Api.Answer large(Api api, String topic) {
        String value = "{\"value\":\"" + "x".repeat(900_000) + "\"}";
        return api.post(
                "/topics/" + topic + "/partitions/0",
                Api.TEXT,
                "{\"records\":[" + String.join(",", Collections.nCopies(8, value)) + "]}");
    }

    /** What needs PostgreSQL, in each way that there is. */
    private static List<Supplier<Api.Answer>> calls(Api api, String topic, String consumer) {
        List<Supplier<Api.Answer>> calls = new ArrayList<>();
        for (int partition = 0; partition < PARTITIONS; partition++) {
            String path = "/topics/" + topic + "/partitions/" + partition;
            calls.add(() -> api.post(path, Api.TEXT, "{\"records\":[{\"value\":\"x\"}]}"));
            calls.add(() -> api.get(path + "/records?offset=0", Api.TEXT));
            calls.add(() -> api.get(path + "/offsets"));
        }
        calls.add(() -> api.get("/topics"));
        calls.add(() -> api.get("/groups"));
        calls.add(() -> api.get("/topics/" + topic + "?include=offsets,sizes"));
        calls.add(() -> api.get(consumer + "/subscription"));
        calls.add(() -> api.post(consumer + "/subscription", Api.CONTROL, "{\"topics\":[\"" + topic + "\"]}"));
        calls.add(() -> api.get(consumer + "/records?timeout=100&max_bytes=1000", Api.TEXT));
        return calls;
    }

    private List<Timed> call(List<Supplier<Api.Answer>> calls, int number) {
        return joined(start(calls, number));
    }

    private List<CompletableFuture<Timed>> start(List<Supplier<Api.Answer>> calls, int number) {
        List<CompletableFuture<Timed>> started = new ArrayList<>();
        for (int i = 0; i < number; i++) {
            started.add(timed(calls.get(i % calls.size())));
        }
        return started;
    }

    private CompletableFuture<Timed> timed(Supplier<Api.Answer> call) {
        return CompletableFuture.supplyAsync(
                () -> {
                    long begin = System.nanoTime();
                    Api.Answer answer = call.get();
                    return new Timed(answer, Duration.ofNanos(System.nanoTime() - begin));
                },
                callers);
    }

    @SafeVarargs
    private static List<Timed> joined(List<CompletableFuture<Timed>>... started) {
        return List.of(started).stream()
                .flatMap(List::stream)
                .map(CompletableFuture::join)
                .toList();
    }
}
