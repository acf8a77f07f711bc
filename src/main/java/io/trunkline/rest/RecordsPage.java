package io.trunkline.rest;

import io.trunkline.log.FetchedBatch;
import io.trunkline.topic.TopicName;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/**
 * Records that are written as the body of an answer, piece by piece.
 *
 * @param begun completes when the writing begins
 * @param written completes when the network has taken everything, or the writing has failed
 */
record RecordsPage(
        TopicName topic,
        int partition,
        List<FetchedBatch> batches,
        RecordFormat format,
        CompletableFuture<Void> begun,
        CompletableFuture<Void> written) {
    RecordsPage(TopicName topic, int partition, List<FetchedBatch> batches, RecordFormat format) {
        this(topic, partition, batches, format, new CompletableFuture<>(), new CompletableFuture<>());
    }

    /** The memory that its records take. */
    long memorySize() {
        return batches.stream().mapToLong(batch -> batch.records().memorySize()).sum();
    }

    /** The request has ended: a page that nobody has begun to write will not be written. */
    void ended() {
        if (!begun.isDone()) {
            written.complete(null);
        }
    }
}
