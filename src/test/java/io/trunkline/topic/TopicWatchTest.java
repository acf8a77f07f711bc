package io.trunkline.topic;

import static org.assertj.core.api.Assertions.assertThat;

import io.quarkus.test.junit.QuarkusTest;
import io.trunkline.jdbc.Databases;
import io.trunkline.jdbc.Transactions;
import io.trunkline.testing.HandDrivenTimer;
import io.trunkline.testing.ServiceTestCase;
import jakarta.inject.Inject;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Who is told that topics have changed, and how often. */
@QuarkusTest
class TopicWatchTest extends ServiceTestCase {
    @Inject
    Transactions transactions;

    @Inject
    TopicDefaults defaults;

    private final HandDrivenTimer timer = new HandDrivenTimer();
    private final Store store = new Store();
    private Topics topics;
    private TopicWatch watch;

    @BeforeEach
    void startWatch() {
        topics = new Topics(store, transactions, defaults);
        watch = new TopicWatch(topics, timer);
    }

    @AfterEach
    void stopWatch() {
        topics.close();
        timer.shutdownNow();
    }

    @Test
    void watcherIsToldWhenItsTopicHasOtherPartitionsThanItKnows() {
        List<List<Long>> told = new ArrayList<>();
        try (TopicWatch.Watcher watcher = watch.watch(topic(0), told::add)) {
            timer.runNext();
            timer.runNext();
            assertThat(told).as("it knows").isEmpty();

            store.partitions.put(name(0), List.of(0L, 100L));
            timer.runNext();
            assertThat(told).as("the version is the same").isEmpty();
            store.version = 2;
            timer.runNext();
            timer.runNext();
            assertThat(told).containsExactly(List.of(0L, 100L));

            store.partitions.remove(name(0));
            store.version = 3;
            timer.runNext();
            assertThat(told).last().isEqualTo(List.of());
            assertThat(watcher).isNotNull();
        }
        timer.runNext();
        assertThat(timer.delays()).as("nobody watches").isEmpty();
    }

    @Test
    void watcherThatKnowsLessThanTheFirstVersionIsTold() {
        List<List<Long>> told = new ArrayList<>();
        store.partitions.put(name(0), List.of(0L, 100L));
        try (TopicWatch.Watcher watcher = watch.watch(topic(0), told::add)) {
            timer.runNext();

            assertThat(told).containsExactly(List.of(0L, 100L));
            assertThat(watcher).isNotNull();
        }
    }

    @Test
    void watcherThatCouldNotDoAnythingIsToldAgain() {
        List<List<Long>> told = new ArrayList<>();
        store.partitions.put(name(0), List.of(0L, 100L));
        try (TopicWatch.Watcher watcher = watch.watch(topic(0), partitions -> {
            told.add(partitions);
            return told.size() == 3;
        })) {
            for (int i = 0; i < 5; i++) {
                timer.runNext();
            }

            assertThat(told).hasSize(3).containsOnly(List.of(0L, 100L));
            assertThat(watcher).isNotNull();
        }
    }

    /** Others produce to these topics, and readers of many topics wait for one another. */
    @Test
    void allTopicsAreLookedUpAtOnceAndOnlyReadersOfThoseThatHaveChangedAreTold() {
        Set<TopicName> told = new HashSet<>();
        List<TopicWatch.Watcher> watchers = IntStream.range(0, 2_000)
                .mapToObj(i -> watch.watch(topic(i), partitions -> told.add(name(i))))
                .toList();
        store.partitions.put(name(7), List.of(7L, 107L));

        timer.runNext();

        assertThat(told).containsExactly(name(7));
        assertThat(store.lookUps).hasValue(1);
        watchers.forEach(TopicWatch.Watcher::close);
    }

    /** Whatever the order in which readers are told, some are behind the one that fails. */
    @Test
    void readerThatFailsIsNothingToTheOthers() {
        Set<TopicName> told = new HashSet<>();
        Set<TopicName> failing =
                IntStream.range(0, 10).mapToObj(TopicWatchTest::name).collect(Collectors.toSet());
        List<TopicWatch.Watcher> watchers = IntStream.range(0, 20)
                .mapToObj(i -> watch.watch(topic(i), partitions -> {
                    if (failing.contains(name(i))) {
                        throw new IllegalStateException("a reader that fails");
                    }
                    return told.add(name(i));
                }))
                .toList();
        store.partitions.replaceAll((name, partitions) -> List.of(partitions.getFirst(), 100L));

        timer.runNext();

        assertThat(told)
                .containsExactlyInAnyOrderElementsOf(
                        IntStream.range(10, 20).mapToObj(TopicWatchTest::name).toList());
        failing.clear();
        timer.runNext();
        assertThat(told).hasSize(20);
        watchers.forEach(TopicWatch.Watcher::close);
    }

    @Test
    void whatCannotBeLookedUpIsLookedUpAgain() {
        List<List<Long>> told = new ArrayList<>();
        store.partitions.put(name(0), List.of(0L, 100L));
        store.broken = true;
        try (TopicWatch.Watcher watcher = watch.watch(topic(0), told::add)) {
            timer.runNext();
            assertThat(told).isEmpty();

            store.broken = false;
            timer.runNext();

            assertThat(told).containsExactly(List.of(0L, 100L));
            assertThat(watcher).isNotNull();
        }
    }

    private static TopicName name(int i) {
        return new TopicName("topic-" + i);
    }

    /** A topic as readers know it. */
    private static Topic topic(int i) {
        return new Topic(new UUID(0, i), name(i), List.of((long) i), TopicConfig.DEFAULT);
    }

    /** Topics as the test says. */
    private static final class Store extends TopicStore {
        private volatile long version = 1;
        private volatile boolean broken;
        private final Map<TopicName, List<Long>> partitions = new ConcurrentHashMap<>();
        private final AtomicInteger lookUps = new AtomicInteger();

        Store() {
            super(Databases.unreachable());
            for (int i = 0; i < 2_000; i++) {
                partitions.put(name(i), List.of((long) i));
            }
        }

        @Override
        long version() {
            return version;
        }

        @Override
        Map<TopicName, List<Long>> idsOf(Collection<TopicName> topics) {
            if (broken) {
                throw new IllegalStateException("rows that cannot be read");
            }
            lookUps.incrementAndGet();
            Map<TopicName, List<Long>> found = new HashMap<>(partitions);
            found.keySet().retainAll(topics);
            return found;
        }
    }
}
