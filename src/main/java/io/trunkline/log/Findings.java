package io.trunkline.log;

import io.trunkline.filter.Filter;
import io.trunkline.record.RecordBatch;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/** Collects the records of a page that are looked for, upwards or downwards, until the next one does not fit. */
final class Findings {
    private final Optional<Search> search;
    private final boolean down;
    /** No record below this offset is looked at. */
    private final long lowest;
    /** Whether the first record has to fit too, which otherwise it always does. */
    private final boolean strict;

    private final List<FetchedBatch> batches = new ArrayList<>();
    private long next;
    private long bytesLeft;
    private int recordsLeft;
    private boolean full;
    private long matchedRecords;
    private long passedRecords;
    private long lookedAt;

    private Findings(FetchRequest request, Optional<Search> search, boolean down, long lowest) {
        this.search = search;
        this.down = down;
        this.lowest = lowest;
        strict = request.strict();
        next = request.offset();
        bytesLeft = request.maxBytes();
        recordsLeft = request.maxRecords();
        full = recordsLeft <= 0;
    }

    /** A page whose offsets go up from the one of the request. */
    static Findings up(FetchRequest request, Search search) {
        return new Findings(request, Optional.of(search), false, request.offset());
    }

    /** A page whose offsets go down from the one of the request, to another one at most. */
    static Findings down(FetchRequest request, Optional<Search> search, long lowest) {
        return new Findings(request, search, true, lowest);
    }

    /**
     * Looks at those records of a contiguous batch that have not been looked at yet, one after the other, until the page is full: so it
     * is too where there is no memory for what is found.
     */
    void look(FetchedBatch batch) {
        if (full) {
            return;
        }
        RecordBatch records = batch.records();
        Optional<Filter.Matcher> matcher = search.map(wanted -> wanted.filter().on(records));
        int[] found = new int[records.count()];
        int count = 0;
        long cost = 0;
        int passed = 0;
        long passedBytes = 0;
        // The same of what lies before the first that is found.
        long costBefore = 0;
        int passedBefore = 0;
        long passedBytesBefore = 0;
        int least = Math.toIntExact(Math.max(0, lowest - batch.baseOffset()));
        int i = Math.toIntExact(next - batch.baseOffset());
        for (; !full && i >= least && i < records.count(); i += down ? -1 : 1) {
            long costOfThis = records.costOf(i);
            if (matcher.isPresent() && !matcher.get().matches(i)) {
                passed++;
                passedBytes += records.sizeOf(i);
                cost += costOfThis;
                continue;
            }
            boolean first = batches.isEmpty() && count == 0;
            if (costOfThis > bytesLeft && (strict || !first)) {
                full = true;
                break;
            }
            if (count == 0) {
                costBefore = cost;
                passedBefore = passed;
                passedBytesBefore = passedBytes;
            }
            found[count++] = i;
            recordsLeft--;
            bytesLeft -= costOfThis;
            cost += costOfThis;
            full = recordsLeft == 0 || bytesLeft <= 0;
        }
        if (count > 0) {
            FetchedBatch picked = batch.pick(Arrays.copyOf(found, count));
            if (search.isEmpty() || search.get().hold(picked.records().memorySize())) {
                batches.add(picked);
            } else {
                full = true;
                i = found[0];
                count = 0;
                cost = costBefore;
                passed = passedBefore;
                passedBytes = passedBytesBefore;
            }
        }
        next = batch.baseOffset() + i;
        matchedRecords += count;
        passedRecords += passed;
        lookedAt += cost;
        long bytes = passedBytes;
        int others = passed;
        long all = cost;
        search.ifPresent(wanted -> wanted.looked(all, others, bytes));
    }

    List<FetchedBatch> batches() {
        return batches;
    }

    /** The offset that is to be looked at next. */
    long next() {
        return next;
    }

    /** Whether the next record does not fit. */
    boolean isFull() {
        return full;
    }

    long matchedRecords() {
        return matchedRecords;
    }

    /** How many records have been looked at that are not wanted. */
    long passedRecords() {
        return passedRecords;
    }

    /** Bytes of all records that were looked at, with what each costs beside. */
    long lookedAt() {
        return lookedAt;
    }
}
