package io.trunkline.log;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.quarkus.test.junit.QuarkusTest;
import io.trunkline.log.AppendOutcome.Appended;
import io.trunkline.log.AppendOutcome.Duplicate;
import io.trunkline.log.AppendOutcome.EndMoved;
import io.trunkline.log.AppendOutcome.KeyReused;
import io.trunkline.log.AppendOutcome.OutOfOrderSequence;
import io.trunkline.log.AppendOutcome.ProducerFenced;
import io.trunkline.log.AppendOutcome.Repeated;
import io.trunkline.record.RecordBatch;
import io.trunkline.testing.ServiceTestCase;
import io.trunkline.testing.TestDatabase;
import io.trunkline.topic.TopicName;
import io.trunkline.topic.Topics;
import jakarta.inject.Inject;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.UUID;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Appends on terms, by a replica and another one beside it, each with a batcher of its own. */
@QuarkusTest
class IdempotentAppendTest extends ServiceTestCase {
    private static final TopicName TOPIC = TopicName.parse("idempotent");
    private static final Duration PATIENCE = Duration.ofSeconds(30);
    private static final ProducePlan PLAN = new ProducePlan(4, 1_000);

    @Inject
    AppendStore store;

    @Inject
    LogConfig config;

    @Inject
    LogMetrics metrics;

    @Inject
    Topics topics;

    private AppendBatcher replica;
    private AppendBatcher other;
    private final long producer = ThreadLocalRandom.current().nextLong(Long.MAX_VALUE);
    private final UUID key = UUID.randomUUID();

    @BeforeEach
    void start() {
        replica = new AppendBatcher(store, config.append(), metrics, (partitionId, range, batch) -> {});
        other = new AppendBatcher(store, config.append(), metrics, (partitionId, range, batch) -> {});
    }

    @AfterEach
    void stop() {
        replica.close();
        other.close();
    }

    @Test
    void batchThatComesAgainKeepsItsOffsetAndTime() {
        long id = partition();
        append(plain(id, "before"));
        Appended first = (Appended) append(batch(id, 0, 7, "a", "b"));

        AppendOutcome again = append(batch(id, 0, 7, "a", "b"));
        AppendOutcome next = append(batch(id, 0, 9, "c"));

        assertThat(first.baseOffset()).isEqualTo(1);
        assertThat(again).isEqualTo(new Duplicate(1, first.time()));
        assertThat(next)
                .isInstanceOfSatisfying(
                        Appended.class, n -> assertThat(n.baseOffset()).isEqualTo(3));
    }

    @Test
    void lastFiveBatchesAreRemembered() {
        long id = partition();
        for (int i = 0; i < 6; i++) {
            append(batch(id, 0, i, "v" + i));
        }

        for (int i = 1; i < 6; i++) {
            assertThat(append(batch(id, 0, i, "v" + i)))
                    .isInstanceOf(Duplicate.class)
                    .extracting(outcome -> ((Duplicate) outcome).baseOffset())
                    .isEqualTo((long) i);
        }
        assertThat(append(batch(id, 0, 0, "v0"))).isEqualTo(new OutOfOrderSequence());
        assertThat(end(id)).isEqualTo(6);
    }

    @Test
    void batchWithAGapOrOfAnotherLengthIsOutOfOrder() {
        long id = partition();
        append(batch(id, 0, 0, "a", "b"));

        assertThat(append(batch(id, 0, 3, "d"))).isEqualTo(new OutOfOrderSequence());
        assertThat(append(batch(id, 0, 0, "a"))).isEqualTo(new OutOfOrderSequence());
        assertThat(end(id)).isEqualTo(2);
    }

    @Test
    void sequenceContinuesWithZeroAfterItsLargest() {
        long id = partition();
        append(batch(id, 0, Integer.MAX_VALUE - 1, "a", "b"));

        AppendOutcome wrapped = append(batch(id, 0, 0, "c"));
        AppendOutcome over = append(batch(id, 0, 1, "d"));
        append(batch(id, 1, 0, "e"));

        assertThat(wrapped).isInstanceOf(Appended.class);
        assertThat(over).isInstanceOf(Appended.class);
        assertThat(end(id)).isEqualTo(5);
    }

    @Test
    void batchCanReachOverTheLargestSequence() {
        long id = partition();
        append(batch(id, 0, Integer.MAX_VALUE, "a", "b", "c"));

        assertThat(append(batch(id, 0, Integer.MAX_VALUE, "a", "b", "c"))).isInstanceOf(Duplicate.class);
        assertThat(append(batch(id, 0, 2, "d"))).isInstanceOf(Appended.class);
        assertThat(end(id)).isEqualTo(4);
    }

    @Test
    void newEpochBeginsWithZeroAndFencesTheOlder() {
        long id = partition();
        append(batch(id, 3, 5, "a"));

        assertThat(append(batch(id, 4, 6, "b"))).isEqualTo(new OutOfOrderSequence());
        assertThat(append(batch(id, 4, 0, "b"))).isInstanceOf(Appended.class);
        assertThat(append(batch(id, 3, 6, "c"))).isEqualTo(new ProducerFenced());
        assertThat(append(batch(id, 3, 5, "a"))).isEqualTo(new ProducerFenced());
        assertThat(end(id)).isEqualTo(2);
    }

    @Test
    void producerIsKnownByItsPartitionOnly() {
        List<Long> ids = partitions(2);
        append(batch(ids.getFirst(), 5, 10, "a"));

        assertThat(append(batch(ids.getLast(), 0, 99, "b"))).isInstanceOf(Appended.class);
    }

    @Test
    void duplicatesWithinOneCallAreFound() throws Exception {
        List<Long> ids = partitions(2);
        long id = ids.getFirst();
        append(batch(id, 0, 0, "a"));
        List<QueuedAppend> parts = new ArrayList<>();

        whileLocked(id, () -> {
            parts.add(plain(id, "p"));
            parts.add(batch(id, 0, 1, "b", "c"));
            parts.add(batch(id, 0, 1, "b", "c"));
            parts.add(batch(id, 0, 0, "a"));
            parts.add(plain(id, "q"));
            parts.add(batch(id, 0, 3, "d"));
            parts.add(keyed(id, key, 1, "k"));
            parts.add(keyed(id, key, 1, "k"));
            parts.add(keyed(id, key, 2, "l"));
            parts.forEach(part -> replica.submit(List.of(part)));
        });

        assertThat(parts.stream().map(IdempotentAppendTest::outcome).map(IdempotentAppendTest::text))
                .containsExactly(
                        "appended 1",
                        "appended 2",
                        "duplicate 2",
                        "duplicate 0",
                        "appended 4",
                        "appended 5",
                        "appended 6",
                        "repeated 6",
                        "KeyReused");
        assertThat(values(id)).containsExactly("a", "p", "b", "c", "q", "d", "k");
        assertThat(replica.queuedBytes()).isZero();
    }

    @Test
    void batchesThatAreSentAgainTogetherAreJudgedTogether() {
        long id = partition();
        List<QueuedAppend> sent = new ArrayList<>();
        for (int i = 0; i < 5; i++) {
            sent.add(batch(id, 0, i, "v" + i));
            append(sent.getLast());
        }
        sent.add(2, plain(id, "beside"));
        sent.add(batch(id, 0, 5, "new"));

        List<BatchOutcome> outcomes = store.tryAppend(new SharedAppend(List.of(sent)));

        assertThat(outcomes)
                .singleElement()
                .isInstanceOfSatisfying(
                        BatchOutcome.Judged.class,
                        judged -> assertThat(judged.verdicts().stream()
                                        .map(verdict -> verdict.map(IdempotentAppendTest::text)
                                                .orElse("again")))
                                .containsExactly(
                                        "duplicate 0",
                                        "duplicate 1",
                                        "again",
                                        "duplicate 2",
                                        "duplicate 3",
                                        "duplicate 4",
                                        "again"));
    }

    @Test
    void batchesThatFollowOneOfThoseOutOfOrderAreJudgedTogether() {
        long id = partition();
        append(batch(id, 0, 0, "a"));
        List<QueuedAppend> late = List.of(batch(id, 0, 5, "f"), batch(id, 0, 6, "g"));

        List<BatchOutcome> outcomes = store.tryAppend(new SharedAppend(List.of(late)));

        assertThat(outcomes)
                .containsExactly(new BatchOutcome.Judged(
                        List.of(Optional.of(new OutOfOrderSequence()), Optional.of(new OutOfOrderSequence()))));
    }

    @Test
    void batchesThatFollowOneAnotherShareARow() throws Exception {
        long id = partition();
        List<QueuedAppend> parts = new ArrayList<>();

        whileLocked(id, () -> {
            parts.add(plain(id, "first"));
            replica.submit(List.of(parts.getFirst()));
            for (int i = 0; i < 20; i++) {
                parts.add(batch(id, 0, i, "v" + i));
                replica.submit(List.of(parts.getLast()));
            }
        });

        assertThat(parts).allSatisfy(part -> assertThat(outcome(part)).isInstanceOf(Appended.class));
        assertThat(TestDatabase.number("SELECT count(*) FROM trunkline.log_batch WHERE tp_id = " + id))
                .isLessThanOrEqualTo(3);
    }

    @Test
    void keyThatComesAgainGetsTheFirstAnswer() {
        List<Long> ids = partitions(2);
        Appended first = (Appended) append(keyed(ids.getFirst(), key, 1, "a", "b"));

        assertThat(append(keyed(ids.getFirst(), key, 1, "a", "b")))
                .isEqualTo(new Repeated(ids.getFirst(), 0, 2, first.time(), PLAN));
        assertThat(append(keyed(ids.getLast(), key, 1, "a", "b")))
                .as("in another partition")
                .isEqualTo(new Repeated(ids.getFirst(), 0, 2, first.time(), PLAN));
        assertThat(append(keyed(ids.getFirst(), key, 2, "a", "b"))).isEqualTo(new KeyReused());
        assertThat(end(ids.getFirst())).isEqualTo(2);
        assertThat(end(ids.getLast())).isZero();
    }

    @Test
    void batchesOfTwoReplicasAtOnceAreWrittenOnce() {
        List<Long> ids = partitions(2);
        for (int round = 0; round < 100; round++) {
            QueuedAppend one = batch(ids.getFirst(), 0, round, "p" + round);
            QueuedAppend two = batch(ids.getFirst(), 0, round, "p" + round);
            UUID id = UUID.randomUUID();
            // One key goes to two partitions, as when one of the replicas does not know of the second yet.
            QueuedAppend three = keyed(ids.getFirst(), id, 1, "k" + round);
            QueuedAppend four = keyed(ids.getLast(), id, 1, "k" + round);

            replica.submit(List.of(one, three));
            other.submit(List.of(two, four));

            assertThat(List.of(
                            text(outcome(one)).split(" ")[0], text(outcome(two)).split(" ")[0]))
                    .containsExactlyInAnyOrder("appended", "duplicate");
            assertThat(List.of(
                            text(outcome(three)).split(" ")[0],
                            text(outcome(four)).split(" ")[0]))
                    .containsExactlyInAnyOrder("appended", "repeated");
        }

        assertThat(end(ids.getFirst()) + end(ids.getLast())).isEqualTo(200);
    }

    @Test
    void appendThatNeedsAnEndIsWrittenThereOnly() throws Exception {
        long id = partition();
        append(plain(id, "a"));
        List<QueuedAppend> parts = new ArrayList<>();

        whileLocked(id, () -> {
            parts.add(plain(id, "b"));
            parts.add(at(id, 2, Optional.empty(), "c"));
            parts.add(plain(id, "d"));
            parts.add(at(id, 3, Optional.empty(), "e"));
            parts.add(plain(id, "f"));
            parts.forEach(part -> replica.submit(List.of(part)));
        });

        assertThat(parts.stream().map(IdempotentAppendTest::outcome).map(IdempotentAppendTest::text))
                .containsExactly("appended 1", "appended 2", "appended 3", "moved 4", "appended 4");
        assertThat(values(id)).containsExactly("a", "b", "c", "d", "f");
    }

    @Test
    void keyCountsBeforeTheEnd() {
        long id = partition();
        Optional<AppendIdentity> identity = Optional.of(new ProduceKey(key, fingerprint(1), PLAN));

        assertThat(append(at(id, 5, identity, "a"))).isEqualTo(new EndMoved(0));
        assertThat(append(at(id, 0, identity, "a"))).isInstanceOf(Appended.class);
        assertThat(append(at(id, 0, identity, "a"))).isInstanceOf(Repeated.class);
        assertThat(end(id)).isEqualTo(1);
    }

    @Test
    void batchesShareACallWithThoseOfOtherPartitions() {
        List<Long> ids = partitions(10);
        append(batch(ids.get(3), 0, 0, "a"));
        append(keyed(ids.get(7), key, 1, "a"));
        List<QueuedAppend> parts = new ArrayList<>();
        for (int i = 0; i < ids.size(); i++) {
            parts.add(
                    i == 3
                            ? batch(ids.get(i), 0, 0, "a")
                            : i == 7
                                    ? keyed(ids.get(i), key, 1, "a")
                                    : i == 9 ? batch(ids.get(i), 0, 0, "a") : plain(ids.get(i), "a"));
        }

        replica.submit(parts);

        assertThat(parts.stream().map(IdempotentAppendTest::outcome).map(IdempotentAppendTest::text))
                .containsExactly(
                        "appended 0",
                        "appended 0",
                        "appended 0",
                        "duplicate 0",
                        "appended 0",
                        "appended 0",
                        "appended 0",
                        "repeated 0",
                        "appended 0",
                        "appended 0");
    }

    @Test
    void numbersOutOfRangeAreRefused() {
        assertThatThrownBy(() -> new ProducerBatch(-1, 0, 0)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> new ProducerBatch(1, 32_768, 0)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> new ProducerBatch(1, -1, 0)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> new ProducerBatch(1, 0, -1)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> new ProduceKey(key, new byte[31], PLAN)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> new ProducePlan(0, 1)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> new ProducePlan(1, -1)).isInstanceOf(IllegalArgumentException.class);
    }

    private interface Step {
        void run();
    }

    /** Something is submitted while another transaction holds the partition, so that it waits together. */
    private void whileLocked(long id, Step step) throws SQLException {
        try (Connection owner = TestDatabase.asOwner();
                Statement lock = owner.createStatement()) {
            owner.setAutoCommit(false);
            lock.execute("SELECT FROM trunkline.partition_head WHERE tp_id = " + id + " FOR UPDATE");
            step.run();
            owner.rollback();
        }
    }

    private AppendOutcome append(QueuedAppend part) {
        replica.submit(List.of(part));
        return outcome(part);
    }

    private static AppendOutcome outcome(QueuedAppend part) {
        return part.outcome().orTimeout(PATIENCE.toSeconds(), TimeUnit.SECONDS).join();
    }

    private static String text(AppendOutcome outcome) {
        return switch (outcome) {
            case Appended appended -> "appended " + appended.baseOffset();
            case Duplicate duplicate -> "duplicate " + duplicate.baseOffset();
            case Repeated repeated -> "repeated " + repeated.baseOffset();
            case EndMoved moved -> "moved " + moved.endOffset();
            case AppendOutcome.Failed failed -> failed.getClass().getSimpleName();
        };
    }

    private long partition() {
        return partitions(1).getFirst();
    }

    private List<Long> partitions(int count) {
        return topics.get(TopicName.parse(api.newTopic(count))).join().partitionIds();
    }

    private static QueuedAppend plain(long id, String... values) {
        return part(id, Optional.empty(), OptionalLong.empty(), values);
    }

    private QueuedAppend batch(long id, int epoch, int sequence, String... values) {
        return part(id, Optional.of(new ProducerBatch(producer, epoch, sequence)), OptionalLong.empty(), values);
    }

    private static QueuedAppend keyed(long id, UUID key, int request, String... values) {
        return part(id, Optional.of(new ProduceKey(key, fingerprint(request), PLAN)), OptionalLong.empty(), values);
    }

    private static QueuedAppend at(long id, long end, Optional<AppendIdentity> identity, String... values) {
        return part(id, identity, OptionalLong.of(end), values);
    }

    private static byte[] fingerprint(int request) {
        byte[] fingerprint = new byte[32];
        fingerprint[0] = (byte) request;
        return fingerprint;
    }

    private static QueuedAppend part(
            long id, Optional<AppendIdentity> identity, OptionalLong expectedEnd, String... values) {
        RecordBatch.Builder records = new RecordBatch.Builder(values.length, 16);
        for (String value : values) {
            byte[] bytes = value.getBytes(StandardCharsets.UTF_8);
            records.add(1, bytes, 0, bytes.length);
        }
        return new QueuedAppend(new PartitionAppend(TOPIC, id, records.build(), true, identity, expectedEnd));
    }

    private static long end(long id) {
        try {
            return TestDatabase.number(
                    "SELECT coalesce(max(last_offset) + 1, 0) FROM trunkline.log_batch WHERE tp_id = " + id);
        } catch (SQLException e) {
            throw new IllegalStateException(e);
        }
    }

    private static List<String> values(long id) throws SQLException {
        return List.of(
                TestDatabase.one("SELECT string_agg(convert_from(r.value, 'UTF8'), ' ' ORDER BY b.last_offset, r.i)"
                                + " FROM trunkline.log_batch b, unnest(b.values) WITH ORDINALITY AS r (value, i)"
                                + " WHERE b.tp_id = " + id)
                        .split(" "));
    }
}
