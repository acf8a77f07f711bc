package io.trunkline.group;

import static org.assertj.core.api.Assertions.assertThat;

import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.trunkline.topic.TopicName;
import io.trunkline.topic.TopicPartition;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** How many series there are of groups, whatever there is. */
class GroupMetricsTest {
    private static final String TOPIC_LAG = "trunkline.consumer.group.lag";
    private static final String PARTITION_LAG = "trunkline.consumer.lag";
    private static final String MEMBERS = "trunkline.consumer.members";
    private static final String GENERATION = "trunkline.consumer.generation";

    private final SimpleMeterRegistry registry = new SimpleMeterRegistry();
    private final GroupMetrics metrics = new GroupMetrics(registry);

    @Test
    void lagOfATopicIsThatOfItsPartitions() {
        metrics.groups(
                List.of(lag("g", "a", 0, 5), lag("g", "a", 1, 7), lag("g", "b", 0, 1), lag("h", "a", 0, 2)),
                List.of(new GroupSize("g", 4, 2), new GroupSize("h", 9, 0)),
                10);

        assertThat(registry.get(TOPIC_LAG)
                        .tags("group", "g", "topic", "a")
                        .gauge()
                        .value())
                .isEqualTo(12);
        assertThat(registry.get(TOPIC_LAG)
                        .tags("group", "g", "topic", "b")
                        .gauge()
                        .value())
                .isEqualTo(1);
        assertThat(registry.get(TOPIC_LAG)
                        .tags("group", "h", "topic", "a")
                        .gauge()
                        .value())
                .isEqualTo(2);
        assertThat(registry.get(PARTITION_LAG)
                        .tags("group", "g", "topic", "a", "partition", "1")
                        .gauge()
                        .value())
                .isEqualTo(7);
        assertThat(registry.get(MEMBERS).tags("group", "g").gauge().value()).isEqualTo(2);
        assertThat(registry.get(GENERATION).tags("group", "h").gauge().value()).isEqualTo(9);
    }

    @Test
    void manyGroupsMakeAsManySeriesAsAreAskedForAndTheFurthestBehindAreShown() {
        List<PartitionLag> lags = new ArrayList<>();
        List<GroupSize> sizes = new ArrayList<>();
        for (int i = 0; i < 1_000; i++) {
            lags.add(lag("g" + i, "t", 0, i));
            sizes.add(new GroupSize("g" + i, 1, i));
        }

        metrics.groups(lags, sizes, 100);

        assertThat(registry.get(TOPIC_LAG).gauges())
                .hasSize(100)
                .allSatisfy(gauge -> assertThat(gauge.value()).isGreaterThanOrEqualTo(900));
        assertThat(registry.find(PARTITION_LAG).gauges()).isEmpty();
        assertThat(registry.get(MEMBERS).gauges()).hasSize(100);
        assertThat(registry.get(GENERATION).gauges()).hasSize(100);
    }

    private static PartitionLag lag(String group, String topic, int partition, long lag) {
        return new PartitionLag(group, new TopicPartition(new TopicName(topic), partition), lag);
    }
}
