package io.trunkline.log;

import static io.trunkline.testing.TestDatabase.number;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.quarkus.test.junit.QuarkusTest;
import io.trunkline.async.WorkerPool;
import io.trunkline.error.ErrorCode;
import io.trunkline.error.Failures;
import io.trunkline.error.TrunklineException;
import io.trunkline.record.RecordBatch;
import io.trunkline.testing.ServiceTestCase;
import io.trunkline.testing.TestDatabase;
import io.trunkline.topic.TopicName;
import io.trunkline.topic.Topics;
import jakarta.inject.Inject;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What the batcher promises: order, nothing lost, nothing twice, bounded memory, and a turn for everybody. */
@QuarkusTest
class AppendBatcherTest extends ServiceTestCase {
    private static final Duration PATIENCE = Duration.ofSeconds(30);
    private static final TopicName TOPIC = TopicName.parse("batcher");

    @Inject
    AppendStore store;

    @Inject
    LogConfig config;

    @Inject
    LogMetrics metrics;

    @Inject
    Topics topics;

    private AppendBatcher batcher;
    /** Batches that became durable, in the order in which they were told, by partition. */
    private final Map<Long, List<FetchedBatch>> told = new HashMap<>();

    @BeforeEach
    void start() {
        batcher = new AppendBatcher(store, config.append(), metrics, (partitionId, range, batch) -> {
            synchronized (told) {
                told.computeIfAbsent(partitionId, id -> new ArrayList<>()).add(batch.get());
            }
        });
    }

    @AfterEach
    void stop() {
        TestDatabase.network().comeBack();
        batcher.close();
        Awaitility.await().atMost(PATIENCE).until(() -> api.get("/topics").status() == 200);
    }

    @Test
    void recordsOfAPartitionKeepTheOrderInWhichTheyWereSubmitted() throws SQLException {
        List<Long> ids = partitions(3);
        List<QueuedAppend> parts = new ArrayList<>();

        for (int i = 0; i < 3_000; i++) {
            parts.add(part(ids.get(i % 3), "v" + i));
            batcher.submit(List.of(parts.getLast()));
        }
        join(parts);

        for (int p = 0; p < 3; p++) {
            int first = p;
            assertThat(valuesOf(ids.get(p)))
                    .isEqualTo(IntStream.range(0, 1_000)
                            .mapToObj(i -> "v" + (i * 3 + first))
                            .toList());
            assertToldInOrder(ids.get(p), 1_000);
        }
    }

    @Test
    void whatWaitsIsCombined() throws Exception {
        long id = partitions(1).getFirst();
        List<QueuedAppend> parts = new ArrayList<>();

        try (Connection owner = TestDatabase.asOwner();
                Statement lock = owner.createStatement()) {
            owner.setAutoCommit(false);
            lock.execute("SELECT FROM trunkline.partition_head WHERE tp_id = " + id + " FOR UPDATE");
            for (int i = 0; i < 50; i++) {
                parts.add(part(id, "v" + i));
                batcher.submit(List.of(parts.getLast()));
            }
            owner.rollback();
        }
        join(parts);

        assertThat(told.get(id)).hasSizeLessThanOrEqualTo(3);
        assertToldInOrder(id, 50);
    }

    /** Locks are waited for one after the other: whose turn comes too late is told that nothing was written, and nothing is. */
    @Test
    void manyLockedPartitionsAreRefusedInTime() throws Exception {
        List<Long> ids = partitions(12);
        List<QueuedAppend> parts = ids.stream().map(id -> part(id, "locked")).toList();

        try (Connection owner = TestDatabase.asOwner();
                Statement lock = owner.createStatement()) {
            owner.setAutoCommit(false);
            lock.execute("SELECT FROM trunkline.partition_head WHERE tp_id IN ("
                    + String.join(",", ids.stream().map(String::valueOf).toList()) + ") FOR UPDATE");
            batcher.submit(parts);

            for (QueuedAppend part : parts) {
                long left = part.submitted() + WorkerPool.mostWait().toNanos() - System.nanoTime();
                assertThat(part.outcome())
                        .succeedsWithin(Duration.ofNanos(left))
                        .isInstanceOfSatisfying(
                                AppendOutcome.Failed.class,
                                failed -> assertThat(failed.failure().code()).isEqualTo(ErrorCode.OVERLOADED));
            }
            owner.rollback();
        }
        assertThat(number("SELECT count(*) FROM trunkline.log_batch WHERE tp_id IN ("
                        + String.join(",", ids.stream().map(String::valueOf).toList()) + ")"))
                .isZero();
    }

    @Test
    void partitionsThatAreReadyTogetherShareATransaction() throws SQLException {
        List<Long> ids = partitions(40);
        List<QueuedAppend> parts = ids.stream().map(id -> part(id, "together")).toList();

        batcher.submit(parts);
        join(parts);

        assertThat(number("SELECT count(DISTINCT xmin::text) FROM trunkline.log_batch WHERE tp_id IN ("
                        + String.join(",", ids.stream().map(String::valueOf).toList()) + ")"))
                .isEqualTo(1);
    }

    @Test
    void onlyTheRequestAtFaultFails() throws Exception {
        List<Long> ids = partitions(2);
        long shared = ids.getFirst();
        List<QueuedAppend> good = new ArrayList<>();
        QueuedAppend bad = part(shared, "refused by the table");
        int slice = (int) number("SELECT slice FROM trunkline.partition_head WHERE tp_id = " + shared);

        try (Connection owner = TestDatabase.asOwner();
                Statement statement = owner.createStatement()) {
            statement.execute("ALTER TABLE trunkline.log_batch_" + slice
                    + " ADD CONSTRAINT test CHECK (NOT 'refused by the table'::bytea = ANY (values))");
            owner.setAutoCommit(false);
            statement.execute("SELECT FROM trunkline.partition_head WHERE tp_id = " + shared + " FOR UPDATE");
            QueuedAppend first = part(shared, "before all");
            batcher.submit(List.of(first));
            good.add(first);
            for (int i = 0; i < 5; i++) {
                good.add(part(shared, "before " + i));
                batcher.submit(List.of(good.getLast()));
            }
            batcher.submit(List.of(bad));
            for (int i = 0; i < 5; i++) {
                good.add(part(shared, "after " + i));
                batcher.submit(List.of(good.getLast(), part(ids.getLast(), "beside " + i)));
            }
            owner.rollback();
            owner.setAutoCommit(true);

            join(good);
            assertThatThrownBy(() -> offset(bad).get(30, TimeUnit.SECONDS))
                    .cause()
                    .isInstanceOfSatisfying(
                            TrunklineException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.INTERNAL));
            statement.execute("ALTER TABLE trunkline.log_batch_" + slice + " DROP CONSTRAINT test");
        }

        assertThat(valuesOf(shared))
                .containsExactly(
                        "before all",
                        "before 0",
                        "before 1",
                        "before 2",
                        "before 3",
                        "before 4",
                        "after 0",
                        "after 1",
                        "after 2",
                        "after 3",
                        "after 4");
        Awaitility.await().atMost(PATIENCE).until(() -> valuesOf(ids.getLast()).size() == 5);
    }

    @Test
    void partitionAtFaultFailsAloneInASharedTransaction() throws Exception {
        List<Long> ids = partitions(10);
        int slice = (int) number("SELECT slice FROM trunkline.partition_head WHERE tp_id = " + ids.getFirst());
        List<QueuedAppend> parts = new ArrayList<>();
        for (long id : ids) {
            parts.add(part(id, id == ids.get(4) ? "refused too" : "fine"));
        }

        try (Connection owner = TestDatabase.asOwner();
                Statement statement = owner.createStatement()) {
            statement.execute("ALTER TABLE trunkline.log_batch_" + slice
                    + " ADD CONSTRAINT test CHECK (NOT 'refused too'::bytea = ANY (values))");
            batcher.submit(parts);
            join(parts.stream().filter(p -> p.partitionId() != ids.get(4)).toList());
            assertThatThrownBy(() -> offset(parts.get(4)).get(30, TimeUnit.SECONDS))
                    .hasRootCauseInstanceOf(SQLException.class);
            statement.execute("ALTER TABLE trunkline.log_batch_" + slice + " DROP CONSTRAINT test");
        }

        for (long id : ids) {
            assertThat(valuesOf(id)).isEqualTo(id == ids.get(4) ? List.of() : List.of("fine"));
        }
    }

    @Test
    void lostConnectionLosesNothingAcknowledgedAndWritesNothingTwice() throws Exception {
        List<Long> ids = partitions(4);
        Map<String, CompletableFuture<Long>> sent = new HashMap<>();
        Map<String, Long> partitionOf = new HashMap<>();
        AtomicBoolean sending = new AtomicBoolean(true);
        AtomicInteger lost = new AtomicInteger();

        try (ExecutorService thread = Executors.newSingleThreadExecutor()) {
            Future<?> producer = thread.submit(() -> {
                for (int i = 0; sending.get(); i++) {
                    QueuedAppend part = part(ids.get(i % 4), "v" + i);
                    try {
                        batcher.submit(List.of(part));
                        sent.put("v" + i, offset(part));
                        partitionOf.put("v" + i, part.partitionId());
                    } catch (TrunklineException e) {
                        assertThat(e.code()).isEqualTo(ErrorCode.OVERLOADED);
                    }
                    CompletableFuture<Void> ended = offset(part).handle((offset, failure) -> {
                        if (failure != null) {
                            lost.incrementAndGet();
                        }
                        return null;
                    });
                    if (i % 8 == 7) {
                        ended.join();
                    }
                }
            });
            for (int turn = 0; turn < 5; turn++) {
                awaitMore(ids);
                int before = lost.get();
                TestDatabase.network().loseAnswers();
                Awaitility.await().atMost(PATIENCE).until(() -> lost.get() > before);
                TestDatabase.network().comeBack();
            }
            awaitMore(ids);
            sending.set(false);
            producer.get(60, TimeUnit.SECONDS);
        }
        // Those whose connection hung end last: what they wrote is in the log before it is read.
        CompletableFuture.allOf(sent.values().toArray(new CompletableFuture<?>[0]))
                .handle((all, failure) -> all)
                .get(60, TimeUnit.SECONDS);

        Map<Long, List<String>> log = new HashMap<>();
        for (long id : ids) {
            log.put(id, valuesOf(id));
            assertThat(new HashSet<>(log.get(id))).as("nothing twice").hasSameSizeAs(log.get(id));
        }
        int unknown = 0;
        for (Map.Entry<String, CompletableFuture<Long>> one : sent.entrySet()) {
            try {
                long offset = one.getValue().join();
                assertThat(log.getOrDefault(partitionOf.get(one.getKey()), List.of())
                                .get((int) offset))
                        .isEqualTo(one.getKey());
            } catch (CompletionException e) {
                assertThat(Failures.code(e)).isIn(ErrorCode.OUTCOME_UNKNOWN, ErrorCode.DATABASE_UNAVAILABLE);
                unknown++;
            }
        }
        assertThat(unknown).as("answers were lost").isPositive();
    }

    @Test
    void memoryIsBoundedUnderAProducerFasterThanTheDatabase() throws Exception {
        long id = partitions(1).getFirst();
        long most = config.append().maxQueuedBytesPerPartition().asLongValue();
        List<QueuedAppend> accepted = new ArrayList<>();
        int refused = 0;

        try (Connection owner = TestDatabase.asOwner();
                Statement lock = owner.createStatement()) {
            owner.setAutoCommit(false);
            lock.execute("SELECT FROM trunkline.partition_head WHERE tp_id = " + id + " FOR UPDATE");
            String large = "x".repeat(100_000);
            for (int i = 0; i < 400; i++) {
                QueuedAppend part = part(id, i + large);
                try {
                    batcher.submit(List.of(part));
                    accepted.add(part);
                } catch (TrunklineException e) {
                    assertThat(e.code()).isEqualTo(ErrorCode.OVERLOADED);
                    refused++;
                }
                assertThat(batcher.queuedBytes()).isLessThanOrEqualTo(most);
            }
            owner.rollback();
        }
        join(accepted);

        assertThat(refused).isPositive();
        assertThat(valuesOf(id)).hasSameSizeAs(accepted);
        Awaitility.await().atMost(PATIENCE).until(() -> batcher.queuedBytes() == 0);
    }

    @Test
    void nobodyStarvesAmongAThousandPartitions() throws Exception {
        List<Long> ids = partitions(1_000);
        AtomicBoolean feeding = new AtomicBoolean(true);
        Set<Long> hot = Set.copyOf(ids.subList(0, 8));

        try (ExecutorService feeders = Executors.newFixedThreadPool(hot.size())) {
            List<Future<?>> feeds = hot.stream()
                    .<Future<?>>map(id -> feeders.submit(() -> {
                        while (feeding.get()) {
                            // Some are always waiting, so that the partition is ready again at once.
                            List<QueuedAppend> more = IntStream.range(0, 20)
                                    .mapToObj(i -> part(id, "hot " + "x".repeat(10_000)))
                                    .toList();
                            for (QueuedAppend part : more) {
                                batcher.submit(List.of(part));
                            }
                            join(more);
                        }
                    }))
                    .toList();
            Awaitility.await().atMost(PATIENCE).until(() -> {
                synchronized (told) {
                    return told.keySet().containsAll(hot);
                }
            });
            Map<Long, Integer> hotBefore = hotBatches(hot);
            List<QueuedAppend> cold = ids.stream()
                    .filter(id -> !hot.contains(id))
                    .map(id -> part(id, "cold"))
                    .toList();

            cold.forEach(part -> batcher.submit(List.of(part)));
            join(cold);

            Map<Long, Integer> hotAfter = hotBatches(hot);
            feeding.set(false);
            for (Future<?> feed : feeds) {
                feed.get(30, TimeUnit.SECONDS);
            }
            // Everybody had a turn before a busy partition had as many as there are partitions.
            hot.forEach(id -> assertThat(hotAfter.getOrDefault(id, 0) - hotBefore.getOrDefault(id, 0))
                    .isLessThan(ids.size()));
        }
    }

    private Map<Long, Integer> hotBatches(Set<Long> hot) {
        Map<Long, Integer> batches = new HashMap<>();
        synchronized (told) {
            hot.forEach(id -> batches.put(id, told.getOrDefault(id, List.of()).size()));
        }
        return batches;
    }

    private void awaitMore(List<Long> ids) {
        int before = countTold(ids);
        Awaitility.await().atMost(PATIENCE).until(() -> countTold(ids) > before + 20);
    }

    private int countTold(List<Long> ids) {
        synchronized (told) {
            return ids.stream()
                    .mapToInt(id -> told.getOrDefault(id, List.of()).size())
                    .sum();
        }
    }

    private void assertToldInOrder(long partitionId, long records) {
        long next = 0;
        for (FetchedBatch batch : told.getOrDefault(partitionId, List.of())) {
            assertThat(batch.baseOffset()).isEqualTo(next);
            next = batch.nextOffset();
        }
        assertThat(next).isEqualTo(records);
    }

    private List<Long> partitions(int count) {
        return topics.get(TopicName.parse(api.newTopic(count))).join().partitionIds();
    }

    private static QueuedAppend part(long partitionId, String value) {
        byte[] bytes = value.getBytes(StandardCharsets.UTF_8);
        RecordBatch.Builder records = new RecordBatch.Builder(1, bytes.length);
        records.add(1, bytes, 0, bytes.length);
        return new QueuedAppend(new PartitionAppend(TOPIC, partitionId, records.build(), true));
    }

    private static CompletableFuture<Long> offset(QueuedAppend part) {
        return part.outcome().thenApply(outcome -> outcome.orThrow().baseOffset());
    }

    private static void join(List<QueuedAppend> parts) {
        CompletableFuture.allOf(parts.stream().map(AppendBatcherTest::offset).toArray(CompletableFuture[]::new))
                .orTimeout(PATIENCE.toSeconds(), TimeUnit.SECONDS)
                .join();
    }

    private static List<String> valuesOf(long partitionId) throws SQLException {
        List<String> values = new ArrayList<>();
        try (Connection connection = TestDatabase.asOwner();
                Statement statement = connection.createStatement();
                ResultSet rows = statement.executeQuery("SELECT convert_from(r.value, 'UTF8')"
                        + " FROM trunkline.log_batch b, unnest(b.values) WITH ORDINALITY AS r (value, i)"
                        + " WHERE b.tp_id = " + partitionId + " ORDER BY b.last_offset, r.i")) {
            while (rows.next()) {
                values.add(rows.getString(1));
            }
        }
        return values;
    }
}
