package io.trunkline.log;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.trunkline.async.WorkerPools;
import io.trunkline.error.ErrorCode;
import io.trunkline.error.Failures;
import io.trunkline.error.TrunklineException;
import io.trunkline.jdbc.Databases;
import io.trunkline.log.DelayedFetches.Follower;
import io.trunkline.log.DelayedFetches.Reached;
import io.trunkline.log.DelayedFetches.Waiter;
import io.trunkline.testing.HandDriven;
import io.trunkline.testing.HandDrivenTimer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** Fetches that wait at the end of partitions: who is woken, by what, and how often is looked for it. */
class DelayedFetchesTest {
    /** Longer than looks take, so that it alone sets their pace. */
    private static final Duration INTERVAL = Duration.ofSeconds(8);

    private final HandDrivenTimer timer = new HandDrivenTimer();
    private final HandDriven threads = new HandDriven();
    private final Ends ends = new Ends();
    private final DelayedFetches fetches = delayedFetches(Map.of());

    @Test
    void appendWakesThoseForWhomItIsNew() {
        Waiter atTheEnd = fetches.register(Map.of(1L, 10L));
        Waiter beyond = fetches.register(Map.of(1L, 11L));
        Waiter elsewhere = fetches.register(Map.of(2L, 10L));

        fetches.reached(1, new OffsetRange(0, 11));
        assertThat(atTheEnd.woken).as("what it does holds up no append").isNotDone();
        threads.runAll();

        assertThat(atTheEnd.woken.join()).contains(new Reached(1, new OffsetRange(0, 11)));
        assertThat(beyond.woken).isNotDone();
        assertThat(elsewhere.woken).isNotDone();
        assertThat(fetches.waiting()).isEqualTo(2);
    }

    @Test
    void waiterOfSeveralPartitionsIsWokenByTheFirstThatHasSomething() {
        Waiter waiter = fetches.register(Map.of(1L, 10L, 2L, 20L));

        fetches.reached(1, new OffsetRange(0, 10));
        threads.runAll();
        assertThat(waiter.woken).isNotDone();
        fetches.reached(2, new OffsetRange(0, 21));
        threads.runAll();

        assertThat(waiter.woken.join()).contains(new Reached(2, new OffsetRange(0, 21)));
        assertThat(fetches.waiting()).isZero();
        fetches.reached(1, new OffsetRange(0, 99));
        assertThat(threads.waiting()).isZero();
        assertThat(waiter.woken.join()).contains(new Reached(2, new OffsetRange(0, 21)));
    }

    @Test
    void everyOneOfManyIsWoken() {
        List<Waiter> waiters = new ArrayList<>();
        for (int i = 0; i < 500; i++) {
            waiters.add(fetches.register(Map.of(1L, 0L)));
        }

        fetches.reached(1, new OffsetRange(0, 1));
        threads.runAll();

        assertThat(waiters).allSatisfy(waiter -> assertThat(waiter.woken).isCompleted());
        assertThat(fetches.waiting()).isZero();
    }

    @Test
    void whoMayNotWaitIsRefusedAndRoomComesBack() {
        DelayedFetches small = delayedFetches(Map.of("trunkline.log.fetch.max-waiting", "2"));
        Waiter first = small.register(Map.of(1L, 0L));
        small.register(Map.of());

        assertThatThrownBy(() -> small.register(Map.of(2L, 0L)))
                .isInstanceOfSatisfying(
                        TrunklineException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.OVERLOADED));

        small.deregister(first);
        small.deregister(first);
        small.register(Map.of(2L, 0L));
        assertThat(small.waiting()).isEqualTo(2);
        assertThatThrownBy(() -> small.register(Map.of(3L, 0L))).isInstanceOf(TrunklineException.class);
    }

    @Test
    void lookFindsWhatOthersHaveAppended() {
        Waiter first = fetches.register(Map.of(1L, 10L));
        Waiter second = fetches.register(Map.of(2L, 20L));
        ends.put(1, 11);
        ends.put(2, 20);

        timer.runNext();

        assertThat(first.woken.join()).contains(new Reached(1, new OffsetRange(0, 11)));
        assertThat(second.woken).isNotDone();
        assertThat(ends.looks).containsExactly(Set.of(1L, 2L));
    }

    @Test
    void lookCostsByPartitionsAndNotByWaiters() {
        for (int i = 0; i < 100; i++) {
            fetches.register(Map.of(1L, 10L + i));
        }
        ends.put(1, 10);

        timer.runNext();

        assertThat(ends.looks).containsExactly(Set.of(1L));
        assertThat(timer.delays()).as("one look follows, whoever waits").hasSize(1);
    }

    @Test
    void lookThatFindsNothingNewPassesOverThoseWhoWait() {
        CountedLookups offsets = new CountedLookups();
        offsets.put(1L, 10L);
        Waiter waiter = fetches.register(offsets);
        ends.put(1, 10);

        timer.runNext();
        timer.runNext();
        fetches.reached(1, new OffsetRange(0, 10));
        assertThat(offsets.lookups).isZero();

        fetches.register(Map.of(1L, 7L));
        timer.runNext();
        assertThat(offsets.lookups).as("another one is due").isEqualTo(1);
        timer.runNext();
        assertThat(offsets.lookups).isEqualTo(1);
        ends.put(1, 11);
        timer.runNext();
        assertThat(waiter.woken.join()).contains(new Reached(1, new OffsetRange(0, 11)));
    }

    @Test
    void whoComesLaterIsDueByItsOwnOffset() {
        fetches.follow(Map.of(1L, 10L), () -> {});
        fetches.reached(1, new OffsetRange(0, 20));
        Waiter late = fetches.register(Map.of(1L, 15L));
        AtomicInteger calls = new AtomicInteger();
        Follower follower = fetches.follow(Map.of(2L, 0L), calls::incrementAndGet);
        fetches.extend(follower, Map.of(1L, 3L));

        fetches.reached(1, new OffsetRange(0, 20));
        threads.runAll();

        assertThat(late.woken.join()).contains(new Reached(1, new OffsetRange(0, 20)));
        assertThat(calls).hasValue(1);
    }

    @Test
    void waitingForAPartitionThatIsGoneFails() {
        Waiter waiter = fetches.register(Map.of(1L, 10L));

        timer.runNext();

        assertThat(code(waiter)).isEqualTo(ErrorCode.PARTITION_NOT_FOUND);
        assertThat(fetches.waiting()).isZero();
    }

    @Test
    void nobodyLooksWhileNobodyWaits() {
        assertThat(timer.delays()).isEmpty();
        Waiter waiter = fetches.register(Map.of(1L, 10L));
        assertThat(timer.delays()).containsExactly(INTERVAL);
        fetches.deregister(waiter);

        timer.runNext();

        assertThat(ends.looks).isEmpty();
        assertThat(timer.delays()).isEmpty();
        fetches.register(Map.of(1L, 10L));
        assertThat(timer.delays()).as("and again when somebody does").containsExactly(INTERVAL);
    }

    @Test
    void looksComeOftenerWhileTheyFindSomethingAndThenSlowDown() {
        fetches.register(Map.of(2L, Long.MAX_VALUE));
        ends.put(2, 0);
        fetches.register(Map.of(1L, 0L));
        ends.put(1, 1);

        timer.runNext();
        assertThat(timer.delays()).containsExactly(INTERVAL.dividedBy(8));
        timer.runNext();
        assertThat(timer.delays()).containsExactly(INTERVAL.dividedBy(4));
        timer.runNext();
        timer.runNext();
        timer.runNext();

        assertThat(timer.delays()).as("no slower than the interval").containsExactly(INTERVAL);
    }

    @Test
    void looksGoOnAtTheirPaceWhenSomebodyWaitsAgainAMomentAfterOneFoundSomething() {
        fetches.register(Map.of(1L, 0L));
        ends.put(1, 1);
        timer.runNext();
        assertThat(timer.delays()).as("it has found something").containsExactly(INTERVAL.dividedBy(8));
        timer.runNext();
        assertThat(timer.delays()).as("nobody waits").isEmpty();

        fetches.register(Map.of(1L, 1L));

        assertThat(timer.delays()).containsExactly(INTERVAL.dividedBy(8));
    }

    @Test
    void followerIsToldOfEachEndOnceAndStays() {
        AtomicInteger calls = new AtomicInteger();
        Follower follower = fetches.follow(Map.of(1L, 10L, 2L, 20L), calls::incrementAndGet);

        fetches.reached(1, new OffsetRange(0, 10));
        fetches.reached(1, new OffsetRange(0, 11));
        fetches.reached(1, new OffsetRange(0, 12));
        fetches.reached(2, new OffsetRange(5, 21));
        assertThat(threads.waiting()).as("it stands in the queue once").isEqualTo(1);
        threads.runAll();

        assertThat(calls).hasValue(1);
        assertThat(fetches.news(follower).ranges())
                .isEqualTo(Map.of(1L, Optional.of(new OffsetRange(0, 12)), 2L, Optional.of(new OffsetRange(5, 21))));
        assertThat(fetches.news(follower).ranges()).isEmpty();
        fetches.reached(1, new OffsetRange(0, 12));
        assertThat(threads.waiting()).as("it knows that end").isZero();
        fetches.reached(1, new OffsetRange(0, 13));
        threads.runAll();
        assertThat(calls).hasValue(2);
        assertThat(fetches.waiting()).isEqualTo(1);
    }

    @Test
    void lookFindsForFollowersWhatOthersHaveAppendedAndThatPartitionsAreGone() {
        AtomicInteger calls = new AtomicInteger();
        Follower follower = fetches.follow(Map.of(1L, 10L), calls::incrementAndGet);
        fetches.extend(follower, Map.of(2L, 0L));
        ends.put(1, 11);

        timer.runNext();
        threads.runAll();

        assertThat(calls).hasValue(1);
        assertThat(fetches.news(follower).ranges())
                .isEqualTo(Map.of(1L, Optional.of(new OffsetRange(0, 11)), 2L, Optional.empty()));
        assertThat(ends.looks).containsExactly(Set.of(1L, 2L));
        timer.runNext();
        threads.runAll();
        assertThat(calls).as("and says so once").hasValue(1);
    }

    @Test
    void followersGoOnWhenTheDatabaseWasAwayAndWhenTheServiceDrains() {
        AtomicInteger calls = new AtomicInteger();
        Follower follower = fetches.follow(Map.of(1L, 10L), calls::incrementAndGet);
        ends.failure = new TrunklineException(ErrorCode.DATABASE_UNAVAILABLE, "away");
        timer.runNext();
        fetches.endAll();
        ends.failure = null;
        ends.put(1, 11);

        timer.runNext();
        threads.runAll();

        assertThat(calls).hasValue(1);
        assertThat(fetches.news(follower).ranges()).containsOnlyKeys(1L);
    }

    @Test
    void nothingIsLeftOfAFollowerThatHasGone() {
        Follower follower = fetches.follow(Map.of(1L, 10L), () -> {});
        fetches.extend(follower, Map.of(2L, 0L));

        fetches.deregister(follower);
        fetches.extend(follower, Map.of(3L, 0L));

        assertThat(fetches.waiting()).isZero();
        assertThat(List.of(1L, 2L, 3L)).noneMatch(fetches::isWaitedFor);
    }

    @Test
    void followersCountAmongThoseWhoWait() {
        DelayedFetches small = delayedFetches(Map.of("trunkline.log.fetch.max-waiting", "1"));
        small.follow(Map.of(1L, 10L), () -> {});

        assertThatThrownBy(() -> small.follow(Map.of(1L, 10L), () -> {}))
                .isInstanceOfSatisfying(
                        TrunklineException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.OVERLOADED));
    }

    @Test
    void allAreToldThatTheDatabaseIsAway() {
        Waiter ofAPartition = fetches.register(Map.of(1L, 10L));
        Waiter ofNone = fetches.register(Map.of());
        ends.failure = new TrunklineException(ErrorCode.DATABASE_UNAVAILABLE, "away");

        timer.runNext();

        assertThat(code(ofAPartition)).isEqualTo(ErrorCode.DATABASE_UNAVAILABLE);
        assertThat(code(ofNone)).isEqualTo(ErrorCode.DATABASE_UNAVAILABLE);
        assertThat(fetches.waiting()).isZero();
    }

    @Test
    void lookThatFailsOtherwiseIsRepeated() {
        Waiter waiter = fetches.register(Map.of(1L, 10L));
        ends.failure = new IllegalStateException("a bug");
        timer.runNext();
        assertThat(waiter.woken).isNotDone();
        ends.failure = null;
        ends.put(1, 11);

        timer.runNext();

        assertThat(waiter.woken.join()).contains(new Reached(1, new OffsetRange(0, 11)));
    }

    @Test
    void waitsEndAsIfNothingHadComeWhenTheServiceStops() {
        Waiter ofAPartition = fetches.register(Map.of(1L, 10L));
        Waiter ofNone = fetches.register(Map.of());

        fetches.endAll();

        assertThat(ofAPartition.woken.join()).isEmpty();
        assertThat(ofNone.woken.join()).isEmpty();
        assertThat(fetches.waiting()).isZero();
    }

    @Test
    void whoWaitsAfterTheStopIsTakenWithoutALook() {
        fetches.close();

        Waiter waiter = fetches.register(Map.of(1L, 10L));
        fetches.reached(1, new OffsetRange(0, 11));

        assertThat(waiter.woken.join()).contains(new Reached(1, new OffsetRange(0, 11)));
    }

    private DelayedFetches delayedFetches(Map<String, String> config) {
        Map<String, String> all = new HashMap<>(config);
        all.put("trunkline.log.fetch.poll-interval", INTERVAL.toString());
        LogConfig values = Configs.log(all);
        SimpleMeterRegistry registry = new SimpleMeterRegistry();
        return new DelayedFetches(
                ends,
                values.fetch(),
                new LogMetrics(registry, new TopicCounters(registry, values)),
                timer,
                WorkerPools.drivenBy(threads));
    }

    private static ErrorCode code(Waiter waiter) {
        return Failures.code(waiter.woken.exceptionNow());
    }

    /** Offsets of a waiter, who is looked at with each look-up. */
    private static final class CountedLookups extends HashMap<Long, Long> {
        private static final long serialVersionUID = 1L;

        private int lookups;

        @Override
        public Long getOrDefault(Object key, Long other) {
            lookups++;
            return super.getOrDefault(key, other);
        }
    }

    /** Where partitions end, as the test says. */
    private static final class Ends extends FetchStore {
        private final Map<Long, OffsetRange> ranges = new HashMap<>();
        /** The partitions of each look. */
        private final List<Set<Long>> looks = new ArrayList<>();

        private @Nullable RuntimeException failure;

        Ends() {
            super(Databases.unreachable());
        }

        void put(long partitionId, long end) {
            ranges.put(partitionId, new OffsetRange(0, end));
        }

        @Override
        Map<Long, OffsetRange> ranges(Collection<Long> partitionIds) {
            looks.add(new TreeSet<>(partitionIds));
            if (failure != null) {
                throw failure;
            }
            return Map.copyOf(ranges);
        }
    }
}
