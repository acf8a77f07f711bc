package io.trunkline.rest;

import static io.trunkline.testing.Failure.assertFailure;
import static org.assertj.core.api.Assertions.assertThat;

import io.trunkline.testing.Api;
import io.trunkline.testing.ServiceProcess;
import io.trunkline.testing.TestDatabase;
import java.net.http.HttpRequest;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.CleanupMode;
import org.junit.jupiter.api.io.TempDir;

/** Quotas of the packaged application under load. Nobody has to prove who they are, so that all clients share one. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class QuotasIT {
    private static final int SECONDS = 10;
    private static final int REQUESTS = 400;
    private static final int WRITTEN = 400_000;
    private static final int READ = 1_000_000;
    private static final int OPEN = 4;

    private final TestDatabase database = TestDatabase.inASharedServer();
    private ServiceProcess service;
    private Api api;

    @BeforeAll
    void start(@TempDir(cleanup = CleanupMode.ON_SUCCESS) Path directory) {
        Map<String, String> settings = new HashMap<>(database.start());
        settings.put("trunkline.quotas.requests", Integer.toString(REQUESTS));
        settings.put("trunkline.quotas.bytes-written", Integer.toString(WRITTEN));
        settings.put("trunkline.quotas.bytes-read", Integer.toString(READ));
        settings.put("trunkline.quotas.open-polls", Integer.toString(OPEN));
        service = ServiceProcess.start(directory, settings);
        api = service.api();
    }

    @AfterAll
    void stop() {
        service.close();
        database.stop();
    }

    @Test
    void ratesAreHeldWithinATenthOverTenSecondsOfLoad() throws Exception {
        String topic = patiently(() -> api.newTopic(1));
        String body = "{\"records\":[{\"value\":\"" + "x".repeat(10_000) + "\"}]}";
        String records = "/topics/" + topic + "/partitions/0/records?max_bytes=20000&offset=";

        long written = used(() -> size(api.post("/topics/" + topic, Api.JSON, body), body.length()));
        long requests = used(() -> size(api.get("/topics"), 1));
        long read = used(() -> {
            Api.Answer page = api.get(records + 0, Api.JSON);
            return size(page, page.response().body().length);
        });

        assertThat(written).isBetween(WRITTEN * SECONDS * 9L / 10, WRITTEN * SECONDS * 11L / 10);
        assertThat(requests).isBetween(REQUESTS * SECONDS * 9L / 10, REQUESTS * SECONDS * 11L / 10);
        assertThat(read).isBetween(READ * SECONDS * 9L / 10, READ * SECONDS * 11L / 10);
    }

    /** What a few clients get in ten seconds that take what they can. */
    private static long used(LongSupplier request) throws Exception {
        long end = System.nanoTime() + Duration.ofSeconds(SECONDS).toNanos();
        List<Future<Long>> clients = new ArrayList<>();
        try (ExecutorService threads = Executors.newFixedThreadPool(3)) {
            for (int client = 0; client < 3; client++) {
                clients.add(threads.submit(() -> {
                    long used = 0;
                    while (System.nanoTime() < end) {
                        used += request.getAsLong();
                    }
                    return used;
                }));
            }
        }
        long used = 0;
        for (Future<Long> client : clients) {
            used += client.get();
        }
        return used;
    }

    private static long size(Api.Answer answer, long size) {
        if (answer.status() == 200) {
            return size;
        }
        assertFailure(answer, 429, "QUOTA_EXCEEDED");
        return 0;
    }

    @Test
    void bodyOfLinesIsSlowedToTheQuota() {
        String topic = patiently(() -> api.newTopic(1));
        String body = ("\"" + "x".repeat(97) + "\"\n").repeat(4 * WRITTEN / 100);
        long start = System.nanoTime();

        Api.Answer answer = api.post("/topics/" + topic, "application/x-ndjson", body);

        assertThat(answer.status()).as(answer.body()).isEqualTo(200);
        assertThat(answer.json().path("records").asInt()).isEqualTo(4 * WRITTEN / 100);
        // The last part may be a debt.
        assertThat(Duration.ofNanos(System.nanoTime() - start)).isGreaterThan(Duration.ofSeconds(1));
    }

    @Test
    void emptyLinesAreSlowedToTheQuotaToo() {
        String topic = patiently(() -> api.newTopic(1));
        long start = System.nanoTime();

        Api.Answer answer = api.post("/topics/" + topic, "application/x-ndjson", "\n".repeat(4 * WRITTEN));

        assertThat(answer.status()).as(answer.body()).isEqualTo(200);
        assertThat(Duration.ofNanos(System.nanoTime() - start)).isGreaterThan(Duration.ofSeconds(1));
    }

    @Test
    void refusalSaysWhenTheSameRequestPasses() {
        String topic = patiently(() -> api.newTopic(1));
        String body = "{\"records\":[{\"value\":\"" + "x".repeat(WRITTEN * 2) + "\"}]}";
        // It is larger than what may come at once: it passes when the bucket is full.
        assertThat(patiently(() -> api.post("/topics/" + topic, Api.JSON, body)).status())
                .isEqualTo(200);

        Api.Answer refused = api.post("/topics/" + topic, Api.JSON, body);
        long at = System.nanoTime();

        assertFailure(refused, 429, "QUOTA_EXCEEDED");
        int seconds = Integer.parseInt(refused.header("Retry-After"));
        assertThat(seconds).isBetween(2, 3);
        Awaitility.await()
                .atMost(Duration.ofSeconds(10))
                .until(() ->
                        System.nanoTime() - at >= Duration.ofSeconds(seconds).toNanos());
        assertThat(api.post("/topics/" + topic, Api.JSON, body).status()).isEqualTo(200);
    }

    @Test
    void bodyThatDoesNotAnnounceItsLengthIsCountedWhenItHasArrived() {
        String topic = patiently(() -> api.newTopic(1));
        byte[] body =
                ("{\"records\":[{\"value\":\"" + "x".repeat(WRITTEN * 2) + "\"}]}").getBytes(StandardCharsets.US_ASCII);

        Api.Answer first = patiently(() -> api.send(chunked(topic, body)));
        Api.Answer second = api.send(chunked(topic, body));

        assertThat(first.status()).isEqualTo(200);
        assertFailure(second, 429, "QUOTA_EXCEEDED");
        assertThat(second.body()).contains("trunkline.quotas.bytes-written");
        assertThat(patiently(() -> api.get("/topics/" + topic + "/partitions/0/offsets"))
                        .json()
                        .path("end_offset")
                        .asLong())
                .isEqualTo(1);
    }

    private HttpRequest.Builder chunked(String topic, byte[] body) {
        return api.request("/topics/" + topic)
                .header("Content-Type", Api.JSON)
                .POST(HttpRequest.BodyPublishers.fromPublisher(HttpRequest.BodyPublishers.ofByteArray(body)));
    }

    /** A search that gives nothing costs what it has looked at. */
    @Test
    void whatAFilterPassesOverCountsAsRead() {
        String topic = patiently(() -> api.newTopic(1));
        String body = "{\"records\":[{\"value\":\"" + "x".repeat(WRITTEN * 2) + "\"}]}";
        for (int i = 0; i < 2; i++) {
            assertThat(patiently(() -> api.post("/topics/" + topic, Api.JSON, body))
                            .status())
                    .isEqualTo(200);
        }
        String records = "/topics/" + topic + "/partitions/0/records?filter=exists(key)";

        Api.Answer search = patiently(() -> api.get(records));
        Api.Answer next = api.get(records);

        assertThat(search.status()).isEqualTo(200);
        assertThat(search.json()).isEmpty();
        assertFailure(next, 429, "QUOTA_EXCEEDED");
        assertThat(next.body()).contains("trunkline.quotas.bytes-read");
    }

    @Test
    void pollsThatAreOpenAreCountedUntilTheyEnd() {
        String topic = patiently(() -> api.newTopic(1));
        String path = "/topics/" + topic + "/partitions/0/records?timeout=";
        List<CompletableFuture<Api.Answer>> open = new ArrayList<>();
        for (int i = 0; i < OPEN; i++) {
            open.add(api.getLater(path + 8_000));
        }
        Awaitility.await()
                .atMost(Duration.ofSeconds(5))
                .until(() -> patiently(() -> api.get(path + 0)).status() == 429);

        Api.Answer refused = patiently(() -> api.get(path + 0));

        assertFailure(refused, 429, "QUOTA_EXCEEDED");
        assertThat(refused.body()).contains("trunkline.quotas.open-polls");
        assertThat(refused.header("Retry-After")).isEmpty();
        open.forEach(poll -> assertThat(poll.join().status()).isEqualTo(200));
        assertThat(patiently(() -> api.get(path + 0)).status()).isEqualTo(200);
    }

    /** Goes on when other tests have used the rates up. */
    private static <T> T patiently(Supplier<T> call) {
        return Awaitility.await()
                .atMost(Duration.ofSeconds(30))
                .ignoreException(AssertionError.class)
                .until(
                        call::get,
                        result -> !(result instanceof Api.Answer answer)
                                || answer.status() != 429
                                || answer.header("Retry-After").isEmpty());
    }
}
