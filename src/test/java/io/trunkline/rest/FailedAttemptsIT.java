package io.trunkline.rest;

import static org.assertj.core.api.Assertions.assertThat;

import io.trunkline.access.ApiToken;
import io.trunkline.testing.Api;
import io.trunkline.testing.ServiceProcess;
import io.trunkline.testing.TestDatabase;
import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.CleanupMode;
import org.junit.jupiter.api.io.TempDir;

/** Clients that guess tokens, beside one that has one, of the same address. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class FailedAttemptsIT {
    private static final int GUESSES_PER_SECOND = 10_000;
    private static final int CONNECTIONS = 64;
    private static final int TOGETHER = 20;
    private static final long MOST_GROWTH = 16L << 20;

    private final TestDatabase database = TestDatabase.inASharedServer();
    private final ApiToken token = ApiToken.random(new SecureRandom());
    private ServiceProcess service;
    private Api api;

    @BeforeAll
    void start(@TempDir(cleanup = CleanupMode.ON_SUCCESS) Path directory) throws SQLException {
        Map<String, String> settings = new HashMap<>(database.start());
        settings.put("trunkline.access.mode", "required");
        service = ServiceProcess.start(directory, settings);
        api = service.api();
        addToken(settings);
        Awaitility.await()
                .atMost(Duration.ofSeconds(20))
                .until(() -> api.as(token.reveal()).get("/topics").status() == 200);
    }

    private void addToken(Map<String, String> settings) throws SQLException {
        try (Connection owner = DriverManager.getConnection(
                        settings.get("trunkline.database.url"),
                        settings.get("trunkline.database.owner.username"),
                        settings.get("trunkline.database.owner.password"));
                PreparedStatement add = owner.prepareStatement(
                        "SELECT trunkline.add_token(?, ?, 'ann', ARRAY['admin'], '', NULL, 'test')")) {
            add.setString(1, token.id());
            add.setBytes(2, token.secretHash());
            add.execute();
        }
    }

    @AfterAll
    void stop() {
        service.close();
        database.stop();
    }

    @Test
    void floodOfWrongTokensNeitherSlowsOthersToLessThanHalfNorGrowsTheMemory() throws Exception {
        flood(3);
    }

    @Test
    @Tag("nightly")
    void longFloodDoesNotEither() throws Exception {
        flood(10);
    }

    private void flood(int seconds) throws Exception {
        produce(1); // what is loaded at the first use
        long alone = produce(seconds);
        guess(1);
        long before = liveBytes();
        try (ExecutorService beside = Executors.newSingleThreadExecutor()) {
            Future<Long> guessing = beside.submit(() -> guess(seconds));

            long together = produce(seconds);

            // One guess of each connection a second, whatever it sends.
            assertThat(guessing.get()).isBetween((long) CONNECTIONS, CONNECTIONS * (seconds + 2L));
            assertThat(together).isGreaterThan(alone / 2);
        }
        assertThat(liveBytes()).isLessThan(before + MOST_GROWTH);
        assertThat(api.as(wrong()).get("/topics").status()).isIn(401, 429);
    }

    /** How many requests with one record a client with a valid token gets done. */
    private long produce(int seconds) {
        Api client = api.as(token.reveal());
        String topic = "t-" + System.nanoTime();
        client.createTopic(topic, 1);
        long end = System.nanoTime() + Duration.ofSeconds(seconds).toNanos();
        long done = 0;
        while (System.nanoTime() < end) {
            Api.Answer answer = client.post("/topics/" + topic, Api.JSON, "{\"records\":[{\"value\":1}]}");
            assertThat(answer.status()).isEqualTo(200);
            done++;
        }
        return done;
    }

    /** Tries to guess so many times a second; returns how many guesses were answered. */
    private long guess(int seconds) throws Exception {
        Semaphore turns = new Semaphore(0);
        AtomicLong answered = new AtomicLong();
        long end = System.nanoTime() + Duration.ofSeconds(seconds).toNanos();
        List<Future<?>> clients = new ArrayList<>();
        try (ScheduledExecutorService clock = Executors.newSingleThreadScheduledExecutor();
                ExecutorService threads = Executors.newFixedThreadPool(CONNECTIONS)) {
            clock.scheduleAtFixedRate(
                    () -> turns.release(GUESSES_PER_SECOND / TOGETHER / 100), 0, 10, TimeUnit.MILLISECONDS);
            for (int i = 0; i < CONNECTIONS; i++) {
                clients.add(threads.submit(() -> {
                    guess(turns, end, answered);
                    return null;
                }));
            }
            for (Future<?> client : clients) {
                client.get();
            }
            clock.shutdownNow();
        }
        return answered.get();
    }

    private void guess(Semaphore turns, long end, AtomicLong answered) throws Exception {
        byte[] requests = ("GET /topics HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer " + wrong() + "\r\n\r\n")
                .repeat(TOGETHER)
                .getBytes(StandardCharsets.US_ASCII);
        try (Socket socket = new Socket("localhost", service.port())) {
            InputStream in = new BufferedInputStream(socket.getInputStream());
            while (System.nanoTime() < end) {
                if (!turns.tryAcquire(100, TimeUnit.MILLISECONDS)) {
                    continue;
                }
                socket.getOutputStream().write(requests);
                for (int i = 0; i < TOGETHER && System.nanoTime() < end; i++) {
                    assertThat(status(in)).isEqualTo(401);
                    answered.incrementAndGet();
                }
            }
        }
    }

    /** Reads one response. */
    private static int status(InputStream in) throws IOException {
        String line = line(in);
        int status = Integer.parseInt(line.substring(9, 12));
        int length = 0;
        while (!(line = line(in)).isEmpty()) {
            if (line.toLowerCase(Locale.ROOT).startsWith("content-length: ")) {
                length = Integer.parseInt(line.substring(16));
            }
        }
        in.skipNBytes(length);
        return status;
    }

    private static String line(InputStream in) throws IOException {
        StringBuilder line = new StringBuilder();
        for (int c = in.read(); c != '\n'; c = in.read()) {
            if (c < 0) {
                throw new IOException("the service has closed the connection");
            }
            if (c != '\r') {
                line.append((char) c);
            }
        }
        return line.toString();
    }

    private static String wrong() {
        return ApiToken.random(new SecureRandom()).reveal();
    }

    /** The bytes of the objects of the service that live, by the JVM itself. */
    private long liveBytes() throws Exception {
        Process jcmd = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "jcmd").toString(),
                        Long.toString(service.pid()),
                        "GC.class_histogram")
                .start();
        String histogram = new String(jcmd.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        String total = histogram
                .lines()
                .filter(line -> line.startsWith("Total"))
                .findFirst()
                .orElseThrow();
        return Long.parseLong(total.strip().split("\\s+")[2]);
    }
}
