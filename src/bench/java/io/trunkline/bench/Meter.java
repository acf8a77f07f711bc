package io.trunkline.bench;

import java.util.Arrays;
import java.util.List;
import org.HdrHistogram.Histogram;

/** Counts what a load did. Belongs to one thread; those of several threads are added up at the end. */
final class Meter {
    private final Window window;
    private final long[] perSecond;
    private final Histogram latency = new Histogram(3);
    private long records;
    private long measuredRecords;
    private long requests;
    private long unsent;

    Meter(Window window) {
        this.window = window;
        perSecond = new long[Math.max(1, (int) Math.ceil(window.seconds()))];
    }

    /**
     * Counts records that were acknowledged or read.
     *
     * @param intended when the request was to be sent, which under open-loop load may be long before it was
     */
    void count(long intended, long now, long count) {
        count(now, count);
        latency(intended, now, 1);
    }

    /** Counts records without a latency. */
    void count(long now, long count) {
        records += count;
        requests++;
        if (window.measures(now)) {
            measuredRecords += count;
            perSecond[(int) ((now - window.from()) / 1_000_000_000L)] += count;
        }
    }

    /** Notes a latency alone, of so many records at once. */
    void latency(long intended, long now, long count) {
        if (window.measures(intended)) {
            latency.recordValueWithCount(Math.max(0, now - intended), count);
        }
    }

    /** Notes a request that could not even be sent until the end: its latency is at least what it has waited. */
    void unsent(long intended, long now) {
        unsent++;
        latency(intended, now, 1);
    }

    Meter add(Meter other) {
        records += other.records;
        measuredRecords += other.measuredRecords;
        requests += other.requests;
        unsent += other.unsent;
        latency.add(other.latency);
        for (int i = 0; i < perSecond.length; i++) {
            perSecond[i] += other.perSecond[i];
        }
        return this;
    }

    /** Records since the start, warm-up included. */
    long records() {
        return records;
    }

    long requests() {
        return requests;
    }

    long unsent() {
        return unsent;
    }

    long measuredRecords() {
        return measuredRecords;
    }

    double recordsPerSecond() {
        return measuredRecords / window.seconds();
    }

    /** Records of each measured second. */
    List<Long> perSecond() {
        return Arrays.stream(perSecond).boxed().toList();
    }

    Latency latency() {
        return Latency.of(latency);
    }

    Window window() {
        return window;
    }
}
