package io.trunkline.testing;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/** A client of server-sent events, which reads them as browsers do (WHATWG HTML, section 9.2.6). */
public final class EventStream implements AutoCloseable {
    private static final Duration PATIENCE = Duration.ofSeconds(30);
    private static final ObjectMapper MAPPER = new ObjectMapper();
    private static final HttpClient CLIENT =
            HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();

    private final HttpResponse<InputStream> response;
    private final BlockingQueue<Optional<Event>> events = new LinkedBlockingQueue<>();
    private final AtomicInteger comments = new AtomicInteger();
    private volatile String lastId = "";
    private volatile boolean ended;

    /** An event as a browser hands it out: with the id that counts then, and the name {@code message} if it has none. */
    public record Event(String id, String name, String data) {
        public JsonNode json() {
            try {
                return MAPPER.readTree(data);
            } catch (IOException e) {
                throw new UncheckedIOException(data, e);
            }
        }

        /** Where the record stood, such as {@code 0:17}. */
        public String position() {
            return json().path("partition").asText() + ":"
                    + json().path("offset").asText();
        }
    }

    private EventStream(HttpResponse<InputStream> response) {
        this.response = response;
        Thread.ofVirtual().start(this::read);
    }

    /** Opens a stream, which has to be granted. */
    public static EventStream open(Api api, String path) {
        return open(api.request(path));
    }

    /** Goes on behind the event with this id. */
    public static EventStream open(Api api, String path, String lastEventId) {
        return open(api.request(path).header("Last-Event-ID", lastEventId));
    }

    private static EventStream open(HttpRequest.Builder request) {
        try {
            HttpResponse<InputStream> response = CLIENT.send(
                    request.header("Accept", "text/event-stream").build(), HttpResponse.BodyHandlers.ofInputStream());
            if (response.statusCode() != 200) {
                throw new AssertionError(response.statusCode() + " "
                        + new String(response.body().readAllBytes(), StandardCharsets.UTF_8));
            }
            assertThat(response.headers().firstValue("Content-Type").orElse("")).startsWith("text/event-stream");
            return new EventStream(response);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }

    private void read() {
        StringBuilder data = new StringBuilder();
        String name = "";
        try (BufferedReader in = new BufferedReader(new InputStreamReader(response.body(), StandardCharsets.UTF_8))) {
            for (String line = in.readLine(); line != null; line = in.readLine()) {
                if (line.isEmpty()) {
                    if (!data.isEmpty()) {
                        data.setLength(data.length() - 1);
                        events.add(Optional.of(new Event(lastId, name.isEmpty() ? "message" : name, data.toString())));
                    }
                    data.setLength(0);
                    name = "";
                } else if (line.startsWith(":")) {
                    comments.incrementAndGet();
                } else {
                    int colon = line.indexOf(':');
                    String field = line.substring(0, colon);
                    String value = line.substring(colon + 1).replaceFirst("^ ", "");
                    switch (field) {
                        case "data" -> data.append(value).append('\n');
                        case "event" -> name = value;
                        case "id" -> lastId = value;
                        default -> assertThat(field).isEqualTo("retry");
                    }
                }
            }
        } catch (IOException e) {
            // cut: what came before counts
        } finally {
            ended = true;
            events.add(Optional.empty());
        }
    }

    /** The next event, which has to come. */
    public Event next() {
        return poll().orElseThrow(() -> new AssertionError("the stream has ended"));
    }

    /** The next event; empty when the stream ends before it. */
    public Optional<Event> poll() {
        try {
            Optional<Event> event = events.poll(PATIENCE.toMillis(), TimeUnit.MILLISECONDS);
            if (event == null) {
                throw new AssertionError("no event has come");
            }
            return event;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }

    /** The next events, which have to come. */
    public List<Event> next(int count) {
        List<Event> some = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            some.add(next());
        }
        return some;
    }

    /** The id that counts now: that of the last event, or what the stream began with. */
    public String lastId() {
        return lastId;
    }

    public int comments() {
        return comments.get();
    }

    public boolean hasEnded() {
        return ended;
    }

    /** How many events have come that nobody has asked for. */
    public int waiting() {
        return events.size();
    }

    public String header(String name) {
        return response.headers().firstValue(name).orElse("");
    }

    @Override
    public void close() {
        try {
            response.body().close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
