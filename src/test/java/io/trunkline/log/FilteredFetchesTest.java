package io.trunkline.log;

import static org.assertj.core.api.Assertions.assertThat;

import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.trunkline.async.Drains;
import io.trunkline.async.WorkerPool;
import io.trunkline.async.WorkerPools;
import io.trunkline.error.ErrorCode;
import io.trunkline.error.Failures;
import io.trunkline.error.TrunklineException;
import io.trunkline.filter.Filter;
import io.trunkline.jdbc.Databases;
import io.trunkline.record.RecordBatch;
import io.trunkline.testing.HandDriven;
import io.trunkline.testing.HandDrivenTimer;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Duration;
import java.util.Arrays;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongConsumer;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Fetches that search: what wakes them, how often the log is read for them, and how they end where there is no room. */
class FilteredFetchesTest {
    private static final long PARTITION = 7;
    private static final Duration SOON = Duration.ofSeconds(30);
    private static final int WAKE_UPS = 1_000;
    private static final long MUCH = 1L << 40;

    private final Log log = new Log();
    private final SimpleMeterRegistry registry = new SimpleMeterRegistry();
    private final LogConfig config = Configs.log(Map.of());
    private final LogMetrics metrics = new LogMetrics(registry, new TopicCounters(registry, config));
    private final HandDriven wakers = new HandDriven();
    private final DelayedFetches delayed =
            new DelayedFetches(log, config.fetch(), metrics, new HandDrivenTimer(), WorkerPools.drivenBy(wakers));
    private final WorkerPool pool = new WorkerPool("filtered-fetches", 2, 100);
    private final LogEnds ends = new LogEnds(log, pool);
    private final PageReader pages = new PageReader(
            log, ends, new TailCache(0, Clock.systemUTC()), new ReadAhead(0), new Prefetch(0), pool, metrics);
    private final Scans scans = new Scans(pages, new ReverseStore(Databases.unreachable()), ends, pool, 100, metrics);
    private final Fetches fetches = new Fetches(ends, pages, scans, delayed, Drains.none());

    private final AtomicLong passedBytes = new AtomicLong();
    private final CompletableFuture<Void> abandoned = new CompletableFuture<>();

    @AfterEach
    void close() {
        abandoned.complete(null);
        scans.close();
        delayed.close();
        pool.close();
    }

    /** The wake-up of one append of several may come when a later one has been read already. */
    @Test
    void newsThatIsOlderThanWhatWasLookedAtDoesNotMakeAWaitOutOfRange() {
        for (int i = 0; i < 10; i++) {
            log.append("0");
        }
        Search search = search(MUCH, held -> {});
        CompletableFuture<Map<Long, FetchOutcome>> fetch = fetch(0, search);
        untilPassed(search, 10);

        reached(5);
        assertThat(fetch).isNotDone();
        log.append("0");
        reached(11);
        untilPassed(search, 11);
        reached(3);
        log.append("1");
        reached(12);

        assertThat(fetch).succeedsWithin(SOON).satisfies(found -> {
            FetchOutcome.Page page = page(found);
            assertThat(page.offset()).isZero();
            assertThat(page.nextOffset()).isEqualTo(12);
            assertThat(page.batches().getFirst().offset(0)).isEqualTo(11);
            assertThat(page.range()).isEqualTo(new OffsetRange(0, 12));
        });
    }

    /** The partitions share the bytes, and have another turn for those that are left. */
    @Test
    void aTurnAfterAPageThatWentBeyondAKnownEndIsNotOutOfRange() {
        String[] values = new String[50];
        Arrays.fill(values, "1" + " ".repeat(135)); // 200 bytes, with what a record costs beside
        log.append(values);
        FetchLimits limits = new FetchLimits(1, 1_000, 1_000, Duration.ZERO, Optional.of(search(MUCH, held -> {})));
        OffsetRange known = new OffsetRange(0, 1);

        assertThat(fetches.read(
                        List.of(new Position(PARTITION, 0), new Position(PARTITION + 1, 0)),
                        Map.of(PARTITION, known, PARTITION + 1, known),
                        limits))
                .succeedsWithin(SOON)
                .satisfies(found -> assertThat(found.values())
                        .hasSize(2)
                        .allSatisfy(outcome -> assertThat(outcome)
                                .isInstanceOfSatisfying(
                                        FetchOutcome.Page.class,
                                        page -> assertThat(page.nextOffset()).isEqualTo(2))));
    }

    @Test
    void nothingIsKeptOfTheWakeUpsOfALongWait() {
        log.append("0");
        Search search = search(MUCH, held -> {});
        CompletableFuture<Map<Long, FetchOutcome>> fetch = fetch(0, search);
        untilPassed(search, 1);
        int before = abandoned.getNumberOfDependents();

        for (int i = 2; i <= WAKE_UPS; i++) {
            log.append("0");
            reached(i);
            untilPassed(search, i);
        }

        assertThat(abandoned.getNumberOfDependents()).isEqualTo(before).isEqualTo(1);
        assertThat(delayed.waiting()).isLessThanOrEqualTo(1);
        abandoned.complete(null);
        assertThat(fetch).succeedsWithin(SOON).satisfies(found -> {
            assertThat(page(found).offset()).isZero();
            assertThat(page(found).nextOffset()).isEqualTo(WAKE_UPS);
        });
        assertThat(passedBytes).as("told as it is done").hasValue(WAKE_UPS);
    }

    @Test
    void whoGoesAwayBeforeTheWaitDoesNotWait() {
        abandoned.complete(null);

        assertThat(fetch(0, search(MUCH, held -> {}))).succeedsWithin(SOON);
    }

    @Test
    void noBatchIsReadTwice() {
        String[] large = new String[40_000];
        Arrays.fill(large, "0".repeat(100)); // 6 MiB, with what each costs beside
        log.append("0");
        log.append(large);
        log.append(large);
        log.append("0");
        Search search = search(MUCH, held -> {});

        abandoned.complete(null);
        assertThat(fetch(0, search))
                .succeedsWithin(SOON)
                .satisfies(found -> assertThat(page(found).nextOffset()).isEqualTo(80_002));

        assertThat(log.reads)
                .as("one for each large batch, and for what lies before and behind")
                .hasValueBetween(2, 4);
    }

    @Test
    void searchThatHasNoRoomForWhatItFindsEndsBeforeThat() {
        for (int i = 0; i < 10; i++) {
            log.append("0");
        }
        log.append("0", "0", "1", "0", "1");

        assertThat(fetch(0, search(MUCH, FilteredFetchesTest::refuse)))
                .succeedsWithin(SOON)
                .satisfies(found -> {
                    assertThat(page(found).isEmpty()).isTrue();
                    assertThat(page(found).full()).isTrue();
                    assertThat(page(found).nextOffset()).isEqualTo(12);
                });
        assertThat(passedBytes).hasValue(12);
    }

    @Test
    void searchThatHasNoRoomForTheFirstRecordFails() {
        log.append("1", "0");

        assertThat(fetch(0, search(MUCH, FilteredFetchesTest::refuse)))
                .failsWithin(SOON)
                .withThrowableThat()
                .satisfies(failure -> assertThat(Failures.code(failure)).isEqualTo(ErrorCode.OVERLOADED));
        assertThat(passedBytes).hasValue(0);
    }

    /** The service reads one of two partitions, and is too busy for the other one. */
    @Test
    void searchThatGetsNoTurnEndsWithWhatItHasComeTo() {
        log.append("0", "1");
        AtomicInteger turns = new AtomicInteger();
        log.beforeRead = () -> {
            if (turns.incrementAndGet() > 1) {
                refuse(0);
            }
        };

        assertThat(fetches.read(
                        List.of(new Position(PARTITION, 0), new Position(PARTITION + 1, 0)),
                        Map.of(PARTITION, new OffsetRange(0, 2), PARTITION + 1, new OffsetRange(0, 2)),
                        limits(search(MUCH, held -> {}))))
                .succeedsWithin(SOON)
                .satisfies(found -> assertThat(found.values())
                        .map(outcome -> ((FetchOutcome.Page) outcome).nextOffset())
                        .containsExactlyInAnyOrder(2L, 0L));
        assertThat(passedBytes).hasValue(1);
    }

    @Test
    void searchThatGetsNoTurnAtAllFails() {
        log.append("0", "1");
        log.beforeRead = () -> refuse(0);

        assertThat(fetch(0, search(MUCH, held -> {})))
                .failsWithin(SOON)
                .withThrowableThat()
                .satisfies(failure -> assertThat(Failures.code(failure)).isEqualTo(ErrorCode.OVERLOADED));
    }

    @Test
    void searchThatIsStoppedLooksAtNoFurtherChunk() {
        String[] large = new String[40_000];
        Arrays.fill(large, "0");
        for (int i = 0; i < 10; i++) {
            log.append(large);
        }
        Search search = search(MUCH, held -> {});
        log.beforeRead = () -> {
            if (log.reads.get() == 3) {
                search.stop();
            }
        };

        assertThat(fetch(0, search)).succeedsWithin(SOON).satisfies(found -> {
            assertThat(page(found).full()).isTrue();
            assertThat(page(found).nextOffset()).isLessThanOrEqualTo(3 * 40_000);
        });
        assertThat(log.reads).hasValueLessThanOrEqualTo(4);
    }

    private static void refuse(long bytes) {
        throw new TrunklineException(ErrorCode.OVERLOADED, "There is no room.");
    }

    private Search search(long maxBytes, LongConsumer hold) {
        return new Search(Filter.parse("filter", "value = 1"), maxBytes, hold, passedBytes::addAndGet);
    }

    private CompletableFuture<Map<Long, FetchOutcome>> fetch(long offset, Search search) {
        return fetches.fetch(List.of(new Position(PARTITION, offset)), limits(search), Map.of(), abandoned);
    }

    private static FetchLimits limits(Search search) {
        return new FetchLimits(1, 1 << 20, 1_000, Duration.ofMinutes(5), Optional.of(search));
    }

    private void reached(long end) {
        delayed.reached(PARTITION, new OffsetRange(0, end));
        wakers.runAll();
    }

    /** Until so many have been passed over, and the fetch waits for more. */
    private void untilPassed(Search search, long records) {
        Awaitility.await()
                .pollDelay(Duration.ZERO)
                .pollInterval(Duration.ofMillis(1))
                .atMost(SOON)
                .until(() -> search.passedRecords() == records && delayed.waiting() == 1);
    }

    private static FetchOutcome.Page page(Map<Long, FetchOutcome> found) {
        return (FetchOutcome.Page) Objects.requireNonNull(found.get(PARTITION));
    }

    /** A log of one partition in memory. */
    private static final class Log extends FetchStore {
        private final ConcurrentSkipListMap<Long, FetchedBatch> batches = new ConcurrentSkipListMap<>();
        private final AtomicInteger reads = new AtomicInteger();
        private volatile Runnable beforeRead = () -> {};
        private volatile long end;

        Log() {
            super(Databases.unreachable());
        }

        void append(String... values) {
            RecordBatch.Builder builder = new RecordBatch.Builder(values.length, 0);
            for (String value : values) {
                byte[] bytes = value.getBytes(StandardCharsets.UTF_8);
                builder.add(0, bytes, 0, bytes.length);
            }
            long base = end;
            batches.put(base, new FetchedBatch(base, builder.build()));
            end = base + values.length;
        }

        @Override
        Map<Long, OffsetRange> ranges(Collection<Long> partitionIds) {
            Map<Long, OffsetRange> ranges = new HashMap<>();
            partitionIds.forEach(partitionId -> ranges.put(partitionId, new OffsetRange(0, end)));
            return ranges;
        }

        @Override
        PageBuilder read(FetchRequest request, OffsetRange range) {
            reads.incrementAndGet();
            beforeRead.run();
            PageBuilder page = PageBuilder.empty(request);
            long first = Objects.requireNonNull(batches.floorKey(request.offset()));
            for (FetchedBatch batch : batches.tailMap(first, true).values()) {
                if (!page.add(batch)) {
                    break;
                }
            }
            return page;
        }
    }
}
