package io.trunkline.log;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.MultiGauge;
import io.micrometer.core.instrument.Tags;
import io.trunkline.topic.TopicName;
import jakarta.enterprise.context.ApplicationScoped;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.function.ToLongFunction;
import java.util.stream.Collectors;

/** What the log tells Prometheus. */
@ApplicationScoped
class LogMetrics {
    private final MeterRegistry registry;
    private final Counter rejected;
    private final MultiGauge topicBytes;
    private final MultiGauge topicDiskBytes;
    private final MultiGauge topicAge;
    private final MultiGauge topicPartitions;
    private final MultiGauge logStart;
    private final MultiGauge end;
    private volatile double slicesAhead = Double.NaN;

    LogMetrics(MeterRegistry registry) {
        this.registry = registry;
        rejected = Counter.builder("trunkline.append.rejected")
                .description("Produce requests refused because a queue was full")
                .register(registry);
        topicBytes = gauge("trunkline.topic.size.bytes", "Bytes of the records that can be read, before compression");
        topicDiskBytes = gauge(
                "trunkline.topic.disk.bytes",
                "Bytes of tables and indexes: the share that the topic's bytes have in each slice, estimated");
        topicAge = gauge("trunkline.topic.oldest.record.age.seconds", "Age of the oldest record that can be read");
        topicPartitions = gauge("trunkline.topic.partitions", "Partitions of a topic");
        logStart = gauge("trunkline.partition.log.start.offset", "The first offset that can be read");
        end = gauge("trunkline.partition.end.offset", "The offset that the next record will get");
        Gauge.builder("trunkline.slices.ahead", () -> slicesAhead)
                .description("Slices that are ready for the time to come; at 0 appends go on into the last one")
                .register(registry);
    }

    void appended(TopicName topic, long records, long bytes) {
        count("trunkline.append.records", "Records written", topic, records);
        count("trunkline.append.bytes", "Bytes of keys, values and headers written", topic, bytes);
    }

    void fetched(TopicName topic, long records, long bytes) {
        count("trunkline.fetch.records", "Records read", topic, records);
        count("trunkline.fetch.bytes", "Bytes of keys, values and headers read", topic, bytes);
    }

    void rejected() {
        rejected.increment();
    }

    void queuedBytes(Supplier<Number> bytes) {
        Gauge.builder("trunkline.append.queued.bytes", bytes)
                .description("Bytes that wait to be written or are being written")
                .register(registry);
    }

    void waiting(Supplier<Number> fetches) {
        Gauge.builder("trunkline.fetch.waiting", fetches)
                .description("Fetches that wait for records")
                .register(registry);
    }

    void cachedBytes(Supplier<Number> bytes) {
        Gauge.builder("trunkline.fetch.cached.bytes", bytes)
                .description("Bytes of the newest records that are held for readers at the tail")
                .register(registry);
    }

    void slicesAhead(int ahead) {
        slicesAhead = ahead;
    }

    /** Shows what the last look at all partitions found; what it did not find is not shown any more. */
    void sizes(List<SizeStore.PartitionState> partitions, Map<String, Long> diskBytes, long now, int mostPartitions) {
        Map<String, List<SizeStore.PartitionState>> topics =
                partitions.stream().collect(Collectors.groupingBy(SizeStore.PartitionState::topic));
        topicBytes.register(
                rows(
                        topics,
                        all -> all.stream().mapToLong(p -> p.state().bytes()).sum()),
                true);
        topicAge.register(
                rows(
                        topics,
                        all -> all.stream()
                                .flatMapToLong(p -> p.state().oldestTimestamp().stream())
                                .mapToDouble(oldest -> Math.max(0, now - oldest) / 1000.0)
                                .max()
                                .orElse(0)),
                true);
        topicPartitions.register(rows(topics, List::size), true);
        topicDiskBytes.register(
                diskBytes.entrySet().stream()
                        .map(e -> MultiGauge.Row.of(Tags.of("topic", e.getKey()), e.getValue()))
                        .toList(),
                true);
        List<SizeStore.PartitionState> shown = partitions.size() <= mostPartitions ? partitions : List.of();
        logStart.register(rows(shown, range -> range.logStartOffset()), true);
        end.register(rows(shown, range -> range.endOffset()), true);
    }

    private static List<MultiGauge.Row<?>> rows(
            Map<String, List<SizeStore.PartitionState>> topics,
            Function<List<SizeStore.PartitionState>, Number> value) {
        List<MultiGauge.Row<?>> rows = new ArrayList<>();
        topics.forEach((topic, all) -> rows.add(MultiGauge.Row.of(Tags.of("topic", topic), value.apply(all))));
        return rows;
    }

    private static List<MultiGauge.Row<?>> rows(
            List<SizeStore.PartitionState> partitions, ToLongFunction<OffsetRange> value) {
        List<MultiGauge.Row<?>> rows = new ArrayList<>();
        for (SizeStore.PartitionState partition : partitions) {
            rows.add(MultiGauge.Row.of(
                    Tags.of("topic", partition.topic(), "partition", Integer.toString(partition.partition())),
                    value.applyAsLong(partition.state().range())));
        }
        return rows;
    }

    private MultiGauge gauge(String name, String description) {
        return MultiGauge.builder(name).description(description).register(registry);
    }

    private void count(String name, String description, TopicName topic, long amount) {
        Counter.builder(name)
                .description(description)
                .tags(Tags.of("topic", topic.value()))
                .register(registry)
                .increment(amount);
    }
}
