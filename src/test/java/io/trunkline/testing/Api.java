package io.trunkline.testing;

import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Flow;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** An HTTP client of the API. */
public final class Api {
    /** The media types of the three record formats, and of control bodies. */
    public static final String JSON = "application/vnd.kafka.json.v2+json";

    public static final String BINARY = "application/vnd.kafka.binary.v2+json";
    public static final String TEXT = "application/vnd.kafka.text.v2+json";
    public static final String CONTROL = "application/vnd.kafka.v2+json";

    private static final JsonMapper MAPPER = JsonMapper.builder()
            .enable(DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS)
            .build();

    private final HttpClient client =
            HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
    private final String base;
    /** The headers of every request, by name and value. */
    private final Map<String, String> headers;

    public Api(String base) {
        this(base.endsWith("/") ? base.substring(0, base.length() - 1) : base, Map.of());
    }

    private Api(String base, Map<String, String> headers) {
        this.base = base;
        this.headers = headers;
    }

    /** The same API for a client that shows this in its {@code Authorization} header. */
    public Api authorized(String authorization) {
        return new Api(base, Map.of("Authorization", authorization));
    }

    /** The same API for the holder of a token. */
    public Api as(String token) {
        return authorized("Bearer " + token);
    }

    /** The same API for a client that sends this header, too. */
    public Api with(String header, String value) {
        Map<String, String> more = new LinkedHashMap<>(headers);
        more.put(header, value);
        return new Api(base, Map.copyOf(more));
    }

    /** An answer with its body as text. */
    public record Answer(int status, HttpResponse<byte[]> response) {
        public String body() {
            return new String(response.body(), StandardCharsets.UTF_8);
        }

        public JsonNode json() {
            try {
                return MAPPER.readTree(response.body());
            } catch (IOException e) {
                throw new UncheckedIOException(body(), e);
            }
        }

        public String header(String name) {
            return response.headers().firstValue(name).orElse("");
        }

        public String code() {
            return json().path("code").asText();
        }
    }

    /** Creates a topic of a new name. */
    public String newTopic(int partitions) {
        return newTopic(partitions, "{}");
    }

    /** Creates a topic of a new name with a configuration. */
    public String newTopic(int partitions, String configs) {
        String name = "t-" + UUID.randomUUID();
        Answer answer = post(
                "/admin/topics",
                CONTROL,
                "{\"topic_name\":\"" + name + "\",\"partitions_count\":" + partitions + ",\"configs\":" + configs
                        + "}");
        if (answer.status() != 201) {
            throw new AssertionError(answer.body());
        }
        return name;
    }

    /** Creates a topic of this name. */
    public void createTopic(String name, int partitions) {
        Answer answer = post(
                "/admin/topics", CONTROL, "{\"topic_name\":\"" + name + "\",\"partitions_count\":" + partitions + "}");
        if (answer.status() != 201) {
            throw new AssertionError(answer.body());
        }
    }

    /** Gives a topic more partitions. */
    public void addPartitions(String topic, int count) {
        Answer answer = send("PATCH", "/topics/" + topic, CONTROL, "{\"partitions_count\":" + count + "}");
        if (answer.status() != 200) {
            throw new AssertionError(answer.body());
        }
    }

    /** Writes the numbers from one to before the other to a partition, each a record of one JSON value. */
    public void writeNumbers(String topic, int partition, int from, int to) {
        write(
                topic,
                partition,
                JSON,
                IntStream.range(from, to).mapToObj(i -> "{\"value\":" + i + "}").toList());
    }

    /** Writes records, each a JSON object of the produce request, to a partition. */
    public void write(String topic, int partition, String contentType, List<String> records) {
        Answer answer = post(
                "/topics/" + topic + "/partitions/" + partition,
                contentType,
                "{\"records\":[" + String.join(",", records) + "]}");
        if (answer.status() != 200 || answer.body().contains("error_code")) {
            throw new AssertionError(answer.body());
        }
    }

    /**
     * Creates a consumer.
     *
     * @param group the group as it stands in a path
     * @param options the body of the call
     * @return the path of the instance
     */
    public String newConsumer(String group, String options) {
        Answer answer = post("/consumers/" + group, CONTROL, options);
        if (answer.status() != 200) {
            throw new AssertionError(answer.status() + " " + answer.body());
        }
        return URI.create(answer.json().path("base_uri").asText()).getRawPath();
    }

    public Answer get(String path) {
        return send(request(path).GET());
    }

    public Answer get(String path, String accept) {
        return send(request(path).header("Accept", accept).GET());
    }

    public Answer post(String path, String contentType, String body) {
        return send(postRequest(path, contentType, body));
    }

    public Answer put(String path, String contentType, String body) {
        return send("PUT", path, contentType, body);
    }

    public CompletableFuture<Answer> postLater(String path, String contentType, String body) {
        return client.sendAsync(postRequest(path, contentType, body).build(), HttpResponse.BodyHandlers.ofByteArray())
                .thenApply(r -> new Answer(r.statusCode(), r));
    }

    public CompletableFuture<Answer> getLater(String path) {
        return client.sendAsync(request(path).GET().build(), HttpResponse.BodyHandlers.ofByteArray())
                .thenApply(r -> new Answer(r.statusCode(), r));
    }

    public Answer send(String method, String path, String contentType, String body) {
        return send(request(path)
                .header("Content-Type", contentType)
                .method(method, HttpRequest.BodyPublishers.ofString(body)));
    }

    public Answer delete(String path) {
        return send(request(path).DELETE());
    }

    /** All records of a partition from an offset to the end, page by page. */
    public List<JsonNode> readAll(String topic, int partition, long from, String accept) {
        List<JsonNode> records = new ArrayList<>();
        long offset = from;
        while (true) {
            Answer page = get("/topics/" + topic + "/partitions/" + partition + "/records?offset=" + offset, accept);
            if (page.status() != 200) {
                throw new AssertionError(page.status() + " " + page.body());
            }
            if (page.json().isEmpty()) {
                return records;
            }
            page.json().forEach(records::add);
            offset = Long.parseLong(page.header("Trunkline-Next-Offset"));
        }
    }

    /** Any request, for headers of one's own. */
    public HttpRequest.Builder request(String path) {
        HttpRequest.Builder request =
                HttpRequest.newBuilder(URI.create(base + path)).timeout(Duration.ofSeconds(60));
        headers.forEach(request::header);
        return request;
    }

    public Answer send(HttpRequest.Builder request) {
        return send(request, HttpResponse.BodyHandlers.ofByteArray());
    }

    private Answer send(HttpRequest.Builder request, HttpResponse.BodyHandler<byte[]> body) {
        try {
            HttpResponse<byte[]> response = client.send(request.build(), body);
            return new Answer(response.statusCode(), response);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }

    /** As {@link #send(HttpRequest.Builder)}, for a response that has no end where it succeeds: with the first of its bytes. */
    public Answer sendForBeginning(HttpRequest.Builder request) {
        return send(
                request,
                head -> head.statusCode() == 200 ? new Beginning() : HttpResponse.BodySubscribers.ofByteArray());
    }

    /** Takes the first bytes of a body and leaves. */
    private static final class Beginning implements HttpResponse.BodySubscriber<byte[]> {
        private final CompletableFuture<byte[]> body = new CompletableFuture<>();
        private Flow.@Nullable Subscription subscription;

        @Override
        public CompletableFuture<byte[]> getBody() {
            return body;
        }

        @Override
        public void onSubscribe(Flow.Subscription to) {
            subscription = to;
            to.request(1);
        }

        @Override
        public void onNext(List<ByteBuffer> bytes) {
            byte[] first = new byte[bytes.getFirst().remaining()];
            bytes.getFirst().get(first);
            body.complete(first);
            Objects.requireNonNull(subscription).cancel();
        }

        @Override
        public void onError(Throwable failure) {
            body.completeExceptionally(failure);
        }

        @Override
        public void onComplete() {
            body.complete(new byte[0]);
        }
    }

    /** The first lines of a body that may have no end. */
    public List<String> firstLines(HttpRequest.Builder request, int count) {
        try {
            HttpResponse<Stream<String>> response = client.send(request.build(), HttpResponse.BodyHandlers.ofLines());
            try (Stream<String> lines = response.body()) {
                if (response.statusCode() != 200) {
                    throw new AssertionError(response.statusCode() + " " + lines.toList());
                }
                return lines.limit(count).toList();
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }

    private HttpRequest.Builder postRequest(String path, String contentType, String body) {
        return request(path).header("Content-Type", contentType).POST(HttpRequest.BodyPublishers.ofString(body));
    }
}
