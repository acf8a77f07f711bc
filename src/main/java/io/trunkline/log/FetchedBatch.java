package io.trunkline.log;

import io.trunkline.record.RecordBatch;

/** Records with contiguous offsets, from the base offset on. */
public record FetchedBatch(long baseOffset, RecordBatch records) {
    /** The offset after the last record. */
    public long nextOffset() {
        return baseOffset + records.count();
    }

    /**
     * The records from an offset on that fit.
     *
     * @param atLeastOne whether the first record is given even if it does not fit
     */
    FetchedBatch part(long from, long maxBytes, int maxRecords, boolean atLeastOne) {
        int first = (int) Math.max(0, from - baseOffset);
        int last = first;
        long bytes = 0;
        while (last < records.count() && last - first < maxRecords) {
            bytes += records.costOf(last);
            if (bytes > maxBytes && !(atLeastOne && last == first)) {
                break;
            }
            last++;
        }
        if (first == 0 && last == records.count()) {
            return this;
        }
        return new FetchedBatch(baseOffset + first, records.part(first, last));
    }
}
