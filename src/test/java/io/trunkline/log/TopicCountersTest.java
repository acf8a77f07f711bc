package io.trunkline.log;

import static org.assertj.core.api.Assertions.assertThat;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** Counters of a bounded number of topics. */
class TopicCountersTest {
    private static final String NAME = "trunkline.test";

    private final SimpleMeterRegistry registry = new SimpleMeterRegistry();
    private final TopicCounters counters =
            new TopicCounters(registry, Configs.log(Map.of("trunkline.log.metrics.max-topics", "2")));

    @Test
    void topicsBeyondTheBoundAreCountedTogether() {
        count("a", 1);
        count("b", 2);
        count("c", 4);
        count("d", 8);
        count("a", 16);

        assertThat(counted("a")).isEqualTo(17);
        assertThat(counted("b")).isEqualTo(2);
        assertThat(counted(TopicCounters.OTHERS)).isEqualTo(12);
        assertThat(counted("c")).isNull();
    }

    @Test
    void deletedTopicIsForgottenAtTheSecondLookAndMakesRoom() {
        count("a", 1);
        count("b", 1);

        counters.keep(List.of("a"));
        assertThat(counted("b")).isEqualTo(1);
        counters.keep(List.of("a"));
        assertThat(counted("b")).isNull();
        assertThat(counted("a")).isEqualTo(1);

        count("c", 1);
        assertThat(counted("c")).isEqualTo(1);
    }

    @Test
    void topicThatIsSeenAgainIsKept() {
        count("a", 1);

        counters.keep(List.of());
        counters.keep(List.of("a"));
        counters.keep(List.of());

        assertThat(counted("a")).isEqualTo(1);
    }

    private void count(String topic, long amount) {
        counters.count(NAME, "a test", topic, amount);
    }

    private @Nullable Double counted(String topic) {
        Counter counter = registry.find(NAME).tag("topic", topic).counter();
        return counter == null ? null : counter.count();
    }
}
