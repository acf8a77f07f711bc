package io.trunkline.log;

import static org.assertj.core.api.Assertions.assertThat;

import io.quarkus.test.junit.QuarkusTest;
import io.trunkline.filter.Filter;
import io.trunkline.record.RecordBatch;
import io.trunkline.testing.ServiceTestCase;
import io.trunkline.topic.TopicName;
import io.trunkline.topic.Topics;
import jakarta.inject.Inject;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Pages of whole batches that PostgreSQL returns, and searches over them. */
@QuarkusTest
class WholeBatchesTest extends ServiceTestCase {
    private static final Duration PATIENCE = Duration.ofSeconds(30);
    private static final int BATCHES = 40;
    private static final int MOST_RECORDS = 60;
    private static final int MOST_BYTES = 3_000;
    private static final int LARGE_BATCH = 7;
    /** One record in this many has a key. */
    private static final int RARE = 5;

    private final Random random = new Random(20_261_201);

    @Inject
    FetchStore store;

    @Inject
    AppendStore appends;

    @Inject
    LogConfig config;

    @Inject
    LogMetrics metrics;

    @Inject
    Logs logs;

    @Inject
    Topics topics;

    private AppendBatcher replica;
    private TopicName topic;
    private long partitionId;
    /** Each append became one batch. */
    private final List<FetchedBatch> appended = new ArrayList<>();

    private long end;

    @BeforeEach
    void append() {
        replica = new AppendBatcher(appends, config.append(), metrics, (id, range, batch) -> {});
        topic = TopicName.parse(api.newTopic(1));
        partitionId = topics.get(topic).join().partitionIds().getFirst();
        for (int i = 0; i < BATCHES; i++) {
            int count = 1 + random.nextInt(MOST_RECORDS);
            append(records(count, i == LARGE_BATCH ? MOST_BYTES * 10 : random.nextInt(MOST_BYTES)));
        }
    }

    @AfterEach
    void stop() {
        replica.close();
    }

    /** Pages in a row give each batch once. Only the first batch of a page may be larger than the page should be. */
    @ParameterizedTest
    @ValueSource(longs = {1, 1_000, 20_000, 100_000, 1_000_000, 1L << 40})
    void noPageCutsABatch(long maxBytes) {
        List<FetchedBatch> read = new ArrayList<>();
        long next = 0;
        while (next < end) {
            PageBuilder page = page(next, maxBytes);
            List<FetchedBatch> batches = page.batches();

            assertThat(batches).isNotEmpty();
            assertThat(size(batches) <= maxBytes || batches.size() == 1)
                    .as("a batch that does not fit is left for the next page")
                    .isTrue();
            assertThat(page.isFull() || page.next() == end).isTrue();
            assertThat(batches.getFirst().baseOffset()).isEqualTo(next);
            read.addAll(batches);
            next = page.next();
            assertThat(batches.getLast().nextOffset()).isEqualTo(next);
        }

        assertThat(read).hasSameSizeAs(appended);
        for (int i = 0; i < read.size(); i++) {
            assertSame(read.get(i), appended.get(i), 0);
        }
    }

    @Test
    void aPageThatBeginsWithinABatchHasTheRestOfIt() {
        for (FetchedBatch batch : appended) {
            int within = random.nextInt(batch.records().count());

            PageBuilder page = page(batch.baseOffset() + within, 1);

            assertThat(page.batches()).hasSize(1);
            assertSame(page.batches().getFirst(), batch, within);
        }
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 64 * 1024, 1024 * 1024})
    void aSearchGivesEachMatchOnce(long mostLookedAt) {
        List<Long> found = new ArrayList<>();
        long passed = 0;
        long next = 0;
        while (next < end) {
            Search search = new Search(Filter.parse("filter", "exists(key)"), mostLookedAt, held -> {}, bytes -> {});
            FetchLimits limits = new FetchLimits(
                    1, 1 + random.nextInt(20_000), 1 + random.nextInt(100), Duration.ZERO, Optional.of(search));

            FetchOutcome.Page page = page(logs.fetch(topic, 0, next, limits, new CompletableFuture<>()));

            assertThat(page.offset()).isEqualTo(next);
            assertThat(page.nextOffset()).isGreaterThan(next);
            for (FetchedBatch batch : page.batches()) {
                for (int i = 0; i < batch.records().count(); i++) {
                    found.add(batch.offset(i));
                }
            }
            passed += search.passedRecords();
            next = page.nextOffset();
        }

        assertThat(found).isEqualTo(matches());
        assertThat(passed).isEqualTo(end - found.size());
    }

    @Test
    void aSearchDownwardsGivesEachMatchOnce() {
        List<Long> found = new ArrayList<>();
        OptionalLong next = OptionalLong.empty();
        do {
            Search search = new Search(Filter.parse("filter", "exists(key)"), 64 * 1024, held -> {}, bytes -> {});
            FetchLimits limits = new FetchLimits(1, 50_000, 3, Duration.ZERO, Optional.of(search));

            FetchOutcome.Page page = page(logs.fetchDown(topic, 0, next, limits));

            for (FetchedBatch batch : page.batches()) {
                for (int i = 0; i < batch.records().count(); i++) {
                    found.add(batch.offset(i));
                }
            }
            next = OptionalLong.of(page.nextOffset());
        } while (next.getAsLong() >= 0);

        assertThat(found).isEqualTo(matches().reversed());
    }

    private PageBuilder page(long offset, long maxBytes) {
        return store.read(FetchRequest.ofBatches(partitionId, offset, maxBytes), new OffsetRange(0, end));
    }

    private static FetchOutcome.Page page(CompletableFuture<FetchOutcome> outcome) {
        return (FetchOutcome.Page)
                outcome.orTimeout(PATIENCE.toSeconds(), TimeUnit.SECONDS).join();
    }

    private List<Long> matches() {
        List<Long> matches = new ArrayList<>();
        for (FetchedBatch batch : appended) {
            for (int i = 0; i < batch.records().count(); i++) {
                if (batch.records().key(i) != null) {
                    matches.add(batch.offset(i));
                }
            }
        }
        return matches;
    }

    private static void assertSame(FetchedBatch read, FetchedBatch appended, int from) {
        assertThat(read.baseOffset()).isEqualTo(appended.baseOffset() + from);
        assertThat(read.records().count()).isEqualTo(appended.records().count() - from);
        for (int i = 0; i < read.records().count(); i++) {
            assertThat(read.records().key(i)).isEqualTo(appended.records().key(from + i));
            assertThat(read.records().value(i)).isEqualTo(appended.records().value(from + i));
        }
    }

    private static long size(List<FetchedBatch> batches) {
        return batches.stream().mapToLong(batch -> batch.records().memorySize()).sum();
    }

    private RecordBatch records(int count, int bytes) {
        RecordBatch.Builder records = new RecordBatch.Builder(count, bytes);
        for (int i = 0; i < count; i++) {
            if (random.nextInt(RARE) == 0) {
                byte[] key = ("key-" + i).getBytes(StandardCharsets.UTF_8);
                records.key(key, 0, key.length);
            }
            if (random.nextInt(RARE) == 0) {
                records.header("about", "it".getBytes(StandardCharsets.UTF_8));
            }
            byte[] value = new byte[bytes / count];
            random.nextBytes(value);
            records.add(1, value, 0, value.length);
        }
        return records.build();
    }

    private void append(RecordBatch records) {
        QueuedAppend append = new QueuedAppend(
                new PartitionAppend(topic, partitionId, records, true, Optional.empty(), OptionalLong.empty()));
        replica.submit(List.of(append));
        AppendOutcome outcome = append.outcome()
                .orTimeout(PATIENCE.toSeconds(), TimeUnit.SECONDS)
                .join();
        assertThat(outcome).isInstanceOf(AppendOutcome.Appended.class);
        appended.add(new FetchedBatch(end, records));
        end += records.count();
    }
}
