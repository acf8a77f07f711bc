package io.trunkline.log;

import io.trunkline.async.WorkerPool;
import io.trunkline.error.ErrorCode;
import io.trunkline.error.Failures;
import io.trunkline.error.TrunklineException;
import io.trunkline.jdbc.ConnectionUser;
import io.trunkline.jdbc.SqlFailure;
import io.trunkline.log.AppendOutcome.Appended;
import io.trunkline.log.PartitionQueue.Batch;
import io.trunkline.record.RecordBatch;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import org.jboss.logging.Logger;
import org.jspecify.annotations.Nullable;

/**
 * Combines what waits for a partition into one append, and small appends of several partitions into one transaction. A
 * partition has at most one append in flight; what comes meanwhile goes together into the next one, so that batches grow
 * under load and nothing is delayed without. Partitions take turns in the order in which they got something to write.
 */
final class AppendBatcher implements AutoCloseable, ConnectionUser {
    /** Is told of each batch that has become durable, before the next append of its partition begins. */
    interface Listener {
        /** @param batch gives the records with their offsets and times, and copies them unless they are alone */
        void appended(long partitionId, OffsetRange range, Supplier<FetchedBatch> batch);
    }

    private static final Logger LOG = Logger.getLogger(AppendBatcher.class);
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

    private final ConcurrentHashMap<Long, PartitionQueue> queues = new ConcurrentHashMap<>();
    private final AtomicLong queuedBytes = new AtomicLong();
    /** Queues that have something to write and no append in flight, in turn. Guarded by itself. */
    private final Deque<PartitionQueue> ready = new ArrayDeque<>();
    /** Threads that take from {@link #ready}. Guarded by it. */
    private int workers;

    AppendBatcher(AppendStore store, LogConfig.Append config, LogMetrics metrics, Listener listener) {
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

    AppendBatcher(
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

    @Override
    public int connections() {
        return pool.threads() + lockedPool.threads();
    }

    /** Bytes that wait or are being appended. */
    long queuedBytes() {
        return queuedBytes.get();
    }

    /**
     * Takes all appends or none.
     *
     * @throws TrunklineException {@code OVERLOADED} when a queue is full; nothing was taken then
     */
    void submit(List<QueuedAppend> appends) {
        reserve(appends);
        List<PartitionQueue> idle = new ArrayList<>(appends.size());
        for (QueuedAppend append : appends) {
            PartitionQueue queue = queues.get(append.partitionId());
            if (queue == null) {
                throw new IllegalStateException("a reserved queue is missing");
            }
            if (queue.add(append)) {
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
                end(
                        queue.takeOverdue(latest),
                        new AppendOutcome.Refused(new TrunklineException(
                                ErrorCode.DATABASE_UNAVAILABLE,
                                "PostgreSQL did not answer in time; nothing was written. Try again later.")));
                AppendOutcome unknown = new AppendOutcome.Unknown(new TrunklineException(
                        ErrorCode.OUTCOME_UNKNOWN,
                        "PostgreSQL did not answer in time: the records may or may not have been written."
                                + " Repeating it can do it twice."));
                queue.overdueInFlight(latest).forEach(append -> append.outcome().complete(unknown));
            }
        } catch (RuntimeException e) {
            LOG.error("Appends that are overdue could not be failed; will try again", e);
        }
    }

    private void reserve(List<QueuedAppend> appends) {
        List<QueuedAppend> reserved = new ArrayList<>(appends.size());
        for (QueuedAppend append : appends) {
            String full = reserve(append);
            if (full != null) {
                reserved.forEach(this::release);
                metrics.rejected();
                throw new TrunklineException(ErrorCode.OVERLOADED, full);
            }
            reserved.add(append);
        }
    }

    /** Makes room for an append, or says what is full. One alone always fits its partition. */
    private @Nullable String reserve(QueuedAppend append) {
        long size = append.size();
        long total = queuedBytes.addAndGet(size);
        if (total > config.maxQueuedBytes().asLongValue() && total > size) {
            queuedBytes.addAndGet(-size);
            return "Too many records wait to be written (trunkline.log.append.max-queued-bytes); nothing was written. Try again.";
        }
        boolean[] fits = {true};
        queues.compute(append.partitionId(), (id, existing) -> {
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

    private void release(QueuedAppend append) {
        long size = append.size();
        queuedBytes.addAndGet(-size);
        queues.computeIfPresent(append.partitionId(), (id, queue) -> queue.release(size) ? null : queue);
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
        SharedAppend shared = shared(batches);
        List<AppendOutcome> outcomes;
        try {
            outcomes = store.tryAppend(shared);
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
            if (outcomes.get(i) instanceof AppendOutcome.NotHere) {
                appendLater(batch);
                continue;
            }
            tell(batch, outcomes.get(i), shared, i);
            if (batch.queue().ended()) {
                more.add(batch.queue());
            }
        }
        // The next appends do not wait until the answers of these are under way.
        goOn(more);
        for (int i = 0; i < batches.size(); i++) {
            if (!(outcomes.get(i) instanceof AppendOutcome.NotHere)) {
                acknowledge(batches.get(i), outcomes.get(i));
            }
        }
    }

    private static SharedAppend shared(List<Batch> batches) {
        return new SharedAppend(batches.stream().map(Batch::appends).toList());
    }

    /** Appends what could not be appended at once, waiting for the partition's lock where that is the reason. */
    private void appendLater(Batch batch) {
        try {
            lockedPool.run(() -> {
                try {
                    SharedAppend alone = shared(List.of(batch));
                    AppendOutcome outcome = hasTimeToWait(batch) ? store.append(alone) : new AppendOutcome.Locked();
                    tell(batch, outcome, alone, 0);
                    goOnAfter(batch);
                    acknowledge(batch, outcome);
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
    private boolean hasTimeToWait(Batch batch) {
        Duration waited = Duration.ofNanos(
                nanoTime.getAsLong() - batch.appends().getFirst().submitted());
        Duration most = WorkerPool.mostWait().minus(LOCK_WAIT);
        return waited.compareTo(most) <= 0 || waited.compareTo(LOCK_WAIT) <= 0;
    }

    /** A batch of one partition failed. Where one of several requests is at fault, each is tried by itself. */
    private void failed(Batch batch, Throwable failure) {
        if (batch.appends().size() > 1 && SqlFailure.isRefusal(failure)) {
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
    private void tell(Batch batch, AppendOutcome outcome, SharedAppend shared, int index) {
        if (!(outcome instanceof Appended appended)) {
            return;
        }
        progressAt = nanoTime.getAsLong();
        long partitionId = batch.queue().partitionId();
        int count = shared.counts()[index];
        metrics.batch(
                count,
                batch.appends().stream().mapToLong(a -> a.records().byteSize()).sum());
        try {
            listener.appended(
                    partitionId, new OffsetRange(appended.logStartOffset(), appended.baseOffset() + count), () -> {
                        RecordBatch records = shared.records(index);
                        return new FetchedBatch(
                                appended.baseOffset(), shared.timestamps() ? records : records.at(appended.time()));
                    });
        } catch (RuntimeException e) {
            // The records are durable, whatever else went wrong, and their producers are told so.
            LOG.errorf(e, "Readers could not be told of an append partition=%d", partitionId);
        }
    }

    private void acknowledge(Batch batch, AppendOutcome outcome) {
        if (!(outcome instanceof Appended appended)) {
            end(batch.appends(), outcome);
            return;
        }
        long offset = appended.baseOffset();
        for (QueuedAppend append : batch.appends()) {
            release(append);
            append.outcome().complete(new Appended(offset, appended.time(), appended.logStartOffset()));
            offset += append.records().count();
        }
    }

    private void fail(Batch batch, Throwable failure) {
        TrunklineException reason = Failures.known(failure);
        if (reason.code() == ErrorCode.INTERNAL) {
            LOG.errorf(
                    reason.getCause(),
                    "Append failed partition=%d requests=%d",
                    batch.queue().partitionId(),
                    batch.appends().size());
        } else {
            LOG.debugf(
                    "Append failed partition=%d requests=%d code=%s",
                    batch.queue().partitionId(), batch.appends().size(), reason.code());
        }
        end(batch.appends(), AppendOutcome.of(reason));
    }

    private void end(List<QueuedAppend> appends, AppendOutcome outcome) {
        for (QueuedAppend append : appends) {
            release(append);
            append.outcome().complete(outcome);
        }
    }

    /** The service is being stopped: what still waits was not written and is told so. */
    private void stopped(PartitionQueue queue, RejectedExecutionException cause) {
        end(queue.clear(), new AppendOutcome.Refused(stopping(cause)));
    }

    private static TrunklineException stopping(RejectedExecutionException cause) {
        return new TrunklineException(
                ErrorCode.OVERLOADED, "The service is stopping; nothing was written. Try again.", cause);
    }
}
