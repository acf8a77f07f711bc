package io.trunkline.log;

import io.trunkline.async.WorkerPool;
import io.trunkline.error.ErrorCode;
import io.trunkline.error.Failures;
import io.trunkline.error.TrunklineException;
import io.trunkline.jdbc.ConnectionUser;
import io.trunkline.jdbc.SqlFailure;
import io.trunkline.log.PartitionQueue.Batch;
import io.trunkline.record.RecordBatch;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.LongSupplier;
import org.jboss.logging.Logger;

/**
 * Combines what waits for a partition into one append, and small appends of several partitions into one transaction. A
 * partition has at most one append in flight; what comes meanwhile goes together into the next one, so that batches grow
 * under load and nothing is delayed without. Partitions take turns in the order in which they got something to write.
 */
final class AppendBatcher implements AutoCloseable, ConnectionUser {
    private static final Logger LOG = Logger.getLogger(AppendBatcher.class);
    private static final int LOCKED_THREADS = 2;
    private static final Duration DRAIN = Duration.ofSeconds(10);
    private static final Duration DRAIN_CHECK = Duration.ofMillis(10);
    private static final Duration OVERDUE_CHECK = Duration.ofMillis(500);
    /** How long PostgreSQL waits for a lock ({@code lock_timeout} of the service's connections), and a little more. */
    private static final Duration LOCK_WAIT = Duration.ofSeconds(5);

    private final AppendStore store;
    private final LogConfig.Append config;
    private final WorkerPool pool;
    /** Partitions that somebody else holds are waited for here, so that they do not take the threads of all others. */
    private final WorkerPool lockedPool;

    private final ScheduledExecutorService timer;
    private final LongSupplier nanoTime;
    /** When PostgreSQL last committed or judged an append, by {@link System#nanoTime}. */
    private volatile long progressAt;

    private final AppendQueues queues;
    private final ReadyQueues ready;
    private final KeysInFlight keysInFlight = new KeysInFlight();
    private final AppendReport report;

    AppendBatcher(AppendStore store, LogConfig.Append config, LogMetrics metrics, AppendReport.Listener listener) {
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
            AppendReport.Listener listener,
            WorkerPool pool,
            WorkerPool lockedPool,
            ScheduledExecutorService timer,
            LongSupplier nanoTime) {
        this.store = store;
        this.config = config;
        this.pool = pool;
        this.lockedPool = lockedPool;
        this.timer = timer;
        this.nanoTime = nanoTime;
        queues = new AppendQueues(config, metrics);
        ready = new ReadyQueues(config, queues, keysInFlight);
        report = new AppendReport(queues, metrics, listener);
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

    /** Bytes that wait or are being appended, and those for which there is room. */
    long queuedBytes() {
        return queues.queuedBytes();
    }

    /**
     * Takes all appends or none.
     *
     * @throws TrunklineException {@code OVERLOADED} when a queue is full; nothing was taken then
     */
    void submit(List<QueuedAppend> appends) {
        queues.reserve(appends);
        submitReserved(appends);
    }

    /** Takes appends for which there is room. */
    void submit(List<QueuedAppend> appends, AppendRoom room) {
        appends.forEach(append -> room.use(append.partitionId(), append.size()));
        submitReserved(appends);
    }

    /**
     * Makes room for appends that are submitted later, for all or none.
     *
     * @param sizes their bytes in memory, by partition id
     * @param rest bytes that belong to none of them, and are held until the room is closed
     * @throws TrunklineException {@code OVERLOADED} when a queue is full; there is no room then
     */
    AppendRoom room(Map<Long, Long> sizes, long rest) {
        return queues.room(sizes, rest);
    }

    private void submitReserved(List<QueuedAppend> appends) {
        List<PartitionQueue> idle = new ArrayList<>(appends.size());
        for (QueuedAppend append : appends) {
            PartitionQueue queue = queues.of(append);
            if (queue.add(append)) {
                idle.add(queue);
            }
        }
        goOn(idle);
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
            for (PartitionQueue queue : queues.all()) {
                report.end(
                        queue.takeOverdue(latest),
                        new AppendOutcome.Refused(new TrunklineException(
                                ErrorCode.DATABASE_UNAVAILABLE,
                                "PostgreSQL did not answer in time; nothing was written. Try again later.")));
                AppendOutcome unknown = new AppendOutcome.Unknown(
                        new TrunklineException(
                                ErrorCode.OUTCOME_UNKNOWN,
                                "PostgreSQL did not answer in time: the records may or may not have been written."
                                        + " Repeating it can do it twice, unless it has an Idempotency-Key: repeat it with the same key."));
                queue.overdueInFlight(latest).forEach(append -> append.outcome().complete(unknown));
            }
        } catch (RuntimeException e) {
            LOG.error("Appends that are overdue could not be failed; will try again", e);
        }
    }

    /** One more thread, unless all are at work or nothing is to be done. */
    private void startWorker() {
        if (!ready.begin()) {
            return;
        }
        try {
            pool.run(this::work);
        } catch (RejectedExecutionException e) {
            ready.stop().forEach(queue -> stopped(queue, e));
        }
    }

    private void work() {
        boolean counted = true;
        try {
            for (List<Batch> batches = ready.next(); !batches.isEmpty(); batches = ready.next()) {
                // What is left does not wait for this append.
                startWorker();
                append(batches);
            }
            counted = false;
        } finally {
            if (counted) {
                ready.end();
            }
        }
    }

    private void append(List<Batch> batches) {
        SharedAppend shared = shared(batches);
        List<BatchOutcome> outcomes;
        try {
            outcomes = store.tryAppend(shared);
        } catch (RuntimeException | Error e) {
            batches.forEach(batch -> keysInFlight.end(batch.keys()));
            failed(batches, e);
            return;
        }
        batches.forEach(batch -> keysInFlight.end(batch.keys()));
        List<PartitionQueue> more = new ArrayList<>();
        for (int i = 0; i < batches.size(); i++) {
            Batch batch = batches.get(i);
            if (outcomes.get(i).isNotHere()) {
                appendLater(batch);
                continue;
            }
            tellReaders(batch, outcomes.get(i), shared, i);
            if (isOver(batch, outcomes.get(i))) {
                more.add(batch.queue());
            }
        }
        // The next appends do not wait until the answers of these are under way.
        goOn(more);
        for (int i = 0; i < batches.size(); i++) {
            if (!outcomes.get(i).isNotHere()) {
                report.acknowledge(batches.get(i), outcomes.get(i));
            }
        }
    }

    /** A transaction failed. Where one of several batches is at fault, each goes by itself now, so that it fails alone. */
    private void failed(List<Batch> batches, Throwable failure) {
        if (batches.size() == 1) {
            failed(batches.getFirst(), failure);
            return;
        }
        List<Batch> again = List.of();
        if (SqlFailure.isRefusal(failure) || SqlFailure.isKeyTaken(failure)) {
            again = batches;
        } else if (SqlFailure.isLocked(failure) && batches.stream().anyMatch(Batch::hasIdempotencyKeys)) {
            // It waited for another transaction with one of the keys.
            again = batches.stream()
                    .filter(batch -> !batch.hasIdempotencyKeys() || hasTimeToWait(batch))
                    .toList();
        }
        List<Batch> failed = new ArrayList<>(batches);
        failed.removeAll(again);
        again.forEach(batch -> batch.queue().putBackAlone(batch));
        goOn(again.stream().map(Batch::queue).toList());
        failed.forEach(batch -> failed(batch, failure));
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
                    BatchOutcome outcome = hasTimeToWait(batch)
                            ? waiting(batch, alone)
                            : new BatchOutcome.Ended(new AppendOutcome.Locked());
                    tellReaders(batch, outcome, alone, 0);
                    if (isOver(batch, outcome)) {
                        goOn(List.of(batch.queue()));
                    }
                    report.acknowledge(batch, outcome);
                } catch (RuntimeException | Error e) {
                    failed(batch, e);
                }
            });
        } catch (RejectedExecutionException e) {
            report.fail(batch, stopping(e));
            stopped(batch.queue(), e);
        }
    }

    private BatchOutcome waiting(Batch batch, SharedAppend alone) {
        keysInFlight.begin(batch.keys());
        try {
            return store.append(alone);
        } finally {
            keysInFlight.end(batch.keys());
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
        } else if (SqlFailure.isKeyTaken(failure) && hasTimeToWait(batch)) {
            // Somebody else has written one of the keys, which is found now.
            batch.queue().putBackAlone(batch);
            goOn(List.of(batch.queue()));
        } else if (SqlFailure.isKeyTaken(failure) || SqlFailure.isLocked(failure) && batch.hasIdempotencyKeys()) {
            // Those without a key have nothing to do with it.
            List<QueuedAppend> others =
                    batch.appends().stream().filter(append -> !append.hasKey()).toList();
            if (batch.queue().judged(others)) {
                goOn(List.of(batch.queue()));
            }
            report.end(
                    batch.appends().stream().filter(QueuedAppend::hasKey).toList(),
                    AppendOutcome.of(Failures.known(failure)));
        } else {
            goOnAfter(batch);
            report.fail(batch, failure);
        }
    }

    /** Lets go of a batch, or of those of its appends that have ended. Answers whether its queue takes another turn. */
    private static boolean isOver(Batch batch, BatchOutcome outcome) {
        if (!(outcome instanceof BatchOutcome.Judged judged)) {
            return batch.queue().ended();
        }
        List<QueuedAppend> others = new ArrayList<>();
        for (int i = 0; i < batch.appends().size(); i++) {
            if (judged.verdicts().get(i).isEmpty()) {
                others.add(batch.appends().get(i));
            }
        }
        return batch.queue().judged(others);
    }

    private void goOnAfter(Batch batch) {
        if (batch.queue().ended()) {
            goOn(List.of(batch.queue()));
        }
    }

    private void goOn(List<PartitionQueue> more) {
        if (!more.isEmpty()) {
            ready.addAll(more);
            startWorker();
        }
    }

    /** Notes that PostgreSQL goes on, and tells readers before the partition's next append begins. */
    private void tellReaders(Batch batch, BatchOutcome outcome, SharedAppend shared, int index) {
        if (outcome instanceof BatchOutcome.Judged
                || outcome instanceof BatchOutcome.Ended ended && ended.outcome() instanceof AppendOutcome.Appended) {
            progressAt = nanoTime.getAsLong();
        }
        report.tellReaders(batch, outcome, shared, index);
    }

    /** The service is being stopped: what still waits was not written and is told so. */
    private void stopped(PartitionQueue queue, RejectedExecutionException cause) {
        report.end(queue.clear(), new AppendOutcome.Refused(stopping(cause)));
    }

    private static TrunklineException stopping(RejectedExecutionException cause) {
        return new TrunklineException(
                ErrorCode.OVERLOADED, "The service is stopping; nothing was written. Try again.", cause);
    }
}
