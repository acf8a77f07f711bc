package io.trunkline.log;

import io.trunkline.record.RecordBatch;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** What is appended in one transaction: the records of all partitions in a row, concatenated once. */
final class SharedAppend {
    private final long[] partitionIds;
    private final int[] counts;
    private final long[] maxTimestamps;
    private final RecordBatch records;
    private final boolean timestamps;
    private final int[] appends;
    private final Optional<AppendParts> parts;

    /**
     * @param batches what goes to each of the partitions, at least one and none of them empty; all agree on where timestamps
     *     come from
     */
    SharedAppend(List<List<QueuedAppend>> batches) {
        partitionIds = new long[batches.size()];
        counts = new int[batches.size()];
        maxTimestamps = new long[batches.size()];
        timestamps = batches.getFirst().getFirst().timestamps();
        List<RecordBatch> all = new ArrayList<>();
        for (int i = 0; i < batches.size(); i++) {
            partitionIds[i] = batches.get(i).getFirst().partitionId();
            maxTimestamps[i] = Long.MIN_VALUE;
            for (QueuedAppend append : batches.get(i)) {
                RecordBatch part = append.records();
                counts[i] += part.count();
                maxTimestamps[i] = Math.max(maxTimestamps[i], part.timestamps().max());
                all.add(part);
            }
        }
        records = RecordBatch.concat(all);
        appends = batches.stream().mapToInt(List::size).toArray();
        parts = AppendParts.of(batches);
    }

    long[] partitionIds() {
        return partitionIds;
    }

    /** How many of the records go to each partition. */
    int[] counts() {
        return counts;
    }

    /** The latest timestamp that the records of each partition bring. */
    long[] maxTimestamps() {
        return maxTimestamps;
    }

    /** How many appends the batch of a partition is made of. */
    int appends(int index) {
        return appends[index];
    }

    /** The appends that are written on terms; empty where none is. */
    Optional<AppendParts> parts() {
        return parts;
    }

    RecordBatch records() {
        return records;
    }

    /** Whether the records bring their own timestamps. */
    boolean timestamps() {
        return timestamps;
    }

    /** The records of one of the partitions; a copy unless it is the only one. */
    RecordBatch records(int index) {
        if (counts.length == 1) {
            return records;
        }
        int from = 0;
        for (int i = 0; i < index; i++) {
            from += counts[i];
        }
        return records.part(from, from + counts[index]);
    }
}
