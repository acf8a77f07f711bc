package io.trunkline.log;

/**
 * What is to be read of a partition.
 *
 * @param offset the first
 * @param maxBytes of keys, values, headers and what each record costs beside
 * @param strict whether the first record has to fit too, which otherwise it always does
 * @param whole whether no batch is cut: then it is the first batch that is given whatever its size, and none is read twice by who
 *     goes on where the page ends
 */
record FetchRequest(long partitionId, long offset, long maxBytes, int maxRecords, boolean strict, boolean whole) {
    /** Who asks for less most likely asks for what follows next. */
    private static final long READ_AHEAD_BYTES = 64 * 1024;
    /** What a page has at least that is worth a reading of its own before somebody asks for it. */
    private static final long LARGE_BYTES = 2 * READ_AHEAD_BYTES;

    FetchRequest(long partitionId, long offset, long maxBytes, int maxRecords, boolean strict) {
        this(partitionId, offset, maxBytes, maxRecords, strict, false);
    }

    /** About so many bytes of whole batches. */
    static FetchRequest ofBatches(long partitionId, long offset, long maxBytes) {
        return new FetchRequest(partitionId, offset, maxBytes, Integer.MAX_VALUE, false, true);
    }

    /** As much of what follows, however large its first record is. */
    FetchRequest next(long nextOffset) {
        return new FetchRequest(partitionId, nextOffset, maxBytes, maxRecords, false, whole);
    }

    /** Whether the next page is worth reading while this one is looked at. */
    boolean isLarge() {
        return maxBytes >= LARGE_BYTES;
    }

    /** As much from the same place as is read at once when little is asked for. */
    FetchRequest ahead() {
        return new FetchRequest(
                partitionId, offset, Math.max(maxBytes, READ_AHEAD_BYTES), Integer.MAX_VALUE, false, whole);
    }
}
