package io.trunkline.async;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Metrics;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.trunkline.error.ErrorCode;
import io.trunkline.error.Failures;
import io.trunkline.error.TrunklineException;
import io.trunkline.testing.HandDriven;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Calls on a pool: in turn, bounded, and over in time whatever they wait for. */
class WorkerPoolTest {
    private static final Duration PATIENCE = Duration.ofSeconds(30);
    /** Sooner than a call ends whose caller has just begun to wait. */
    private static final Duration SOON = WorkerPool.mostWait().dividedBy(2);
    /** What is left of the time of a call that began to wait long ago. */
    private static final Duration LEFT = Duration.ofMillis(200);

    private final HandDriven executor = new HandDriven();
    private final WorkerPool pool = WorkerPools.drivenBy(executor);
    private final MeterRegistry registry = new SimpleMeterRegistry();

    @BeforeEach
    void measure() {
        Metrics.addRegistry(registry);
    }

    @AfterEach
    void measureNoMore() {
        Metrics.removeRegistry(registry);
        pool.close();
    }

    @Test
    void callEndsWithItsResultOrItsFailure() {
        CompletableFuture<String> good = pool.call(() -> "result");
        CompletableFuture<String> bad = pool.call(() -> {
            throw new TrunklineException(ErrorCode.TOPIC_NOT_FOUND, "none");
        });
        assertThat(good).isNotDone();

        executor.runAll();

        assertThat(good).isCompletedWithValue("result");
        assertThat(code(bad)).isEqualTo(ErrorCode.TOPIC_NOT_FOUND);
    }

    @Test
    void callThatFindsTheQueueFullIsRefusedAtOnceAndNotMade() {
        HandDriven full = new HandDriven(1);
        WorkerPool small = WorkerPools.drivenBy(full);
        AtomicInteger made = new AtomicInteger();
        small.call(made::incrementAndGet);

        CompletableFuture<Integer> refused = small.call(made::incrementAndGet);

        assertThat(refused).isDone();
        assertThat(code(refused)).isEqualTo(ErrorCode.OVERLOADED);
        full.runAll();
        assertThat(made).hasValue(1);
    }

    @Test
    void callThatHasNotBegunInItsTimeIsRefusedAndNeverMade() {
        AtomicInteger made = new AtomicInteger();

        CompletableFuture<Integer> late = pool.call(made::incrementAndGet, since(Duration.ZERO));

        Awaitility.await().atMost(SOON).until(late::isDone);
        assertThat(code(late)).isEqualTo(ErrorCode.OVERLOADED);
        executor.runAll();
        assertThat(made).hasValue(0);
    }

    @Test
    void callThatHangsBeforeItWritesChangesNothingAndNeverWill() {
        AtomicInteger written = new AtomicInteger();
        List<CompletableFuture<Integer>> called = new ArrayList<>();
        called.add(pool.call(
                () -> {
                    Awaitility.await()
                            .atMost(SOON)
                            .until(() -> called.getFirst().isDone());
                    PendingCall.beginsToWrite();
                    return written.incrementAndGet();
                },
                since(LEFT)));

        executor.runAll();

        assertThat(code(called.getFirst())).isEqualTo(ErrorCode.DATABASE_UNAVAILABLE);
        assertThat(written).hasValue(0);
    }

    @Test
    void callThatHangsWhileItWritesHasAnOutcomeThatNobodyKnows() {
        List<CompletableFuture<String>> called = new ArrayList<>();
        called.add(pool.call(
                () -> {
                    PendingCall.beginsToWrite();
                    Awaitility.await()
                            .atMost(SOON)
                            .until(() -> called.getFirst().isDone());
                    PendingCall.beginsToWrite(); // the second statement of one that has written already
                    return "written";
                },
                since(LEFT)));

        executor.runAll();

        assertThat(code(called.getFirst())).isEqualTo(ErrorCode.OUTCOME_UNKNOWN);
    }

    @Test
    void taskThatFindsTheQueueFullIsRejected() {
        HandDriven full = new HandDriven(0);

        assertThatThrownBy(() -> WorkerPools.drivenBy(full).run(() -> {}))
                .isInstanceOf(RejectedExecutionException.class);
    }

    @Test
    void threadsAndQueueAreBounded() throws Exception {
        CountDownLatch atWork = new CountDownLatch(2);
        CountDownLatch end = new CountDownLatch(1);
        try (WorkerPool bounded = new WorkerPool("bounded", 2, 1)) {
            List<CompletableFuture<Boolean>> calls = new ArrayList<>();
            for (int i = 0; i < 2; i++) {
                calls.add(bounded.call(() -> await(atWork, end)));
            }
            atWork.await();
            calls.add(bounded.call(() -> true));

            assertThat(code(bounded.call(() -> true))).isEqualTo(ErrorCode.OVERLOADED);
            assertThat(gauge("trunkline.pool.threads.active", "bounded")).isEqualTo(2);
            assertThat(gauge("trunkline.pool.threads.max", "bounded")).isEqualTo(2);
            assertThat(gauge("trunkline.pool.queued", "bounded")).isEqualTo(1);

            end.countDown();
            assertThat(calls).allSatisfy(call -> assertThat(call).succeedsWithin(PATIENCE));
        }
        assertThat(registry.find("trunkline.pool.queued").tag("pool", "bounded").gauge())
                .isNull();
    }

    /** Its threads may be about to come back: a pool without a queue has room for those who saw them end. */
    @Test
    void poolWithoutAQueueTakesWhatThreadsThatHaveJustEndedWouldTake() {
        try (WorkerPool direct = WorkerPool.withoutQueue("direct", 1)) {
            for (int i = 0; i < 1_000; i++) {
                int number = i;
                assertThat(direct.call(() -> number)).succeedsWithin(PATIENCE).isEqualTo(number);
            }
        }
    }

    @Test
    void closeLetsCallsUnderWayEndAndTakesNoMore() throws Exception {
        CountDownLatch atWork = new CountDownLatch(1);
        CountDownLatch end = new CountDownLatch(1);
        ThreadPoolExecutor threads = new ThreadPoolExecutor(1, 1, 1, TimeUnit.SECONDS, new LinkedBlockingQueue<>());
        WorkerPool closing = new WorkerPool("closing", 1, threads);
        CompletableFuture<Boolean> underWay = closing.call(() -> await(atWork, end));
        atWork.await();
        CompletableFuture<Void> closed = CompletableFuture.runAsync(closing::close);
        Awaitility.await().atMost(PATIENCE).until(threads::isShutdown);
        assertThat(code(closing.call(() -> true))).isEqualTo(ErrorCode.OVERLOADED);
        assertThat(closed).isNotDone();

        end.countDown();

        assertThat(underWay).succeedsWithin(PATIENCE).isEqualTo(true);
        assertThat(closed).succeedsWithin(PATIENCE);
    }

    /** When a caller began to wait of whose time so much is left. */
    private static long since(Duration left) {
        return System.nanoTime() - WorkerPool.mostWait().minus(left).toNanos();
    }

    private static boolean await(CountDownLatch atWork, CountDownLatch end) {
        atWork.countDown();
        try {
            end.await();
            return true;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        }
    }

    private static ErrorCode code(CompletableFuture<?> failed) {
        return Failures.code(failed.exceptionNow());
    }

    private double gauge(String name, String pool) {
        return registry.get(name).tag("pool", pool).gauge().value();
    }
}
