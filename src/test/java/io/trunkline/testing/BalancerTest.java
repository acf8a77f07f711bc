package io.trunkline.testing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class BalancerTest {
    private static final int PIECE = 64 * 1024;

    private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
    private final List<HttpServer> servers = new ArrayList<>();
    private final AtomicInteger requests = new AtomicInteger();
    private final CountDownLatch seenToLeave = new CountDownLatch(1);
    private final Balancer balancer = Balancer.start();
    private final Api api = new Api(balancer.url());

    @BeforeEach
    void startTwoBackends() {
        balancer.backends(List.of(backend("one"), backend("two")));
    }

    @AfterEach
    void stop() {
        balancer.close();
        servers.forEach(s -> s.stop(0));
        threads.shutdownNow();
    }

    @Test
    void requestsOfOneConnectionGoToTheBackendsInTurn() {
        List<String> answers = new ArrayList<>();
        for (int i = 0; i < 6; i++) {
            answers.add(api.get("/name").body());
        }

        assertThat(answers).containsSubsequence("one", "two", "one", "two").hasSize(6);
        assertThat(answers.stream().filter("one"::equals)).hasSize(3);
    }

    @Test
    void requestAndAnswerAreRelayedAsTheyAre() {
        Api.Answer answer = api.send(api.request("/echo/a%2Fb?x=%20y&x")
                .header("Content-Type", "text/x-one")
                .header("Accept", "text/x-two")
                .method("PATCH", HttpRequest.BodyPublishers.ofString("grün")));

        assertThat(answer.status()).isEqualTo(299);
        assertThat(answer.header("Some-Header")).isEqualTo("some value");
        assertThat(answer.body())
                .isEqualTo("PATCH /echo/a%2Fb?x=%20y&x text/x-one text/x-two "
                        + balancer.url().substring(7) + " grün");
    }

    @Test
    void answersOfToldUntoldAndNoLengthKeepTheConnection() {
        assertThat(api.get("/chunked").body()).hasSize(3 * PIECE);
        assertThat(api.delete("/nothing").status()).isEqualTo(204);
        assertThat(api.get("/name").body()).isIn("one", "two");
    }

    @Test
    void backendsCanBeReplacedWhileItRuns() {
        int third = backend("three");

        balancer.backends(List.of(third));
        assertThat(api.get("/name").body()).isEqualTo("three");

        balancer.backends(List.of());
        assertThat(api.get("/name").status()).isEqualTo(503);
    }

    @Test
    void backendThatFailsBeforeItAnswersIsToldAsBadGatewayAndNotAskedAgain() {
        Api.Answer failed = api.post("/hangs-up", Api.CONTROL, "{}");

        assertThat(failed.status()).isEqualTo(502);
        assertThat(failed.code()).isEqualTo("BAD_GATEWAY");
        assertThat(requests).hasValue(1);
    }

    @Test
    void backendThatIsNotThereIsToldAsBadGateway() {
        servers.getFirst().stop(0);

        List<Integer> statuses =
                List.of(api.get("/name").status(), api.get("/name").status());

        assertThat(statuses).containsExactlyInAnyOrder(200, 502);
    }

    @Test
    void answerThatEndsHalfWayIsCut() {
        assertThatThrownBy(() -> api.get("/half")).isInstanceOf(UncheckedIOException.class);
        assertThatThrownBy(() -> api.get("/half-chunked")).isInstanceOf(UncheckedIOException.class);

        assertThat(requests).hasValue(2);
    }

    @Test
    void clientThatLeavesWhileItsAnswerIsSentIsSeenToLeave() throws Exception {
        try (HttpClient client = HttpClient.newHttpClient()) {
            var answer = client.send(request("/endless"), HttpResponse.BodyHandlers.ofInputStream());
            assertThat(answer.body().read()).isNotNegative();

            client.shutdownNow();

            assertThat(seenToLeave.await(20, TimeUnit.SECONDS)).isTrue();
        }
    }

    @Test
    void clientThatLeavesWhileItWaitsIsSeenToLeave() throws Exception {
        try (java.net.ServerSocket silent = new java.net.ServerSocket(0, 1, InetAddress.getLoopbackAddress());
                HttpClient client = HttpClient.newHttpClient()) {
            balancer.backends(List.of(silent.getLocalPort()));
            var poll = client.sendAsync(request("/"), HttpResponse.BodyHandlers.ofString());
            silent.setSoTimeout(20_000);
            try (java.net.Socket backend = silent.accept()) {
                backend.setSoTimeout(20_000);
                HttpHead.read(backend.getInputStream());
                assertThat(poll).isNotDone();

                client.shutdownNow();

                assertThat(backend.getInputStream().read()).isEqualTo(-1);
            }
        }
    }

    private HttpRequest request(String path) {
        return HttpRequest.newBuilder(URI.create(balancer.url() + path))
                .timeout(Duration.ofSeconds(30))
                .build();
    }

    private int backend(String name) {
        try {
            HttpServer server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
            server.setExecutor(threads);
            server.createContext("/", exchange -> {
                requests.incrementAndGet();
                handle(name, exchange);
            });
            server.start();
            servers.add(server);
            return server.getAddress().getPort();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private void handle(String name, HttpExchange exchange) throws IOException {
        byte[] piece = "x".repeat(PIECE).getBytes(StandardCharsets.UTF_8);
        OutputStream out = exchange.getResponseBody();
        switch (exchange.getRequestURI().getPath().replaceFirst("^(/[^/]*).*", "$1")) {
            case "/echo" -> {
                exchange.getResponseHeaders().add("Some-Header", "some value");
                var headers = exchange.getRequestHeaders();
                String head = String.join(
                        " ",
                        exchange.getRequestMethod(),
                        exchange.getRequestURI().toString(),
                        headers.getFirst("Content-Type"),
                        headers.getFirst("Accept"),
                        headers.getFirst("Host"),
                        "");
                byte[] body = exchange.getRequestBody().readAllBytes();
                exchange.sendResponseHeaders(299, head.length() + body.length);
                out.write(head.getBytes(StandardCharsets.UTF_8));
                out.write(body);
                exchange.close();
            }
            case "/chunked" -> {
                exchange.sendResponseHeaders(200, 0);
                for (int i = 0; i < 3; i++) {
                    out.write(piece);
                }
                exchange.close();
            }
            case "/nothing" -> {
                exchange.sendResponseHeaders(204, -1);
                exchange.close();
            }
            case "/hangs-up" -> exchange.close();
            case "/half" -> {
                exchange.sendResponseHeaders(200, 2L * PIECE);
                out.write(piece);
                out.flush();
                throw new IOException("ends half-way");
            }
            case "/half-chunked" -> {
                exchange.sendResponseHeaders(200, 0);
                out.write(piece);
                out.flush();
                throw new IOException("ends half-way");
            }
            case "/endless" -> {
                exchange.sendResponseHeaders(200, 0);
                try {
                    while (!Thread.currentThread().isInterrupted()) {
                        out.write(piece);
                    }
                } catch (IOException e) {
                    seenToLeave.countDown();
                }
            }
            default -> {
                byte[] text = name.getBytes(StandardCharsets.UTF_8);
                exchange.sendResponseHeaders(200, text.length);
                out.write(text);
                exchange.close();
            }
        }
    }
}
