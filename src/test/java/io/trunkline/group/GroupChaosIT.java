package io.trunkline.group;

import static org.assertj.core.api.Assertions.assertThat;

import io.trunkline.group.ChaosRun.Event;
import io.trunkline.group.ChaosRun.Phase;
import io.trunkline.group.DeliveryLedger.TopicPartition;
import io.trunkline.group.GroupSampler.Description;
import io.trunkline.testing.Api;
import io.trunkline.testing.Balancer;
import io.trunkline.testing.TestDatabase;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.assertj.core.api.SoftAssertions;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.CleanupMode;
import org.junit.jupiter.api.io.TempDir;

/**
 * A group whose members leave, freeze and are killed, on three replicas that are killed and started again, while records
 * are written: for {@code chaos.seconds}, of {@code chaos.seed}.
 */
class GroupChaosIT {
    private static final int REPLICAS = 3;
    private static final int PRODUCERS = 4;
    private static final int MEMBERS = 6;
    private static final Map<String, Integer> TOPICS = Map.of("chaos-large", 12, "chaos-small", 5);
    private static final Duration TO_DRAIN = Duration.ofSeconds(60);
    private static final Duration TO_END = Duration.ofSeconds(40);

    /** All that comes after the chaos, together. */
    private static final Duration AFTERWARDS = Duration.ofSeconds(110);

    @TempDir(cleanup = CleanupMode.ON_SUCCESS)
    Path directory = Path.of("");

    private final int seconds = Integer.getInteger("chaos.seconds", 20);
    private final long seed = Long.getLong("chaos.seed", System.nanoTime() % 1_000_000);
    private final TestDatabase database = TestDatabase.inASharedServer();
    private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
    private Map<String, String> settings = Map.of();

    @BeforeEach
    void startDatabase() {
        settings = new HashMap<>(database.start());
        settings.put("trunkline.consumer.session-timeout", "3s");
        settings.put("trunkline.consumer.delivery-timeout", "2s");
        // Three replicas, and what a killed one leaves for a moment, within the server's max_connections.
        settings.put("trunkline.database.max-connections", "34");
        settings.put("trunkline.log.append.threads", "3");
        settings.put("trunkline.log.fetch.threads", "4");
        System.out.println("GroupChaosIT: chaos.seed=" + seed + " chaos.seconds=" + seconds + " in " + directory);
    }

    @AfterEach
    void stopDatabase() {
        threads.shutdownNow();
        database.stop();
    }

    @Test
    void everyRecordIsDeliveredAndToOneMemberOfAGenerationWhateverDies() {
        try (Balancer balancer = Balancer.start();
                Replicas replicas = new Replicas(directory, settings, REPLICAS, balancer)) {
            replicas.start();
            ChaosRun run = new ChaosRun(balancer.url(), "chaos", TOPICS);
            createTopics(new Api(balancer.url()));
            try {
                wreakHavoc(run, replicas);
                replicas.running()
                        .forEach((number, replica) -> assertThat(
                                        replica.api().get("/topics").status())
                                .as("replica %s", number)
                                .isEqualTo(200));
                checkWhatWasSeen(run, readLog(new Api(balancer.url())));
            } finally {
                run.enter(Phase.OVER);
                System.out.println("GroupChaosIT: " + summary(run));
            }
        }
    }

    private void wreakHavoc(ChaosRun run, Replicas replicas) {
        CompletableFuture<Void> sampler = start(run, new GroupSampler(run));
        List<CompletableFuture<Void>> members = new ArrayList<>();
        for (int i = 0; i < MEMBERS; i++) {
            members.add(start(run, new MemberSlot(run, i, seed)));
        }
        List<CompletableFuture<Void>> havoc = new ArrayList<>();
        for (int i = 0; i < PRODUCERS; i++) {
            havoc.add(start(run, new ChaosProducer(run, i, seed)));
        }
        havoc.add(start(run, () -> replicas.killAndStartAgain(run, new Random(seed))));
        long deadline =
                System.nanoTime() + Duration.ofSeconds(seconds).plus(AFTERWARDS).toNanos();
        run.await(Duration.ofSeconds(seconds));

        run.enter(Phase.DRAIN);
        awaitEnd(run, havoc, deadline);
        try (ChaosClient client = new ChaosClient(run)) {
            awaitDescription(
                    run,
                    client,
                    TO_DRAIN,
                    group -> assertThat(group.lag())
                            .as("lag %s of members %s", group.lags(), group.members())
                            .isZero());

            run.enter(Phase.LEAVE);
            awaitEnd(run, members, deadline);
            awaitDescription(run, client, left(TO_END, deadline), group -> {
                assertThat(group.members()).isEmpty();
                assertThat(group.state()).isEqualTo("Empty");
                assertThat(group.lags())
                        .hasSize(17)
                        .allSatisfy((partition, lag) -> assertThat(lag).isZero());
            });
        }
        run.enter(Phase.OVER);
        awaitEnd(run, List.of(sampler), deadline);
    }

    private void checkWhatWasSeen(ChaosRun run, Map<TopicPartition, SortedMap<Long, String>> log) {
        DeliveryLedger ledger = run.ledger();
        long records = log.values().stream().mapToLong(Map::size).sum();
        SoftAssertions soft = new SoftAssertions();
        soft.assertThat(ledger.undelivered(log)).as("never delivered").isEmpty();
        soft.assertThat(ledger.deliveredOtherwise(log))
                .as("delivered otherwise than in the log")
                .isEmpty();
        soft.assertThat(ledger.sharedWithinAGeneration())
                .as("of two members in a generation")
                .isEmpty();
        soft.assertThat(ledger.skippedWithinAGeneration())
                .as("skipped in a generation")
                .isEmpty();
        soft.assertThat(ledger.wentBackwards()).as("went backwards").isEmpty();
        soft.assertThat(ledger.lostAcknowledgements(log))
                .as("acknowledged and lost")
                .isEmpty();
        soft.assertThat(records).as("records").isGreaterThanOrEqualTo(seconds * 40L);
        // A replica is killed once the last one is ready again, which takes up to 20 s beside this load on two cores.
        soft.assertThat(run.count(Event.REPLICA_KILLED))
                .as("replicas killed")
                .isGreaterThanOrEqualTo(Math.max(1, seconds / 30));
        // Members are killed as fast as others can join beside this load.
        soft.assertThat(run.count(Event.MEMBER_KILLED) + run.count(Event.MEMBER_KILLED_IN_A_POLL))
                .as("members killed")
                .isGreaterThanOrEqualTo(seconds / 12);
        soft.assertThat(run.count(Event.MEMBER_LEFT)).as("members left").isGreaterThanOrEqualTo(seconds / 12);
        soft.assertThat(ledger.generations()).as("generations").isGreaterThanOrEqualTo(seconds / 3);
        soft.assertThat(ledger.members()).as("members that received").isGreaterThanOrEqualTo(seconds / 4);
        soft.assertThat(ledger.samples()).as("samples").isGreaterThanOrEqualTo(seconds * 2L);
        soft.assertAll();
    }

    private CompletableFuture<Void> start(ChaosRun run, Runnable part) {
        return CompletableFuture.runAsync(() -> run.part(part), threads);
    }

    /** Waits for parts that end by themselves, or for the first failure. */
    private static void awaitEnd(ChaosRun run, List<CompletableFuture<Void>> parts, long deadline) {
        CompletableFuture<Void> all = CompletableFuture.allOf(parts.toArray(new CompletableFuture<?>[0]));
        long end = System.nanoTime() + left(TO_END, deadline).toNanos();
        while (!all.isDone() && System.nanoTime() < end) {
            run.await(Duration.ofMillis(100));
        }
        run.failOnWhatWentWrong();
        assertThat(all).as("parts that should have ended").isDone();
    }

    /** The time, or what is left of it until the deadline; at least a moment, as a wait needs one. */
    private static Duration left(Duration atMost, long deadline) {
        long nanos = Math.min(atMost.toNanos(), deadline - System.nanoTime());
        return Duration.ofNanos(Math.max(nanos, Duration.ofSeconds(1).toNanos()));
    }

    private static void awaitDescription(
            ChaosRun run, ChaosClient client, Duration atMost, Consumer<Description> check) {
        Awaitility.await()
                .atMost(atMost.toMillis(), TimeUnit.MILLISECONDS)
                .pollInterval(Duration.ofMillis(200))
                .failFast("a part of the run failed", run::failOnWhatWentWrong)
                .untilAsserted(() -> {
                    Optional<Description> group = GroupSampler.describe(run, client);
                    assertThat(group).hasValueSatisfying(check::accept);
                });
    }

    private static void createTopics(Api api) {
        TOPICS.forEach((name, partitions) -> assertThat(api.post(
                                "/admin/topics",
                                Api.CONTROL,
                                "{\"topic_name\":\"" + name + "\",\"partitions_count\":" + partitions + "}")
                        .status())
                .isEqualTo(201));
    }

    private static Map<TopicPartition, SortedMap<Long, String>> readLog(Api api) {
        Map<TopicPartition, SortedMap<Long, String>> log = new HashMap<>();
        TOPICS.forEach((topic, partitions) -> {
            for (int partition = 0; partition < partitions; partition++) {
                SortedMap<Long, String> records = new TreeMap<>();
                api.readAll(topic, partition, 0, Api.TEXT)
                        .forEach(r -> records.put(
                                r.path("offset").asLong(), r.path("value").asText()));
                log.put(new TopicPartition(topic, partition), records);
            }
        });
        return log;
    }

    private static String summary(ChaosRun run) {
        DeliveryLedger ledger = run.ledger();
        return ledger.acknowledgements() + " records acknowledged, " + ledger.deliveries() + " deliveries to "
                + ledger.members() + " members, " + ledger.redeliveries() + " of them again, "
                + ledger.generations() + " generations, " + ledger.samples() + " samples, " + ledger.lateCommits()
                + " late commits, " + new TreeMap<>(run.counts());
    }
}
