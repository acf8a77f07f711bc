package io.trunkline.log;

import io.trunkline.error.ErrorCode;
import io.trunkline.error.TrunklineException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * The queues of partitions that have something to write, bounded one by one and all together by the bytes that they hold in
 * memory. What comes first to an empty queue always fits.
 */
final class AppendQueues implements AppendRoom.Queues {
    private static final String TOO_MANY =
            "Too many records wait to be written (trunkline.log.append.max-queued-bytes); nothing was written. Try again.";
    private static final String TOO_MANY_FOR_ONE =
            "Too many records wait for one partition (trunkline.log.append.max-queued-bytes-per-partition);"
                    + " nothing was written. Try again.";

    private final long most;
    private final long mostOfOne;
    private final LogMetrics metrics;
    private final ConcurrentHashMap<Long, PartitionQueue> queues = new ConcurrentHashMap<>();
    private final AtomicLong queuedBytes = new AtomicLong();

    AppendQueues(LogConfig.Append config, LogMetrics metrics) {
        most = config.maxQueuedBytes().asLongValue();
        mostOfOne = config.maxQueuedBytesPerPartition().asLongValue();
        this.metrics = metrics;
    }

    /** Bytes that wait or are being appended, and those for which there is room. */
    long queuedBytes() {
        return queuedBytes.get();
    }

    boolean isEmpty() {
        return queues.isEmpty();
    }

    Collection<PartitionQueue> all() {
        return queues.values();
    }

    /** The queue in which there is room for an append. */
    PartitionQueue of(QueuedAppend append) {
        PartitionQueue queue = queues.get(append.partitionId());
        if (queue == null) {
            throw new IllegalStateException("a reserved queue is missing");
        }
        return queue;
    }

    /**
     * Makes room for all appends or none.
     *
     * @throws TrunklineException {@code OVERLOADED} when a queue is full
     */
    void reserve(List<QueuedAppend> appends) {
        List<QueuedAppend> reserved = new ArrayList<>(appends.size());
        for (QueuedAppend append : appends) {
            String full = reserve(append.partitionId(), append.size());
            if (full != null) {
                reserved.forEach(this::release);
                throw rejected(full);
            }
            reserved.add(append);
        }
    }

    /**
     * Makes room for appends that come later, for all or none.
     *
     * @param sizes their bytes in memory, by partition id
     * @param rest bytes that belong to none of them, and are held until the room is closed
     * @throws TrunklineException {@code OVERLOADED} when a queue is full
     */
    AppendRoom room(Map<Long, Long> sizes, long rest) {
        Map<Long, Long> reserved = new HashMap<>();
        long own = rest;
        String full = null;
        for (Map.Entry<Long, Long> part : sizes.entrySet()) {
            full = reserve(part.getKey(), part.getValue());
            if (full != null) {
                break;
            }
            reserved.put(part.getKey(), part.getValue());
            own += part.getValue();
        }
        if (full == null && !count(rest, own)) {
            full = TOO_MANY;
        }
        if (full != null) {
            reserved.forEach(this::giveBack);
            throw rejected(full);
        }
        return new AppendRoom(this, reserved, rest);
    }

    private TrunklineException rejected(String full) {
        metrics.rejected();
        return new TrunklineException(ErrorCode.OVERLOADED, full);
    }

    /** Makes room in the queue of a partition, or says what is full. */
    private @Nullable String reserve(long partitionId, long size) {
        if (!count(size, size)) {
            return TOO_MANY;
        }
        boolean[] fits = {true};
        queues.compute(partitionId, (id, existing) -> {
            PartitionQueue queue = existing == null ? new PartitionQueue(id) : existing;
            fits[0] = queue.reserve(size, mostOfOne);
            return queue;
        });
        if (!fits[0]) {
            queuedBytes.addAndGet(-size);
            return TOO_MANY_FOR_ONE;
        }
        return null;
    }

    /**
     * Counts bytes; answers false, and counts nothing, where that is too much together with those of others.
     *
     * @param own these bytes with others of the same request
     */
    private boolean count(long bytes, long own) {
        long total = queuedBytes.addAndGet(bytes);
        if (total > most && total > own) {
            queuedBytes.addAndGet(-bytes);
            return false;
        }
        return true;
    }

    void release(QueuedAppend append) {
        giveBack(append.partitionId(), append.size());
    }

    @Override
    public void giveBack(long partitionId, long bytes) {
        queuedBytes.addAndGet(-bytes);
        queues.computeIfPresent(partitionId, (id, queue) -> queue.release(bytes) ? null : queue);
    }

    @Override
    public void giveBack(long bytes) {
        queuedBytes.addAndGet(-bytes);
    }

    /** Lets go of a queue that is idle, where nothing is reserved in it. */
    void forget(PartitionQueue idle) {
        queues.computeIfPresent(idle.partitionId(), (id, queue) -> queue.release(0) ? null : queue);
    }
}
