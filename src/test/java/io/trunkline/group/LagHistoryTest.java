package io.trunkline.group;

import static org.assertj.core.api.Assertions.assertThat;

import io.trunkline.topic.TopicName;
import io.trunkline.topic.TopicPartition;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;

/** What is kept of the lag of groups. */
class LagHistoryTest {
    private static final long MINUTE = 60_000;
    private static final long START = 1_000 * MINUTE;

    private final LagHistory history = new LagHistory(3, 5, 3);

    @Test
    void lastLookOfAMinuteCounts() {
        look(START, lag("g", "a", 0, 5), lag("g", "a", 1, 1));
        look(START + 15_000, lag("g", "a", 0, 7), lag("g", "a", 1, 2));
        look(START + MINUTE, lag("g", "a", 0, 8), lag("g", "a", 1, 0));

        LagSeries series = series("g", START + MINUTE + 1);

        assertThat(series.times()).containsExactly(START, START + MINUTE);
        assertThat(series.lag()).containsExactly(lags(9, 8));
        assertThat(series.complete()).isTrue();
        assertThat(series.partitions())
                .containsExactly(
                        new LagSeries.Partition(partition("a", 0), List.of(lags(7, 8))),
                        new LagSeries.Partition(partition("a", 1), List.of(lags(2, 0))));
    }

    @Test
    void minuteWithoutALookIsAGap() {
        look(START, lag("g", "a", 0, 5));
        look(START + 3 * MINUTE, lag("g", "a", 0, 6));

        LagSeries series = series("g", START + 5 * MINUTE);

        assertThat(series.times()).hasSize(5).last().isEqualTo(START + 4 * MINUTE);
        assertThat(series.lag()).containsExactly(lags(5, -1, -1, 6, -1));
    }

    @Test
    void valueIsCarriedOnWhileNothingIsWritten() {
        look(START, lag("g", "a", 0, 5));
        history.unchanged(START + MINUTE);
        history.unchanged(START + 2 * MINUTE);

        assertThat(series("g", START + 2 * MINUTE).lag()).containsExactly(lags(5, 5, 5));
    }

    @Test
    void valueIsNotCarriedOnAfterALookThatFailed() {
        look(START, lag("g", "a", 0, 5));
        history.lost();
        history.unchanged(START + 1_000);
        history.unchanged(START + MINUTE);

        LagSeries series = series("g", START + MINUTE);
        assertThat(series.lag()).containsExactly(lags(5, -1));
        assertThat(series.partitions().getFirst().lag()).containsExactly(lags(5, -1));
    }

    @Test
    void partitionThatALookDoesNotFindIsNotCarriedOn() {
        look(START, lag("g", "a", 0, 5), lag("g", "b", 0, 6));
        look(START + MINUTE, lag("g", "a", 0, 5));
        history.unchanged(START + 2 * MINUTE);

        LagSeries series = series("g", START + 2 * MINUTE);
        assertThat(series.lag()).containsExactly(lags(11, 5, 5));
        assertThat(series.partitions().get(1).lag()).containsExactly(lags(6, -1, -1));
    }

    @Test
    void anHourIsKept() {
        for (int minute = 0; minute < 100; minute++) {
            look(START + minute * MINUTE, lag("g", "a", 0, minute));
        }

        LagSeries series = series("g", START + 99 * MINUTE);

        assertThat(series.times()).hasSize(60).first().isEqualTo(START + 40 * MINUTE);
        assertThat(series.lag().getFirst()).hasValue(40);
        assertThat(series.lag().getLast()).hasValue(99);
        // Nothing was found for an hour and a half: what is told then is that nothing is known.
        assertThat(series("g", START + 190 * MINUTE).lag()).hasSize(60).allMatch(OptionalLong::isEmpty);
        look(START + 190 * MINUTE, lag("g", "a", 0, 1));
        assertThat(series("g", START + 190 * MINUTE).lag()).containsExactly(lags(1));
    }

    @Test
    void partitionThatIsGoneIsForgottenAfterAnHour() {
        look(START, lag("g", "a", 0, 5), lag("g", "b", 0, 6));
        for (int minute = 1; minute <= 61; minute++) {
            look(START + minute * MINUTE, lag("g", "a", 0, 5));
        }

        assertThat(series("g", START + 61 * MINUTE).partitions())
                .extracting(LagSeries.Partition::partition)
                .containsExactly(partition("a", 0));
    }

    @Test
    void clockThatIsSetBackChangesNothing() {
        look(START, lag("g", "a", 0, 5));
        look(START - 10 * MINUTE, lag("g", "a", 0, 9));

        assertThat(series("g", START).lag()).containsExactly(lags(5));
    }

    @Test
    void groupWithTooManyPartitionsHasItsSumOnly() {
        look(START, lag("g", "a", 0, 1), lag("g", "a", 1, 1));
        look(START + MINUTE, lag("g", "a", 0, 1), lag("g", "a", 1, 1), lag("g", "a", 2, 1), lag("g", "a", 3, 1));

        LagSeries series = series("g", START + MINUTE);
        assertThat(series.complete()).isFalse();
        assertThat(series.partitions()).isEmpty();
        assertThat(series.lag()).containsExactly(lags(2, 4));
        assertThat(history.of("g", START + MINUTE, topic -> true, false)
                        .orElseThrow()
                        .lag())
                .as("to who may not know of all topics")
                .containsExactly(lags(-1, -1));

        look(START + 2 * MINUTE, lag("g", "a", 0, 1));
        assertThat(series("g", START + 2 * MINUTE).complete()).isTrue();
    }

    @Test
    void groupsAfterTheMostPartitionsHaveTheirSumsOnlyUntilThereIsRoom() {
        look(
                START,
                lag("g", "a", 0, 1),
                lag("g", "a", 1, 1),
                lag("g", "a", 2, 1),
                lag("h", "a", 0, 2),
                lag("h", "a", 1, 2),
                lag("h", "a", 2, 2));
        assertThat(series("g", START).complete()).isTrue();
        assertThat(series("h", START).complete()).isFalse();
        assertThat(series("h", START).lag()).containsExactly(lags(6));

        look(START + MINUTE, lag("h", "a", 0, 2));

        assertThat(history.of("g", START, topic -> true, true)).isEmpty();
        assertThat(series("h", START + MINUTE).complete()).isTrue();
    }

    @Test
    void noMoreGroupsAreKeptThanMayBe() {
        look(START, lag("g", "a", 0, 1), lag("h", "a", 0, 1), lag("i", "a", 0, 1), lag("j", "a", 0, 1));

        assertThat(history.of("i", START, topic -> true, true)).isPresent();
        assertThat(history.of("j", START, topic -> true, true)).isEmpty();
    }

    @Test
    void whoSeesSomeTopicsIsToldOfThese() {
        look(START, lag("g", "a", 0, 5), lag("g", "secret", 0, 100));

        LagSeries series = history.of("g", START, topic -> topic.value().equals("a"), false)
                .orElseThrow();

        assertThat(series.partitions())
                .extracting(LagSeries.Partition::partition)
                .containsExactly(partition("a", 0));
        assertThat(series.lag()).containsExactly(lags(5));
    }

    private LagSeries series(String group, long now) {
        return history.of(group, now, topic -> true, true).orElseThrow();
    }

    /** A look that finds the groups of these partitions. */
    private void look(long now, PartitionLag... lags) {
        List<GroupSize> sizes = new ArrayList<>();
        Arrays.stream(lags).map(PartitionLag::group).distinct().forEach(group -> sizes.add(new GroupSize(group, 1, 0)));
        history.looked(now, sizes, List.of(lags));
    }

    private static PartitionLag lag(String group, String topic, int partition, long lag) {
        return new PartitionLag(group, partition(topic, partition), lag);
    }

    private static TopicPartition partition(String topic, int partition) {
        return new TopicPartition(new TopicName(topic), partition);
    }

    /** -1 is none. */
    private static OptionalLong[] lags(long... lags) {
        return Arrays.stream(lags)
                .mapToObj(lag -> Optional.of(lag)
                        .filter(known -> known >= 0)
                        .map(OptionalLong::of)
                        .orElseGet(OptionalLong::empty))
                .toArray(OptionalLong[]::new);
    }
}
