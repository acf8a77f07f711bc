package io.trunkline.group;

import io.trunkline.topic.TopicPartition;
import java.time.Duration;
import java.util.List;
import java.util.OptionalLong;

/**
 * How far a group was behind, by time.
 *
 * @param times the beginnings of minutes, in milliseconds since the epoch, at most 60 of them
 * @param partitions those of which the lag is kept by itself, in order
 * @param lag the sums over all partitions whose lag was known then; one for each time
 * @param complete whether the partitions are all there are
 */
public record LagSeries(List<Long> times, List<Partition> partitions, List<OptionalLong> lag, boolean complete) {
    /** How far apart the times are. */
    public static final Duration INTERVAL = Duration.ofMinutes(1);

    /** Of a group that nobody has looked at yet. */
    public static final LagSeries NONE = new LagSeries(List.of(), List.of(), List.of(), true);

    public LagSeries {
        times = List.copyOf(times);
        partitions = List.copyOf(partitions);
        lag = List.copyOf(lag);
    }

    /** A partition; {@code lag} has one for each time, empty where it is not known. */
    public record Partition(TopicPartition partition, List<OptionalLong> lag) {
        public Partition {
            lag = List.copyOf(lag);
        }
    }
}
