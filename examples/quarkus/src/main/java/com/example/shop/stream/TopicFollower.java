package com.example.shop.stream;

import java.io.IOException;
import java.io.InputStream;
import java.lang.System.Logger.Level;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.random.RandomGenerator;

/**
 * Follows all partitions of a topic on a thread of its own, from {@link #start()} to {@link #close()}.
 *
 * <p>It never gives up: whatever ends a stream, it waits for a moment and opens another one at the handler's cursor. The handler
 * sets the pace, since nothing is read while it works. A handler that is slow for more than 30 s is disconnected by Trunkline and
 * loses nothing by it.
 */
public final class TopicFollower implements AutoCloseable {
    private static final System.Logger LOG = System.getLogger(TopicFollower.class.getName());
    private static final Duration CONNECT_TIMEOUT = Duration.ofSeconds(5);
    private static final Duration RESPONSE_TIMEOUT = Duration.ofSeconds(15);
    private static final Duration FIRST_PAUSE = Duration.ofMillis(500);
    private static final Duration LONGEST_PAUSE = Duration.ofSeconds(10);
    private static final Duration STOP_TIMEOUT = Duration.ofSeconds(10);
    private static final int OK = 200;
    /** How much of a refusal is logged. */
    private static final int MAX_REFUSAL = 1_000;

    private final StreamSettings settings;
    private final StreamHandler handler;
    private final Backoff backoff = new Backoff(FIRST_PAUSE, LONGEST_PAUSE, RandomGenerator.getDefault());
    private final CountDownLatch stopped = new CountDownLatch(1);
    private final HttpClient client;
    private final ScheduledThreadPoolExecutor timer;
    private final Thread thread;

    public TopicFollower(StreamSettings settings, StreamHandler handler) {
        this.settings = settings;
        this.handler = handler;
        client = HttpClient.newBuilder()
                .version(HttpClient.Version.HTTP_1_1)
                .connectTimeout(CONNECT_TIMEOUT)
                .build();
        timer = new ScheduledThreadPoolExecutor(
                1, Thread.ofPlatform().daemon().name("stream-timer").factory());
        timer.setRemoveOnCancelPolicy(true);
        thread = Thread.ofPlatform().daemon().name("follow-" + settings.topic()).unstarted(this::run);
    }

    /** Begins to follow. */
    public void start() {
        thread.start();
    }

    /** Stops, after the event that is being handled. */
    @Override
    public void close() {
        stopped.countDown();
        client.shutdownNow();
        try {
            thread.join(STOP_TIMEOUT);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        timer.shutdownNow();
    }

    private void run() {
        try {
            boolean stopping = false;
            while (!stopping) {
                Duration pause = attempt();
                stopping = stopped.await(pause.toMillis(), TimeUnit.MILLISECONDS);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt(); // nobody does, but it would mean the same
        }
    }

    /** Follows until the stream ends, for whatever reason, and returns how long to wait before the next one. */
    private Duration attempt() throws InterruptedException {
        long began = System.nanoTime();
        Duration atLeast = Duration.ZERO;
        try {
            follow();
            log("ended by the service", null);
        } catch (StreamRefusedException e) {
            log(e.getMessage(), null);
            atLeast = e.retryAfter();
        } catch (IOException | StreamTakenException e) {
            log(e.getMessage(), null);
        } catch (RuntimeException e) {
            log("the application failed", e);
        }
        if (System.nanoTime() - began > LONGEST_PAUSE.toNanos()) {
            backoff.reset();
        }
        Duration pause = backoff.next();
        return pause.compareTo(atLeast) < 0 ? atLeast : pause;
    }

    private void log(String reason, Throwable cause) {
        if (stopped.getCount() > 0) {
            String message =
                    "The stream was interrupted and is opened again topic=" + settings.topic() + " reason=" + reason;
            LOG.log(Level.WARNING, message, cause);
        }
    }

    private void follow() throws IOException, InterruptedException {
        String cursor = handler.cursor();
        try (InputStream body = open(cursor)) {
            EventReader events = new EventReader(body, cursor, settings.maxEventBytes());
            Optional<StreamEvent> next = events.next();
            while (next.isPresent() && stopped.getCount() > 0) {
                StreamEvent event = next.get();
                if (event.name().equals(StreamEvent.ERROR)) {
                    throw new IOException(event.data());
                }
                handler.handle(cursor, event);
                cursor = event.id();
                if (!event.name().equals(StreamEvent.OPEN)) {
                    backoff.reset();
                }
                next = events.next();
            }
        }
    }

    private InputStream open(String cursor) throws IOException, InterruptedException {
        HttpRequest.Builder request = HttpRequest.newBuilder(settings.stream()).header("Accept", "text/event-stream");
        settings.token().ifPresent(token -> request.header("Authorization", "Bearer " + token));
        if (!cursor.isEmpty()) {
            request.header("Last-Event-ID", cursor);
        }
        HttpResponse<InputStream> response = send(request.build());
        InputStream body = new ImpatientInputStream(response.body(), timer, settings.silence());
        String type = response.headers().firstValue("Content-Type").orElse("");
        if (response.statusCode() == OK && type.startsWith("text/event-stream")) {
            return body;
        }
        try (body) {
            String reason = new String(body.readNBytes(MAX_REFUSAL), StandardCharsets.UTF_8).replaceAll("\\s+", " ");
            throw new StreamRefusedException(response.statusCode() + " " + reason, retryAfter(response));
        }
    }

    /** Sends a request. Its own timeout would cover the body on newer JDKs, and a stream has no end. */
    private HttpResponse<InputStream> send(HttpRequest request) throws IOException, InterruptedException {
        CompletableFuture<HttpResponse<InputStream>> response =
                client.sendAsync(request, HttpResponse.BodyHandlers.ofInputStream());
        try {
            return response.get(RESPONSE_TIMEOUT.toMillis(), TimeUnit.MILLISECONDS);
        } catch (ExecutionException e) {
            throw new IOException("no connection: " + e.getCause(), e);
        } catch (TimeoutException e) {
            response.cancel(true);
            throw new IOException("no response within " + RESPONSE_TIMEOUT.toSeconds() + " s", e);
        }
    }

    private static Duration retryAfter(HttpResponse<?> response) {
        String seconds = response.headers().firstValue("Retry-After").orElse("");
        return seconds.matches("[0-9]{1,3}") ? Duration.ofSeconds(Long.parseLong(seconds)) : Duration.ZERO;
    }
}
