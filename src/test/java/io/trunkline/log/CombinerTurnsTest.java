package io.trunkline.log;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.trunkline.error.ErrorCode;
import io.trunkline.error.Failures;
import io.trunkline.error.TrunklineException;
import io.trunkline.jdbc.Databases;
import io.trunkline.jdbc.WorkerPool;
import io.trunkline.jdbc.WorkerPools;
import io.trunkline.log.Combiner.Part;
import io.trunkline.testing.HandDriven;
import io.trunkline.testing.HandDrivenTimer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.postgresql.util.PSQLException;
import org.postgresql.util.ServerErrorMessage;

/** Turns, step by step, with appends that the test answers: {@link CombinerTest} has the real ones. */
class CombinerTurnsTest {
    private static final int THREADS = 2;

    private final HandDriven threads = new HandDriven();
    private final HandDriven lockedThreads = new HandDriven();
    private final HandDrivenTimer timer = new HandDrivenTimer();
    private final Log log = new Log();
    /** What happened, in order: transactions, readers that were told, producers that were. */
    private final List<String> events = new ArrayList<>();

    private Duration later = Duration.ZERO;
    private final Combiner combiner = combiner(Map.of());

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
        List<Part> parts = List.of(part(1, "a", "b"), part(1, "c"), part(1, "d", "e"));

        parts.forEach(this::submit);
        threads.runAll();

        assertThat(parts).extracting(part -> part.baseOffset().join()).containsExactly(0L, 2L, 3L);
        assertThat(combiner.queuedBytes()).isZero();
    }

    @Test
    void readersAreToldBeforeProducersAndBeforeTheNextAppend() {
        Part first = part(1, "a");
        first.baseOffset().thenRun(() -> events.add("acknowledged a"));
        submit(first);
        log.duringTheNext(() -> submit(part(1, "b")));

        threads.runAll();

        assertThat(events.indexOf("told 1 [0, 1)")).isLessThan(events.indexOf("acknowledged a"));
        assertThat(events.indexOf("told 1 [0, 1)")).isLessThan(events.indexOf("transaction 1:b"));
        assertThat(events).contains("told 1 [0, 2)");
    }

    @Test
    void partitionsThatAreReadyTogetherShareATransaction() {
        combiner.submit(List.of(part(1, "a"), part(2, "b"), part(3, "c")));

        threads.runAll();

        assertThat(log.transactions).containsExactly("1:a 2:b 3:c");
    }

    @Test
    void largeBatchesShareNoTransaction() {
        combiner.submit(List.of(part(1, "a".repeat(300_000)), part(2, "b"), part(3, "c".repeat(300_000))));

        threads.runAll();

        assertThat(log.transactions)
                .extracting(text -> text.replaceAll("([ac])\\1+", "$1…"))
                .containsExactly("1:a…", "2:b", "3:c…");
    }

    @Test
    void batchesWithOtherColumnsShareNoTransaction() {
        Part ofTheLog = new Part(2, records("b"), false);

        combiner.submit(List.of(part(1, "a"), ofTheLog, part(3, "c")));
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
        Part locked = part(1, "a");
        Part free = part(2, "b");
        log.locked.add(1);
        combiner.submit(List.of(locked, free));
        log.duringTheNext(() -> submit(part(1, "c")));

        threads.runAll();

        assertThat(free.baseOffset()).isCompletedWithValue(0L);
        assertThat(locked.baseOffset()).isNotDone();
        assertThat(lockedThreads.waiting()).isEqualTo(1);
        log.locked.clear();
        lockedThreads.runAll();
        threads.runAll();
        assertThat(locked.baseOffset()).isCompletedWithValue(0L);
        assertThat(log.transactions).containsExactly("2:b", "1:a waited", "1:c");
    }

    @Test
    void lockIsNotWaitedForWhereTheTimeOfItsProducersWouldNotSuffice() {
        Part part = part(1, "a");
        log.locked.add(1);
        submit(part);
        threads.runAll();
        later = WorkerPool.mostWait().minusSeconds(1);

        lockedThreads.runAll();

        assertThat(code(part)).isEqualTo(ErrorCode.OVERLOADED);
        assertThat(log.transactions).isEmpty();
        assertThat(combiner.queuedBytes()).isZero();
    }

    @Test
    void partitionAtFaultFailsAloneWhereATransactionWasShared() {
        List<Part> parts = List.of(part(1, "a"), part(2, "refused"), part(3, "c"));

        combiner.submit(parts);
        threads.runAll();

        assertThat(parts.get(0).baseOffset()).isCompletedWithValue(0L);
        assertThat(code(parts.get(1))).isEqualTo(ErrorCode.INTERNAL);
        assertThat(parts.get(2).baseOffset()).isCompletedWithValue(0L);
        assertThat(log.transactions).containsExactly("1:a", "3:c");
        combiner.submit(List.of(part(1, "d"), part(3, "e")));
        threads.runAll();
        assertThat(log.transactions).as("shared again").endsWith("1:d 3:e");
    }

    @Test
    void requestAtFaultFailsAloneWhereABatchWasShared() {
        List<Part> parts = List.of(part(1, "a"), part(1, "refused"), part(1, "c"));

        parts.forEach(this::submit);
        threads.runAll();

        assertThat(parts.get(0).baseOffset()).isCompletedWithValue(0L);
        assertThat(code(parts.get(1))).isEqualTo(ErrorCode.INTERNAL);
        assertThat(parts.get(2).baseOffset()).isCompletedWithValue(1L);
        assertThat(combiner.queuedBytes()).isZero();
    }

    @Test
    void lostConnectionFailsAllOfTheTransactionOnceAndTheNextOneIsTried() {
        List<Part> lost = List.of(part(1, "a"), part(2, "b"));
        combiner.submit(lost);
        log.failNext(new TrunklineException(ErrorCode.OUTCOME_UNKNOWN, "lost"));
        log.duringTheNext(() -> submit(part(1, "c")));

        threads.runAll();

        assertThat(lost).allSatisfy(part -> assertThat(code(part)).isEqualTo(ErrorCode.OUTCOME_UNKNOWN));
        assertThat(log.transactions).containsExactly("1:c");
        assertThat(combiner.queuedBytes()).isZero();
    }

    @Test
    void requestThatDoesNotFitIsRefusedAsAWhole() {
        long size = part(1, "a").size();
        Combiner small =
                combiner(Map.of("trunkline.log.append.max-queued-bytes-per-partition", Long.toString(2 * size)));
        Part beside = part(2, "beside");
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
        assertThat(beside.baseOffset()).isCompletedWithValue(0L);
    }

    @Test
    void allPartitionsTogetherAreBoundedAndOneRequestAloneAlwaysFits() {
        Combiner small = combiner(Map.of("trunkline.log.append.max-queued-bytes", "1"));
        Part first = part(1, "larger than all that may wait");

        small.submit(List.of(first));
        assertThatThrownBy(() -> small.submit(List.of(part(2, "b")))).isInstanceOf(TrunklineException.class);
        threads.runAll();

        assertThat(first.baseOffset()).isCompletedWithValue(0L);
        assertThat(log.transactions).hasSize(1);
    }

    @Test
    void whoWaitsForLongIsToldWhilePostgresqlCommitsNothing() {
        Part inFlight = part(1, "a");
        Part waiting = part(1, "b");
        submit(inFlight);
        log.duringTheNext(() -> {
            submit(waiting);
            later = WorkerPool.mostWait().minusSeconds(1);
            timer.repeat();
            assertThat(inFlight.baseOffset()).isNotDone();

            later = WorkerPool.mostWait().plusSeconds(1);
            timer.repeat();

            assertThat(code(inFlight)).isEqualTo(ErrorCode.OUTCOME_UNKNOWN);
            assertThat(code(waiting)).isEqualTo(ErrorCode.DATABASE_UNAVAILABLE);
        });

        threads.runAll();

        assertThat(log.transactions)
                .as("what was said not to be written is not")
                .containsExactly("1:a");
        assertThat(combiner.queuedBytes()).isZero();
    }

    @Test
    void whatWasAcceptedIsWrittenInItsTurnWhilePostgresqlCommits() {
        for (int id = 1; id <= 3; id++) {
            submit(part(id, "x".repeat(300_000)));
        }
        Part last = part(4, "last");
        submit(last);
        log.duringTheNext(() -> {
            later = WorkerPool.mostWait().plusSeconds(1);
            log.duringTheNext(timer::repeat); // just after the first commit
        });

        threads.runAll();

        assertThat(last.baseOffset()).isCompletedWithValue(0L);
    }

    @Test
    void whatWaitsWhenTheServiceStopsIsToldThatNothingWasWritten() {
        threads.shutdown();
        Part part = part(1, "a");

        submit(part);

        assertThat(code(part)).isEqualTo(ErrorCode.OVERLOADED);
        assertThat(combiner.queuedBytes()).isZero();
    }

    private void submit(Part part) {
        combiner.submit(List.of(part));
    }

    private Combiner combiner(Map<String, String> config) {
        LogConfig values = Configs.log(with(config));
        SimpleMeterRegistry registry = new SimpleMeterRegistry();
        return new Combiner(
                log,
                values.append(),
                new LogMetrics(registry, new TopicCounters(registry, values)),
                (partitionId, batch, range) -> events.add(
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

    private static Part part(int partitionId, String... values) {
        return new Part(partitionId, records(values), true);
    }

    private static RecordBatch records(String... values) {
        RecordBatch.Builder builder = new RecordBatch.Builder(values.length, 0);
        for (String value : values) {
            builder.add(1, value.getBytes(StandardCharsets.UTF_8), 0, value.length());
        }
        return builder.build();
    }

    private static ErrorCode code(Part part) {
        return Failures.code(part.baseOffset().exceptionNow());
    }

    /** A log in memory, which fails when it is told to and refuses the value "refused". */
    private final class Log extends AppendStore {
        private final List<String> transactions = new ArrayList<>();
        private final Map<Integer, Long> ends = new HashMap<>();
        private final Set<Integer> locked = new HashSet<>();
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
        List<@Nullable Appended> tryAppend(List<Append> appends, boolean timestamps) {
            Runnable what = during;
            during = () -> {};
            what.run();
            RuntimeException failing = failure;
            failure = null;
            if (failing != null) {
                throw failing;
            }
            List<Append> free = appends.stream()
                    .filter(append -> !locked.contains(append.partitionId()))
                    .toList();
            if (!free.isEmpty()) {
                transaction(free, "");
            }
            return appends.stream()
                    .<@Nullable Appended>map(append -> free.contains(append) ? append(append) : null)
                    .toList();
        }

        @Override
        Appended append(Append append, boolean timestamps) {
            transaction(List.of(append), " waited");
            return append(append);
        }

        private Appended append(Append append) {
            long base = ends.merge(append.partitionId(), (long) append.records().count(), Long::sum)
                    - append.records().count();
            return new Appended(base, 0, 1);
        }

        private void transaction(List<Append> appends, String how) {
            String text = String.join(" ", appends.stream().map(Log::text).toList()) + how;
            if (text.contains("refused")) {
                throw new TrunklineException(
                        ErrorCode.INTERNAL,
                        "refused",
                        new PSQLException(new ServerErrorMessage("SERROR\0C23514\0Mrefused\0")));
            }
            transactions.add(text);
            events.add("transaction " + text);
        }

        private static String text(Append append) {
            RecordBatch records = append.records();
            return append.partitionId() + ":"
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
