package io.trunkline.log;

import static org.assertj.core.api.Assertions.assertThat;

import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/** How many series there are of topics and partitions, whatever there is. */
class LogMetricsTest {
    private static final int MANY = 10_000;
    private static final String SIZE = "trunkline.topic.size.bytes";
    private static final String DISK = "trunkline.topic.disk.bytes";
    private static final String AGE = "trunkline.topic.oldest.record.age.seconds";
    private static final String PARTITIONS = "trunkline.topic.partitions";
    private static final String END = "trunkline.partition.end.offset";

    private final SimpleMeterRegistry registry = new SimpleMeterRegistry();
    private final LogMetrics metrics = new LogMetrics(registry, new TopicCounters(registry, Configs.log(Map.of())));

    @Test
    void largestTopicsHaveTheirNamesAndTheOthersAreToldTogether() {
        metrics.sizes(
                List.of(
                        partition("small", 0, 10, 5_000),
                        partition("large", 0, 60, 9_000),
                        partition("large", 1, 40, 8_000),
                        partition("middle", 0, 50, 7_000),
                        partition("tiny", 0, 1, 1_000)),
                Map.of("small", 1L, "large", 2L, "middle", 4L, "tiny", 8L),
                10_000,
                2,
                100);

        assertThat(values(SIZE)).isEqualTo(Map.of("large", 100.0, "middle", 50.0, TopicCounters.OTHERS, 11.0));
        assertThat(values(DISK)).isEqualTo(Map.of("large", 2.0, "middle", 4.0, TopicCounters.OTHERS, 9.0));
        assertThat(values(PARTITIONS)).isEqualTo(Map.of("large", 2.0, "middle", 1.0, TopicCounters.OTHERS, 2.0));
        assertThat(values(AGE)).isEqualTo(Map.of("large", 2.0, "middle", 3.0, TopicCounters.OTHERS, 9.0));
    }

    @Test
    void manyPartitionsMakeFewSeriesUnlessAskedFor() {
        List<SizeStore.PartitionState> partitions = new ArrayList<>();
        for (int i = 0; i < MANY; i++) {
            partitions.add(partition("topic", i, 1, 0));
        }

        metrics.sizes(partitions, Map.of(), 0, 1_000, 1_000);
        assertThat(registry.find(END).gauges()).isEmpty();
        assertThat(registry.getMeters()).hasSizeLessThan(100);

        metrics.sizes(partitions, Map.of(), 0, 1_000, MANY);
        assertThat(registry.find(END).gauges()).hasSize(MANY);
    }

    @Test
    void manyTopicsMakeFewSeries() {
        List<SizeStore.PartitionState> partitions = new ArrayList<>();
        for (int i = 0; i < MANY; i++) {
            partitions.add(partition("topic-" + i, 0, 1, 0));
        }

        metrics.sizes(partitions, Map.of(), 0, 100, 1_000);

        assertThat(registry.find(SIZE).gauges()).hasSize(101);
        assertThat(registry.getMeters()).hasSizeLessThan(500);
    }

    @Test
    void topicThatIsGoneIsNotShownAnyMore() {
        metrics.sizes(List.of(partition("a", 0, 1, 0), partition("b", 0, 1, 0)), Map.of(), 0, 10, 10);
        metrics.sizes(List.of(partition("b", 0, 1, 0)), Map.of(), 0, 10, 10);

        assertThat(values(SIZE)).containsOnlyKeys("b");
        assertThat(values(END)).containsOnlyKeys("b");
    }

    private Map<String, Double> values(String name) {
        return registry.find(name).gauges().stream().collect(Collectors.toMap(LogMetricsTest::topic, Gauge::value));
    }

    private static String topic(Meter meter) {
        String topic = meter.getId().getTag("topic");
        return topic == null ? "" : topic;
    }

    private static SizeStore.PartitionState partition(String topic, int partition, long bytes, long oldest) {
        return new SizeStore.PartitionState(
                partition,
                topic,
                partition,
                bytes,
                new LogState(new OffsetRange(0, 1), bytes, OptionalLong.of(oldest)));
    }
}
