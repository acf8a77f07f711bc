package io.trunkline.log;

import io.trunkline.record.RecordBatch;
import java.util.concurrent.CompletableFuture;

/**
 * Records of one request for one partition, which wait for their turn or are being appended.
 *
 * @param submitted when they began to wait, by {@link System#nanoTime}
 * @param outcome completes in any case, and never with a failure
 */
record QueuedAppend(PartitionAppend append, long submitted, CompletableFuture<AppendOutcome> outcome) {
    /** What terms cost in memory, about. */
    private static final int TERMS_BYTES = 256;

    QueuedAppend(PartitionAppend append) {
        this(append, System.nanoTime(), new CompletableFuture<>());
    }

    long partitionId() {
        return append.partitionId();
    }

    RecordBatch records() {
        return append.records();
    }

    /** Whether it is written with an idempotency key. */
    boolean hasKey() {
        return append.identity().orElse(null) instanceof ProduceKey;
    }

    boolean timestamps() {
        return append.timestamps();
    }

    /** Bytes in memory, by which queues are bounded. */
    long size() {
        return append.hasTerms() ? sizeOnTerms(records()) : records().memorySize();
    }

    /** Bytes in memory of records that are appended on terms. */
    static long sizeOnTerms(RecordBatch records) {
        return records.memorySize() + TERMS_BYTES;
    }
}
