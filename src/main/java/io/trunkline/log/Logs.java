package io.trunkline.log;

import io.quarkus.runtime.ShutdownEvent;
import io.trunkline.error.ErrorCode;
import io.trunkline.error.Failures;
import io.trunkline.error.TrunklineException;
import io.trunkline.jdbc.WorkerPool;
import io.trunkline.topic.TopicName;
import io.trunkline.topic.Topics;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Observes;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.OptionalInt;
import java.util.concurrent.CompletableFuture;

/**
 * The partition logs. Calls return at once, hold no thread while they wait, and fail with a {@link TrunklineException},
 * of which {@code TOPIC_NOT_FOUND}, {@code PARTITION_NOT_FOUND}, {@code DATABASE_UNAVAILABLE} and {@code OVERLOADED}
 * may meet every one.
 */
@ApplicationScoped
public class Logs {
    private final Topics topics;
    private final FetchStore store;
    private final LogMetrics metrics;
    private final Clock clock;
    private final Appends appends;
    private final Wakeups wakeups;
    private final WorkerPool pool;
    private final Heads heads;
    private final Fetches fetches;

    Logs(Topics topics, AppendStore appendStore, FetchStore store, LogConfig config, LogMetrics metrics, Clock clock) {
        this.topics = topics;
        this.store = store;
        this.metrics = metrics;
        this.clock = clock;
        wakeups = new Wakeups(store, config.fetch());
        TailCache cache = new TailCache(config.fetch().cacheBytes().asLongValue(), clock);
        Combiner combiner = new Combiner(appendStore, config.append(), metrics, (partitionId, batch, range) -> {
            cache.add(partitionId, batch);
            wakeups.reached(partitionId, range);
        });
        appends = new Appends(topics, combiner, metrics);
        pool = new WorkerPool("fetch", config.fetch().threads(), config.fetch().maxQueued());
        heads = new Heads(store, pool);
        fetches = new Fetches(store, heads, cache, wakeups, pool, clock);
        metrics.queuedBytes(appends::queuedBytes);
        metrics.waiting(wakeups::waiting);
        metrics.cachedBytes(cache::bytes);
    }

    /** Lets the appends that were accepted end, while there still is a database to write them to. */
    void stop(@Observes ShutdownEvent event) {
        appends.close();
        wakeups.close();
        pool.close();
    }

    /**
     * Appends records to a topic, created first where topics are created automatically. The call completes when the
     * records have been accepted, {@link Accepted#result} when they are durable.
     *
     * @param partitions the partition of each record, or {@link #ANY_PARTITION} to choose one by its key
     * @param only where given, the partition of all of them: a call for one that does not exist fails
     * @param allOrNothing whether a record that is too large or names no partition of the topic fails the call, instead
     *     of standing as a failure in the result
     */
    public CompletableFuture<Accepted> append(
            TopicName topic, RecordBatch records, int[] partitions, OptionalInt only, boolean allOrNothing) {
        return appends.append(topic, records, partitions, only, allOrNothing);
    }

    /** Stands for a partition to be chosen: by the key, else spread. */
    public static final int ANY_PARTITION = -1;

    /** Records that have been accepted, and are written in order. */
    public record Accepted(CompletableFuture<AppendResult> result) {}

    /** What of a partition can be read. */
    public CompletableFuture<OffsetRange> range(TopicName topic, int partition) {
        return onPartition(topic, partition, heads::range);
    }

    /** The first offset whose timestamp (milliseconds since the epoch) is at least the given one, or else the end. */
    public CompletableFuture<Long> offsetForTime(TopicName topic, int partition, long timestamp) {
        return onPartition(
                topic,
                partition,
                // The end first: a record that is appended in between is found, or lies behind that end.
                id -> heads.range(id)
                        .thenCompose(range -> pool.call(
                                () -> store.offsetForTime(id, timestamp).orElse(range.endOffset()))));
    }

    /**
     * Reads a page, waiting for the first record when there is none.
     *
     * @param maxBytes at most {@code trunkline.log.fetch.max-bytes}; one record is given whatever its size
     * @param wait how long to wait, at most {@code trunkline.log.fetch.max-wait}
     * @param abandoned completes when nobody is interested any more, which ends the wait
     */
    public CompletableFuture<FetchOutcome> fetch(
            TopicName topic,
            int partition,
            long offset,
            long maxBytes,
            int maxRecords,
            Duration wait,
            CompletableFuture<Void> abandoned) {
        Instant deadline = clock.instant().plus(wait);
        return onPartition(
                        topic,
                        partition,
                        id -> fetches.fetch(new Fetches.Request(id, offset, maxBytes, maxRecords), deadline, abandoned))
                .thenApply(outcome -> {
                    if (outcome instanceof FetchOutcome.Page page) {
                        page.batches()
                                .forEach(b -> metrics.fetched(
                                        topic, b.records().count(), b.records().byteSize()));
                    }
                    return outcome;
                });
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
        CompletableFuture<T> on(int partitionId);
    }
}
