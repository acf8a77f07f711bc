package io.trunkline.async;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

/** How often those who want something fresh make a job look. */
class SharedLookTest {
    private final AtomicLong now = new AtomicLong(Long.MAX_VALUE - 1_000); // overflows soon
    private final AtomicInteger looks = new AtomicInteger();
    private final Queue<Runnable> thread = new ArrayDeque<>();
    private Duration takes = Duration.ZERO;

    private final SharedLook look = new SharedLook(
            thread::add,
            () -> {
                looks.incrementAndGet();
                now.addAndGet(takes.toNanos());
            },
            now::get);

    @Test
    void allWhoAskMeanwhileShareALook() {
        List<CompletableFuture<Void>> asked = new ArrayList<>();
        for (int i = 0; i < 100; i++) {
            asked.add(look.fresh());
        }
        assertThat(asked).noneMatch(CompletableFuture::isDone);

        run();

        assertThat(asked).allMatch(CompletableFuture::isDone);
        assertThat(looks).hasValue(1);
    }

    @Test
    void whatIsFreshCostsNoLook() {
        look.fresh();
        run();
        now.addAndGet(SharedLook.FRESH.toNanos() - 1);

        assertThat(look.fresh()).isDone();
        assertThat(thread).isEmpty();

        now.addAndGet(1);
        assertThat(look.fresh()).isNotDone();
        run();
        assertThat(looks).hasValue(2);
    }

    @Test
    void looksTakeNoMoreThanATwentiethOfTheTime() {
        takes = Duration.ofSeconds(2);
        look.fresh();
        run();

        now.addAndGet(Duration.ofSeconds(39).toNanos());
        assertThat(look.fresh()).isDone();
        now.addAndGet(Duration.ofSeconds(1).toNanos());
        assertThat(look.fresh()).isNotDone();
    }

    @Test
    void looksAreNotRarerThanOneAMinute() {
        takes = Duration.ofMinutes(1);
        look.fresh();
        run();

        now.addAndGet(Duration.ofMinutes(1).toNanos());

        assertThat(look.fresh()).isNotDone();
    }

    @Test
    void lookThatWasMadeAnywayServesThoseWhoWait() {
        CompletableFuture<Void> asked = look.fresh();

        look.looked(now.get());

        assertThat(asked).isDone();
        run();
        assertThat(looks).hasValue(0);
    }

    @Test
    void whoGivesUpDoesNotTakeTheLookFromOthers() {
        CompletableFuture<Void> first = look.fresh();
        CompletableFuture<Void> second = look.fresh();

        first.cancel(false);
        run();

        assertThat(second).isCompletedWithValue(null);
    }

    @Test
    void lookThatFailsOrCannotBeginHoldsNobodyUp() {
        SharedLook failing = new SharedLook(
                thread::add,
                () -> {
                    throw new IllegalStateException("away");
                },
                now::get);
        CompletableFuture<Void> asked = failing.fresh();

        assertThatThrownBy(this::run).isInstanceOf(IllegalStateException.class);
        assertThat(asked).isCompletedWithValue(null);

        SharedLook stopped = new SharedLook(
                task -> {
                    throw new RejectedExecutionException();
                },
                () -> {},
                now::get);
        assertThat(stopped.fresh()).isCompletedWithValue(null);
    }

    @Test
    void manyThreadsAtOnceCauseOneLook() throws Exception {
        AtomicInteger made = new AtomicInteger();
        int threads = 8;
        try (ExecutorService job = Executors.newSingleThreadExecutor();
                ExecutorService callers = Executors.newFixedThreadPool(threads)) {
            SharedLook shared = new SharedLook(job, made::incrementAndGet);
            CountDownLatch together = new CountDownLatch(threads);
            List<CompletableFuture<Void>> asked = new ArrayList<>();
            for (int i = 0; i < threads; i++) {
                asked.add(CompletableFuture.runAsync(
                        () -> {
                            together.countDown();
                            await(together);
                            for (int call = 0; call < 1_000; call++) {
                                shared.fresh().join();
                            }
                        },
                        callers));
            }
            for (CompletableFuture<Void> one : asked) {
                one.get(10, TimeUnit.SECONDS);
            }
        }

        assertThat(made).hasValue(1);
    }

    private static void await(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    private void run() {
        while (!thread.isEmpty()) {
            thread.remove().run();
        }
    }
}
