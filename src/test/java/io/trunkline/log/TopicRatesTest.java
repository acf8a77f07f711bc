package io.trunkline.log;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;

/** What looks at partitions tell of topics. */
class TopicRatesTest {
    private final TopicRates rates = new TopicRates(Duration.ofMinutes(2));

    @Test
    void partitionsOfATopicAreSummedUp() {
        TopicsLook look = rates.look(
                Instant.ofEpochMilli(7),
                0,
                List.of(
                        partition(1, "b", 0, 10, 100, 50),
                        partition(3, "a", 5, 8, 30, 0),
                        partition(2, "b", 2, 4, 20, 40)),
                Map.of("b", 1_000L),
                3);

        assertThat(look.at()).isEqualTo(Instant.ofEpochMilli(7));
        assertThat(look.slicesAhead()).isEqualTo(3);
        assertThat(look.topics()).extracting(TopicState::name).containsExactly("a", "b");
        TopicState b = look.topics().get(1);
        assertThat(b.partitions()).isEqualTo(2);
        assertThat(b.records()).isEqualTo(12);
        assertThat(b.bytes()).isEqualTo(120);
        assertThat(b.diskBytes()).hasValue(1_000);
        assertThat(b.oldestTimestamp()).hasValue(40);
        assertThat(look.topics().getFirst().diskBytes()).isEmpty();
        assertThat(look.topics().getFirst().oldestTimestamp()).isEmpty();
    }

    @Test
    void rateIsTheDifferenceOfTwoLooksAndUnknownBefore() {
        TopicState first = look(0, partition(1, "a", 0, 100, 1_000, 1));
        TopicState second = look(10, partition(1, "a", 0, 150, 3_000, 1));
        TopicState third = look(20, partition(1, "a", 0, 150, 3_000, 1));

        assertThat(first.recordsPerSecond()).isEmpty();
        assertThat(first.bytesPerSecond()).isEmpty();
        assertThat(second.recordsPerSecond()).hasValue(5);
        assertThat(second.bytesPerSecond()).hasValue(200);
        assertThat(third.recordsPerSecond()).hasValue(0);
    }

    /** What retention removes is not written. */
    @Test
    void logStartThatMovesChangesNoRate() {
        look(0, partition(1, "a", 0, 100, 1_000, 1));
        TopicState purged = look(
                10,
                new SizeStore.PartitionState(
                        1, "a", 0, 1_000, new LogState(new OffsetRange(90, 100), 100, OptionalLong.of(1))));

        assertThat(purged.records()).isEqualTo(10);
        assertThat(purged.recordsPerSecond()).hasValue(0);
        assertThat(purged.bytesPerSecond()).hasValue(0);
    }

    @Test
    void looksThatAreCloseLeaveTheRateAsItIs() {
        look(0, partition(1, "a", 0, 100, 1_000, 1));
        look(10, partition(1, "a", 0, 150, 1_000, 1));
        TopicState close = look(11, partition(1, "a", 0, 1_000, 1_000, 1));
        TopicState later = look(20, partition(1, "a", 0, 1_150, 1_000, 1));

        assertThat(close.recordsPerSecond()).hasValue(5);
        assertThat(close.records()).isEqualTo(1_000);
        assertThat(later.recordsPerSecond()).hasValue(100);
    }

    @Test
    void averageOverALongTimeIsNoRate() {
        look(0, partition(1, "a", 0, 100, 1_000, 1));

        assertThat(look(600, partition(1, "a", 0, 700, 1_000, 1)).recordsPerSecond())
                .isEmpty();
        assertThat(look(605, partition(1, "a", 0, 705, 1_000, 1)).recordsPerSecond())
                .hasValue(1);
    }

    @Test
    void anotherTopicOfTheSameNameHasNoRateYet() {
        look(0, partition(1, "a", 0, 100, 1_000, 1));

        assertThat(look(10, partition(9, "a", 0, 500, 5_000, 1)).recordsPerSecond())
                .isEmpty();
    }

    private TopicState look(long second, SizeStore.PartitionState partition) {
        return rates.look(
                        Instant.ofEpochSecond(second),
                        Duration.ofSeconds(second).toNanos(),
                        List.of(partition),
                        Map.of(),
                        1)
                .topics()
                .getFirst();
    }

    /** @param oldest 0 for none */
    private static SizeStore.PartitionState partition(
            long id, String topic, long start, long end, long bytes, long oldest) {
        return new SizeStore.PartitionState(
                id,
                topic,
                (int) id,
                bytes,
                new LogState(
                        new OffsetRange(start, end),
                        bytes,
                        oldest == 0 ? OptionalLong.empty() : OptionalLong.of(oldest)));
    }
}
