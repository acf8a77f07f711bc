package io.trunkline.rest;

import io.trunkline.edge.Exchange;
import io.trunkline.error.TrunklineException;

/**
 * The memory of a stream's page that is under way. A page for which there was no room is counted before it is read again, so that
 * it is not read in vain again and again. Used by one page after the other.
 */
final class PageRoom {
    private final Exchange exchange;
    /** The page for which there was no room, if that was the last one. */
    private StreamPage.Refused refused = StreamPage.Refused.NONE;
    /** What has been counted for the page that is under way, in bytes. */
    private long reserved;

    PageRoom(Exchange exchange) {
        this.exchange = exchange;
    }

    /**
     * Counts a page for which there was no room before, unless it is counted.
     *
     * @param limit bytes of records that a page has at most
     * @return whether there is such a page, which is there to be read
     * @throws TrunklineException {@code OVERLOADED} when there is still no room
     */
    boolean reserve(long limit) {
        long wanted = refused.within(limit);
        if (reserved == 0 && wanted > 0) {
            exchange.take(wanted);
            reserved = wanted;
        }
        return wanted > 0;
    }

    /**
     * Counts a page that has been read.
     *
     * @throws TrunklineException {@code OVERLOADED} when there is no room
     */
    void take(StreamPage page) {
        long memory = page.memory();
        if (memory > reserved) {
            try {
                exchange.take(memory - reserved);
            } catch (TrunklineException e) {
                refused = page.refused();
                throw e;
            }
        }
        reserved = Math.max(0, reserved - memory);
        refused = StreamPage.Refused.NONE;
    }

    /** Gives back what was counted beyond what has been read. */
    void settle() {
        exchange.giveBack(reserved);
        reserved = 0;
    }
}
