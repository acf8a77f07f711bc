package io.trunkline.log;

import io.trunkline.error.ErrorCode;
import io.trunkline.error.TrunklineException;
import io.trunkline.jdbc.WorkerPool;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * Combines what waits for a partition into one append. A partition has at most one append in flight; what comes
 * meanwhile goes together into the next one, so that batches grow under load and nothing is delayed without.
 */
final class Combiner implements AutoCloseable {
    /** Records of one request for one partition. */
    record Part(int partitionId, RecordBatch records, boolean timestamps, CompletableFuture<Long> baseOffset) {
        Part(int partitionId, RecordBatch records, boolean timestamps) {
            this(partitionId, records, timestamps, new CompletableFuture<>());
        }

        long size() {
            return records.memorySize();
        }
    }

    /** What waits for one partition. Guarded by itself. */
    private static final class Queue {
        final int partitionId;
        final Deque<Part> waiting = new ArrayDeque<>();
        long reservedBytes;
        boolean inFlight;
        /** Whether the last append found the partition locked by a transaction that is open for long. */
        boolean locked;

        Queue(int partitionId) {
            this.partitionId = partitionId;
        }
    }

    private static final int LOCKED_THREADS = 2;
    private static final Duration DRAIN = Duration.ofSeconds(10);
    private static final Duration DRAIN_CHECK = Duration.ofMillis(10);

    private final AppendStore store;
    private final LogConfig.Append config;
    private final LogMetrics metrics;
    private final WorkerPool pool;
    /** Partitions that somebody's transaction holds wait here, so that they do not take the threads of all others. */
    private final WorkerPool lockedPool;

    private final ConcurrentHashMap<Integer, Queue> queues = new ConcurrentHashMap<>();
    private final AtomicLong queuedBytes = new AtomicLong();

    Combiner(AppendStore store, LogConfig.Append config, LogMetrics metrics) {
        this.store = store;
        this.config = config;
        this.metrics = metrics;
        // A partition in use stands in the pool's queue at most once, and what may be in use is bounded by its bytes.
        long mostQueues = config.maxQueuedBytes().asLongValue() / RecordBatch.OVERHEAD_BYTES + 1;
        lockedPool = new WorkerPool("append-locked", LOCKED_THREADS, (int) Math.min(mostQueues, 2_000_000));
        pool = new WorkerPool("append", config.threads(), (int) Math.min(mostQueues, 2_000_000));
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
        for (Part part : parts) {
            Queue queue = queues.get(part.partitionId());
            if (queue == null) {
                throw new IllegalStateException("a reserved queue is missing");
            }
            boolean start;
            synchronized (queue) {
                queue.waiting.add(part);
                start = !queue.inFlight;
                queue.inFlight = true;
            }
            if (start) {
                schedule(queue);
            }
        }
    }

    /** Appends what was accepted, for a bounded time, and then takes nothing more. */
    @Override
    public void close() {
        long deadline = System.nanoTime() + DRAIN.toNanos();
        while (!queues.isEmpty() && System.nanoTime() < deadline) {
            LockSupport.parkNanos(DRAIN_CHECK.toNanos());
        }
        pool.close();
        lockedPool.close();
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
            Queue queue = existing == null ? new Queue(id) : existing;
            synchronized (queue) {
                fits[0] = queue.reservedBytes == 0
                        || queue.reservedBytes + size
                                <= config.maxQueuedBytesPerPartition().asLongValue();
                if (fits[0]) {
                    queue.reservedBytes += size;
                }
            }
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
        queues.computeIfPresent(part.partitionId(), (id, queue) -> {
            synchronized (queue) {
                queue.reservedBytes -= size;
                return queue.reservedBytes == 0 && !queue.inFlight ? null : queue;
            }
        });
    }

    private void schedule(Queue queue) {
        try {
            (queue.locked ? lockedPool : pool).run(() -> appendNext(queue));
        } catch (RejectedExecutionException e) {
            stopped(queue, e);
        }
    }

    /** The service is being stopped: what still waits was not written and is told so. */
    private void stopped(Queue queue, RejectedExecutionException cause) {
        List<Part> unwritten;
        synchronized (queue) {
            unwritten = List.copyOf(queue.waiting);
            queue.waiting.clear();
            queue.inFlight = false;
        }
        for (Part part : unwritten) {
            release(part);
            part.baseOffset()
                    .completeExceptionally(new TrunklineException(
                            ErrorCode.OVERLOADED, "The service is stopping; nothing was written. Try again.", cause));
        }
    }

    private void appendNext(Queue queue) {
        List<Part> parts = take(queue);
        @Nullable Long base = null;
        @Nullable Throwable failure = null;
        try {
            RecordBatch batch =
                    RecordBatch.concat(parts.stream().map(Part::records).toList());
            base = store.append(queue.partitionId, batch, parts.getFirst().timestamps());
        } catch (RuntimeException | Error e) {
            failure = e;
        }
        boolean more;
        synchronized (queue) {
            queue.locked = failure instanceof TrunklineException known && known.code() == ErrorCode.OVERLOADED;
            more = !queue.waiting.isEmpty();
            queue.inFlight = more;
        }
        if (more) {
            schedule(queue);
        }
        for (Part part : parts) {
            release(part);
            if (base == null) {
                part.baseOffset()
                        .completeExceptionally(failure == null ? new IllegalStateException("no offset") : failure);
            } else {
                part.baseOffset().complete(base);
                base += part.records().count();
            }
        }
    }

    /** The next parts, at least one, that fit into one batch and agree on where timestamps come from. */
    private List<Part> take(Queue queue) {
        List<Part> parts = new ArrayList<>();
        long bytes = 0;
        long records = 0;
        synchronized (queue) {
            for (Part next = queue.waiting.peek(); next != null; next = queue.waiting.peek()) {
                bytes += next.size();
                records += next.records().count();
                boolean fits = bytes <= config.maxBatchBytes().asLongValue()
                        && records <= config.maxBatchRecords()
                        && (parts.isEmpty() || parts.getFirst().timestamps() == next.timestamps());
                if (!fits && !parts.isEmpty()) {
                    break;
                }
                parts.add(queue.waiting.remove());
            }
        }
        return parts;
    }
}
