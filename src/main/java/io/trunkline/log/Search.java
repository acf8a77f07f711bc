package io.trunkline.log;

import io.trunkline.error.TrunklineException;
import io.trunkline.filter.Filter;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.LongConsumer;
import org.jspecify.annotations.Nullable;

/**
 * What one request looks for in the log, and how much it may still look at for that, in all its partitions and however often it
 * waits. When that is used up, a fetch ends with what it has found, and its pages say how far it came. Any thread may use it.
 */
public final class Search {
    private final Filter filter;
    private final LongConsumer hold;
    private final LongConsumer passed;
    private final AtomicLong bytesLeft;
    private final AtomicLong heldBytes = new AtomicLong();
    private final AtomicLong passedRecords = new AtomicLong();
    /** Why the search ended early, for want of memory or of a thread; null if it did not. */
    private final AtomicReference<@Nullable TrunklineException> refusal = new AtomicReference<>();

    private volatile boolean progressed;

    /**
     * @param maxBytes of records that are looked at, with what each costs beside; the first record is looked at whatever its size
     * @param hold counts the bytes of what was found, which are in memory until the search ends; where it throws a
     *     {@link TrunklineException}, the search ends before the records for which there is no room, and fails with that if they are the
     *     first that it has looked at
     * @param passed is told the bytes of keys, values and headers of records that do not match, as they have been looked at, whatever
     *     becomes of the fetch
     */
    public Search(Filter filter, long maxBytes, LongConsumer hold, LongConsumer passed) {
        this.filter = filter;
        this.hold = hold;
        this.passed = passed;
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

    /** Counts bytes of records that match. Returns false where there is no room for them; then the search is over. */
    boolean hold(long bytes) {
        try {
            hold.accept(bytes);
        } catch (TrunklineException e) {
            end(e);
            return false;
        }
        heldBytes.addAndGet(bytes);
        return true;
    }

    /** Ends the search for want of memory or of a thread. The fetch then returns what it has found so far. */
    void end(TrunklineException reason) {
        refusal.compareAndSet(null, reason);
        stop();
    }

    /** @throws TrunklineException why the search ended early, if it has not looked at any record */
    void requireProgress() {
        TrunklineException reason = refusal.get();
        if (reason != null && !progressed) {
            throw reason;
        }
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
     * @param others how many of them do not match
     * @param bytes their bytes of keys, values and headers
     */
    void looked(long cost, long others, long bytes) {
        if (cost > 0) {
            progressed = true;
        }
        bytesLeft.addAndGet(-cost);
        passedRecords.addAndGet(others);
        if (bytes > 0) {
            passed.accept(bytes);
        }
    }
}
