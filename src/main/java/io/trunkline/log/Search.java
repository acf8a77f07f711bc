package io.trunkline.log;

import io.trunkline.filter.Filter;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongConsumer;

/**
 * What one request looks for in the log, and how much it may still look at for that, in all its partitions and however often it
 * waits. When that is used up, a fetch ends with what it has found, and its pages say how far it came. Any thread may use it.
 */
public final class Search {
    private final Filter filter;
    private final LongConsumer hold;
    private final AtomicLong bytesLeft;
    private final AtomicLong heldBytes = new AtomicLong();
    private final AtomicLong passedRecords = new AtomicLong();
    private final AtomicLong passedBytes = new AtomicLong();

    /**
     * @param maxBytes of records that are looked at, with what each costs beside; the first record is looked at whatever its size
     * @param hold counts the bytes of what was found, which are in memory until the search ends; where it throws, that is how the
     *     fetch fails
     */
    public Search(Filter filter, long maxBytes, LongConsumer hold) {
        this.filter = filter;
        this.hold = hold;
        bytesLeft = new AtomicLong(maxBytes);
    }

    /** Nobody is interested any more: nothing further is looked at. */
    public void stop() {
        bytesLeft.set(Long.MIN_VALUE / 2);
    }

    /** What has been counted as held, in bytes, since this was asked before: its records go over to whoever asks. */
    public long takeOver() {
        return heldBytes.getAndSet(0);
    }

    /** How many records have been looked at that do not match. */
    public long passedRecords() {
        return passedRecords.get();
    }

    /** Their bytes of keys, values and headers. */
    public long passedBytes() {
        return passedBytes.get();
    }

    /** Counts bytes of records that match. */
    void hold(long bytes) {
        hold.accept(bytes);
        heldBytes.addAndGet(bytes);
    }

    Filter filter() {
        return filter;
    }

    /** How many bytes may still be looked at; none where this is not positive. */
    long bytesLeft() {
        return bytesLeft.get();
    }

    /** Whether enough has been looked at. */
    public boolean isOver() {
        return bytesLeft() <= 0;
    }

    /**
     * Counts records that were looked at.
     *
     * @param cost bytes of all of them with what each costs beside
     * @param passed how many of them do not match
     * @param bytes their bytes of keys, values and headers
     */
    void looked(long cost, long passed, long bytes) {
        bytesLeft.addAndGet(-cost);
        passedRecords.addAndGet(passed);
        passedBytes.addAndGet(bytes);
    }
}
