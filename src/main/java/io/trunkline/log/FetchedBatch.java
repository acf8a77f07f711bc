package io.trunkline.log;

import io.trunkline.record.RecordBatch;
import org.jspecify.annotations.Nullable;

/**
 * Records of a partition: with contiguous offsets from the base offset on, or some of those, in any order.
 *
 * @param places how far each record lies behind the base offset; null where they are contiguous. Not to be changed
 */
public record FetchedBatch(long baseOffset, RecordBatch records, int @Nullable [] places) {
    /** Records with contiguous offsets, from the base offset on. */
    public FetchedBatch(long baseOffset, RecordBatch records) {
        this(baseOffset, records, null);
    }

    /** The offset of a record. */
    public long offset(int i) {
        return baseOffset + (places == null ? i : places[i]);
    }

    /** The offset after the last record, of contiguous ones. */
    public long nextOffset() {
        return baseOffset + records.count();
    }

    /**
     * The records from an offset on that fit, of contiguous ones.
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

    /** Some of the records of a contiguous batch, by their indexes, in this order. */
    FetchedBatch pick(int[] indexes) {
        return new FetchedBatch(baseOffset, records.pick(indexes), indexes);
    }
}
