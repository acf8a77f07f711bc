package io.trunkline.topic;

import static org.assertj.core.api.Assertions.assertThat;

import io.quarkus.test.junit.QuarkusTest;
import io.trunkline.jdbc.Databases;
import io.trunkline.jdbc.Transactions;
import io.trunkline.testing.HandDrivenTimer;
import io.trunkline.testing.ServiceTestCase;
import jakarta.inject.Inject;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
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
    void watcherIsToldOncePerVersion() {
        List<Optional<Topic>> told = new ArrayList<>();
        try (TopicWatch.Watcher watcher = watch.watch(name(0), told::add)) {
            timer.runNext();
            timer.runNext();
            assertThat(told).hasSize(1);

            store.version = 2;
            timer.runNext();
            assertThat(told).hasSize(2);
            assertThat(watcher).isNotNull();
        }
        timer.runNext();
        assertThat(timer.delays()).as("nobody watches").isEmpty();
    }

    @Test
    void watcherThatCouldNotDoAnythingIsToldAgain() {
        List<Optional<Topic>> told = new ArrayList<>();
        try (TopicWatch.Watcher watcher = watch.watch(name(0), topic -> {
            told.add(topic);
            return told.size() == 3;
        })) {
            for (int i = 0; i < 5; i++) {
                timer.runNext();
            }

            assertThat(told).hasSize(3);
            assertThat(watcher).isNotNull();
        }
    }

    /** Whatever the order in which topics are looked at, some are behind the one that cannot be. */
    @Test
    void topicThatCannotBeReadIsNothingToTheOthers() {
        Set<TopicName> told = new HashSet<>();
        List<TopicWatch.Watcher> watchers = IntStream.range(0, 20)
                .mapToObj(i -> watch.watch(name(i), topic -> told.add(name(i))))
                .toList();
        store.broken.addAll(
                IntStream.range(0, 10).mapToObj(TopicWatchTest::name).toList());

        timer.runNext();

        assertThat(told)
                .containsExactlyInAnyOrderElementsOf(
                        IntStream.range(10, 20).mapToObj(TopicWatchTest::name).toList());
        store.broken.clear();
        timer.runNext();
        assertThat(told).hasSize(20);
        watchers.forEach(TopicWatch.Watcher::close);
    }

    private static TopicName name(int i) {
        return new TopicName("topic-" + i);
    }

    /** Topics as the test says. */
    private static final class Store extends TopicStore {
        private volatile long version = 1;
        private final Set<TopicName> broken = new HashSet<>();

        Store() {
            super(Databases.unreachable());
        }

        @Override
        long version() {
            return version;
        }

        @Override
        Optional<Topic> find(TopicName name) {
            if (broken.contains(name)) {
                throw new IllegalStateException("a row that cannot be read");
            }
            return Optional.of(new Topic(UUID.randomUUID(), name, List.of(1L), TopicConfig.DEFAULT));
        }
    }
}
