package io.trunkline.rest;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.quarkus.test.junit.QuarkusTest;
import io.trunkline.log.FaultyLogs;
import io.trunkline.record.RecordBatch;
import io.trunkline.testing.Api;
import io.trunkline.testing.FlakyProxy;
import io.trunkline.testing.ServiceTestCase;
import io.trunkline.testing.TestDatabase;
import io.trunkline.topic.OtherTopics;
import io.trunkline.topic.TopicName;
import io.trunkline.topic.Topics;
import jakarta.inject.Inject;
import java.net.http.HttpRequest;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.Random;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.awaitility.Awaitility;
import org.jboss.logging.Logger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * Requests with an idempotency key, at random and with faults: every record is in the log once, and every response says where.
 * {@code -Didempotency.seed} repeats what has failed.
 */
@QuarkusTest
class IdempotentProduceFaultsTest extends ServiceTestCase {
    private static final Logger LOG = Logger.getLogger(IdempotentProduceFaultsTest.class);
    private static final Duration PATIENCE = Duration.ofSeconds(30);
    private static final int TRIES = 50;
    private static final int RUNS_OF_A_TOPIC = 10;
    private static final int MAX_MESSAGE_BYTES = 3_000;

    @Inject
    OtherTopics otherTopics;

    @Inject
    FaultyLogs faultyLogs;

    private final long seed = Long.getLong("idempotency.seed", System.nanoTime());
    private final Random random = new Random(seed);
    private final List<Replica> replicas = new ArrayList<>();
    private final List<Topics> topics = new ArrayList<>();

    /** A replica without its HTTP. */
    private record Replica(Producer producer, FaultyLogs.Replica logs) {}

    /** A record of a request. */
    private record Item(String key, String value, int partition) {}

    /** Where each record of a request is; -1 for one that was refused. */
    private record Places(List<Integer> partitions, List<Long> offsets) {}

    @BeforeEach
    void startReplicas() {
        LOG.infof("idempotency.seed=%d", seed);
        for (int i = 0; i < 2; i++) {
            Topics known = otherTopics.create();
            topics.add(known);
            FaultyLogs.Replica logs = faultyLogs.create(known, new Random(random.nextLong()));
            replicas.add(new Replica(new Producer(known, logs.logs()), logs));
        }
    }

    @AfterEach
    void stopReplicas() {
        TestDatabase.network().comeBack();
        replicas.forEach(replica -> replica.logs().close());
        topics.forEach(otherTopics::close);
        Awaitility.await().atMost(PATIENCE).until(() -> api.get("/topics").status() == 200);
    }

    @Test
    void everyRecordIsWrittenOnceWhateverFails() {
        run(40, 10);
    }

    @Test
    @Tag("nightly")
    void everyRecordIsWrittenOnceInAThousandRuns() {
        run(900, 100);
    }

    /** Each topic takes several requests, some by replicas whose appends fail and some over HTTP. */
    private void run(int onReplicas, int overHttp) {
        int left = onReplicas;
        int leftOverHttp = overHttp;
        while (left + leftOverHttp > 0) {
            int partitions = 1 + random.nextInt(5);
            String topic = api.newTopic(partitions, "{\"max.message.bytes\":\"" + MAX_MESSAGE_BYTES + "\"}");
            Map<String, Long> written = new HashMap<>();
            for (int i = 0; i < RUNS_OF_A_TOPIC && left + leftOverHttp > 0; i++) {
                boolean http = random.nextInt(left + leftOverHttp) >= left;
                if (http) {
                    leftOverHttp--;
                } else {
                    left--;
                }
                boolean grows = random.nextInt(3) == 0;
                List<Item> items = items(topic + "-" + i, partitions);
                Places places = http ? overHttp(topic, items, grows) : onReplicas(topic, items, grows);
                partitions += grows ? 1 : 0;
                for (int r = 0; r < items.size(); r++) {
                    if (places.offsets().get(r) >= 0) {
                        written.put(
                                places.partitions().get(r) + "/"
                                        + places.offsets().get(r),
                                (long) items.get(r).value().hashCode());
                    }
                }
            }
            assertThat(inTheLog(topic, partitions))
                    .as("seed %d, topic %s", seed, topic)
                    .isEqualTo(written);
        }
    }

    private List<Item> items(String name, int partitions) {
        int count = 1 + random.nextInt(12);
        List<Item> items = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            String key = random.nextBoolean() ? "" : "k" + random.nextInt(20);
            // The first one is always written: a request that writes nothing leaves its key free.
            String value =
                    name + "-" + i + "x".repeat(i > 0 && random.nextInt(10) == 0 ? 4_000 : random.nextInt(2_000));
            // Now and then a partition that does not exist yet.
            int partition = i > 0 && random.nextInt(4) == 0 ? random.nextInt(partitions + 1) : Producer.ANY_PARTITION;
            items.add(new Item(key, value, partition));
        }
        return items;
    }

    /** Sends a request to one replica after the other, or to both at once, until one has written it without a fault. */
    private Places onReplicas(String topic, List<Item> items, boolean grows) {
        RequestKey key = new RequestKey("", UUID.randomUUID().toString(), new byte[32]);
        List<CompletableFuture<ProduceResult>> sent = new ArrayList<>();
        boolean grown = !grows;
        replicas.forEach(replica -> replica.logs().fails(true));
        for (int attempt = 0; attempt < TRIES; attempt++) {
            boolean last = attempt >= 3 + random.nextInt(4);
            if (last || random.nextInt(3) == 0) {
                // Restarted.
                replicas.forEach(replica -> replica.logs().fails(!last));
            }
            boolean both = random.nextBoolean();
            List<CompletableFuture<ProduceResult>> now = new ArrayList<>();
            for (Replica replica : both ? replicas : List.of(replicas.get(random.nextInt(2)))) {
                now.add(send(replica, topic, items, key));
            }
            sent.addAll(now);
            if (!grown && random.nextBoolean()) {
                api.addPartitions(topic, partitions(topic) + 1);
                grown = true;
            }
            now.forEach(IdempotentProduceFaultsTest::await);
            if (last && now.stream().anyMatch(IdempotentProduceFaultsTest::isComplete)) {
                if (!grown) {
                    api.addPartitions(topic, partitions(topic) + 1);
                }
                List<Places> all = sent.stream()
                        .filter(IdempotentProduceFaultsTest::isComplete)
                        .map(result -> places(result.join()))
                        .distinct()
                        .toList();
                assertThat(all).as("seed %d", seed).hasSize(1);
                return all.getFirst();
            }
        }
        throw new AssertionError("not written, seed " + seed);
    }

    private static CompletableFuture<ProduceResult> send(
            Replica replica, String topic, List<Item> items, RequestKey key) {
        RecordBatch.Builder records = new RecordBatch.Builder(items.size(), 1_000);
        for (Item item : items) {
            if (!item.key().isEmpty()) {
                byte[] bytes = item.key().getBytes(StandardCharsets.UTF_8);
                records.key(bytes, 0, bytes.length);
            }
            byte[] value = item.value().getBytes(StandardCharsets.UTF_8);
            records.add(System.currentTimeMillis(), value, 0, value.length);
        }
        RecordBatch batch = records.build();
        return replica.producer()
                .send(
                        TopicName.parse(topic),
                        Optional.empty(),
                        new SendRequest(
                                batch,
                                batch::sizeOf,
                                items.stream().mapToInt(Item::partition).toArray(),
                                OptionalInt.empty(),
                                false,
                                Optional.of(key),
                                OptionalLong.empty()))
                .thenCompose(Producer.Accepted::result);
    }

    private static void await(CompletableFuture<ProduceResult> result) {
        result.handle((done, failure) -> Optional.empty())
                .orTimeout(PATIENCE.toSeconds(), TimeUnit.SECONDS)
                .join();
    }

    /** Whether every record has been written, or refused for what it is. */
    private static boolean isComplete(CompletableFuture<ProduceResult> sent) {
        if (sent.isCompletedExceptionally()) {
            return false;
        }
        ProduceResult result = sent.join();
        return IntStream.range(0, result.count())
                .mapToObj(result::failure)
                .allMatch(failure -> failure == null || ErrorStatus.of(failure.code()) < 500);
    }

    private static Places places(ProduceResult result) {
        return new Places(
                IntStream.range(0, result.count()).mapToObj(result::partition).toList(),
                IntStream.range(0, result.count())
                        .mapToObj(i -> result.failure(i) == null ? result.offset(i) : -1)
                        .toList());
    }

    /** The network to PostgreSQL fails while the service writes, and the client repeats what it does not know the answer of. */
    private Places overHttp(String topic, List<Item> items, boolean grows) {
        FlakyProxy network = TestDatabase.network();
        String key = UUID.randomUUID().toString();
        String body = body(items);
        List<Api.Answer> answers = new ArrayList<>();
        for (int faults = random.nextInt(3); faults > 0; faults--) {
            boolean cut = random.nextBoolean();
            if (!cut) {
                network.loseAnswers();
            }
            CompletableFuture<Api.Answer> sent = CompletableFuture.supplyAsync(() -> post(topic, key, body));
            if (cut) {
                network.goAway();
            }
            answers.add(sent.orTimeout(PATIENCE.toSeconds(), TimeUnit.SECONDS).join());
            network.comeBack();
        }
        Awaitility.await()
                .atMost(PATIENCE)
                .pollInterval(Duration.ofMillis(20))
                .until(() -> answers.add(post(topic, key, body)) && isComplete(answers.getLast()));
        if (grows) {
            api.addPartitions(topic, partitions(topic) + 1);
        }
        answers.add(post(topic, key, body));
        assertThat(answers.getLast().header("Idempotency-Replayed"))
                .as("seed %d: %s", seed, answers.getLast().body())
                .isEqualTo("true");
        List<Places> all = answers.stream()
                .filter(IdempotentProduceFaultsTest::isComplete)
                .map(answer -> places(answer.json()))
                .distinct()
                .toList();
        assertThat(all).as("seed %d", seed).hasSize(1);
        return all.getFirst();
    }

    private Api.Answer post(String topic, String key, String body) {
        return api.send(api.request("/topics/" + topic)
                .header("Content-Type", Api.TEXT)
                .header("Idempotency-Key", key)
                .POST(HttpRequest.BodyPublishers.ofString(body)));
    }

    private static String body(List<Item> items) {
        return "{\"records\":["
                + String.join(
                        ",",
                        items.stream()
                                .map(item -> "{\"value\":\"" + item.value() + "\""
                                        + (item.key().isEmpty() ? "" : ",\"key\":\"" + item.key() + "\"")
                                        + (item.partition() < 0 ? "" : ",\"partition\":" + item.partition()) + "}")
                                .toList())
                + "]}";
    }

    private static boolean isComplete(Api.Answer answer) {
        if (answer.status() != 200) {
            assertThat(answer.status()).as(answer.body()).isEqualTo(503);
            return false;
        }
        return !answer.body().contains("\"error_code\":503");
    }

    private static Places places(JsonNode answer) {
        List<Integer> partitions = new ArrayList<>();
        List<Long> offsets = new ArrayList<>();
        for (JsonNode offset : answer.path("offsets")) {
            partitions.add(offset.path("partition").asInt(-1));
            offsets.add(offset.path("offset").asLong(-1));
        }
        return new Places(partitions, offsets);
    }

    private int partitions(String topic) {
        return api.get("/topics/" + topic).json().path("partitions").size();
    }

    /** Which value is at which partition and offset. */
    private Map<String, Long> inTheLog(String topic, int partitions) {
        Map<String, Long> found = new HashMap<>();
        for (int partition = 0; partition < partitions; partition++) {
            long next = 0;
            for (JsonNode one : api.readAll(topic, partition, 0, Api.TEXT)) {
                assertThat(one.path("offset").asLong()).as("seed %d", seed).isEqualTo(next++);
                found.put(partition + "/" + one.path("offset").asLong(), (long)
                        one.path("value").asText().hashCode());
            }
        }
        return found;
    }
}
