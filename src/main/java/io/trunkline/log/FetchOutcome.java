package io.trunkline.log;

import java.util.List;

/** What a fetch found. */
public sealed interface FetchOutcome {
    /**
     * Records in offset order without a hole, maybe none. Of a search, those that match of all between two offsets: then there may be
     * none although the next page begins elsewhere. Of a page downwards, the same in the other order.
     *
     * @param partitionId what the partition is called in the log; never used again, not even for a topic of the same name
     * @param offset where the page begins
     * @param nextOffset where the next one does
     * @param range what could be read when the page was
     * @param full whether the page ended because the next record did not fit, or enough was looked at, so that it is the same whenever
     *     it is read
     * @param shared whether the records are held in memory for other readers too
     */
    record Page(
            long partitionId,
            List<FetchedBatch> batches,
            long offset,
            long nextOffset,
            OffsetRange range,
            boolean full,
            boolean shared)
            implements FetchOutcome {
        public Page {
            batches = List.copyOf(batches);
        }

        public boolean isEmpty() {
            return batches.isEmpty();
        }

        /** The same with what lies before it up to an offset, where there is nothing that matches. */
        Page from(long begin) {
            return begin == offset ? this : new Page(partitionId, batches, begin, nextOffset, range, full, shared);
        }

        public int count() {
            return batches.stream().mapToInt(batch -> batch.records().count()).sum();
        }

        /** Bytes of keys, values and headers. */
        public long byteSize() {
            return batches.stream()
                    .mapToLong(batch -> batch.records().byteSize())
                    .sum();
        }
    }

    /** The offset cannot be read; the range can. */
    record OutOfRange(OffsetRange range) implements FetchOutcome {}
}
