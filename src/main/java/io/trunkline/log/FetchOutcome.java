package io.trunkline.log;

import java.util.List;

/** What a fetch found. */
public sealed interface FetchOutcome {
    /**
     * Records in offset order without a hole, maybe none.
     *
     * @param offset where the page begins
     * @param nextOffset where the next one does
     * @param range what could be read when the page was
     * @param full whether the page ended because the next record did not fit, so that it is the same whenever it is read
     */
    record Page(List<FetchedBatch> batches, long offset, long nextOffset, OffsetRange range, boolean full)
            implements FetchOutcome {
        public Page {
            batches = List.copyOf(batches);
        }

        public boolean isEmpty() {
            return batches.isEmpty();
        }
    }

    /** The offset cannot be read; the range can. */
    record OutOfRange(OffsetRange range) implements FetchOutcome {}
}
