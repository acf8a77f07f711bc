package io.trunkline.overview;

import static org.assertj.core.api.Assertions.assertThat;

import io.trunkline.log.TopicCounters;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.OptionalDouble;
import org.junit.jupiter.api.Test;

/** What is kept of a replica's traffic. */
class TrafficHistoryTest {
    private final TrafficHistory history = new TrafficHistory();

    @Test
    void ratesAreWhatWasCountedBetweenTwoTimes() {
        sample(0, Map.of("a", counts(10, 100, 0, 0)));
        sample(15, Map.of("a", counts(25, 400, 30, 3_000)));
        sample(30, Map.of("a", counts(25, 400, 30, 3_000), "b", counts(15, 15, 0, 0)));

        Traffic traffic = history.traffic(topic -> true, true);

        assertThat(traffic.times()).containsExactly(15_000L, 30_000L);
        assertThat(traffic.recordsIn()).containsExactly(OptionalDouble.of(1), OptionalDouble.of(1));
        assertThat(traffic.bytesIn()).containsExactly(OptionalDouble.of(20), OptionalDouble.of(1));
        assertThat(traffic.recordsOut()).containsExactly(OptionalDouble.of(2), OptionalDouble.of(0));
        assertThat(traffic.bytesOut()).containsExactly(OptionalDouble.of(200), OptionalDouble.of(0));
    }

    @Test
    void whoSeesSomeTopicsIsToldOfThese() {
        sample(0, Map.of());
        sample(15, Map.of("a", counts(15, 0, 0, 0), "secret", counts(1_500, 0, 0, 0)));

        assertThat(history.traffic("a"::equals, false).recordsIn()).containsExactly(OptionalDouble.of(1));
        assertThat(history.traffic(topic -> false, false).recordsIn()).containsExactly(OptionalDouble.of(0));
        assertThat(history.traffic(topic -> true, true).recordsIn()).containsExactly(OptionalDouble.of(101));
    }

    @Test
    void topicsThatAreNotToldByNameAreToldToNobodyWhoDoesNotSeeAll() {
        sample(0, Map.of());
        sample(15, Map.of("a", counts(15, 0, 0, 0), TopicCounters.OTHERS, counts(15, 0, 0, 0)));
        sample(30, Map.of("a", counts(30, 0, 0, 0), TopicCounters.OTHERS, counts(15, 0, 0, 0)));

        assertThat(history.traffic("a"::equals, false).recordsIn())
                .containsExactly(OptionalDouble.empty(), OptionalDouble.of(1));
        assertThat(history.traffic(topic -> true, true).recordsIn())
                .containsExactly(OptionalDouble.of(2), OptionalDouble.of(1));
    }

    @Test
    void tooManyTopicsAreKeptTogetherOnly() {
        Map<String, long[]> many = new HashMap<>();
        for (int i = 0; i <= TrafficHistory.MOST_TOPICS; i++) {
            many.put("t" + i, counts(15, 0, 0, 0));
        }
        sample(0, Map.of());
        sample(15, many);

        assertThat(history.traffic(topic -> true, false).recordsIn()).containsExactly(OptionalDouble.empty());
        assertThat(history.traffic(topic -> true, true).recordsIn())
                .containsExactly(OptionalDouble.of(TrafficHistory.MOST_TOPICS + 1));
    }

    @Test
    void counterThatBeginsAnewCountsFromZero() {
        sample(0, Map.of("a", counts(1_000, 0, 0, 0)));
        sample(15, Map.of("a", counts(30, 0, 0, 0)));
        sample(30, Map.of());

        assertThat(history.traffic(topic -> true, true).recordsIn())
                .containsExactly(OptionalDouble.of(2), OptionalDouble.of(0));
    }

    @Test
    void averageOverALongTimeIsAGap() {
        sample(0, Map.of());
        sample(3_600, Map.of("a", counts(15, 0, 0, 0)));

        assertThat(history.traffic(topic -> true, true).recordsIn()).containsExactly(OptionalDouble.empty());
    }

    @Test
    void anHourIsKept() {
        for (int i = 0; i <= 2 * TrafficHistory.POINTS; i++) {
            sample(15L * i, Map.of());
        }

        assertThat(history.traffic(topic -> true, true).times())
                .hasSize(TrafficHistory.POINTS)
                .first()
                .isEqualTo(15_000L * (TrafficHistory.POINTS + 1));
        assertThat(TrafficHistory.INTERVAL.multipliedBy(TrafficHistory.POINTS)).isEqualTo(Duration.ofHours(1));
    }

    private void sample(long second, Map<String, long[]> counts) {
        history.sample(
                new HashMap<>(counts),
                second * 1_000,
                Duration.ofSeconds(second).toNanos());
    }

    private static long[] counts(long recordsIn, long bytesIn, long recordsOut, long bytesOut) {
        return new long[] {recordsIn, bytesIn, recordsOut, bytesOut};
    }
}
