package io.trunkline.overview;

import static org.assertj.core.api.Assertions.assertThat;

import io.trunkline.log.TopicState;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalLong;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Pages of topics and groups. */
class SortedTest {
    private static final Instant NOW = Instant.ofEpochSecond(1);

    @Test
    void equalItemsAreSortedByNameWhateverTheOrder() {
        Sorted<TopicState, TopicSort> topics =
                sorted(topic("b", 1, 5), topic("a", 1, 5), topic("d", 2, 9), topic("c", 1, 5));

        assertThat(names(topics, TopicSort.RECORDS, false)).containsExactly("a", "b", "c", "d");
        assertThat(names(topics, TopicSort.RECORDS, true)).containsExactly("d", "a", "b", "c");
        assertThat(names(topics, TopicSort.NAME, false)).containsExactly("a", "b", "c", "d");
        assertThat(names(topics, TopicSort.NAME, true)).containsExactly("d", "c", "b", "a");
        assertThat(names(topics, TopicSort.PARTITIONS, true)).containsExactly("d", "a", "b", "c");
    }

    @Test
    void unknownValuesComeLastInEitherOrder() {
        Sorted<GroupState, GroupSort> groups = new Sorted<>(
                List.of(
                        new GroupState("unknown", 0, OptionalLong.empty()),
                        new GroupState("few", 0, OptionalLong.of(1)),
                        new GroupState("many", 0, OptionalLong.of(9)),
                        new GroupState("also", 0, OptionalLong.empty())),
                NOW,
                GroupState::group,
                GroupSort::value);

        assertThat(groups.page(new Listing<>("", GroupSort.LAG, true, 10, 0), name -> true)
                        .items())
                .extracting(GroupState::group)
                .containsExactly("many", "few", "also", "unknown");
        assertThat(groups.page(new Listing<>("", GroupSort.LAG, false, 10, 0), name -> true)
                        .items())
                .extracting(GroupState::group)
                .containsExactly("few", "many", "also", "unknown");
    }

    @Test
    void pagesHaveEveryItemOnceAndTheTotalOfAll() {
        Sorted<TopicState, TopicSort> topics = sorted(
                topic("Orders", 1, 1), topic("orders-eu", 1, 2), topic("payments", 1, 3), topic("x.ORDERS", 1, 4));

        Page<TopicState> first = topics.page(new Listing<>("oRDer", TopicSort.RECORDS, true, 2, 0), name -> true);
        Page<TopicState> second = topics.page(new Listing<>("oRDer", TopicSort.RECORDS, true, 2, 2), name -> true);
        Page<TopicState> beyond = topics.page(new Listing<>("oRDer", TopicSort.RECORDS, true, 2, 4), name -> true);

        assertThat(first.total()).isEqualTo(3);
        assertThat(first.lookedAt()).isEqualTo(Optional.of(NOW));
        assertThat(first.items()).extracting(TopicState::name).containsExactly("x.ORDERS", "orders-eu");
        assertThat(second.items()).extracting(TopicState::name).containsExactly("Orders");
        assertThat(second.total()).isEqualTo(3);
        assertThat(beyond.items()).isEmpty();
    }

    @Test
    void whatIsNotVisibleCountsForNothing() {
        Sorted<TopicState, TopicSort> topics = sorted(topic("a", 1, 1), topic("secret", 1, 2), topic("b", 1, 3));

        Page<TopicState> page =
                topics.page(new Listing<>("", TopicSort.NAME, false, 10, 1), name -> !name.equals("secret"));

        assertThat(page.total()).isEqualTo(2);
        assertThat(page.items()).extracting(TopicState::name).containsExactly("b");
    }

    /** The fastest of some tries, since others use the machine too. */
    @Test
    void pagesOfTenThousandTopicsAreQuick() {
        Random random = new Random(7);
        List<TopicState> many = new ArrayList<>();
        for (int i = 0; i < 10_000; i++) {
            many.add(topic("service-" + random.nextInt(1_000_000) + ".events." + i, 3, random.nextInt(1_000)));
        }
        long first = Long.MAX_VALUE;
        long next = Long.MAX_VALUE;
        for (int i = 0; i < 20; i++) {
            long began = System.nanoTime();
            Sorted<TopicState, TopicSort> topics = new Sorted<>(many, NOW, TopicState::name, TopicSort::value);
            page(topics, 9_000);
            first = Math.min(first, System.nanoTime() - began);
            began = System.nanoTime();
            page(topics, 0);
            next = Math.min(next, System.nanoTime() - began);
        }

        System.out.printf("A first page of 10,000 topics took %,d us, the next %,d us%n", first / 1_000, next / 1_000);
        assertThat(Duration.ofNanos(first)).isLessThan(Duration.ofMillis(20));
        assertThat(Duration.ofNanos(next)).isLessThan(Duration.ofMillis(5));
    }

    private static void page(Sorted<TopicState, TopicSort> topics, int start) {
        Page<TopicState> page =
                topics.page(new Listing<>("events", TopicSort.RECORDS, true, 1_000, start), name -> true);
        assertThat(page.items()).hasSize(1_000);
    }

    private static List<String> names(Sorted<TopicState, TopicSort> topics, TopicSort sort, boolean descending) {
        return topics.page(new Listing<>("", sort, descending, 10, 0), name -> true).items().stream()
                .map(TopicState::name)
                .toList();
    }

    private static Sorted<TopicState, TopicSort> sorted(TopicState... topics) {
        return new Sorted<>(List.of(topics), NOW, TopicState::name, TopicSort::value);
    }

    private static TopicState topic(String name, int partitions, long records) {
        return new TopicState(
                name,
                partitions,
                records,
                records,
                OptionalLong.empty(),
                OptionalDouble.empty(),
                OptionalDouble.empty(),
                OptionalLong.empty());
    }
}
