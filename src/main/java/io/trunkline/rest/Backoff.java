package io.trunkline.rest;

import java.util.concurrent.ThreadLocalRandom;

/** How late something is asked for again that could not be had: later each time, and at another time than others ask. */
final class Backoff {
    private static final long FIRST_MILLIS = 500;
    private static final long LATEST_MILLIS = 5_000;
    private static final int MOST_DOUBLINGS = 4;

    private int refusals;

    /** It could not be had: how long to wait, in milliseconds, from half of to all of 500 ms, and of twice as much each time up to 5 s. */
    long nextMillis() {
        long most = Math.min(LATEST_MILLIS, FIRST_MILLIS << Math.min(refusals, MOST_DOUBLINGS));
        refusals++;
        return ThreadLocalRandom.current().nextLong(most / 2, most + 1);
    }

    /** It could be had. */
    void reset() {
        refusals = 0;
    }
}
