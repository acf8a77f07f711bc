package io.trunkline.access;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class BucketTest {
    private static final long SECOND = TimeUnit.SECONDS.toNanos(1);

    @Test
    void itGivesWhatItHoldsAtOnceAndThenWhatComes() {
        Bucket bucket = new Bucket(10, 5, 0);

        for (int i = 0; i < 5; i++) {
            assertThat(bucket.take(1, 0)).isZero();
        }

        assertThat(bucket.take(1, 0)).isEqualTo(SECOND / 10);
        assertThat(bucket.take(1, SECOND / 10 - 1)).isEqualTo(1);
        assertThat(bucket.take(1, SECOND / 10)).isZero();
        assertThat(bucket.take(1, SECOND / 10)).isPositive();
    }

    @Test
    void whatIsRefusedCostsNothing() {
        Bucket bucket = new Bucket(1, 1, 0);
        bucket.take(1, 0);

        for (int i = 0; i < 1_000; i++) {
            assertThat(bucket.take(1, SECOND / 2)).isEqualTo(SECOND / 2);
        }

        assertThat(bucket.take(1, SECOND)).isZero();
    }

    @Test
    void itHoldsNoMoreThanItsCapacityHoweverLongNobodyTakes() {
        Bucket bucket = new Bucket(10, 5, 0);

        assertThat(bucket.take(5, 1_000 * SECOND)).isZero();
        assertThat(bucket.take(1, 1_000 * SECOND)).isPositive();
    }

    @Test
    void moreThanItHoldsIsGivenWhenItIsFullAndThenOwed() {
        Bucket bucket = new Bucket(10, 5, 0);

        assertThat(bucket.take(20, 0)).isZero();
        assertThat(bucket.untilOne(0)).isEqualTo(SECOND * 16 / 10);
        assertThat(bucket.take(20, 0)).isEqualTo(2 * SECOND);
        assertThat(bucket.take(20, 2 * SECOND)).isZero();
    }

    @Test
    void whatWasUsedAlreadyIsOwed() {
        Bucket bucket = new Bucket(10, 5, 0);

        bucket.charge(25, 0);

        assertThat(bucket.untilOne(0)).isEqualTo(SECOND * 21 / 10);
        assertThat(bucket.untilOne(SECOND * 21 / 10)).isZero();
        assertThat(bucket.isFull(SECOND * 2)).isFalse();
        assertThat(bucket.isFull(SECOND * 25 / 10)).isTrue();
    }

    @Test
    void debtsDoNotOverflow() {
        Bucket bucket = new Bucket(1, 1, Long.MAX_VALUE - SECOND);

        for (int i = 0; i < 100; i++) {
            bucket.charge(Long.MAX_VALUE, Long.MAX_VALUE - SECOND);
        }

        assertThat(bucket.take(1, Long.MAX_VALUE - SECOND)).isGreaterThan(1_000_000 * SECOND);
    }

    @ParameterizedTest
    @ValueSource(longs = {0, -5_000_000_000L, Long.MAX_VALUE - 5_000_000_000L})
    void clockMayBeginAnywhereAndOverflow(long start) {
        Bucket bucket = new Bucket(1_000, 500, start);
        long taken = 0;

        for (long millis = 0; millis < 10_000; millis++) {
            while (bucket.take(1, start + TimeUnit.MILLISECONDS.toNanos(millis)) == 0) {
                taken++;
            }
        }

        assertThat(taken).isBetween(10_000L, 10_500L);
    }

    @Test
    void manyThreadsGetNoMoreThanOne() throws InterruptedException {
        Bucket bucket = new Bucket(1, 10_000, 0);
        AtomicLong taken = new AtomicLong();
        CountDownLatch start = new CountDownLatch(1);
        try (ExecutorService threads = Executors.newFixedThreadPool(4)) {
            for (int thread = 0; thread < 4; thread++) {
                threads.submit(() -> {
                    start.await();
                    for (int i = 0; i < 5_000; i++) {
                        if (bucket.take(1, 0) == 0) {
                            taken.incrementAndGet();
                        }
                    }
                    return null;
                });
            }
            start.countDown();
        }

        assertThat(taken).hasValue(10_000);
    }
}
