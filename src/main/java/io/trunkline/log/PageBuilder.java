package io.trunkline.log;

import java.util.ArrayList;
import java.util.List;

/** Collects batches up to a number of bytes and records, of which the first record always fits unless it has to. */
final class PageBuilder {
    private final List<FetchedBatch> batches = new ArrayList<>();
    private long next;
    private long bytesLeft;
    private int recordsLeft;
    private final boolean strict;
    private final boolean whole;
    private boolean full;

    PageBuilder(long offset, long maxBytes, int maxRecords) {
        this(offset, maxBytes, maxRecords, false, false);
    }

    private PageBuilder(long offset, long maxBytes, int maxRecords, boolean strict, boolean whole) {
        this.strict = strict;
        this.whole = whole;
        next = offset;
        bytesLeft = maxBytes;
        recordsLeft = maxRecords;
    }

    static PageBuilder empty(FetchRequest request) {
        return new PageBuilder(
                request.offset(), request.maxBytes(), request.maxRecords(), request.strict(), request.whole());
    }

    /**
     * Adds what fits of the batch that holds the next offset.
     *
     * @return whether more may fit; not so after a batch that lies behind a hole
     */
    boolean add(FetchedBatch batch) {
        if (full || batch.baseOffset() > next) {
            return false;
        }
        FetchedBatch part = whole
                ? batch.part(next, Long.MAX_VALUE, Integer.MAX_VALUE, true)
                : batch.part(next, bytesLeft, recordsLeft, batches.isEmpty() && !strict);
        if (isBeyond(part.records().memorySize(), true)) {
            full = true;
            return false;
        }
        if (part.records().count() > 0) {
            batches.add(part);
            next = part.nextOffset();
            bytesLeft -= part.records().memorySize();
            recordsLeft -= part.records().count();
        }
        full = next < batch.nextOffset() || bytesLeft <= 0 || recordsLeft <= 0;
        return !full;
    }

    /**
     * Whether further batches do not fit into a page of whole ones.
     *
     * @param bytes of all of them
     * @param first whether it is one batch, which a page without any takes whatever its size
     */
    boolean isBeyond(long bytes, boolean first) {
        return whole && bytes > bytesLeft && !(first && batches.isEmpty());
    }

    /** Nothing more fits. */
    void end() {
        full = true;
    }

    /** What of this page is asked for by a request for its first offset. It is full when it is cut, or ends where a full page ends. */
    PageBuilder part(FetchRequest request) {
        PageBuilder part = empty(request);
        for (FetchedBatch batch : batches) {
            if (!part.add(batch)) {
                break;
            }
        }
        part.full |= full && part.next == next;
        return part;
    }

    List<FetchedBatch> batches() {
        return batches;
    }

    /** The offset after the last record. */
    long next() {
        return next;
    }

    long bytesLeft() {
        return bytesLeft;
    }

    int recordsLeft() {
        return recordsLeft;
    }

    boolean isFull() {
        return full;
    }
}
