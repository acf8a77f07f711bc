package io.trunkline.ops;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.trunkline.testing.Api;
import io.trunkline.testing.ServiceProcess;
import io.trunkline.testing.TestDatabase;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.awaitility.Awaitility;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.CleanupMode;
import org.junit.jupiter.api.io.TempDir;

/**
 * Replicas, {@code rolling.replicas} of them, are replaced one after the other, as a rolling update of Kubernetes does it, while records are written,
 * fetched with long polls, and consumed by a group: no request fails that is repeated once, and none has to be that a
 * replica has taken. Clients keep their connections, and learn late which replicas are ready.
 */
class RollingRestartIT {
    private static final int REPLICAS = Integer.getInteger("rolling.replicas", 2);
    private static final int PARTITIONS = 3;
    private static final int PRODUCERS = 4;
    private static final int MEMBERS = 2;
    private static final String TOPIC = "rolling";
    private static final Duration DELAY = Duration.ofSeconds(3);
    /** How late clients learn of a change: less than the delay, as the documentation asks for. */
    private static final Duration LATE = Duration.ofMillis(700);

    private static final Duration PATIENCE = Duration.ofSeconds(60);
    private static final ObjectMapper MAPPER = new ObjectMapper();

    /** A replica, with the port of its API once it is ready. */
    private record Replica(ServiceProcess process, int managementPort, int port) {}

    @TempDir(cleanup = CleanupMode.ON_SUCCESS)
    Path directory = Path.of("");

    private final TestDatabase database = TestDatabase.inASharedServer();
    private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
    private final Map<String, String> settings = new HashMap<>();
    private final Map<Integer, Replica> replicas = new ConcurrentHashMap<>();
    private volatile List<Integer> endpoints = List.of();
    private volatile boolean written;
    private volatile boolean over;

    private final Queue<String> failures = new ConcurrentLinkedQueue<>();
    private final Queue<String> retries = new ConcurrentLinkedQueue<>();
    private final AtomicLong requests = new AtomicLong();
    private final Set<Long> acknowledged = ConcurrentHashMap.newKeySet();
    private final Set<Long> consumed = ConcurrentHashMap.newKeySet();
    private final AtomicLong fetched = new AtomicLong();
    private final AtomicLong sequence = new AtomicLong();

    @BeforeEach
    void startDatabase() {
        settings.putAll(database.start());
        settings.put("trunkline.database.max-connections", "27");
        settings.put("trunkline.log.append.threads", "2");
        settings.put("trunkline.log.fetch.threads", "1");
        settings.put("trunkline.consumer.threads", "1");
        settings.put("trunkline.shutdown.delay", DELAY.toMillis() + "ms");
    }

    @AfterEach
    void stopDatabase() {
        over = true;
        threads.shutdownNow();
        replicas.values().forEach(replica -> replica.process().kill());
        database.stop();
    }

    @Test
    void noRequestIsLostThatIsRepeatedOnce() {
        for (int i = 0; i < REPLICAS; i++) {
            replicas.put(i, start(settings));
        }
        CompletableFuture<Void> endpointSlice = run(this::watchReadiness);
        Awaitility.await().atMost(PATIENCE).until(() -> endpoints.size() == REPLICAS);
        new Api("http://localhost:" + endpoints.getFirst()).createTopic(TOPIC, PARTITIONS);

        List<CompletableFuture<Void>> producers = new ArrayList<>();
        for (int i = 0; i < PRODUCERS; i++) {
            producers.add(run(this::produce));
        }
        List<CompletableFuture<Void>> clients = new ArrayList<>();
        for (int i = 0; i < PARTITIONS; i++) {
            int partition = i;
            clients.add(run(() -> follow(partition)));
        }
        for (int i = 0; i < MEMBERS; i++) {
            clients.add(run(this::consume));
        }
        for (int i = 0; i < REPLICAS; i++) {
            replace(i);
        }
        written = true;
        awaitEnd(producers);
        Awaitility.await("everything is consumed").atMost(PATIENCE).until(() -> consumed.containsAll(acknowledged));
        over = true;
        awaitEnd(clients);
        endpointSlice.join();

        System.out.println("RollingRestartIT: " + requests + " requests, " + acknowledged.size() + " records, "
                + fetched + " fetched, " + retries.size() + " repeated "
                + retries.stream().limit(10).toList());
        assertThat(failures).isEmpty();
        assertThat(acknowledged).hasSizeGreaterThan(1_000);
        assertThat(fetched).hasValueGreaterThan(1_000);
        assertThat(valuesInTheLog()).containsAll(acknowledged);
    }

    /** A new replica first, and the old one goes when the new one is known to be ready. */
    private void replace(int number) {
        Replica old = replicas.get(number);
        if (old == null) {
            throw new IllegalStateException("replica " + number + " does not run");
        }
        Replica replacement = start(TestDatabase.withoutOwner(settings));
        replicas.put(number + REPLICAS, replacement);
        Awaitility.await().atMost(PATIENCE).until(() -> endpoints.contains(replacement.port()));
        old.process().terminate();
        int status = old.process().awaitEnd();
        replicas.remove(number);
        // 143: ended by SIGTERM, in order.
        assertThat(status).as(old.process().output()).isIn(0, 143);
    }

    private Replica start(Map<String, String> with) {
        int managementPort = ServiceProcess.freePort();
        Map<String, String> all = new HashMap<>(with);
        all.put("quarkus.management.port", Integer.toString(managementPort));
        ServiceProcess process = ServiceProcess.start(directory, all);
        return new Replica(process, managementPort, process.port());
    }

    /** Publishes the ready replicas to the clients, late. */
    private void watchReadiness() {
        HttpClient client = HttpClient.newHttpClient();
        while (!over) {
            List<Integer> ready = replicas.values().stream()
                    .filter(replica -> isReady(client, replica))
                    .map(Replica::port)
                    .sorted()
                    .toList();
            idle(LATE);
            endpoints = ready;
        }
    }

    private static boolean isReady(HttpClient client, Replica replica) {
        try {
            return client.send(
                                    HttpRequest.newBuilder(URI.create(
                                                    "http://localhost:" + replica.managementPort() + "/q/health/ready"))
                                            .timeout(Duration.ofSeconds(2))
                                            .build(),
                                    HttpResponse.BodyHandlers.discarding())
                            .statusCode()
                    == 200;
        } catch (IOException e) {
            return false; // it has ended
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        }
    }

    private void produce() {
        Client client = new Client();
        while (!written && !over) {
            long value = sequence.incrementAndGet();
            JsonNode answer = client.call(
                    "POST", "/topics/" + TOPIC, "{\"records\":[{\"key\":\"" + value + "\",\"value\":" + value + "}]}");
            if (answer != null && answer.path("offsets").path(0).has("offset")) {
                acknowledged.add(value);
            } else if (answer != null) {
                failures.add("not written: " + answer);
            }
            idle(Duration.ofMillis(2));
        }
    }

    /** Long polls, one after the other, of which each begins where the last one ended. */
    private void follow(int partition) {
        Client client = new Client();
        long next = 0;
        while (!over) {
            JsonNode records = client.call(
                    "GET",
                    "/topics/" + TOPIC + "/partitions/" + partition + "/records?timeout=5000&max_records=500&offset="
                            + next,
                    "");
            for (JsonNode each : records == null ? MAPPER.createArrayNode() : records) {
                if (each.path("offset").asLong() != next) {
                    failures.add("partition " + partition + " expected " + next + ": " + each);
                }
                next = each.path("offset").asLong() + 1;
                fetched.incrementAndGet();
            }
        }
    }

    private void consume() {
        Client client = new Client();
        JsonNode made =
                client.call("POST", "/consumers/rolling", "{\"format\":\"json\",\"auto.offset.reset\":\"earliest\"}");
        if (made == null) {
            return;
        }
        String consumer =
                "/consumers/rolling/instances/" + made.path("instance_id").asText();
        client.call("POST", consumer + "/subscription", "{\"topics\":[\"" + TOPIC + "\"]}");
        while (!over) {
            JsonNode records = client.call("GET", consumer + "/records?timeout=3000", "");
            for (JsonNode each : records == null ? MAPPER.createArrayNode() : records) {
                consumed.add(each.path("value").asLong());
            }
        }
    }

    private Set<Long> valuesInTheLog() {
        Api api = new Api("http://localhost:" + endpoints.getFirst());
        Set<Long> values = new HashSet<>();
        for (int partition = 0; partition < PARTITIONS; partition++) {
            api.readAll(TOPIC, partition, 0, Api.JSON)
                    .forEach(each -> values.add(each.path("value").asLong()));
        }
        return values;
    }

    /** A client that keeps its connections, picks a replica for each request, and repeats what fails once at another. */
    private final class Client {
        private final HttpClient http =
                HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();

        /** The answer, or null after a failure that the repetition did not help. */
        @Nullable
        JsonNode call(String method, String path, String body) {
            int first = pick(-1);
            Map<String, String> reasons = new LinkedHashMap<>();
            for (int port : new int[] {first, -1}) {
                int at = port < 0 ? pick(first) : port;
                try {
                    HttpResponse<String> answer = send(at, method, path, body);
                    if (answer.statusCode() < 300) {
                        return answer.body().isEmpty() ? MAPPER.createObjectNode() : MAPPER.readTree(answer.body());
                    }
                    reasons.put(reasons.size() + " " + at, answer.statusCode() + " " + answer.body());
                } catch (IOException e) {
                    reasons.put(reasons.size() + " " + at, e.toString());
                } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                    return null;
                }
                if (over) {
                    return null;
                }
                if (port == first) {
                    retries.add(method + " " + path + " " + reasons);
                }
            }
            failures.add(method + " " + path + " " + reasons);
            return null;
        }

        private HttpResponse<String> send(int port, String method, String path, String body)
                throws IOException, InterruptedException {
            requests.incrementAndGet();
            HttpRequest.Builder request = HttpRequest.newBuilder(URI.create("http://localhost:" + port + path))
                    .timeout(Duration.ofSeconds(40))
                    .header("Accept", Api.JSON + ", " + Api.CONTROL)
                    .method(
                            method,
                            body.isEmpty()
                                    ? HttpRequest.BodyPublishers.noBody()
                                    : HttpRequest.BodyPublishers.ofString(body));
            if (!body.isEmpty()) {
                request.header("Content-Type", path.startsWith("/topics") ? Api.JSON : Api.CONTROL);
            }
            return http.send(request.build(), HttpResponse.BodyHandlers.ofString());
        }

        /** One of those that are known to be ready, another one where there is one. */
        private int pick(int other) {
            List<Integer> known = endpoints;
            List<Integer> others = known.stream().filter(port -> port != other).toList();
            List<Integer> from = others.isEmpty() ? known : others;
            return from.get(ThreadLocalRandom.current().nextInt(from.size()));
        }
    }

    private static void awaitEnd(List<CompletableFuture<Void>> parts) {
        CompletableFuture.allOf(parts.toArray(new CompletableFuture<?>[0]))
                .orTimeout(PATIENCE.toSeconds(), TimeUnit.SECONDS)
                .join();
    }

    private CompletableFuture<Void> run(Runnable part) {
        return CompletableFuture.runAsync(part, threads);
    }

    private static void idle(Duration time) {
        try {
            Thread.sleep(time);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
