package io.trunkline.log;

import static org.assertj.core.api.Assertions.assertThat;

import io.trunkline.record.RecordBatch;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class TailCacheTest {
    private static final int PARTITION = 7;
    private static final int BYTES = 36;
    /** What a record of the test counts for. */
    private static final int SIZE = BYTES + RecordBatch.OVERHEAD_BYTES;

    private final SettableClock clock = new SettableClock();
    private final TailCache cache = new TailCache(10 * SIZE, clock);

    @Test
    void partitionThatNobodyReadsIsNotKept() {
        cache.add(PARTITION, batch(0, 1));

        assertThat(read(0)).isNull();
        assertThat(cache.bytes()).isZero();
    }

    @Test
    void pageGoesOnFromBatchToBatchUpToItsBounds() {
        cache.want(PARTITION);
        cache.add(PARTITION, batch(5, 2));
        cache.add(PARTITION, batch(7, 1));
        cache.add(PARTITION, batch(8, 3));

        assertThat(read(6)).containsExactly(6L, 7L, 8L, 9L, 10L);
        assertThat(read(5, 3 * SIZE, 100)).containsExactly(5L, 6L, 7L);
        assertThat(read(7, 1_000_000, 2)).containsExactly(7L, 8L);
        assertThat(read(9, 1, 100)).as("one record at least").containsExactly(9L);
    }

    @Test
    void whatIsNotHeldIsToBeReadElsewhere() {
        cache.want(PARTITION);
        cache.add(PARTITION, batch(5, 2));

        assertThat(read(4)).isNull();
        assertThat(read(7)).isNull();
        assertThat(cache.read(new FetchRequest(PARTITION + 1, 5, 1000, 10, false)))
                .isEmpty();
    }

    @Test
    void stretchHasNoHoles() {
        cache.want(PARTITION);
        cache.add(PARTITION, batch(0, 2));
        cache.add(PARTITION, batch(5, 1));

        assertThat(read(0)).as("before the hole").isNull();
        assertThat(read(5)).containsExactly(5L);
        assertThat(cache.bytes()).isEqualTo(SIZE);
    }

    @Test
    void batchThatIsKnownChangesNothing() {
        cache.want(PARTITION);
        cache.add(PARTITION, batch(0, 2));
        cache.add(PARTITION, batch(2, 2));
        cache.add(PARTITION, batch(0, 2));
        cache.add(PARTITION, batch(2, 2));

        assertThat(read(0)).containsExactly(0L, 1L, 2L, 3L);
        assertThat(cache.bytes()).isEqualTo(4 * SIZE);
    }

    @Test
    void oldestGoesFirstWhateverItsPartition() {
        cache.want(1);
        cache.want(2);
        for (int i = 0; i < 30; i++) {
            cache.add(1 + i % 2, batch(i / 2, 1));
            assertThat(cache.bytes()).isLessThanOrEqualTo(10 * SIZE);
        }

        assertThat(cache.read(new FetchRequest(1, 9, 10_000, 100, false))).isEmpty();
        assertThat(offsets(1, 10)).containsExactly(10L, 11L, 12L, 13L, 14L);
        assertThat(offsets(2, 10)).containsExactly(10L, 11L, 12L, 13L, 14L);
    }

    @Test
    void batchLargerThanTheCacheIsNotKept() {
        cache.want(PARTITION);
        cache.add(PARTITION, batch(0, 1));
        cache.add(PARTITION, batch(1, 11));
        cache.add(PARTITION, batch(12, 1));

        assertThat(read(0)).isNull();
        assertThat(read(12)).containsExactly(12L);
        assertThat(cache.bytes()).isEqualTo(SIZE);
    }

    @Test
    void partitionThatIsNotReadAnyMoreIsForgotten() {
        cache.want(PARTITION);
        cache.add(PARTITION, batch(0, 1));

        clock.now = clock.now.plus(Duration.ofMinutes(1));
        cache.add(PARTITION, batch(1, 1));

        assertThat(read(0)).isNull();
        assertThat(cache.bytes()).isZero();
    }

    @Test
    void partitionThatNobodyWritesToHereIsForgottenToo() {
        cache.want(PARTITION);
        cache.add(PARTITION, batch(0, 1));

        clock.now = clock.now.plus(Duration.ofMinutes(1));
        cache.want(PARTITION + 1);

        assertThat(cache.bytes()).isZero();
        assertThat(read(0)).isNull();
    }

    @Test
    void manyHolesCostNoMemoryAndLoseNothingOfOthers() {
        cache.want(1);
        cache.want(2);
        cache.add(2, batch(0, 1));
        for (int i = 0; i < 10_000; i++) {
            cache.add(1, batch(2L * i, 1));
        }

        assertThat(cache.bytes()).isEqualTo(2 * SIZE);
        assertThat(offsets(1, 19_998)).containsExactly(19_998L);
        assertThat(offsets(2, 0)).containsExactly(0L);
    }

    private @Nullable List<Long> read(long offset) {
        return read(offset, 1_000_000, 1_000);
    }

    /** The offsets of a page; null when it is not held. */
    private @Nullable List<Long> read(long offset, long maxBytes, int maxRecords) {
        return cache.read(new FetchRequest(PARTITION, offset, maxBytes, maxRecords, false))
                .map(TailCacheTest::offsets)
                .orElse(null);
    }

    private List<Long> offsets(long partitionId, long offset) {
        return offsets(cache.read(new FetchRequest(partitionId, offset, 1_000_000, 1_000, false))
                .orElseThrow());
    }

    private static List<Long> offsets(PageBuilder page) {
        List<Long> offsets = new ArrayList<>();
        for (FetchedBatch batch : page.batches()) {
            for (int i = 0; i < batch.records().count(); i++) {
                long offset = batch.baseOffset() + i;
                assertThat(new String(batch.records().value(i), StandardCharsets.US_ASCII).strip())
                        .isEqualTo("value " + offset);
                offsets.add(offset);
            }
        }
        return offsets;
    }

    private static FetchedBatch batch(long base, int count) {
        RecordBatch.Builder records = new RecordBatch.Builder(count, 0);
        for (int i = 0; i < count; i++) {
            byte[] value =
                    String.format("%-" + BYTES + "s", "value " + (base + i)).getBytes(StandardCharsets.US_ASCII);
            records.add(0, value, 0, value.length);
        }
        return new FetchedBatch(base, records.build());
    }

    private static final class SettableClock extends Clock {
        Instant now = Instant.parse("2026-01-01T00:00:00Z");

        @Override
        public ZoneId getZone() {
            return ZoneOffset.UTC;
        }

        @Override
        public Clock withZone(ZoneId zone) {
            return this;
        }

        @Override
        public Instant instant() {
            return now;
        }
    }
}
