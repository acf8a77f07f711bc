package io.trunkline.rest;

import io.trunkline.record.RecordBatch;
import java.util.Arrays;

/** Records with the partition of each, {@code Producer.ANY_PARTITION} where the request leaves it open. */
record ProduceRequest(RecordBatch records, int[] partitions) {
    /** Records of which none names its partition. */
    static ProduceRequest anywhere(RecordBatch records) {
        int[] partitions = new int[records.count()];
        Arrays.fill(partitions, Producer.ANY_PARTITION);
        return new ProduceRequest(records, partitions);
    }
}
