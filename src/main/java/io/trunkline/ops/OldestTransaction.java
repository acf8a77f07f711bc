package io.trunkline.ops;

import io.trunkline.jdbc.DatabaseStatistics.Statistics;

/**
 * How long the oldest transaction has been open. PostgreSQL shows when others' transactions began to privileged roles only, but
 * everybody sees which one that writes is the oldest: it has been open at least since it was seen to be that.
 */
final class OldestTransaction {
    private long oldestId = -1;
    private long since;

    /** The age in seconds at a {@link System#nanoTime}. */
    double seconds(Statistics statistics, long now) {
        boolean underWay = statistics.oldestId() < statistics.nextId();
        if (!underWay) {
            // The next transaction gets the id that was told as the oldest meanwhile.
            oldestId = -1;
        } else if (statistics.oldestId() != oldestId) {
            oldestId = statistics.oldestId();
            since = now;
        }
        double seen = underWay ? (now - since) / 1e9 : 0;
        return Math.max(seen, statistics.oldestTransactionSeconds());
    }
}
