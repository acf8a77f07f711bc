package io.trunkline.rest;

import static io.trunkline.testing.Failure.assertFailure;
import static io.trunkline.testing.TestDatabase.execute;
import static io.trunkline.testing.TestDatabase.number;
import static org.assertj.core.api.Assertions.assertThat;

import io.trunkline.testing.Api;
import io.trunkline.testing.Consumer;
import io.trunkline.testing.Group;
import io.trunkline.testing.ServiceProcess;
import io.trunkline.testing.TestDatabase;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.CleanupMode;
import org.junit.jupiter.api.io.TempDir;

/**
 * What somebody who may use the API, and means harm, asks for: replicas with the memory of a small pod refuse it or bear it,
 * and answer others meanwhile.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class StrangerIT {
    private static final int MOST_TOPICS = 150;
    private static final int MOST_TOTAL_PARTITIONS = 400;
    private static final int MOST_GROUPS = 60;
    private static final Duration MOST_LATENCY = Duration.ofSeconds(10);

    private final TestDatabase database = TestDatabase.inASharedServer();
    private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
    private final List<ServiceProcess> replicas = new ArrayList<>();

    @BeforeAll
    void startReplicas(@TempDir(cleanup = CleanupMode.ON_SUCCESS) Path directory) {
        Map<String, String> settings = new HashMap<>(database.start());
        settings.put("trunkline.topics.max-topics", Integer.toString(MOST_TOPICS));
        settings.put("trunkline.topics.max-total-partitions", Integer.toString(MOST_TOTAL_PARTITIONS));
        settings.put("trunkline.consumer.max-groups", Integer.toString(MOST_GROUPS));
        settings.put("trunkline.topics.auto-create", "true");
        replicas.add(ServiceProcess.start(directory, settings));
        settings.put("trunkline.topics.administration", "false");
        replicas.add(ServiceProcess.start(directory, settings));
    }

    @AfterAll
    void stop() {
        threads.shutdownNow();
        replicas.forEach(ServiceProcess::close);
        database.stop();
    }

    private Api one() {
        return replicas.get(0).api();
    }

    /** The replica that does not administer topics. */
    private Api other() {
        return replicas.get(1).api();
    }

    @Test
    void patternsThatWouldFillTheMemoryAreRefusedAndOthersAreAnsweredMeanwhile() throws Exception {
        String topic = one().newTopic(1);
        Group attacked = new Group(one());
        try (Others others = new Others(one(), topic)) {
            assertFailure(pattern(attacked.consumer(), "((x{1000}){1000}){1000}"), 422, "INVALID_SUBSCRIPTION");
            for (int i = 0; i < 13; i++) {
                assertFailure(pattern(attacked.consumer(), "((a{100}){100}){40}"), 422, "INVALID_SUBSCRIPTION");
            }
        }

        assertThat(attacked.consumer().subscribe(topic).partitionsOf(topic)).containsExactly(0);
        replicasLive();
    }

    @Test
    void largestPatternsThatAreAllowedAreBorneAndOthersAreAnsweredMeanwhile() throws Exception {
        String topic = one().newTopic(1);
        for (int i = 0; i < 20; i++) {
            one().createTopic("a".repeat(240) + i, 1);
        }
        Group attacked = new Group(one());
        try (Others others = new Others(one(), topic)) {
            List<Future<Integer>> answers = new ArrayList<>();
            for (int i = 0; i < 100; i++) {
                String pattern = "(?:(?:(a?)){10}){40}b{" + (i + 1) + "}";
                answers.add(threads.submit(
                        () -> pattern(attacked.consumer(), pattern).status()));
            }
            for (Future<Integer> answer : answers) {
                assertThat(answer.get()).isIn(204, 503);
            }
        }

        for (String member : attacked.members()) {
            assertThat(one().delete("/consumers/" + attacked.id() + "/instances/" + member)
                            .status())
                    .isEqualTo(204);
        }
        replicasLive();
    }

    @Test
    void patternsThatSqlStoresReadNothingAndEndNothing() throws Exception {
        String topic = one().newTopic(1);
        Group attacked = new Group(one());
        for (int i = 0; i < 13; i++) {
            attacked.consumer();
        }
        execute("UPDATE trunkline.group_member SET subscription = 'pattern', topic_pattern = '((a{100}){100}){40}'"
                + " WHERE group_id = (SELECT group_id FROM trunkline.consumer_group WHERE name = '" + attacked.id()
                + "')");
        try (Others others = new Others(one(), topic)) {
            Consumer honest = attacked.consumer().subscribe(topic);

            assertThat(honest.partitionsOf(topic)).containsExactly(0);
            assertThat(honest.poll()).isNotEmpty();
            for (String member : attacked.members()) {
                assertThat(one().delete("/consumers/" + attacked.id() + "/instances/" + member)
                                .status())
                        .isEqualTo(204);
            }
        }
        assertThat(one().delete(attacked.path()).status()).isIn(204, 404);
        replicasLive();
    }

    @Test
    void textThatCannotBeStoredIsRefusedAndTheGroupGoesOn() {
        String topic = one().newTopic(1);
        Group attacked = new Group(one());
        Consumer attacker = attacked.consumer();

        assertFailure(pattern(attacker, "\\ud800"), 422, "INVALID_TEXT");
        assertFailure(pattern(attacker, "\\u0000"), 422, "INVALID_TEXT");

        assertThat(attacked.consumer().subscribe(topic).partitionsOf(topic)).containsExactly(0);
        attacker.delete();
    }

    @Test
    void burstOverTwoReplicasMakesNoMoreTopicsPartitionsAndGroupsThanAllowed() throws Exception {
        List<String> kept = List.of(one().newTopic(1));
        List<Callable<String>> calls = new ArrayList<>();
        for (int i = 0; i < 2 * MOST_TOPICS; i++) {
            String name = "burst-" + UUID.randomUUID();
            Api api = i % 2 == 0 ? one() : other();
            calls.add(
                    i % 2 == 0
                            ? () -> code(api.post("/admin/topics", Api.CONTROL, "{\"topic_name\":\"" + name + "\"}"))
                            : () -> code(api.post("/topics/" + name, Api.JSON, "{\"records\":[{\"value\":1}]}")));
        }
        for (int i = 0; i < 2 * MOST_GROUPS; i++) {
            String name = "burst-" + UUID.randomUUID();
            Api api = i % 2 == 0 ? one() : other();
            String reset = "{\"to\":\"earliest\",\"topics\":[\"" + kept.getFirst() + "\"]}";
            calls.add(
                    i % 3 == 0
                            ? () -> code(api.put("/groups/" + name + "/offsets", Api.CONTROL, reset))
                            : () -> code(api.post("/consumers/" + name, Api.CONTROL, "{}")));
        }
        try (ExecutorService few = Executors.newFixedThreadPool(16)) {
            List<String> codes = new ArrayList<>();
            for (Future<String> call : few.invokeAll(calls)) {
                codes.add(call.get());
            }
            assertThat(codes).contains("TOPIC_LIMIT_REACHED", "GROUP_LIMIT_REACHED", "");
            assertThat(codes).containsOnly("TOPIC_LIMIT_REACHED", "GROUP_LIMIT_REACHED", "");
        }
        assertThat(number("SELECT count(*) FROM trunkline.topic")).isEqualTo(MOST_TOPICS);
        assertThat(number("SELECT count(*) FROM trunkline.consumer_group")).isEqualTo(MOST_GROUPS);

        List<Callable<String>> more = new ArrayList<>();
        for (int i = 0; i < 8; i++) {
            int count = 40 + i;
            more.add(() -> code(one().send(
                            "PATCH",
                            "/topics/" + kept.getFirst(),
                            Api.CONTROL,
                            "{\"partitions_count\":" + count + "}")));
        }
        execute("SELECT trunkline.delete_topic(name) FROM trunkline.topic WHERE name LIKE 'burst-%'");
        for (int i = 0; i < 40; i++) {
            String name = "burst-" + UUID.randomUUID();
            more.add(() -> code(one().post(
                            "/admin/topics",
                            Api.CONTROL,
                            "{\"topic_name\":\"" + name + "\",\"partitions_count\":20}")));
        }
        try (ExecutorService few = Executors.newFixedThreadPool(16)) {
            List<String> codes = new ArrayList<>();
            for (Future<String> call : few.invokeAll(more)) {
                codes.add(call.get());
            }
            assertThat(codes).contains("PARTITION_LIMIT_REACHED");
        }
        assertThat(number("SELECT (SELECT sum(partition_count) FROM trunkline.topic)"
                        + " + (SELECT count(*) FROM trunkline.retired_partition)"))
                .isBetween(MOST_TOTAL_PARTITIONS - 40L, (long) MOST_TOTAL_PARTITIONS);
        // What is there goes on, and what goes makes room.
        one().writeNumbers(kept.getFirst(), 0, 0, 1);
        execute("SELECT trunkline.delete_topic(name) FROM trunkline.topic WHERE name LIKE 'burst-%'");
        execute("DELETE FROM trunkline.consumer_group WHERE name LIKE 'burst-%'");
        execute("DELETE FROM trunkline.partition_slice s USING trunkline.retired_partition r WHERE s.tp_id = r.tp_id");
        execute("SELECT trunkline.forget_retired()");
        one().newTopic(10);
        new Group(one()).consumer();
        replicasLive();
    }

    @Test
    void replicaWithoutAdministrationReadsAndWritesAndLeavesTopicsAlone() {
        String topic = one().newTopic(1);
        Api api = other();

        for (Api.Answer answer : List.of(
                api.post("/admin/topics", Api.CONTROL, "{\"topic_name\":\"mine\"}"),
                api.send("PATCH", "/topics/" + topic, Api.CONTROL, "{\"partitions_count\":3}"),
                api.send("PATCH", "/topics/" + topic, Api.CONTROL, "{\"configs\":{\"retention.ms\":\"0\"}}"),
                api.delete("/topics/" + topic),
                api.delete("/topics/" + topic + "/partitions/0/records?before=-1"))) {
            assertFailure(answer, 403, "ADMINISTRATION_DISABLED");
        }

        assertThat(api.get("/topics/mine").status()).isEqualTo(404);
        api.writeNumbers(topic, 0, 0, 3);
        Consumer consumer = new Group(api).consumer().subscribe(topic);
        assertThat(consumer.pollUntil(3)).hasSize(3);
        consumer.delete();
        String automatic = "automatic-" + UUID.randomUUID();
        api.writeNumbers(automatic, 0, 0, 1);
        assertThat(one().delete("/topics/" + automatic).status()).isEqualTo(204);
    }

    private static Api.Answer pattern(Consumer consumer, String pattern) {
        return consumer.post("/subscription", Consumer.pattern(pattern));
    }

    private static String code(Api.Answer answer) {
        return answer.status() < 300 ? "" : answer.code();
    }

    private void replicasLive() {
        assertThat(replicas).allMatch(ServiceProcess::isAlive);
        assertThat(one().get("/topics").status()).isEqualTo(200);
        assertThat(other().get("/topics").status()).isEqualTo(200);
    }

    /** A client that writes, reads and uses a group of its own again and again: each call is answered, and soon. */
    private final class Others implements AutoCloseable {
        private final AtomicBoolean over = new AtomicBoolean();
        private final Future<Integer> work;

        Others(Api api, String topic) {
            Consumer consumer = new Group(api).consumer().subscribe(topic);
            work = threads.submit(() -> {
                int rounds = 0;
                while (!over.get() || rounds == 0) {
                    long start = System.nanoTime();
                    api.writeNumbers(topic, 0, rounds, rounds + 1);
                    assertThat(consumer.poll()).isNotEmpty();
                    assertThat(api.get("/topics/" + topic).status()).isEqualTo(200);
                    Consumer brief = new Group(api).consumer().subscribe(topic);
                    brief.delete();
                    assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(MOST_LATENCY);
                    rounds++;
                    execute(
                            "DELETE FROM trunkline.consumer_group g WHERE NOT EXISTS (SELECT FROM trunkline.group_member m"
                                    + " WHERE m.group_id = g.group_id)");
                }
                return rounds;
            });
        }

        @Override
        public void close() throws Exception {
            over.set(true);
            work.get();
        }
    }
}
