package io.trunkline.log;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.DistributionSummary;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.MultiGauge;
import io.micrometer.core.instrument.Tags;
import io.micrometer.core.instrument.Timer;
import io.trunkline.topic.TopicName;
import jakarta.inject.Singleton;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.function.ToLongFunction;
import java.util.stream.Stream;

/** What the log tells Prometheus. */
@Singleton
class LogMetrics {
    /** From what a cached read takes to what nobody waits for. */
    private static final Duration[] LATENCIES = Stream.of(
                    1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000)
            .map(Duration::ofMillis)
            .toArray(Duration[]::new);

    private static final double[] RECORDS = {1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000};
    private static final double[] BYTES = {256, 1_024, 4_096, 16_384, 65_536, 262_144, 1_048_576, 4_194_304};

    private final MeterRegistry registry;
    private final TopicCounters counters;
    private final Counter rejected;
    private final Counter repeated;
    private final Counter wakeupPolls;
    private final Counter matchedRecords;
    private final Counter passedRecords;
    private final Counter searchedBytes;
    private final Timer appends;
    private final Timer fetches;
    private final DistributionSummary batchRecords;
    private final DistributionSummary batchBytes;
    private final MultiGauge topicBytes;
    private final MultiGauge topicDiskBytes;
    private final MultiGauge topicAge;
    private final MultiGauge topicPartitions;
    private final MultiGauge logStart;
    private final MultiGauge end;
    private volatile double slicesAhead = Double.NaN;

    LogMetrics(MeterRegistry registry, TopicCounters counters) {
        this.registry = registry;
        this.counters = counters;
        rejected = Counter.builder("trunkline.append.rejected")
                .description("Produce requests refused because a queue was full")
                .register(registry);
        repeated = Counter.builder("trunkline.append.repeated")
                .description("Appends that wrote nothing because they had been written before")
                .register(registry);
        wakeupPolls = Counter.builder("trunkline.wakeup.polls")
                .description("Looks at the partitions that fetches of this replica wait for")
                .register(registry);
        matchedRecords = searched("matched");
        passedRecords = searched("passed");
        searchedBytes = Counter.builder("trunkline.filter.bytes")
                .description("Bytes of records that filters looked at, and 64 for each record and header")
                .register(registry);
        appends =
                latency("trunkline.append", "From taking the records of a request for a partition to their durability");
        fetches = latency("trunkline.fetch", "Reading records of a partition, without the wait for them");
        batchRecords =
                sizes("trunkline.append.batch.records", "Records that were appended to a partition together", RECORDS);
        batchBytes = sizes("trunkline.append.batch.bytes", "Bytes that were appended to a partition together", BYTES);
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

    void appended(TopicName topic, long records, long bytes, long nanos) {
        appends.record(nanos, TimeUnit.NANOSECONDS);
        counters.count(TopicCounters.RECORDS_WRITTEN, "Records written", topic.value(), records);
        counters.count(TopicCounters.BYTES_WRITTEN, "Bytes of keys, values and headers written", topic.value(), bytes);
    }

    void batch(long records, long bytes) {
        batchRecords.record(records);
        batchBytes.record(bytes);
    }

    void fetched(TopicName topic, long records, long bytes) {
        counters.count(TopicCounters.RECORDS_READ, "Records read", topic.value(), records);
        counters.count(TopicCounters.BYTES_READ, "Bytes of keys, values and headers read", topic.value(), bytes);
    }

    private Counter searched(String result) {
        return Counter.builder("trunkline.filter.records")
                .description("Records that filters looked at: those that matched, and those that were passed over")
                .tag("result", result)
                .register(registry);
    }

    /** @param bytes of all of them, with what each costs beside */
    void searched(long matched, long passed, long bytes) {
        matchedRecords.increment(matched);
        passedRecords.increment(passed);
        searchedBytes.increment(bytes);
    }

    void pageRead(long nanos) {
        fetches.record(nanos, TimeUnit.NANOSECONDS);
    }

    void rejected() {
        rejected.increment();
    }

    void repeated() {
        repeated.increment();
    }

    void wakeupPoll() {
        wakeupPolls.increment();
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

    /**
     * Shows what the last look at all partitions found; what it did not find is not shown any more.
     *
     * @param mostTopics how many topics are shown by name: the largest; the others together
     * @param mostPartitions with more partitions than this, none is shown by itself
     */
    void sizes(
            List<SizeStore.PartitionState> partitions,
            Map<String, Long> diskBytes,
            long now,
            int mostTopics,
            int mostPartitions) {
        counters.keep(partitions.stream()
                .map(SizeStore.PartitionState::topic)
                .distinct()
                .toList());
        Map<String, List<SizeStore.PartitionState>> topics = TopicSizes.largest(partitions, mostTopics);
        topicBytes.register(rows(topics, TopicSizes::bytes), true);
        topicAge.register(rows(topics, all -> age(all, now)), true);
        topicPartitions.register(rows(topics, List::size), true);
        topicDiskBytes.register(
                TopicSizes.grouped(diskBytes, topics.keySet()).entrySet().stream()
                        .map(e -> MultiGauge.Row.of(Tags.of("topic", e.getKey()), e.getValue()))
                        .toList(),
                true);
        List<SizeStore.PartitionState> shown = partitions.size() <= mostPartitions ? partitions : List.of();
        logStart.register(rows(shown, range -> range.logStartOffset()), true);
        end.register(rows(shown, range -> range.endOffset()), true);
    }

    private static double age(List<SizeStore.PartitionState> partitions, long now) {
        return partitions.stream()
                .flatMapToLong(p -> p.state().oldestTimestamp().stream())
                .mapToDouble(oldest -> Math.max(0, now - oldest) / 1000.0)
                .max()
                .orElse(0);
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

    private Timer latency(String name, String description) {
        return Timer.builder(name)
                .description(description)
                .serviceLevelObjectives(LATENCIES)
                .register(registry);
    }

    private DistributionSummary sizes(String name, String description, double[] buckets) {
        return DistributionSummary.builder(name)
                .description(description)
                .serviceLevelObjectives(buckets)
                .register(registry);
    }
}
