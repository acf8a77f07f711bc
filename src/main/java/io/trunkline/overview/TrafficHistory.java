package io.trunkline.overview;

import io.trunkline.log.TopicCounters;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.OptionalLong;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * The traffic of this replica in the last hour, by the counters that Prometheus sees. Of each interval it keeps the sums, and what
 * was counted of each topic with traffic, so that a caller who sees only some topics is told of these. Holds at most about 10 MB.
 */
final class TrafficHistory {
    static final Duration INTERVAL = Duration.ofSeconds(15);
    static final int POINTS = 240;
    /** Topics with traffic in an interval that are kept by themselves; with more of them none is. */
    static final int MOST_TOPICS = 1_000;

    /** Over a longer time, such as that of a suspended machine, an average says nothing. */
    private static final Duration LONGEST = INTERVAL.multipliedBy(4);

    static final List<String> COUNTERS = List.of(
            TopicCounters.RECORDS_WRITTEN,
            TopicCounters.BYTES_WRITTEN,
            TopicCounters.RECORDS_READ,
            TopicCounters.BYTES_READ);
    private static final int KINDS = COUNTERS.size();

    /**
     * An interval.
     *
     * @param sums of all topics, by counter
     * @param topics those with traffic; null where they are too many, or are not all told by name
     * @param amounts of each topic, by counter
     */
    private record Sample(long at, double seconds, long[] sums, String @Nullable [] topics, long[] amounts) {}

    /** Guarded by this, as the following. */
    private final Deque<Sample> samples = new ArrayDeque<>();

    private Map<String, long[]> before = Map.of();
    private OptionalLong beforeNanos = OptionalLong.empty();

    /**
     * Notes what the counters stand at.
     *
     * @param counts by topic, in the order of {@link #COUNTERS}
     * @param at in milliseconds since the epoch
     * @param nanos the same by {@link System#nanoTime}
     */
    synchronized void sample(Map<String, long[]> counts, long at, long nanos) {
        if (beforeNanos.isPresent()) {
            samples.addLast(sample(counts, at, (nanos - beforeNanos.getAsLong()) / 1e9));
            if (samples.size() > POINTS) {
                samples.removeFirst();
            }
        }
        before = counts;
        beforeNanos = OptionalLong.of(nanos);
    }

    private Sample sample(Map<String, long[]> counts, long at, double seconds) {
        long[] sums = new long[KINDS];
        List<String> topics = new ArrayList<>();
        List<long[]> amounts = new ArrayList<>();
        counts.forEach((topic, now) -> {
            long[] amount = amount(now, before.get(topic));
            if (amount != null) {
                topics.add(topic);
                amounts.add(amount);
                for (int kind = 0; kind < KINDS; kind++) {
                    sums[kind] += amount[kind];
                }
            }
        });
        if (topics.size() > MOST_TOPICS || topics.contains(TopicCounters.OTHERS)) {
            return new Sample(at, seconds, sums, null, new long[0]);
        }
        long[] flat = new long[topics.size() * KINDS];
        for (int i = 0; i < topics.size(); i++) {
            System.arraycopy(amounts.get(i), 0, flat, i * KINDS, KINDS);
        }
        return new Sample(at, seconds, sums, topics.toArray(String[]::new), flat);
    }

    /** What has been counted since; null for nothing. A counter that has fallen is another one, which began at 0. */
    private static long @Nullable [] amount(long[] now, long @Nullable [] then) {
        long[] amount = new long[KINDS];
        boolean any = false;
        for (int kind = 0; kind < KINDS; kind++) {
            long base = then == null || then[kind] > now[kind] ? 0 : then[kind];
            amount[kind] = now[kind] - base;
            any |= amount[kind] > 0;
        }
        return any ? amount : null;
    }

    /**
     * The last hour.
     *
     * @param visible the topics that count
     * @param everything whether that is every topic
     */
    synchronized Traffic traffic(Predicate<String> visible, boolean everything) {
        Map<String, Boolean> known = new HashMap<>();
        List<Long> times = new ArrayList<>();
        List<List<OptionalDouble>> rates = new ArrayList<>();
        for (int kind = 0; kind < KINDS; kind++) {
            rates.add(new ArrayList<>());
        }
        for (Sample sample : samples) {
            times.add(sample.at());
            long @Nullable [] sums =
                    everything ? sample.sums() : sums(sample, topic -> known.computeIfAbsent(topic, visible::test));
            boolean tells = sums != null && sample.seconds() > 0 && sample.seconds() <= LONGEST.toSeconds();
            for (int kind = 0; kind < KINDS; kind++) {
                rates.get(kind)
                        .add(
                                tells && sums != null
                                        ? OptionalDouble.of(sums[kind] / sample.seconds())
                                        : OptionalDouble.empty());
            }
        }
        return new Traffic(times, rates.get(0), rates.get(1), rates.get(2), rates.get(3));
    }

    private static long @Nullable [] sums(Sample sample, Predicate<String> visible) {
        String[] topics = sample.topics();
        if (topics == null) {
            return null;
        }
        long[] sums = new long[KINDS];
        for (int i = 0; i < topics.length; i++) {
            if (visible.test(topics[i])) {
                for (int kind = 0; kind < KINDS; kind++) {
                    sums[kind] += sample.amounts()[i * KINDS + kind];
                }
            }
        }
        return sums;
    }
}
