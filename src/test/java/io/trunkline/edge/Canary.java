package io.trunkline.edge;

import static org.assertj.core.api.Assertions.assertThat;

import io.trunkline.testing.Api;
import java.time.Duration;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Supplier;

/** An honest client beside hostile ones, which writes, reads and asks, one after the other. */
final class Canary implements AutoCloseable {
    private static final Duration LONGEST = Duration.ofSeconds(20);

    private final Api api;
    private final String topic;
    private final AtomicBoolean over = new AtomicBoolean();
    private final Map<Integer, Integer> statuses = new TreeMap<>();
    private Duration longest = Duration.ZERO;
    private final CompletableFuture<Void> singing;

    Canary(Api api) {
        this.api = api;
        topic = api.newTopic(1);
        singing = CompletableFuture.runAsync(this::sing);
    }

    private void sing() {
        long offset = 0;
        while (!over.get()) {
            note(() -> api.post("/topics/" + topic, Api.JSON, "{\"records\":[{\"value\":1}]}"));
            long from = offset;
            note(() -> api.get("/topics/" + topic + "/partitions/0/records?offset=" + from));
            note(() -> api.get("/topics"));
        }
    }

    private void note(Supplier<Api.Answer> call) {
        long start = System.nanoTime();
        int status = call.get().status();
        Duration took = Duration.ofNanos(System.nanoTime() - start);
        synchronized (statuses) {
            statuses.merge(status, 1, Integer::sum);
            if (took.compareTo(longest) > 0) {
                longest = took;
            }
        }
    }

    /** All was answered, nearly all with success, and nothing took long. */
    void assertWell() {
        over.set(true);
        singing.join();
        synchronized (statuses) {
            int all = statuses.values().stream().mapToInt(Integer::intValue).sum();
            System.out.println("canary: " + statuses + ", longest " + longest);
            assertThat(statuses.getOrDefault(200, 0)).as("of %s", statuses).isGreaterThan(all * 9 / 10);
            assertThat(longest).isLessThan(LONGEST);
        }
    }

    @Override
    public void close() {
        over.set(true);
        singing.join();
    }
}
