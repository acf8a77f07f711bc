package io.trunkline.outbox;

import java.time.Duration;

/** How long to wait before the next look at the outbox: longer and longer while there is nothing. Used by one thread. */
final class OutboxPace {
    private final Duration shortest;
    private final Duration longest;
    private final int patience;
    private Duration pause;
    private int emptyLooks;

    /**
     * @param shortest the pause while the outbox is used
     * @param longest the pause when it is not
     * @param patience looks that find nothing before the pause is doubled for the first time
     */
    OutboxPace(Duration shortest, Duration longest, int patience) {
        this.shortest = shortest;
        this.longest = longest;
        this.patience = patience;
        // Nobody knows yet whether the outbox is used at all.
        pause = longest;
        emptyLooks = patience;
    }

    /** Whether the outbox has been empty for so long, or from the start, that the pause is the longest. */
    boolean isLongest() {
        return pause.equals(longest);
    }

    /** The pause after a look. */
    Duration next(boolean found) {
        if (found) {
            emptyLooks = 0;
            pause = shortest;
        } else if (++emptyLooks > patience) {
            Duration twice = pause.multipliedBy(2);
            pause = twice.compareTo(longest) < 0 ? twice : longest;
        }
        return pause;
    }
}
