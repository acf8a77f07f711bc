package io.trunkline.log;

/**
 * What is to be read of a partition.
 *
 * @param offset the first
 * @param maxBytes of keys, values, headers and what each record costs beside
 * @param strict whether the first record has to fit too, which otherwise it always does
 */
record FetchRequest(long partitionId, long offset, long maxBytes, int maxRecords, boolean strict) {
    /** Who asks for less most likely asks for what follows next. */
    private static final long READ_AHEAD_BYTES = 64 * 1024;
    /** Less is mostly a share of a poll of several partitions, whose next one is of another size. */
    private static final long LARGE_BYTES = 256 * 1024;

    /** The same from another offset. */
    FetchRequest from(long other) {
        return new FetchRequest(partitionId, other, maxBytes, maxRecords, strict);
    }

    /** Whether the next page is worth reading while this one is looked at. */
    boolean isLarge() {
        return maxBytes >= LARGE_BYTES;
    }

    /** As much from the same place as is read at once when little is asked for. */
    FetchRequest ahead() {
        return new FetchRequest(partitionId, offset, Math.max(maxBytes, READ_AHEAD_BYTES), Integer.MAX_VALUE, false);
    }
}
