package io.trunkline.rest;

import io.trunkline.edge.Exchange;
import io.trunkline.log.FetchedBatch;
import java.util.ArrayDeque;
import java.util.Collection;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/** Records that are written as the body of a response, piece by piece, and let go as they are written. Written once. */
final class RecordsPage {
    /** A body up to this size is written at once, and a larger one in pieces of it. */
    static final int PIECE = 128 * 1024;

    private final ArrayDeque<Part> parts;
    private final CompletableFuture<Void> begun = new CompletableFuture<>();
    private final CompletableFuture<Boolean> written = new CompletableFuture<>();

    RecordsPage(List<Part> parts) {
        this.parts = new ArrayDeque<>(parts);
    }

    /** Records of one partition, of which those that have been written are gone. */
    record Part(RecordWriter json, ArrayDeque<FetchedBatch> batches) {
        Part(RecordWriter json, Collection<FetchedBatch> batches) {
            this(json, new ArrayDeque<>(batches));
        }
    }

    /** The parts that have not been written. */
    ArrayDeque<Part> parts() {
        return parts;
    }

    /** Completes when the writing begins. */
    CompletableFuture<Void> begun() {
        return begun;
    }

    /** Completes with whether the network has taken everything, when it has or the writing has failed. */
    CompletableFuture<Boolean> written() {
        return written;
    }

    /** The memory, in bytes, of the records that have not been written. */
    long memorySize() {
        return parts.stream()
                .flatMap(part -> part.batches().stream())
                .mapToLong(batch -> batch.records().memorySize())
                .sum();
    }

    /**
     * Counts the memory that the page takes until the client has taken it: its records, and the text that is being sent.
     *
     * @param shared whether the records are held for others too, so that only the text is counted
     * @throws io.trunkline.error.TrunklineException {@code OVERLOADED} when too much is under way
     */
    void count(Exchange exchange, boolean shared) {
        long text = Math.min(memorySize(), 2L * PIECE);
        exchange.take(text + (shared ? 0 : memorySize()));
    }

    /** The request has ended: a page that nobody has begun to write will not be written. */
    void ended() {
        if (!begun.isDone()) {
            written.complete(false);
        }
    }
}
