package io.trunkline.bench;

import java.time.Duration;
import java.util.concurrent.locks.LockSupport;

/**
 * When a load runs: from its start to its end, of which the part from {@code from} is measured. In nanoseconds of
 * {@link System#nanoTime}.
 */
record Window(long start, long from, long to) {
    private static final long LEAD = 50_000_000;

    /** One that starts in a moment. */
    static Window soon(Duration warmup, Duration measured) {
        long start = System.nanoTime() + LEAD;
        long from = start + warmup.toNanos();
        return new Window(start, from, from + measured.toNanos());
    }

    boolean measures(long nanos) {
        return nanos - from >= 0 && nanos - to < 0;
    }

    double seconds() {
        return (to - from) / 1e9;
    }

    /** Waits for a moment, and looks now and then whether there is still something to wait for. */
    static void await(long nanos, Runnable check) {
        long step = 100_000_000;
        for (long left = nanos - System.nanoTime(); left > 0; left = nanos - System.nanoTime()) {
            check.run();
            LockSupport.parkNanos(Math.min(left, step));
            if (Thread.interrupted()) {
                throw new IllegalStateException("interrupted");
            }
        }
        check.run();
    }
}
