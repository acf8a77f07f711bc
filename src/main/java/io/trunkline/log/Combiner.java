package io.trunkline.log;

import io.trunkline.error.ErrorCode;
import io.trunkline.error.TrunklineException;
import io.trunkline.jdbc.SqlFailure;
import io.trunkline.jdbc.WorkerPool;
import io.trunkline.log.AppendStore.Appended;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import java.util.function.LongSupplier;
import org.jboss.logging.Logger;
import org.jspecify.annotations.Nullable;

/**
 * Combines what waits for a partition into one append, and small appends of several partitions into one transaction. A
 * partition has at most one append in flight; what comes meanwhile goes together into the next one, so that batches grow
 * under load and nothing is delayed without. Partitions take turns in the order in which they got something to write.
 */
final class Combiner implements AutoCloseable {
    /**
     * Records of one request for one partition.
     *
     * @param submitted when, by {@link System#nanoTime}
     */
    record Part(
            int partitionId,
            RecordBatch records,
            boolean timestamps,
            long submitted,
            CompletableFuture<Long> baseOffset) {
        Part(int partitionId, RecordBatch records, boolean timestamps) {
            this(partitionId, records, timestamps, System.nanoTime(), new CompletableFuture<>());
        }

        long size() {
            return records.memorySize();
        }
    }

    /** Is told of each batch that has become durable, before those who wait for it. */
    interface Listener {
        /** The records have these offsets and times. */
        void appended(int partitionId, FetchedBatch batch, OffsetRange range);
    }

    private static final Logger LOG = Logger.getLogger(Combiner.class);
    private static final int LOCKED_THREADS = 2;
    /** Partitions share a transaction up to so much, so that none waits long for the others. */
    private static final int MOST_SHARED_PARTITIONS = 64;

    private static final long MOST_SHARED_BYTES = 256 * 1024;
    private static final int MOST_SHARED_RECORDS = 2_000;
    private static final Duration DRAIN = Duration.ofSeconds(10);
    private static final Duration DRAIN_CHECK = Duration.ofMillis(10);
    private static final Duration OVERDUE_CHECK = Duration.ofMillis(500);
    /** How long PostgreSQL waits for a lock ({@code lock_timeout} of the service's connections), and a little more. */
    private static final Duration LOCK_WAIT = Duration.ofSeconds(5);

    private final AppendStore store;
    private final LogConfig.Append config;
    private final LogMetrics metrics;
    private final Listener listener;
    private final WorkerPool pool;
    /** Partitions that somebody else holds are waited for here, so that they do not take the threads of all others. */
    private final WorkerPool lockedPool;

    private final ScheduledExecutorService timer;
    private final LongSupplier nanoTime;
    /** When PostgreSQL last committed an append, by {@link System#nanoTime}. */
    private volatile long progressAt;

    private final ConcurrentHashMap<Integer, PartitionQueue> queues = new ConcurrentHashMap<>();
    private final AtomicLong queuedBytes = new AtomicLong();
    /** Queues that have something to write and no append in flight, in turn. Guarded by itself. */
    private final Deque<PartitionQueue> ready = new ArrayDeque<>();
    /** Threads that take from {@link #ready}. Guarded by it. */
    private int workers;

    Combiner(AppendStore store, LogConfig.Append config, LogMetrics metrics, Listener listener) {
        this(
                store,
                config,
                metrics,
                listener,
                WorkerPool.withoutQueue("append", config.threads()),
                lockedPool(config),
                WorkerPool.timer("append-deadline", 1),
                System::nanoTime);
    }

    Combiner(
            AppendStore store,
            LogConfig.Append config,
            LogMetrics metrics,
            Listener listener,
            WorkerPool pool,
            WorkerPool lockedPool,
            ScheduledExecutorService timer,
            LongSupplier nanoTime) {
        this.store = store;
        this.config = config;
        this.metrics = metrics;
        this.listener = listener;
        this.pool = pool;
        this.lockedPool = lockedPool;
        this.timer = timer;
        this.nanoTime = nanoTime;
        progressAt = nanoTime.getAsLong();
        timer.scheduleWithFixedDelay(
                this::failOverdue, OVERDUE_CHECK.toMillis(), OVERDUE_CHECK.toMillis(), TimeUnit.MILLISECONDS);
    }

    /** A locked partition stands in the pool's queue at most once, and what may be in use is bounded by its bytes. */
    private static WorkerPool lockedPool(LogConfig.Append config) {
        long mostQueues = config.maxQueuedBytes().asLongValue() / RecordBatch.OVERHEAD_BYTES + 1;
        return new WorkerPool("append-locked", LOCKED_THREADS, (int) Math.min(mostQueues, 2_000_000));
    }

    /** Bytes that wait or are being appended. */
    long queuedBytes() {
        return queuedBytes.get();
    }

    /**
     * Takes all parts or none.
     *
     * @throws TrunklineException {@code OVERLOADED} when a queue is full; nothing was taken then
     */
    void submit(List<Part> parts) {
        reserve(parts);
        List<PartitionQueue> idle = new ArrayList<>(parts.size());
        for (Part part : parts) {
            PartitionQueue queue = queues.get(part.partitionId());
            if (queue == null) {
                throw new IllegalStateException("a reserved queue is missing");
            }
            if (queue.add(part)) {
                idle.add(queue);
            }
        }
        if (!idle.isEmpty()) {
            synchronized (ready) {
                ready.addAll(idle);
            }
            startWorker();
        }
    }

    /** Appends what was accepted, for a bounded time, and then takes nothing more. */
    @Override
    public void close() {
        long deadline = System.nanoTime() + DRAIN.toNanos();
        while (!queues.isEmpty() && System.nanoTime() < deadline) {
            LockSupport.parkNanos(DRAIN_CHECK.toNanos());
        }
        timer.shutdownNow();
        pool.close();
        lockedPool.close();
    }

    /**
     * While PostgreSQL commits nothing at all, those who wait for longer than a call may take are told: what still waits is not
     * written any more, of what is being written nobody knows. While it does commit, what was accepted is written in its turn.
     */
    private void failOverdue() {
        long latest = nanoTime.getAsLong() - WorkerPool.mostWait().toNanos();
        if (progressAt - latest > 0) {
            return;
        }
        try {
            for (PartitionQueue queue : queues.values()) {
                for (Part part : queue.takeOverdue(latest)) {
                    release(part);
                    part.baseOffset()
                            .completeExceptionally(new TrunklineException(
                                    ErrorCode.DATABASE_UNAVAILABLE,
                                    "PostgreSQL did not answer in time; nothing was written. Try again later."));
                }
                for (Part part : queue.overdueInFlight(latest)) {
                    part.baseOffset()
                            .completeExceptionally(new TrunklineException(
                                    ErrorCode.OUTCOME_UNKNOWN,
                                    "PostgreSQL did not answer in time: the records may or may not have been written."
                                            + " Repeating it can do it twice."));
                }
            }
        } catch (RuntimeException e) {
            LOG.error("Appends that are overdue could not be failed; will try again", e);
        }
    }

    private void reserve(List<Part> parts) {
        List<Part> reserved = new ArrayList<>(parts.size());
        for (Part part : parts) {
            String full = reserve(part);
            if (full != null) {
                reserved.forEach(this::release);
                metrics.rejected();
                throw new TrunklineException(ErrorCode.OVERLOADED, full);
            }
            reserved.add(part);
        }
    }

    /** Makes room for a part, or says what is full. One part alone always fits its partition. */
    private @Nullable String reserve(Part part) {
        long size = part.size();
        long total = queuedBytes.addAndGet(size);
        if (total > config.maxQueuedBytes().asLongValue() && total > size) {
            queuedBytes.addAndGet(-size);
            return "Too many records wait to be written (trunkline.log.append.max-queued-bytes); nothing was written. Try again.";
        }
        boolean[] fits = {true};
        queues.compute(part.partitionId(), (id, existing) -> {
            PartitionQueue queue = existing == null ? new PartitionQueue(id) : existing;
            fits[0] = queue.reserve(size, config.maxQueuedBytesPerPartition().asLongValue());
            return queue;
        });
        if (!fits[0]) {
            queuedBytes.addAndGet(-size);
            return "Too many records wait for one partition (trunkline.log.append.max-queued-bytes-per-partition);"
                    + " nothing was written. Try again.";
        }
        return null;
    }

    private void release(Part part) {
        long size = part.size();
        queuedBytes.addAndGet(-size);
        queues.computeIfPresent(part.partitionId(), (id, queue) -> queue.release(size) ? null : queue);
    }

    private void forget(PartitionQueue unused) {
        queues.computeIfPresent(unused.partitionId(), (id, queue) -> queue.release(0) ? null : queue);
    }

    /** One more thread, unless all are at work or nothing is to be done. */
    private void startWorker() {
        synchronized (ready) {
            if (ready.isEmpty() || workers == config.threads()) {
                return;
            }
            workers++;
        }
        try {
            pool.run(this::work);
        } catch (RejectedExecutionException e) {
            List<PartitionQueue> stopped;
            synchronized (ready) {
                workers--;
                stopped = List.copyOf(ready);
                ready.clear();
            }
            stopped.forEach(queue -> stopped(queue, e));
        }
    }

    private void work() {
        boolean counted = true;
        try {
            for (List<Batch> batches = next(); !batches.isEmpty(); batches = next()) {
                // What is left does not wait for this append.
                startWorker();
                append(batches);
            }
            counted = false;
        } finally {
            if (counted) {
                synchronized (ready) {
                    workers--;
                }
            }
        }
    }

    /** Batches for one transaction; none when nothing is ready, and then the thread does not count as working any more. */
    private List<Batch> next() {
        List<Batch> batches = new ArrayList<>();
        long bytes = 0;
        int records = 0;
        synchronized (ready) {
            while (!ready.isEmpty() && batches.size() < MOST_SHARED_PARTITIONS) {
                PartitionQueue queue = ready.getFirst();
                boolean alone = queue.isAlone();
                Batch batch = queue.take(config.maxBatchBytes().asLongValue(), config.maxBatchRecords());
                if (batch.isEmpty()) {
                    // All that waited was overdue.
                    ready.removeFirst();
                    if (queue.ended()) {
                        ready.addLast(queue);
                    } else {
                        forget(queue);
                    }
                    continue;
                }
                bytes += batch.bytes();
                records += batch.records();
                boolean fits = bytes <= MOST_SHARED_BYTES
                        && records <= MOST_SHARED_RECORDS
                        && !alone
                        && (batches.isEmpty() || batches.getFirst().isLike(batch));
                if (!fits && !batches.isEmpty()) {
                    queue.putBack(batch);
                    break;
                }
                ready.removeFirst();
                batches.add(batch);
                if (!fits) {
                    break;
                }
            }
            if (batches.isEmpty()) {
                workers--;
            }
        }
        return batches;
    }

    private void append(List<Batch> batches) {
        List<@Nullable Appended> results;
        try {
            results = store.tryAppend(
                    batches.stream().map(Batch::toAppend).toList(),
                    batches.getFirst().timestamps());
        } catch (RuntimeException | Error e) {
            if (batches.size() == 1) {
                failed(batches.getFirst(), e);
            } else if (SqlFailure.isRefusal(e)) {
                // One of the batches is at fault: each goes by itself now, so that it fails alone.
                batches.forEach(batch -> batch.queue().putBackAlone(batch));
                goOn(batches.stream().map(Batch::queue).toList());
            } else {
                goOn(batches.stream()
                        .map(Batch::queue)
                        .filter(PartitionQueue::ended)
                        .toList());
                batches.forEach(batch -> fail(batch, e));
            }
            return;
        }
        List<PartitionQueue> more = new ArrayList<>();
        for (int i = 0; i < batches.size(); i++) {
            Batch batch = batches.get(i);
            Appended appended = results.get(i);
            if (appended == null) {
                appendLater(batch);
                continue;
            }
            tell(batch, appended);
            if (batch.queue().ended()) {
                more.add(batch.queue());
            }
        }
        // The next appends do not wait until the answers of these are under way.
        goOn(more);
        for (int i = 0; i < batches.size(); i++) {
            Appended appended = results.get(i);
            if (appended != null) {
                acknowledge(batches.get(i), appended);
            }
        }
    }

    /** Appends what could not be appended at once, waiting for the partition's lock where that is the reason. */
    private void appendLater(Batch batch) {
        try {
            lockedPool.run(() -> {
                try {
                    requireTimeToWait(batch);
                    Appended appended = store.append(batch.toAppend(), batch.timestamps());
                    tell(batch, appended);
                    goOnAfter(batch);
                    acknowledge(batch, appended);
                } catch (RuntimeException | Error e) {
                    failed(batch, e);
                }
            });
        } catch (RejectedExecutionException e) {
            fail(batch, stopping(e));
            stopped(batch.queue(), e);
        }
    }

    /**
     * A wait for a lock ends before those who wait for it are told that nobody knows what became of their records. One that
     * could not is not begun: behind it others wait for their turn.
     */
    private void requireTimeToWait(Batch batch) {
        Duration waited =
                Duration.ofNanos(nanoTime.getAsLong() - batch.parts().getFirst().submitted());
        Duration most = WorkerPool.mostWait().minus(LOCK_WAIT);
        if (waited.compareTo(most) > 0 && waited.compareTo(LOCK_WAIT) > 0) {
            throw new TrunklineException(
                    ErrorCode.OVERLOADED,
                    "The partition and others are locked by transactions that have been open for long; nothing was written."
                            + " Try again.");
        }
    }

    /** A batch of one partition failed. Where one of several requests is at fault, each is tried by itself. */
    private void failed(Batch batch, Throwable failure) {
        if (batch.parts().size() > 1 && SqlFailure.isRefusal(failure)) {
            batch.queue().putBackOneByOne(batch);
            goOn(List.of(batch.queue()));
        } else {
            goOnAfter(batch);
            fail(batch, failure);
        }
    }

    private void goOnAfter(Batch batch) {
        if (batch.queue().ended()) {
            goOn(List.of(batch.queue()));
        }
    }

    private void goOn(List<PartitionQueue> more) {
        if (!more.isEmpty()) {
            synchronized (ready) {
                ready.addAll(more);
            }
            startWorker();
        }
    }

    /** Before the partition's next append begins, so that readers are told in the order of the offsets. */
    private void tell(Batch batch, Appended appended) {
        progressAt = nanoTime.getAsLong();
        RecordBatch records = batch.combined();
        metrics.batch(records.count(), records.byteSize());
        try {
            listener.appended(
                    batch.queue().partitionId(),
                    new FetchedBatch(appended.baseOffset(), batch.timestamps() ? records : records.at(appended.time())),
                    new OffsetRange(appended.logStartOffset(), appended.baseOffset() + records.count()));
        } catch (RuntimeException e) {
            // The records are durable, whatever else went wrong, and their producers are told so.
            LOG.errorf(
                    e,
                    "Readers could not be told of an append partition=%d",
                    batch.queue().partitionId());
        }
    }

    private void acknowledge(Batch batch, Appended appended) {
        long offset = appended.baseOffset();
        for (Part part : batch.parts()) {
            release(part);
            part.baseOffset().complete(offset);
            offset += part.records().count();
        }
    }

    private void fail(Batch batch, Throwable failure) {
        for (Part part : batch.parts()) {
            release(part);
            part.baseOffset().completeExceptionally(failure);
        }
    }

    /** The service is being stopped: what still waits was not written and is told so. */
    private void stopped(PartitionQueue queue, RejectedExecutionException cause) {
        for (Part part : queue.clear()) {
            release(part);
            part.baseOffset().completeExceptionally(stopping(cause));
        }
    }

    private static TrunklineException stopping(RejectedExecutionException cause) {
        return new TrunklineException(
                ErrorCode.OVERLOADED, "The service is stopping; nothing was written. Try again.", cause);
    }
}
