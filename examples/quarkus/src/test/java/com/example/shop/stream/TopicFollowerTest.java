package com.example.shop.stream;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import com.sun.net.httpserver.Headers;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class TopicFollowerTest {
    private static final Duration SILENCE = Duration.ofSeconds(30);
    private static final String FIRST = "id: a\n: open\n\n";
    private static final String ONE = "id: b\ndata: 1\n\n";
    private static final String TWO = "id: c\ndata: 2\n\n";

    /** What the server sends, one response after the other; those after the last one stay open and say nothing. */
    private final BlockingQueue<String> responses = new LinkedBlockingQueue<>();

    private final List<Headers> requests = new CopyOnWriteArrayList<>();
    private final Recorder recorder = new Recorder();
    private final CountDownLatch ended = new CountDownLatch(1);
    private final ExecutorService threads = Executors.newCachedThreadPool();
    private HttpServer server;

    @BeforeEach
    void startServer() throws IOException {
        server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.setExecutor(threads);
        server.createContext("/topics/orders/records", this::respond);
        server.start();
    }

    @AfterEach
    void stopServer() {
        ended.countDown();
        server.stop(0);
        threads.shutdownNow();
    }

    @Test
    void aStreamBeginsAtTheCursorOfTheHandlerAndShowsTheToken() {
        recorder.cursor = "z";
        responses.add(FIRST + ONE);

        try (TopicFollower follower = follow(Optional.of("tl_secret"), SILENCE)) {
            await().until(() -> recorder.events.size() == 2);
        }

        assertThat(requests.getFirst().getFirst("Last-Event-ID")).isEqualTo("z");
        assertThat(requests.getFirst().getFirst("Authorization")).isEqualTo("Bearer tl_secret");
        assertThat(recorder.events).containsExactly("z open ", "a message 1");
    }

    @Test
    void aStreamThatEndsIsOpenedAgainWhereItWas() {
        responses.add(FIRST + ONE);
        responses.add("id: b\n: open\n\n" + TWO);

        try (TopicFollower follower = follow(Optional.empty(), SILENCE)) {
            await().until(() -> recorder.events.size() == 4);
        }

        assertThat(requests.get(0).getFirst("Last-Event-ID")).isNull();
        assertThat(requests.get(0).getFirst("Authorization")).isNull();
        assertThat(requests.get(1).getFirst("Last-Event-ID")).isEqualTo("b");
        assertThat(recorder.events).containsExactly(" open ", "a message 1", "b open ", "b message 2");
    }

    @Test
    void anEventOnWhichTheHandlerFailsComesAgain() {
        recorder.failures = 1;
        responses.add(FIRST + ONE + TWO);
        responses.add(FIRST + ONE + TWO);

        try (TopicFollower follower = follow(Optional.empty(), SILENCE)) {
            await().until(() -> recorder.cursor.equals("c"));
        }

        assertThat(requests.get(1).getFirst("Last-Event-ID")).isEqualTo("a");
        assertThat(recorder.events).containsExactly(" open ", "a open ", "a message 1", "b message 2");
    }

    @Test
    void anErrorOfTheServiceEndsTheStreamAndIsNotHandled() {
        responses.add(FIRST + "event: error\ndata: {\"code\":\"REPLICA_STOPPING\"}\n\n" + TWO);
        responses.add(FIRST + ONE);

        try (TopicFollower follower = follow(Optional.empty(), SILENCE)) {
            await().until(() -> recorder.cursor.equals("b"));
        }

        assertThat(recorder.events).containsExactly(" open ", "a open ", "a message 1");
    }

    @Test
    void aRefusalIsNoEnd() {
        responses.add("");
        responses.add(FIRST);

        try (TopicFollower follower = follow(Optional.empty(), SILENCE)) {
            await().until(() -> recorder.cursor.equals("a"));
        }

        assertThat(requests).hasSizeGreaterThanOrEqualTo(2);
    }

    @Test
    void aSilentConnectionIsGivenUp() {
        try (TopicFollower follower = follow(Optional.empty(), Duration.ofMillis(200))) {
            await().until(() -> requests.size() >= 2);
        }
    }

    @Test
    void closingDoesNotWaitForTheNextEvent() {
        TopicFollower follower = follow(Optional.empty(), SILENCE);
        await().until(() -> requests.size() == 1);

        long began = System.nanoTime();
        follower.close();

        assertThat(Duration.ofNanos(System.nanoTime() - began)).isLessThan(Duration.ofSeconds(5));
    }

    @Test
    void settingsThatAreNotLegalAreRefusedWithoutTellingTheToken() {
        URI service = URI.create("http://localhost:8080/");

        assertThat(StreamSettings.of(service, "orders", Optional.empty()).stream())
                .hasToString("http://localhost:8080/topics/orders/records");
        assertThatThrownBy(() -> StreamSettings.of(URI.create("localhost:8080"), "orders", Optional.empty()))
                .hasMessageContaining("http://");
        assertThatThrownBy(() -> StreamSettings.of(service, "orders/1", Optional.empty()))
                .hasMessageContaining("topic");
        assertThatThrownBy(() -> StreamSettings.of(service, "orders", Optional.of("tl_secret\n")))
                .hasMessageContaining("token")
                .hasMessageNotContaining("tl_secret");
        assertThat(StreamSettings.of(service, "orders", Optional.of("tl_secret"))
                        .toString())
                .doesNotContain("tl_secret");
    }

    private TopicFollower follow(Optional<String> token, Duration silence) {
        URI service = URI.create("http://127.0.0.1:" + server.getAddress().getPort());
        TopicFollower follower =
                new TopicFollower(new StreamSettings(service, "orders", token, silence, 1000), recorder);
        follower.start();
        return follower;
    }

    private void respond(HttpExchange exchange) throws IOException {
        String body = responses.poll();
        requests.add(exchange.getRequestHeaders());
        try (exchange) {
            if (body != null && body.isEmpty()) {
                exchange.getResponseHeaders().add("Retry-After", "1");
                exchange.sendResponseHeaders(503, -1);
                return;
            }
            exchange.getResponseHeaders().add("Content-Type", "text/event-stream");
            exchange.sendResponseHeaders(200, 0);
            if (body == null) {
                exchange.getResponseBody().flush();
                ended.await(1, TimeUnit.MINUTES);
            } else {
                exchange.getResponseBody().write(body.getBytes(StandardCharsets.UTF_8));
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** Notes what it handles, and keeps the cursor in memory. */
    private static final class Recorder implements StreamHandler {
        private final List<String> events = new CopyOnWriteArrayList<>();
        private volatile String cursor = "";
        /** How many records are still to fail. */
        private volatile int failures;

        @Override
        public String cursor() {
            return cursor;
        }

        @Override
        public void handle(String from, StreamEvent event) {
            if (failures > 0 && event.name().equals(StreamEvent.RECORD)) {
                failures--;
                throw new IllegalStateException("the database is away");
            }
            events.add(from + " " + event.name() + " " + event.data());
            cursor = event.id();
        }
    }
}
