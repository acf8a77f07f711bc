package io.trunkline.rest;

import io.trunkline.log.FetchedBatch;
import io.trunkline.topic.TopicName;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/**
 * Records that are written as the body of an answer, piece by piece.
 *
 * @param errors whether a record says why it cannot be shown in the format, where that is so
 * @param begun completes when the writing begins
 * @param written completes with whether the network has taken everything, when it has or the writing has failed
 */
record RecordsPage(
        List<Part> parts,
        RecordFormat format,
        boolean errors,
        CompletableFuture<Void> begun,
        CompletableFuture<Boolean> written) {
    RecordsPage {
        parts = List.copyOf(parts);
    }

    RecordsPage(List<Part> parts, RecordFormat format, boolean errors) {
        this(parts, format, errors, new CompletableFuture<>(), new CompletableFuture<>());
    }

    /** Records of one partition. */
    record Part(TopicName topic, int partition, List<FetchedBatch> batches) {
        Part {
            batches = List.copyOf(batches);
        }
    }

    /** The memory that its records take. */
    long memorySize() {
        return parts.stream()
                .flatMap(part -> part.batches().stream())
                .mapToLong(batch -> batch.records().memorySize())
                .sum();
    }

    /** The request has ended: a page that nobody has begun to write will not be written. */
    void ended() {
        if (!begun.isDone()) {
            written.complete(false);
        }
    }
}
