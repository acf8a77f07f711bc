package io.trunkline.group;

import io.trunkline.topic.TopicName;
import io.trunkline.topic.TopicPartition;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.TreeMap;
import java.util.function.Predicate;

/**
 * The lag of groups in the last hour, minute by minute, filled by what looks find for other reasons. Holds at most about 15 MB: the
 * sums of 10,000 groups, and 10,000 partitions of groups, of which a group has all or none.
 */
final class LagHistory {
    static final long INTERVAL = LagSeries.INTERVAL.toMillis();
    static final int POINTS = 60;
    static final int MOST_GROUPS = 10_000;
    static final int MOST_PARTITIONS = 10_000;
    /** A response tells of no more. */
    static final int MOST_OF_GROUP = 1_000;

    private static final long UNKNOWN = -1;

    private final int mostGroups;
    private final int mostPartitions;
    private final int mostOfGroup;
    /** Guarded by this, as the following. */
    private final Map<String, Group> groups = new HashMap<>();

    private int partitions;
    /** The minute that was noted first, and last; as long as none was, the first is beyond the last. */
    private long first = 0;

    private long newest = -1;

    LagHistory() {
        this(MOST_GROUPS, MOST_PARTITIONS, MOST_OF_GROUP);
    }

    LagHistory(int mostGroups, int mostPartitions, int mostOfGroup) {
        this.mostGroups = mostGroups;
        this.mostPartitions = mostPartitions;
        this.mostOfGroup = mostOfGroup;
    }

    private static final class Group {
        private final Series sum = new Series();
        private Map<TopicPartition, Series> partitions = Map.of();
        /** Whether all partitions are kept by themselves. */
        private boolean complete = true;
    }

    /** The points of an hour, by minute. */
    private static final class Series {
        private final long[] points = new long[POINTS];
        /** What the last look found. */
        private long last = UNKNOWN;

        private Series() {
            Arrays.fill(points, UNKNOWN);
        }

        private void set(long minute, long lag) {
            last = lag;
            points[slot(minute)] = lag;
        }

        private void repeat(long minute) {
            if (last != UNKNOWN) {
                points[slot(minute)] = last;
            }
        }

        private boolean isEmpty() {
            return Arrays.stream(points).allMatch(point -> point == UNKNOWN);
        }
    }

    private static int slot(long minute) {
        return (int) (minute % POINTS);
    }

    /** Notes what a look found, at a time in milliseconds since the epoch. */
    synchronized void looked(long now, List<GroupSize> sizes, List<PartitionLag> lags) {
        lost();
        if (!advance(now / INTERVAL)) {
            return;
        }
        Map<String, List<PartitionLag>> byGroup = new HashMap<>();
        lags.forEach(lag ->
                byGroup.computeIfAbsent(lag.group(), name -> new ArrayList<>()).add(lag));
        keep(sizes);
        for (GroupSize size : sizes) {
            Group group = groups.get(size.group());
            if (group == null && groups.size() < mostGroups) {
                group = new Group();
                groups.put(size.group(), group);
            }
            if (group != null) {
                note(group, byGroup.getOrDefault(size.group(), List.of()));
            }
        }
    }

    private void note(Group group, List<PartitionLag> lags) {
        if (!lags.isEmpty()) {
            group.sum.set(newest, lags.stream().mapToLong(PartitionLag::lag).sum());
        }
        if (!group.complete && lags.size() <= mostOfGroup && partitions + lags.size() <= mostPartitions) {
            group.complete = true;
        }
        long added = lags.stream()
                .filter(lag -> !group.partitions.containsKey(lag.topicPartition()))
                .count();
        if (added > 0 && group.complete) {
            if (group.partitions.size() + added > mostOfGroup || partitions + added > mostPartitions) {
                group.complete = false;
                partitions -= group.partitions.size();
                group.partitions = Map.of();
            } else if (group.partitions.isEmpty()) {
                group.partitions = new TreeMap<>();
            }
        }
        if (group.complete) {
            for (PartitionLag lag : lags) {
                Series series = group.partitions.get(lag.topicPartition());
                if (series == null) {
                    series = new Series();
                    group.partitions.put(lag.topicPartition(), series);
                    partitions++;
                }
                series.set(newest, lag.lag());
            }
        }
    }

    /** Forgets groups that are gone, and partitions of which nothing was known for an hour. */
    private void keep(List<GroupSize> sizes) {
        Map<String, GroupSize> existing = HashMap.newHashMap(sizes.size());
        sizes.forEach(size -> existing.put(size.group(), size));
        groups.entrySet().removeIf(named -> {
            boolean gone = !existing.containsKey(named.getKey());
            Group group = named.getValue();
            int before = group.partitions.size();
            if (gone) {
                partitions -= before;
            } else if (before > 0) {
                group.partitions.values().removeIf(Series::isEmpty);
                partitions -= before - group.partitions.size();
            }
            return gone;
        });
    }

    /** Notes that everything is as the last look found it. */
    synchronized void unchanged(long now) {
        if (advance(now / INTERVAL)) {
            for (Group group : groups.values()) {
                group.sum.repeat(newest);
                group.partitions.values().forEach(series -> series.repeat(newest));
            }
        }
    }

    /** Notes that nothing is known any more. */
    synchronized void lost() {
        for (Group group : groups.values()) {
            group.sum.last = UNKNOWN;
            group.partitions.values().forEach(series -> series.last = UNKNOWN);
        }
    }

    /** Makes room up to a minute; false where that is over, since somebody has set the clock back. */
    private boolean advance(long minute) {
        if (minute < newest) {
            return false;
        }
        if (newest < 0 || minute - newest >= POINTS) {
            first = minute;
            clear(minute, POINTS);
        } else {
            clear(newest + 1, minute - newest);
            first = Math.max(first, minute - POINTS + 1);
        }
        newest = minute;
        return true;
    }

    private void clear(long from, long count) {
        for (Group group : groups.values()) {
            clear(group.sum, from, count);
            group.partitions.values().forEach(series -> clear(series, from, count));
        }
    }

    private static void clear(Series series, long from, long count) {
        for (long minute = from; minute < from + count; minute++) {
            series.points[slot(minute)] = UNKNOWN;
        }
    }

    /** As {@link GroupLooks#history}. */
    synchronized Optional<LagSeries> of(String name, long now, Predicate<TopicName> visible, boolean everything) {
        Group group = groups.get(name);
        if (group == null) {
            return Optional.empty();
        }
        // The minute that has just begun may have nothing yet; one that is over without anything is a gap.
        long last = Math.max(newest, now / INTERVAL - 1);
        long from = Math.max(first, last - POINTS + 1);
        List<Long> times = new ArrayList<>();
        for (long minute = from; minute <= last; minute++) {
            times.add(minute * INTERVAL);
        }
        List<LagSeries.Partition> shown = new ArrayList<>();
        List<Series> counted = new ArrayList<>();
        group.partitions.forEach((partition, series) -> {
            if (visible.test(partition.topic())) {
                shown.add(new LagSeries.Partition(partition, points(series, from, last)));
                counted.add(series);
            }
        });
        List<OptionalLong> sums = everything
                ? points(group.sum, from, last)
                : times.stream()
                        .map(time -> group.complete ? sum(counted, time / INTERVAL) : OptionalLong.empty())
                        .toList();
        return Optional.of(new LagSeries(times, shown, sums, group.complete));
    }

    private List<OptionalLong> points(Series series, long from, long last) {
        List<OptionalLong> points = new ArrayList<>();
        for (long minute = from; minute <= last; minute++) {
            points.add(point(series, minute));
        }
        return points;
    }

    private OptionalLong point(Series series, long minute) {
        long lag = minute > newest ? UNKNOWN : series.points[slot(minute)];
        return lag == UNKNOWN ? OptionalLong.empty() : OptionalLong.of(lag);
    }

    private OptionalLong sum(List<Series> series, long minute) {
        OptionalLong sum = OptionalLong.empty();
        for (Series one : series) {
            OptionalLong lag = point(one, minute);
            if (lag.isPresent()) {
                sum = OptionalLong.of(sum.orElse(0) + lag.getAsLong());
            }
        }
        return sum;
    }
}
