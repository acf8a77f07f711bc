package io.trunkline.rest;

/**
 * How fast a streamed body arrives, while it is waited for. A client may take its time for a moment, but not bring less than the
 * least rate over the time that a request has to arrive. Used by one thread.
 */
final class LinesPace {
    private final long windowMillis;
    private final long leastBytes;

    private long since;
    private long waited;
    private long brought;

    /**
     * The pace of a body that begins now.
     *
     * @param windowMillis over which time the rate is looked at, in milliseconds
     * @param leastRate in bytes a second
     * @param now the time, in nanoseconds
     */
    LinesPace(long windowMillis, long leastRate, long now) {
        this.windowMillis = windowMillis;
        leastBytes = leastRate * windowMillis / 1_000;
        since = now;
    }

    void brought(int bytes) {
        brought += bytes;
    }

    /**
     * Whether the body is too slow.
     *
     * @param waiting whether the service has waited for it since this was asked before, and not the other way round
     */
    boolean isTooSlow(boolean waiting, long now) {
        if (waiting) {
            waited += (now - since) / 1_000_000;
        }
        since = now;
        if (waited < windowMillis) {
            return false;
        }
        boolean slow = brought < leastBytes;
        waited = 0;
        brought = 0;
        return slow;
    }
}
