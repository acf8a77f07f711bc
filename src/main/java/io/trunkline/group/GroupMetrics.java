package io.trunkline.group;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.MultiGauge;
import io.micrometer.core.instrument.Tags;
import jakarta.enterprise.context.ApplicationScoped;
import java.util.List;
import java.util.function.Supplier;

/** What consumer groups tell Prometheus. */
@ApplicationScoped
class GroupMetrics {
    private final MeterRegistry registry;
    private final Counter polls;
    private final Counter records;
    private final Counter rebalances;
    private final MultiGauge lag;
    private final MultiGauge members;

    GroupMetrics(MeterRegistry registry) {
        this.registry = registry;
        polls = Counter.builder("trunkline.consumer.polls")
                .description("Polls that were answered")
                .register(registry);
        records = Counter.builder("trunkline.consumer.records")
                .description("Records that polls were answered with")
                .register(registry);
        rebalances = Counter.builder("trunkline.consumer.rebalances")
                .description("Changes of members, subscriptions or partitions of groups that this replica made")
                .register(registry);
        lag = MultiGauge.builder("trunkline.consumer.lag")
                .description(
                        "Records between what a group has committed, or where it began, and the end of a partition")
                .register(registry);
        members = MultiGauge.builder("trunkline.consumer.members")
                .description("Consumers of a group")
                .register(registry);
    }

    void polled(long count) {
        polls.increment();
        records.increment(count);
    }

    void rebalanced() {
        rebalances.increment();
    }

    void waiting(Supplier<Number> waiting) {
        Gauge.builder("trunkline.consumer.waiting", waiting)
                .description("Polls that wait for records")
                .register(registry);
    }

    /** Shows what the last look at all groups found; what it did not find is not shown any more. */
    void groups(List<LagStore.PartitionLag> lags, List<LagStore.Size> sizes) {
        lag.register(
                lags.stream()
                        .map(l -> MultiGauge.Row.of(
                                Tags.of(
                                        "group",
                                        l.group(),
                                        "topic",
                                        l.topicPartition().topic().value(),
                                        "partition",
                                        Integer.toString(l.topicPartition().partition())),
                                l.lag()))
                        .toList(),
                true);
        members.register(
                sizes.stream()
                        .map(size -> MultiGauge.Row.of(Tags.of("group", size.group()), size.members()))
                        .toList(),
                true);
    }
}
