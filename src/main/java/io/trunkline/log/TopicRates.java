package io.trunkline.log;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.OptionalLong;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** Sums up the partitions of topics, and tells from two looks how fast topics grow. Used by one thread. */
final class TopicRates {
    /** Looks that are closer than this tell nothing of a rate, since records come in batches. */
    private static final Duration LEAST = Duration.ofSeconds(4);

    private final Duration most;
    /** By topic, at the look that the next one is compared with. */
    private Map<String, Sum> reference = Map.of();

    private long referenceNanos;
    private Map<String, Rate> rates = Map.of();

    /** @param most the rate over a longer time is not told: it says nothing of now */
    TopicRates(Duration most) {
        this.most = most;
    }

    /** @param firstId the smallest id of a partition: another one means another topic of the same name */
    private record Sum(long firstId, long ends, long endBytes) {}

    private record Rate(double records, double bytes) {}

    private static final class Totals {
        private int partitions;
        private long firstId = Long.MAX_VALUE;
        private long records;
        private long bytes;
        private long ends;
        private long endBytes;
        private long oldest = Long.MAX_VALUE;

        private void add(SizeStore.PartitionState partition) {
            LogState state = partition.state();
            partitions++;
            firstId = Math.min(firstId, partition.partitionId());
            records += state.range().endOffset() - state.range().logStartOffset();
            bytes += state.bytes();
            ends += state.range().endOffset();
            endBytes += partition.endBytes();
            oldest = Math.min(oldest, state.oldestTimestamp().orElse(Long.MAX_VALUE));
        }
    }

    /**
     * @param at when the look began
     * @param nanos the same by {@link System#nanoTime}
     * @param diskBytes by topic, of those for which that is known
     */
    TopicsLook look(
            Instant at,
            long nanos,
            List<SizeStore.PartitionState> partitions,
            Map<String, Long> diskBytes,
            int slicesAhead) {
        Map<String, Totals> topics = new TreeMap<>();
        partitions.forEach(partition ->
                topics.computeIfAbsent(partition.topic(), name -> new Totals()).add(partition));
        compare(topics, nanos);
        List<TopicState> states = new ArrayList<>(topics.size());
        topics.forEach((name, totals) -> {
            @Nullable Rate rate = rates.get(name);
            @Nullable Long disk = diskBytes.get(name);
            states.add(new TopicState(
                    name,
                    totals.partitions,
                    totals.records,
                    totals.bytes,
                    disk == null ? OptionalLong.empty() : OptionalLong.of(disk),
                    rate == null ? OptionalDouble.empty() : OptionalDouble.of(rate.records()),
                    rate == null ? OptionalDouble.empty() : OptionalDouble.of(rate.bytes()),
                    totals.oldest == Long.MAX_VALUE ? OptionalLong.empty() : OptionalLong.of(totals.oldest)));
        });
        return new TopicsLook(at, states, slicesAhead);
    }

    private void compare(Map<String, Totals> topics, long nanos) {
        long elapsed = nanos - referenceNanos;
        if (!reference.isEmpty() && elapsed < LEAST.toNanos()) {
            return;
        }
        Map<String, Sum> now = HashMap.newHashMap(topics.size());
        Map<String, Rate> grown = HashMap.newHashMap(topics.size());
        topics.forEach((name, totals) -> {
            Sum sum = new Sum(totals.firstId, totals.ends, totals.endBytes);
            now.put(name, sum);
            @Nullable Sum before = reference.get(name);
            if (before != null && before.firstId() == sum.firstId() && elapsed <= most.toNanos()) {
                double seconds = elapsed / 1e9;
                grown.put(
                        name,
                        new Rate(
                                Math.max(0, sum.ends() - before.ends()) / seconds,
                                Math.max(0, sum.endBytes() - before.endBytes()) / seconds));
            }
        });
        reference = now;
        referenceNanos = nanos;
        rates = grown;
    }
}
