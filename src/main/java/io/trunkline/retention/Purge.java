package io.trunkline.retention;

import io.trunkline.error.ErrorCode;
import io.trunkline.error.TrunklineException;
import io.trunkline.topic.TopicPartition;
import io.trunkline.topic.Topics;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.jboss.logging.Logger;
import org.jspecify.annotations.Nullable;

/**
 * One purge: moves the log starts, then frees whole slices, then deletes single batches until there are none or its time is
 * over. Every step is a transaction of its own and can be done again, so that a purge may end after any of them.
 */
final class Purge {
    private static final Logger LOG = Logger.getLogger(Purge.class);
    private static final int NAMED_AT_ONCE = 500;
    private static final int LEFTOVERS_AT_ONCE = 10_000;
    private static final int STEP_BATCHES = 1_000;
    private static final long STEP_BYTES = 4L << 20;
    /** What a batch counts for at least: many small ones cost more than their bytes. */
    private static final long BATCH_COST_BYTES = 2_048;

    private static final int TRIES = 3;

    private final RetentionStore store;
    private final Topics topics;
    private final RetentionMetrics metrics;
    private final double bytesPerNano;
    /** Asked between steps: whether to go on. */
    private final BooleanSupplier mayGoOn;

    private final CountDownLatch stop;
    private final Duration keepProducers;
    private final long deadline;
    private boolean complete = true;
    private boolean outOfTime;

    /**
     * @param maxDeleteRate bytes a second
     * @param keepProducers how long producers and idempotency keys are remembered at least
     * @param time after which no further batches are deleted
     */
    Purge(
            RetentionStore store,
            Topics topics,
            RetentionMetrics metrics,
            long maxDeleteRate,
            Duration keepProducers,
            Duration time,
            BooleanSupplier mayGoOn,
            CountDownLatch stop) {
        this.store = store;
        this.topics = topics;
        this.metrics = metrics;
        bytesPerNano = maxDeleteRate / 1e9;
        this.keepProducers = keepProducers;
        this.mayGoOn = mayGoOn;
        this.stop = stop;
        deadline = System.nanoTime() + time.toNanos();
    }

    /** Whether all was done that was to do; batches that are left for the next purge do not count. */
    boolean run() {
        moveLogStarts(store.purgeable());
        forgetProducers();
        freeSlices();
        deleteBatches();
        store.forgetRetired();
        return complete;
    }

    /** Whether its time was over before all batches were deleted, so that another purge is due at once. */
    boolean outOfTime() {
        return outOfTime;
    }

    private void moveLogStarts(List<Long> partitionIds) {
        for (int from = 0; from < partitionIds.size(); from += NAMED_AT_ONCE) {
            List<Long> some = partitionIds.subList(from, Math.min(partitionIds.size(), from + NAMED_AT_ONCE));
            Map<Long, TopicPartition> names = topics.partitions(some).join();
            for (Long partitionId : some) {
                if (!goesOn()) {
                    return;
                }
                moveLogStart(partitionId, names.get(partitionId));
            }
        }
    }

    private void moveLogStart(long partitionId, @Nullable TopicPartition name) {
        for (int attempt = 1; ; ) {
            try {
                RetentionStore.Purged purged = store.purge(partitionId);
                if (purged.records() > 0 && name != null) {
                    metrics.purged(name.topic().value(), purged.records(), purged.bytes());
                    LOG.debugf(
                            "Moved the log start topic=%s partition=%d records=%d",
                            name.topic(), name.partition(), purged.records());
                }
                if (!purged.more() || !goesOn()) {
                    return;
                }
            } catch (TrunklineException e) {
                if (e.code() != ErrorCode.OVERLOADED || attempt++ == TRIES) {
                    left(
                            e,
                            "The log start could not be moved",
                            name == null
                                    ? "partition_id=" + partitionId
                                    : "topic=" + name.topic() + " partition=" + name.partition());
                    return;
                }
            }
        }
    }

    private void forgetProducers() {
        try {
            while (goesOn() && store.forgetProducers(keepProducers) > 0) {
                LOG.debug("Forgot the producers and idempotency keys of a slice");
            }
        } catch (TrunklineException e) {
            left(e, "Idempotency keys could not be forgotten", "retention=" + keepProducers);
        }
    }

    private void freeSlices() {
        for (int slice : store.freeSlices()) {
            if (!goesOn()) {
                return;
            }
            try {
                long bytes = store.freeSlice(slice);
                if (bytes > 0) {
                    metrics.sliceFreed(bytes);
                    LOG.infof("Freed a slice slice=%d bytes=%d", slice, bytes);
                }
                if (store.dropSlice(slice)) {
                    LOG.infof("Dropped a slice slice=%d", slice);
                }
            } catch (TrunklineException e) {
                left(e, "A slice could not be freed", "slice=" + slice);
            }
        }
    }

    private void deleteBatches() {
        for (RetentionStore.Leftover leftover : store.leftovers(LEFTOVERS_AT_ONCE)) {
            boolean done = false;
            while (!done) {
                if (System.nanoTime() - deadline >= 0) {
                    outOfTime = true;
                    return;
                }
                if (!goesOn()) {
                    return;
                }
                long begin = System.nanoTime();
                try {
                    RetentionStore.Freed freed = store.free(leftover, STEP_BATCHES, STEP_BYTES);
                    done = freed.done();
                    metrics.batchesDeleted(freed.batches(), freed.bytes());
                    long cost = freed.bytes() + freed.batches() * BATCH_COST_BYTES;
                    pause((long) (cost / bytesPerNano) - (System.nanoTime() - begin));
                } catch (TrunklineException e) {
                    done = true;
                    left(
                            e,
                            "Batches could not be deleted",
                            "partition_id=" + leftover.partitionId() + " slice=" + leftover.slice());
                }
            }
        }
    }

    /** Something was left undone, which does not keep the rest from being done, unless PostgreSQL is away. */
    private void left(TrunklineException reason, String what, String where) {
        complete = false;
        switch (reason.code()) {
            case DATABASE_UNAVAILABLE, DATABASE_READ_ONLY, OUTCOME_UNKNOWN -> throw reason;
            case OVERLOADED, STORAGE_FULL -> LOG.warnf("%s. Will try again. %s %s", what, reason.userMessage(), where);
            default -> LOG.errorf(reason, "%s. Will try again. %s", what, where);
        }
    }

    private void pause(long nanos) {
        try {
            if (nanos > 0 && stop.await(nanos, TimeUnit.NANOSECONDS)) {
                complete = false;
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            complete = false;
        }
    }

    private boolean goesOn() {
        if (stop.getCount() > 0 && !Thread.currentThread().isInterrupted() && mayGoOn.getAsBoolean()) {
            return true;
        }
        complete = false;
        return false;
    }
}
