package io.trunkline.log;

import io.quarkus.runtime.ShutdownDelayInitiatedEvent;
import io.quarkus.runtime.ShutdownEvent;
import io.quarkus.runtime.Startup;
import io.trunkline.async.Drain;
import io.trunkline.async.WorkerPool;
import io.trunkline.error.ErrorCode;
import io.trunkline.error.Failures;
import io.trunkline.error.TrunklineException;
import io.trunkline.jdbc.ConnectionUser;
import io.trunkline.record.RecordBatch;
import io.trunkline.topic.TopicName;
import io.trunkline.topic.Topics;
import jakarta.enterprise.event.Observes;
import jakarta.inject.Singleton;
import java.time.Clock;
import java.time.Duration;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;
import java.util.function.Function;

/**
 * The partition logs. Calls return at once, hold no thread while they wait, and fail with a {@link TrunklineException},
 * of which {@code TOPIC_NOT_FOUND}, {@code PARTITION_NOT_FOUND}, {@code DATABASE_UNAVAILABLE} and {@code OVERLOADED}
 * may meet every one.
 */
@Startup
@Singleton
public class Logs implements ConnectionUser {
    private static final int AT_ONCE = 500;
    private static final int DELETION_THREADS = 2;
    private static final int MOST_DELETIONS = 1_000;

    private final Topics topics;
    private final AppendStore appendStore;
    private final FetchStore store;
    private final DeletionStore deletions;
    private final LogMetrics metrics;
    private final AppendBatcher appends;
    private final DelayedFetches delayedFetches;
    private final WorkerPool pool;
    private final Clock clock;
    /** Deletions wait for partitions that somebody holds, and do not take the threads of readers for that. */
    private final WorkerPool deletionPool = new WorkerPool("delete-records", DELETION_THREADS, MOST_DELETIONS);

    private final LogEnds ends;
    private final Fetches fetches;
    private final Scans scans;

    Logs(
            Topics topics,
            AppendStore appendStore,
            FetchStore store,
            ReverseStore reverse,
            DeletionStore deletions,
            LogConfig config,
            LogMetrics metrics,
            Drain drain,
            Clock clock) {
        this.appendStore = appendStore;
        this.deletions = deletions;
        this.topics = topics;
        this.store = store;
        this.metrics = metrics;
        this.clock = clock;
        delayedFetches = new DelayedFetches(store, config.fetch(), metrics);
        TailCache cache = new TailCache(config.fetch().cacheBytes().asLongValue(), clock);
        appends = new AppendBatcher(appendStore, config.append(), metrics, (partitionId, range, batch) -> {
            if (delayedFetches.isWaitedFor(partitionId)) {
                cache.want(partitionId);
            }
            if (cache.wants(partitionId)) {
                cache.add(partitionId, batch.get());
            }
            delayedFetches.reached(partitionId, range);
        });
        pool = new WorkerPool("fetch", config.fetch().threads(), config.fetch().maxQueued());
        ends = new LogEnds(store, pool);
        ReadAhead readAhead = new ReadAhead(config.fetch().readAheadBytes().asLongValue());
        PageReader pages = new PageReader(
                store,
                ends,
                cache,
                readAhead,
                new Prefetch(config.fetch().readAheadBytes().asLongValue()),
                pool,
                metrics);
        scans = new Scans(pages, reverse, ends, pool, config.fetch().maxQueued(), metrics);
        fetches = new Fetches(ends, pages, scans, delayedFetches, drain);
        metrics.queuedBytes(appends::queuedBytes);
        metrics.waiting(delayedFetches::waiting);
        metrics.cachedBytes(cache::bytes);
    }

    @Override
    public int connections() {
        return appends.connections() + delayedFetches.connections() + pool.threads() + deletionPool.threads();
    }

    /** Sends those who wait for records away with what there is. */
    void drain(@Observes ShutdownDelayInitiatedEvent event) {
        delayedFetches.endAll();
    }

    /** Lets the appends that were accepted end, while there still is a database to write them to. */
    void stop(@Observes ShutdownEvent event) {
        appends.close();
        delayedFetches.close();
        scans.close();
        pool.close();
        deletionPool.close();
    }

    /**
     * Appends records to partitions, each once. Those of a partition are written in one piece and in the order of the calls;
     * what becomes of one says nothing of the others.
     *
     * @return for each, in the order given, what became of it; it completes when that is durable, and never with a failure
     * @throws TrunklineException {@code OVERLOADED} when a queue is full; nothing was accepted then
     */
    public List<CompletableFuture<AppendOutcome>> append(List<PartitionAppend> partitions) {
        List<QueuedAppend> queued = partitions.stream().map(QueuedAppend::new).toList();
        appends.submit(queued);
        return outcomes(queued);
    }

    /**
     * Makes room for records that {@link #append(List, AppendRoom)} appends later on terms. Until then they count as waiting.
     *
     * @param partitions what goes to each partition, by partition id
     * @param bytes what the request holds in memory altogether, with records that go to no partition
     * @throws TrunklineException {@code OVERLOADED} when a queue is full; there is no room then
     */
    public AppendRoom room(Map<Long, RecordBatch> partitions, long bytes) {
        Map<Long, Long> sizes = new HashMap<>();
        partitions.forEach((partitionId, records) -> sizes.put(partitionId, QueuedAppend.sizeOnTerms(records)));
        long ofPartitions = sizes.values().stream().mapToLong(size -> size).sum();
        return appends.room(sizes, Math.max(0, bytes - ofPartitions));
    }

    /** As {@link #append(List)}, of records on terms for which there is room. */
    public List<CompletableFuture<AppendOutcome>> append(List<PartitionAppend> partitions, AppendRoom room) {
        List<QueuedAppend> queued = partitions.stream().map(QueuedAppend::new).toList();
        appends.submit(queued, room);
        return outcomes(queued);
    }

    private List<CompletableFuture<AppendOutcome>> outcomes(List<QueuedAppend> queued) {
        return queued.stream()
                .map(append -> append.outcome().thenApply(outcome -> counted(append, outcome)))
                .toList();
    }

    /**
     * What became of an append with this idempotency key, {@code Repeated} or {@code KeyReused}; empty where none is remembered,
     * or has been committed yet.
     */
    public CompletableFuture<Optional<AppendOutcome>> find(ProduceKey key) {
        return pool.call(() -> appendStore.find(key));
    }

    private AppendOutcome counted(QueuedAppend append, AppendOutcome outcome) {
        if (outcome instanceof AppendOutcome.Appended) {
            metrics.appended(
                    append.append().topic(),
                    append.records().count(),
                    append.records().byteSize(),
                    System.nanoTime() - append.submitted());
        } else if (outcome instanceof AppendOutcome.Duplicate || outcome instanceof AppendOutcome.Repeated) {
            metrics.repeated();
        }
        return outcome;
    }

    /** What of a partition can be read. */
    public CompletableFuture<OffsetRange> range(TopicName topic, int partition) {
        return onPartition(topic, partition, ends::range);
    }

    /** The first offset whose timestamp (milliseconds since the epoch) is at least the given one, or else the end. */
    public CompletableFuture<Long> offsetForTime(TopicName topic, int partition, long timestamp) {
        // The end first: a record that is appended in between is found, or lies behind that end.
        return onPartition(topic, partition, id -> offsetForTime(id, timestamp));
    }

    /**
     * Reads a page of a partition, waiting as long as there is less than is asked for.
     *
     * @param abandoned completes when nobody is interested any more, which ends the wait
     */
    public CompletableFuture<FetchOutcome> fetch(
            TopicName topic, int partition, long offset, FetchLimits limits, CompletableFuture<Void> abandoned) {
        return onPartition(
                        topic,
                        partition,
                        id -> fetches.fetch(List.of(new Position(id, offset)), limits, Map.of(), abandoned)
                                .thenApply(found ->
                                        Optional.ofNullable(found.get(id)).orElseThrow(LogEnds::gone)))
                .thenApply(outcome -> counted(topic, outcome));
    }

    /**
     * Reads records of a partition downwards, the newest first. It does not wait.
     *
     * @param offset of the first record; the newest one where it is empty, or the end
     * @param limits bytes, records and what is searched for; nothing else of them counts
     * @return a page whose next offset lies below its records, and below the log start where nothing is left
     */
    public CompletableFuture<FetchOutcome> fetchDown(
            TopicName topic, int partition, OptionalLong offset, FetchLimits limits) {
        return onPartition(
                        topic,
                        partition,
                        id -> ends.range(id).thenCompose(range -> fetchDown(id, range, offset, limits)))
                .thenApply(outcome -> counted(topic, outcome));
    }

    private CompletableFuture<FetchOutcome> fetchDown(
            long partitionId, OffsetRange range, OptionalLong offset, FetchLimits limits) {
        if (!range.readableFrom(offset.orElse(range.endOffset()))) {
            return CompletableFuture.completedFuture(new FetchOutcome.OutOfRange(range));
        }
        long first = Math.min(offset.orElse(Long.MAX_VALUE), range.endOffset() - 1);
        return first < range.logStartOffset()
                ? CompletableFuture.completedFuture(
                        new FetchOutcome.Page(partitionId, List.of(), first, first, range, false, false))
                : scans.down(
                        new FetchRequest(partitionId, first, limits.maxBytes(), limits.maxRecords(), false),
                        range,
                        limits.search());
    }

    private FetchOutcome counted(TopicName topic, FetchOutcome outcome) {
        if (outcome instanceof FetchOutcome.Page page) {
            count(topic, page);
        }
        return outcome;
    }

    /**
     * Reads from several partitions at once, waiting as long as there is less than is asked for. What there is shares the bytes,
     * and partitions that come first are served first where they do not suffice for all.
     *
     * @param positions the partitions, each once
     * @param known what the caller knows of the partitions from a moment ago; where that has records, they are given, and
     *     other partitions are not looked at
     * @param abandoned completes when nobody is interested any more, which ends the wait
     * @return what was found, by partition id: nothing of a partition that does not exist any more, and an empty page that is
     *     full where there are records that did not fit
     */
    public CompletableFuture<Map<Long, FetchOutcome>> fetch(
            List<Position> positions,
            FetchLimits limits,
            Map<Long, OffsetRange> known,
            CompletableFuture<Void> abandoned) {
        return fetches.fetch(positions, limits, known, abandoned);
    }

    /**
     * Follows partitions from offsets on, for as long as a reader wants. Nothing is read before it is asked for; close it in any
     * case.
     *
     * @param positions the partitions, each once
     * @throws TrunklineException {@code OVERLOADED} when too many wait for records already
     */
    public Follow follow(List<Position> positions) {
        return new Follow(positions, fetches, ends, delayedFetches);
    }

    /**
     * Deletes the records of a partition before an offset, or all of them with {@link #ALL_RECORDS}: they cannot be read any
     * more, and their space is freed later. Nothing changes where the log starts beyond the offset already. Fails with
     * {@code ADMINISTRATION_DISABLED} where clients may not do that.
     */
    public CompletableFuture<DeletionOutcome> deleteRecords(TopicName topic, int partition, long before) {
        return topics.administered()
                .thenCompose(allowed -> onPartition(topic, partition, id -> deleteRecords(id, before)));
    }

    private CompletableFuture<DeletionOutcome> deleteRecords(long partitionId, long before) {
        return deletionPool
                .call(() -> deletions.deleteBefore(partitionId, before))
                .thenCompose(deleted -> deleted.isPresent()
                        ? CompletableFuture.completedFuture(new DeletionOutcome.Deleted(deleted.get()))
                        : ends.range(partitionId)
                                .thenCompose(range -> before > range.endOffset()
                                        ? CompletableFuture.completedFuture(new DeletionOutcome.OutOfRange(range))
                                        // Records have come meanwhile.
                                        : deleteRecords(partitionId, before)));
    }

    /** Stands for the end of a partition where its records are deleted, as in Kafka's DeleteRecords. */
    public static final long ALL_RECORDS = -1;

    /** What can be read of those of the partitions that exist, by their ids. */
    public CompletableFuture<Map<Long, OffsetRange>> ranges(Collection<Long> partitionIds) {
        return inTurn(partitionIds, ends::ranges);
    }

    /**
     * How much there is of partitions, by their ids. Those that do not exist are left out, and for a moment those whose
     * slice is being dropped.
     */
    public CompletableFuture<Map<Long, LogState>> states(Collection<Long> partitionIds) {
        return inTurn(partitionIds, some -> pool.call(() -> store.states(some)));
    }

    /** Some after the other, so that readers who ask meanwhile are not held up by many. */
    private static <T> CompletableFuture<Map<Long, T>> inTurn(
            Collection<Long> partitionIds, Function<List<Long>, CompletableFuture<Map<Long, T>>> look) {
        List<Long> all = List.copyOf(partitionIds);
        CompletableFuture<Map<Long, T>> answers = look.apply(all.subList(0, Math.min(all.size(), AT_ONCE)));
        for (int i = AT_ONCE; i < all.size(); i += AT_ONCE) {
            List<Long> next = all.subList(i, Math.min(all.size(), i + AT_ONCE));
            answers = answers.thenCompose(known -> look.apply(next).thenApply(more -> {
                known.putAll(more);
                return known;
            }));
        }
        return answers;
    }

    /** The first offset of a partition whose timestamp is at least the given one, or else its end. */
    public CompletableFuture<Long> offsetForTime(long partitionId, long timestamp) {
        return ends.range(partitionId)
                .thenCompose(range -> pool.call(
                        () -> store.offsetForTime(partitionId, timestamp).orElse(range.endOffset())));
    }

    /** The first offset of a partition whose record is not older than this, or else its end. */
    public CompletableFuture<Long> offsetForAge(long partitionId, Duration age) {
        return offsetForTime(partitionId, Math.max(0, clock.millis() - age.toMillis()));
    }

    /** Counts a page of {@link #fetch(List, FetchLimits, Map, CompletableFuture)} that was handed out. */
    public void count(TopicName topic, FetchOutcome.Page page) {
        page.batches()
                .forEach(b ->
                        metrics.fetched(topic, b.records().count(), b.records().byteSize()));
    }

    /** Calls with the partition's id; when the partition turns out to be gone, once more with what is there now. */
    private <T> CompletableFuture<T> onPartition(TopicName name, int partition, PartitionCall<T> call) {
        return topics.get(name)
                .thenCompose(topic ->
                        topic.hasPartition(partition) ? CompletableFuture.completedFuture(topic) : topics.recent(name))
                .thenCompose(topic -> call.on(topic.partitionId(partition))
                        .exceptionallyCompose(failure -> Failures.code(failure) == ErrorCode.PARTITION_NOT_FOUND
                                ? topics.after(topic).thenCompose(now -> call.on(now.partitionId(partition)))
                                : CompletableFuture.failedFuture(failure)));
    }

    private interface PartitionCall<T> {
        CompletableFuture<T> on(long partitionId);
    }
}
