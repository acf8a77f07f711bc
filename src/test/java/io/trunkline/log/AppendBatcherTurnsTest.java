package io.trunkline.log;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.trunkline.async.WorkerPool;
import io.trunkline.async.WorkerPools;
import io.trunkline.error.ErrorCode;
import io.trunkline.error.TrunklineException;
import io.trunkline.jdbc.Databases;
import io.trunkline.log.AppendOutcome.Appended;
import io.trunkline.record.ByteColumn;
import io.trunkline.record.RecordBatch;
import io.trunkline.testing.HandDriven;
import io.trunkline.testing.HandDrivenTimer;
import io.trunkline.topic.TopicName;
import java.nio.charset.StandardCharsets;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.UUID;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.postgresql.util.PSQLException;
import org.postgresql.util.ServerErrorMessage;

/** Turns, step by step, with appends that the test answers: {@link AppendBatcherTest} has the real ones. */
class AppendBatcherTurnsTest {
    private static final int THREADS = 2;
    private static final TopicName TOPIC = TopicName.parse("t");

    private final HandDriven threads = new HandDriven();
    private final HandDriven lockedThreads = new HandDriven();
    private final HandDrivenTimer timer = new HandDrivenTimer();
    private final Log log = new Log();
    /** What happened, in order: transactions, readers that were told, producers that were. */
    private final List<String> events = new ArrayList<>();

    private Duration later = Duration.ZERO;
    private final AppendBatcher batcher = batcher(Map.of());

    @Test
    void whatComesWhileAnAppendIsInFlightGoesTogetherIntoTheNext() {
        submit(part(1, "a"));
        assertThat(threads.waiting()).isEqualTo(1);
        log.duringTheNext(() -> {
            submit(part(1, "b"));
            submit(part(1, "c"));
            assertThat(threads.waiting())
                    .as("nothing of the partition begins beside")
                    .isZero();
        });

        threads.runAll();

        assertThat(log.transactions).containsExactly("1:a", "1:b+c");
    }

    @Test
    void offsetsFollowTheOrderOfTheParts() {
        List<QueuedAppend> parts = List.of(part(1, "a", "b"), part(1, "c"), part(1, "d", "e"));

        parts.forEach(this::submit);
        threads.runAll();

        assertThat(parts).extracting(AppendBatcherTurnsTest::baseOffset).containsExactly(0L, 2L, 3L);
        assertThat(batcher.queuedBytes()).isZero();
    }

    @Test
    void readersAreToldBeforeProducersAndBeforeTheNextAppend() {
        QueuedAppend first = part(1, "a");
        first.outcome().thenRun(() -> events.add("acknowledged a"));
        submit(first);
        log.duringTheNext(() -> submit(part(1, "b")));

        threads.runAll();

        assertThat(events.indexOf("told 1 [0, 1)")).isLessThan(events.indexOf("acknowledged a"));
        assertThat(events.indexOf("told 1 [0, 1)")).isLessThan(events.indexOf("transaction 1:b"));
        assertThat(events).contains("told 1 [0, 2)");
    }

    @Test
    void partitionsThatAreReadyTogetherShareATransaction() {
        batcher.submit(List.of(part(1, "a"), part(2, "b"), part(3, "c")));

        threads.runAll();

        assertThat(log.transactions).containsExactly("1:a 2:b 3:c");
    }

    @Test
    void largeBatchesShareNoTransaction() {
        batcher.submit(List.of(part(1, "a".repeat(300_000)), part(2, "b"), part(3, "c".repeat(300_000))));

        threads.runAll();

        assertThat(log.transactions)
                .extracting(text -> text.replaceAll("([ac])\\1+", "$1…"))
                .containsExactly("1:a…", "2:b", "3:c…");
    }

    @Test
    void batchesWithOtherColumnsShareNoTransaction() {
        QueuedAppend ofTheLog = new QueuedAppend(new PartitionAppend(TOPIC, 2, records("b"), false));

        batcher.submit(List.of(part(1, "a"), ofTheLog, part(3, "c")));
        threads.runAll();

        assertThat(log.transactions).containsExactly("1:a", "2:b", "3:c");
    }

    @Test
    void busyPartitionTakesItsTurnBehindTheOthers() {
        submit(part(1, "a"));
        log.duringTheNext(() -> {
            submit(part(1, "b".repeat(300_000)));
            submit(part(2, "c".repeat(300_000)));
        });

        threads.runNext();
        threads.runAll();

        assertThat(log.transactions).extracting(text -> text.substring(0, 3)).containsExactly("1:a", "2:c", "1:b");
    }

    @Test
    void threadsAtWorkAreBounded() {
        for (int id = 1; id <= 5; id++) {
            submit(part(id, "x".repeat(300_000)));
        }

        assertThat(threads.waiting()).isEqualTo(THREADS);
        threads.runAll();
        assertThat(log.transactions).hasSize(5);
        submit(part(1, "y"));
        assertThat(threads.waiting()).as("a thread is free again").isEqualTo(1);
    }

    @Test
    void lockedPartitionWaitsElsewhereAndHoldsUpNoOther() {
        QueuedAppend locked = part(1, "a");
        QueuedAppend free = part(2, "b");
        log.locked.add(1L);
        batcher.submit(List.of(locked, free));
        log.duringTheNext(() -> submit(part(1, "c")));

        threads.runAll();

        assertThat(baseOffset(free)).isEqualTo(0L);
        assertThat(locked.outcome()).isNotDone();
        assertThat(lockedThreads.waiting()).isEqualTo(1);
        log.locked.clear();
        lockedThreads.runAll();
        threads.runAll();
        assertThat(baseOffset(locked)).isEqualTo(0L);
        assertThat(log.transactions).containsExactly("2:b", "1:a waited", "1:c");
    }

    @Test
    void lockIsNotWaitedForWhereTheTimeOfItsProducersWouldNotSuffice() {
        QueuedAppend part = part(1, "a");
        log.locked.add(1L);
        submit(part);
        threads.runAll();
        later = WorkerPool.mostWait().minusSeconds(1);

        lockedThreads.runAll();

        assertThat(code(part)).isEqualTo(ErrorCode.OVERLOADED);
        assertThat(log.transactions).isEmpty();
        assertThat(batcher.queuedBytes()).isZero();
    }

    @Test
    void partitionAtFaultFailsAloneWhereATransactionWasShared() {
        List<QueuedAppend> parts = List.of(part(1, "a"), part(2, "refused"), part(3, "c"));

        batcher.submit(parts);
        threads.runAll();

        assertThat(baseOffset(parts.get(0))).isEqualTo(0L);
        assertThat(code(parts.get(1))).isEqualTo(ErrorCode.INTERNAL);
        assertThat(baseOffset(parts.get(2))).isEqualTo(0L);
        assertThat(log.transactions).containsExactly("1:a", "3:c");
        batcher.submit(List.of(part(1, "d"), part(3, "e")));
        threads.runAll();
        assertThat(log.transactions).as("shared again").endsWith("1:d 3:e");
    }

    @Test
    void requestAtFaultFailsAloneWhereABatchWasShared() {
        List<QueuedAppend> parts = List.of(part(1, "a"), part(1, "refused"), part(1, "c"));

        parts.forEach(this::submit);
        threads.runAll();

        assertThat(baseOffset(parts.get(0))).isEqualTo(0L);
        assertThat(code(parts.get(1))).isEqualTo(ErrorCode.INTERNAL);
        assertThat(baseOffset(parts.get(2))).isEqualTo(1L);
        assertThat(batcher.queuedBytes()).isZero();
    }

    @Test
    void lostConnectionFailsAllOfTheTransactionOnceAndTheNextOneIsTried() {
        List<QueuedAppend> lost = List.of(part(1, "a"), part(2, "b"));
        batcher.submit(lost);
        log.failNext(new TrunklineException(ErrorCode.OUTCOME_UNKNOWN, "lost"));
        log.duringTheNext(() -> submit(part(1, "c")));

        threads.runAll();

        assertThat(lost).allSatisfy(part -> assertThat(code(part)).isEqualTo(ErrorCode.OUTCOME_UNKNOWN));
        assertThat(log.transactions).containsExactly("1:c");
        assertThat(batcher.queuedBytes()).isZero();
    }

    @Test
    void requestThatDoesNotFitIsRefusedAsAWhole() {
        long size = part(1, "a").size();
        AppendBatcher small =
                batcher(Map.of("trunkline.log.append.max-queued-bytes-per-partition", Long.toString(2 * size)));
        QueuedAppend beside = part(2, "beside");
        small.submit(List.of(part(1, "a"), part(1, "b")));

        assertThatThrownBy(() -> small.submit(List.of(beside, part(1, "c"))))
                .isInstanceOfSatisfying(
                        TrunklineException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.OVERLOADED));

        assertThat(small.queuedBytes()).isEqualTo(2 * size);
        threads.runAll();
        assertThat(log.transactions).containsExactly("1:a+b");
        assertThat(small.queuedBytes()).isZero();
        small.submit(List.of(beside, part(1, "c")));
        threads.runAll();
        assertThat(baseOffset(beside)).isEqualTo(0L);
    }

    @Test
    void allPartitionsTogetherAreBoundedAndOneRequestAloneAlwaysFits() {
        AppendBatcher small = batcher(Map.of("trunkline.log.append.max-queued-bytes", "1"));
        QueuedAppend first = part(1, "larger than all that may wait");

        small.submit(List.of(first));
        assertThatThrownBy(() -> small.submit(List.of(part(2, "b")))).isInstanceOf(TrunklineException.class);
        threads.runAll();

        assertThat(baseOffset(first)).isEqualTo(0L);
        assertThat(log.transactions).hasSize(1);
    }

    @Test
    void keyComesOnceInATransactionAlsoOverPartitions() {
        UUID key = UUID.randomUUID();

        batcher.submit(List.of(keyed(1, key, "a"), part(2, "b"), keyed(3, key, "c"), part(4, "d")));
        threads.runAll();

        assertThat(log.transactions).containsExactly("1:a 2:b", "3:c 4:d");
    }

    @Test
    void keyThatIsBeingWrittenSharesNoTransaction() {
        UUID key = UUID.randomUUID();
        submit(keyed(1, key, "a"));
        log.duringTheNext(() -> {
            batcher.submit(List.of(keyed(2, key, "b"), part(3, "c")));
            threads.runNext();
        });

        threads.runAll();
        batcher.submit(List.of(keyed(4, key, "d"), part(5, "e")));
        threads.runAll();

        assertThat(log.transactions).containsExactly("2:b", "3:c", "1:a", "4:d 5:e");
    }

    @Test
    void waitForAKeyThatTakesTooLongFailsNoOthers() {
        List<QueuedAppend> parts = List.of(onTerms(1, "a"), part(2, "b"));
        log.failNext(failure("55P03"));

        batcher.submit(parts);
        threads.runAll();

        assertThat(parts).allSatisfy(part -> assertThat(baseOffset(part)).isZero());
        assertThat(log.transactions).containsExactly("1:a", "2:b");
    }

    @Test
    void waitForAKeyFailsNoOthersOfItsPartition() {
        QueuedAppend keyed = onTerms(1, "a");
        QueuedAppend plain = part(1, "b");
        submit(keyed);
        submit(plain);
        log.failNext(failure("55P03"));

        threads.runAll();

        assertThat(code(keyed)).isEqualTo(ErrorCode.OVERLOADED);
        assertThat(baseOffset(plain)).isZero();
        assertThat(batcher.queuedBytes()).isZero();
    }

    @Test
    void waitForAKeyIsNotBegunAgainWhereTheTimeWouldNotSuffice() {
        List<QueuedAppend> parts = List.of(onTerms(1, "a"), part(2, "b"));
        log.failNext(failure("55P03"));
        later = WorkerPool.mostWait().minusSeconds(1);

        batcher.submit(parts);
        threads.runAll();

        assertThat(code(parts.getFirst())).isEqualTo(ErrorCode.OVERLOADED);
        assertThat(baseOffset(parts.getLast())).isZero();
        assertThat(batcher.queuedBytes()).isZero();
    }

    @Test
    void waitForAKeyInASharedTransactionFailsNoOthersOfItsPartition() {
        QueuedAppend keyed = onTerms(1, "a");
        List<QueuedAppend> plain = List.of(part(1, "b"), part(2, "c"));
        submit(keyed);
        batcher.submit(plain);
        log.failNext(failure("55P03"));
        later = WorkerPool.mostWait().minusSeconds(1);

        threads.runAll();

        assertThat(code(keyed)).isEqualTo(ErrorCode.OVERLOADED);
        assertThat(plain).allSatisfy(part -> assertThat(baseOffset(part)).isZero());
        assertThat(batcher.queuedBytes()).isZero();
    }

    @Test
    void keyThatIsTakenFailsOnlyThoseThatHaveOneWhenTheirTimeIsOver() {
        QueuedAppend keyed = onTerms(1, "a");
        QueuedAppend plain = part(1, "b");
        submit(keyed);
        submit(plain);
        log.failNext(failure("23505"));
        later = WorkerPool.mostWait().minusSeconds(1);

        threads.runAll();

        assertThat(code(keyed)).isEqualTo(ErrorCode.OVERLOADED);
        assertThat(baseOffset(plain)).isZero();
        assertThat(log.transactions).containsExactly("1:b");
        assertThat(batcher.queuedBytes()).isZero();
    }

    @Test
    void roomCountsUntilItIsUsedOrClosed() {
        QueuedAppend coming = onTerms(2, "b");
        AppendRoom room = batcher.room(Map.of(2L, coming.size(), 3L, 500L), 100);
        assertThat(batcher.queuedBytes()).isEqualTo(coming.size() + 600);

        batcher.submit(List.of(coming), room);
        threads.runAll();

        assertThat(baseOffset(coming)).isZero();
        assertThat(batcher.queuedBytes()).isEqualTo(600);
        room.close();
        room.close();
        assertThat(batcher.queuedBytes()).isZero();
    }

    @Test
    void appendForWhichThereIsRoomIsTakenAlthoughItsQueueIsFull() {
        QueuedAppend coming = onTerms(1, "later");
        AppendBatcher small =
                batcher(Map.of("trunkline.log.append.max-queued-bytes-per-partition", Long.toString(coming.size())));
        AppendRoom room = small.room(Map.of(1L, coming.size()), 0);
        assertThatThrownBy(() -> small.submit(List.of(part(1, "a")))).isInstanceOf(TrunklineException.class);

        small.submit(List.of(coming), room);
        threads.runAll();

        assertThat(log.transactions).containsExactly("1:later");
        assertThatThrownBy(() -> small.submit(List.of(onTerms(1, "again")), room))
                .isInstanceOf(IllegalStateException.class);
        assertThat(small.queuedBytes()).isZero();
    }

    @Test
    void roomIsMadeForAllOrNone() {
        AppendBatcher small = batcher(Map.of(
                "trunkline.log.append.max-queued-bytes-per-partition",
                "1000",
                "trunkline.log.append.max-queued-bytes",
                "2000"));
        AppendRoom first = small.room(Map.of(1L, 800L), 0);

        assertThatThrownBy(() -> small.room(Map.of(2L, 100L, 1L, 300L), 0))
                .isInstanceOfSatisfying(
                        TrunklineException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.OVERLOADED));
        assertThatThrownBy(() -> small.room(Map.of(2L, 100L), 1_500)).isInstanceOf(TrunklineException.class);

        assertThat(small.queuedBytes()).isEqualTo(800);
        first.close();
        AppendRoom alone = small.room(Map.of(), 3_000);
        assertThat(small.queuedBytes()).as("alone, however much it is").isEqualTo(3_000);
        alone.close();
        assertThat(small.queuedBytes()).isZero();
    }

    @Test
    void whoWaitsForLongIsToldWhilePostgresqlCommitsNothing() {
        QueuedAppend inFlight = part(1, "a");
        QueuedAppend waiting = part(1, "b");
        submit(inFlight);
        log.duringTheNext(() -> {
            submit(waiting);
            later = WorkerPool.mostWait().minusSeconds(1);
            timer.repeat();
            assertThat(inFlight.outcome()).isNotDone();

            later = WorkerPool.mostWait().plusSeconds(1);
            timer.repeat();

            assertThat(code(inFlight)).isEqualTo(ErrorCode.OUTCOME_UNKNOWN);
            assertThat(code(waiting)).isEqualTo(ErrorCode.DATABASE_UNAVAILABLE);
        });

        threads.runAll();

        assertThat(log.transactions)
                .as("what was said not to be written is not")
                .containsExactly("1:a");
        assertThat(batcher.queuedBytes()).isZero();
    }

    @Test
    void whatWasAcceptedIsWrittenInItsTurnWhilePostgresqlCommits() {
        for (int id = 1; id <= 3; id++) {
            submit(part(id, "x".repeat(300_000)));
        }
        QueuedAppend last = part(4, "last");
        submit(last);
        log.duringTheNext(() -> {
            later = WorkerPool.mostWait().plusSeconds(1);
            log.duringTheNext(timer::repeat); // just after the first commit
        });

        threads.runAll();

        assertThat(baseOffset(last)).isEqualTo(0L);
    }

    @Test
    void whatWaitsWhenTheServiceStopsIsToldThatNothingWasWritten() {
        threads.shutdown();
        QueuedAppend part = part(1, "a");

        submit(part);

        assertThat(code(part)).isEqualTo(ErrorCode.OVERLOADED);
        assertThat(batcher.queuedBytes()).isZero();
    }

    private void submit(QueuedAppend part) {
        batcher.submit(List.of(part));
    }

    private AppendBatcher batcher(Map<String, String> config) {
        LogConfig values = Configs.log(with(config));
        SimpleMeterRegistry registry = new SimpleMeterRegistry();
        return new AppendBatcher(
                log,
                values.append(),
                new LogMetrics(registry, new TopicCounters(registry, values)),
                (partitionId, range, batch) -> events.add(
                        "told " + partitionId + " [" + range.logStartOffset() + ", " + range.endOffset() + ")"),
                WorkerPools.drivenBy(threads),
                WorkerPools.drivenBy(lockedThreads),
                timer,
                () -> System.nanoTime() + later.toNanos());
    }

    private static Map<String, String> with(Map<String, String> config) {
        Map<String, String> all = new HashMap<>(config);
        all.put("trunkline.log.append.threads", Integer.toString(THREADS));
        return all;
    }

    private static QueuedAppend part(long partitionId, String... values) {
        return new QueuedAppend(new PartitionAppend(TOPIC, partitionId, records(values), true));
    }

    private static TrunklineException failure(String state) {
        return new TrunklineException(ErrorCode.OVERLOADED, state, new SQLException(state, state));
    }

    private static QueuedAppend onTerms(long partitionId, String value) {
        return keyed(partitionId, UUID.randomUUID(), value);
    }

    private static QueuedAppend keyed(long partitionId, UUID id, String value) {
        ProduceKey key = new ProduceKey(id, new byte[32], new ProducePlan(1, 1));
        return new QueuedAppend(
                new PartitionAppend(TOPIC, partitionId, records(value), true, Optional.of(key), OptionalLong.empty()));
    }

    private static RecordBatch records(String... values) {
        RecordBatch.Builder builder = new RecordBatch.Builder(values.length, 0);
        for (String value : values) {
            builder.add(1, value.getBytes(StandardCharsets.UTF_8), 0, value.length());
        }
        return builder.build();
    }

    private static long baseOffset(QueuedAppend part) {
        return part.outcome().resultNow().orThrow().baseOffset();
    }

    private static ErrorCode code(QueuedAppend part) {
        assertThat(part.outcome().resultNow()).isInstanceOf(AppendOutcome.Failed.class);
        return ((AppendOutcome.Failed) part.outcome().resultNow()).failure().code();
    }

    /** A log in memory, which fails when it is told to and refuses the value "refused". */
    private final class Log extends AppendStore {
        private final List<String> transactions = new ArrayList<>();
        private final Map<Long, Long> ends = new HashMap<>();
        private final Set<Long> locked = new HashSet<>();
        private Runnable during = () -> {};
        private @Nullable RuntimeException failure;

        Log() {
            super(Databases.unreachable());
        }

        void duringTheNext(Runnable what) {
            during = what;
        }

        void failNext(RuntimeException with) {
            failure = with;
        }

        @Override
        List<BatchOutcome> tryAppend(SharedAppend append) {
            Runnable what = during;
            during = () -> {};
            what.run();
            RuntimeException failing = failure;
            failure = null;
            if (failing != null) {
                throw failing;
            }
            List<Integer> free = IntStream.range(0, append.partitionIds().length)
                    .filter(i -> !locked.contains(append.partitionIds()[i]))
                    .boxed()
                    .toList();
            if (!free.isEmpty()) {
                transaction(append, free, "");
            }
            return IntStream.range(0, append.partitionIds().length)
                    .<BatchOutcome>mapToObj(i ->
                            new BatchOutcome.Ended(free.contains(i) ? appended(append, i) : new AppendOutcome.Locked()))
                    .toList();
        }

        @Override
        BatchOutcome append(SharedAppend append) {
            transaction(append, List.of(0), " waited");
            return new BatchOutcome.Ended(appended(append, 0));
        }

        private AppendOutcome appended(SharedAppend append, int index) {
            long count = append.counts()[index];
            return new Appended(ends.merge(append.partitionIds()[index], count, Long::sum) - count, 0, 0);
        }

        private void transaction(SharedAppend append, List<Integer> indexes, String how) {
            String text =
                    String.join(" ", indexes.stream().map(i -> text(append, i)).toList()) + how;
            if (text.contains("refused")) {
                throw new TrunklineException(
                        ErrorCode.INTERNAL,
                        "refused",
                        new PSQLException(new ServerErrorMessage("SERROR\0C23514\0Mrefused\0")));
            }
            transactions.add(text);
            events.add("transaction " + text);
        }

        private static String text(SharedAppend append, int index) {
            RecordBatch records = append.records(index);
            return append.partitionIds()[index] + ":"
                    + String.join(
                            "+",
                            IntStream.range(0, records.count())
                                    .mapToObj(i -> value(records, i))
                                    .toList());
        }

        private static String value(RecordBatch records, int i) {
            ByteColumn values = records.values();
            return new String(values.bytes(), values.start(i), values.length(i), StandardCharsets.UTF_8);
        }
    }
}
