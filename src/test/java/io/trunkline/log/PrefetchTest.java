package io.trunkline.log;

import static org.assertj.core.api.Assertions.assertThat;

import io.trunkline.record.RecordBatch;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

class PrefetchTest {
    private static final long PARTITION = 7;
    private static final long PAGE_BYTES = 128 * 1024;
    private static final int RECORDS = 10;
    private static final int FAR = 1_000;

    private long nanos;
    private final Prefetch prefetch = new Prefetch(2 * PAGE_BYTES, () -> nanos);

    @Test
    void firstPageOfAReaderPromisesNothing() {
        assertThat(prefetch.next(request(0), page(0), FAR)).isEmpty();
        assertThat(prefetch.bytes()).isZero();
    }

    @Test
    void readerWhoGoesOnFindsItsNextPageOnce() {
        prefetch.next(request(0), page(0), FAR);
        FetchRequest next = next(request(10), page(10));

        assertThat(next).isEqualTo(request(20));
        CompletableFuture<PageBuilder> read = new CompletableFuture<>();
        prefetch.keep(next, read);
        assertThat(prefetch.bytes()).isEqualTo(PAGE_BYTES);

        assertThat(prefetch.take(request(20)))
                .as("though it is still being read")
                .containsSame(read);
        assertThat(prefetch.take(request(20))).isEmpty();
        assertThat(prefetch.bytes()).isZero();
    }

    @Test
    void readerWhoJumpsOrChangesPartitionsGetsNothing() {
        prefetch.next(request(0), page(0), FAR);

        assertThat(prefetch.next(request(50), page(50), FAR)).isEmpty();
        assertThat(prefetch.next(
                        new FetchRequest(PARTITION + 1, 10, PAGE_BYTES, Integer.MAX_VALUE, false), page(10), FAR))
                .isEmpty();
    }

    @Test
    void smallPagesAreNotReadAhead() {
        FetchRequest small = new FetchRequest(PARTITION, 0, PAGE_BYTES - 1, Integer.MAX_VALUE, false);
        prefetch.next(small, page(0), FAR);

        assertThat(prefetch.next(small.next(10), page(10), FAR)).isEmpty();
    }

    @Test
    void readerWhoNowAsksForLessTakesItAndForMoreDoesNot() {
        FetchRequest next = goesOn(0);
        CompletableFuture<PageBuilder> read = CompletableFuture.completedFuture(page(20));
        prefetch.keep(next, read);

        assertThat(prefetch.take(new FetchRequest(PARTITION, 20, PAGE_BYTES + 1, 1, true)))
                .isEmpty();
        assertThat(prefetch.take(new FetchRequest(PARTITION, 20, PAGE_BYTES / 2, 1, true)))
                .as("a share of a poll")
                .containsSame(read);
    }

    @Test
    void readerToWhomNothingFittedIsNotReadAheadFor() {
        prefetch.next(request(0), page(0), FAR);
        PageBuilder nothing = PageBuilder.empty(new FetchRequest(PARTITION, 10, 1, 1, true));
        nothing.add(page(10).batches().getFirst());
        assertThat(nothing.isFull()).isTrue();

        assertThat(prefetch.next(request(10), nothing, FAR)).isEmpty();
    }

    @Test
    void partOfAFullPageIsFullAlsoWhenItIsAllOfIt() {
        PageBuilder read = new PageBuilder(0, 900, RECORDS);
        read.add(page(0).batches().getFirst());
        assertThat(read.isFull()).isTrue();
        assertThat(read.bytesLeft()).as("nothing fits in").isPositive();

        PageBuilder all = read.part(new FetchRequest(PARTITION, 0, PAGE_BYTES, Integer.MAX_VALUE, true));
        assertThat(all.next()).isEqualTo(read.next());
        assertThat(all.isFull()).isTrue();
        assertThat(page(0).part(new FetchRequest(PARTITION, 0, PAGE_BYTES, RECORDS + 1, true))
                        .isFull())
                .isTrue();
        PageBuilder some = read.part(new FetchRequest(PARTITION, 0, PAGE_BYTES, 2, true));
        assertThat(some.next()).isEqualTo(2);
        assertThat(some.isFull()).isTrue();
    }

    @Test
    void endOfThePartitionIsNotReadAhead() {
        prefetch.next(request(0), page(0), FAR);
        assertThat(prefetch.next(request(10), page(10), 29))
                .as("less than a page")
                .isEmpty();

        assertThat(prefetch.next(request(10), page(10), 30)).as("a page").isPresent();
    }

    @Test
    void noMoreIsReadThanThereIsRoomForUntilPagesAreDropped() {
        for (int reader = 0; reader < 2; reader++) {
            prefetch.keep(goesOn(100 * reader), CompletableFuture.completedFuture(page(100 * reader + 20)));
        }
        assertThat(prefetch.bytes()).isEqualTo(2 * PAGE_BYTES);
        prefetch.next(request(200), page(200), FAR);
        assertThat(prefetch.next(request(210), page(210), FAR)).isEmpty();
        assertThat(prefetch.bytes()).isEqualTo(2 * PAGE_BYTES);

        nanos += Duration.ofSeconds(3).toNanos();

        assertThat(prefetch.take(request(20))).as("too old").isEmpty();
        assertThat(prefetch.next(request(220), page(220), FAR)).as("makes room").isPresent();
        assertThat(prefetch.bytes()).isEqualTo(PAGE_BYTES);
    }

    @Test
    void failedReadHoldsNothing() {
        FetchRequest next = goesOn(0);
        CompletableFuture<PageBuilder> read = new CompletableFuture<>();
        prefetch.keep(next, read);

        read.completeExceptionally(new IllegalStateException());

        assertThat(prefetch.take(next)).isEmpty();
        assertThat(prefetch.bytes()).isZero();
    }

    @Test
    void pageThatIsLargerThanItsRoomIsNotHeld() {
        FetchRequest next = goesOn(0);

        prefetch.keep(next, CompletableFuture.completedFuture(page(20, (int) PAGE_BYTES)));

        assertThat(prefetch.take(next)).isEmpty();
        assertThat(prefetch.bytes()).isZero();
    }

    private FetchRequest goesOn(int offset) {
        prefetch.next(request(offset), page(offset), FAR);
        return next(request(offset + RECORDS), page(offset + RECORDS));
    }

    private FetchRequest next(FetchRequest request, PageBuilder page) {
        Optional<FetchRequest> next = prefetch.next(request, page, FAR);
        assertThat(next).isPresent();
        return next.orElseThrow();
    }

    private static FetchRequest request(long offset) {
        return new FetchRequest(PARTITION, offset, PAGE_BYTES, Integer.MAX_VALUE, false);
    }

    /** A full page of ten records. */
    private static PageBuilder page(long offset) {
        return page(offset, 100);
    }

    private static PageBuilder page(long offset, int valueBytes) {
        PageBuilder page = new PageBuilder(offset, Long.MAX_VALUE, RECORDS);
        RecordBatch.Builder records = new RecordBatch.Builder(RECORDS, 0);
        for (int i = 0; i < RECORDS; i++) {
            records.add(0, new byte[valueBytes], 0, valueBytes);
        }
        page.add(new FetchedBatch(offset, records.build()));
        return page;
    }
}
