package io.trunkline.log;

import io.trunkline.log.PartitionQueue.Batch;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;

/**
 * Queues that have something to write and no append in flight, in the order of their turns, and the threads that take from them.
 * Guarded by itself.
 */
final class ReadyQueues {
    /** Partitions share a transaction up to so much, so that none waits long for the others. */
    private static final int MOST_SHARED_PARTITIONS = 64;

    private static final long MOST_SHARED_BYTES = 256 * 1024;
    private static final int MOST_SHARED_RECORDS = 2_000;

    private final LogConfig.Append config;
    private final AppendQueues queues;
    private final KeysInFlight keysInFlight;
    private final Deque<PartitionQueue> ready = new ArrayDeque<>();
    /** Threads at work. */
    private int workers;

    ReadyQueues(LogConfig.Append config, AppendQueues queues, KeysInFlight keysInFlight) {
        this.config = config;
        this.queues = queues;
        this.keysInFlight = keysInFlight;
    }

    synchronized void addAll(List<PartitionQueue> more) {
        ready.addAll(more);
    }

    /** Counts one more thread; answers false, and counts none, where all are at work or nothing is to be done. */
    synchronized boolean begin() {
        if (ready.isEmpty() || workers == config.threads()) {
            return false;
        }
        workers++;
        return true;
    }

    /** A thread ends before {@link #next} has answered none. */
    synchronized void end() {
        workers--;
    }

    /** A thread could not be started: nothing takes turns any more. Answers what would have. */
    synchronized List<PartitionQueue> stop() {
        workers--;
        List<PartitionQueue> stopped = List.copyOf(ready);
        ready.clear();
        return stopped;
    }

    /**
     * Batches for one transaction, whose keys are in flight from now on. One with a key that is being written shares none, so
     * that whoever sends a key to many partitions at once holds up no others. None when nothing is ready, and then the thread
     * does not count as working any more.
     */
    synchronized List<Batch> next() {
        List<Batch> batches = new ArrayList<>();
        long bytes = 0;
        int records = 0;
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
                    queues.forget(queue);
                }
                continue;
            }
            bytes += batch.bytes();
            records += batch.records();
            boolean fits = bytes <= MOST_SHARED_BYTES
                    && records <= MOST_SHARED_RECORDS
                    && !alone
                    && !keysInFlight.hasAny(batch.keys())
                    && (batches.isEmpty() || batches.getFirst().isLike(batch));
            if (!fits && !batches.isEmpty()) {
                queue.putBack(batch);
                break;
            }
            ready.removeFirst();
            batches.add(batch);
            keysInFlight.begin(batch.keys());
            if (!fits) {
                break;
            }
        }
        if (batches.isEmpty()) {
            workers--;
        }
        return batches;
    }
}
