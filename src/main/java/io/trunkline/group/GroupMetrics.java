package io.trunkline.group;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.MultiGauge;
import io.micrometer.core.instrument.Tags;
import jakarta.enterprise.context.ApplicationScoped;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.ToIntFunction;

/** What consumer groups tell Prometheus. */
@ApplicationScoped
class GroupMetrics {
    private final MeterRegistry registry;
    private final Counter rebalances;
    private final MultiGauge topicLag;
    private final MultiGauge lag;
    private final MultiGauge members;
    private final MultiGauge generation;

    GroupMetrics(MeterRegistry registry) {
        this.registry = registry;
        rebalances = Counter.builder("trunkline.consumer.rebalances")
                .description("Changes of members, subscriptions or partitions of groups that this replica made")
                .register(registry);
        topicLag = gauge(
                "trunkline.consumer.group.lag",
                "Records between what a group has committed, or where it began, and the ends of a topic");
        lag = gauge(
                "trunkline.consumer.lag",
                "Records between what a group has committed, or where it began, and the end of a partition");
        members = gauge("trunkline.consumer.members", "Consumers of a group");
        generation =
                gauge("trunkline.consumer.generation", "How often the partitions of a group have been assigned anew");
    }

    private MultiGauge gauge(String name, String description) {
        return MultiGauge.builder(name).description(description).register(registry);
    }

    void rebalanced() {
        rebalances.increment();
    }

    /**
     * Shows what the last look at all groups found; what it did not find is not shown any more.
     *
     * @param most how many series of each kind are shown: of topics those with the largest lag, of groups those with the most
     *     consumers, and with more partitions than this, none by itself
     */
    void groups(List<PartitionLag> lags, List<GroupSize> sizes, int most) {
        Map<GroupTopic, Long> byTopic = new HashMap<>();
        lags.forEach(l -> byTopic.merge(
                new GroupTopic(l.group(), l.topicPartition().topic().value()), l.lag(), Long::sum));
        topicLag.register(
                byTopic.entrySet().stream()
                        .sorted(Comparator.comparingLong(entry -> -entry.getValue()))
                        .limit(most)
                        .map(entry -> MultiGauge.Row.of(
                                Tags.of(
                                        "group",
                                        entry.getKey().group(),
                                        "topic",
                                        entry.getKey().topic()),
                                entry.getValue()))
                        .toList(),
                true);
        lag.register(
                (lags.size() <= most ? lags : List.<PartitionLag>of())
                        .stream().map(GroupMetrics::row).toList(),
                true);
        List<GroupSize> shown = sizes.stream()
                .sorted(Comparator.comparingInt(size -> -size.members()))
                .limit(most)
                .toList();
        members.register(rows(shown, GroupSize::members), true);
        generation.register(rows(shown, GroupSize::generation), true);
    }

    private record GroupTopic(String group, String topic) {}

    private static MultiGauge.Row<Number> row(PartitionLag lag) {
        return MultiGauge.Row.of(
                Tags.of(
                        "group",
                        lag.group(),
                        "topic",
                        lag.topicPartition().topic().value(),
                        "partition",
                        Integer.toString(lag.topicPartition().partition())),
                lag.lag());
    }

    private static List<MultiGauge.Row<?>> rows(List<GroupSize> sizes, ToIntFunction<GroupSize> value) {
        List<MultiGauge.Row<?>> rows = new ArrayList<>();
        sizes.forEach(size -> rows.add(MultiGauge.Row.of(Tags.of("group", size.group()), value.applyAsInt(size))));
        return rows;
    }
}
