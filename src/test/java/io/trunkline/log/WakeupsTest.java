package io.trunkline.log;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.trunkline.error.ErrorCode;
import io.trunkline.error.Failures;
import io.trunkline.error.TrunklineException;
import io.trunkline.jdbc.Databases;
import io.trunkline.log.Wakeups.Waiter;
import io.trunkline.testing.HandDrivenTimer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** Fetches that wait at the end of partitions: who is woken, by what, and how often is looked for it. */
class WakeupsTest {
    private static final Duration PATIENCE = Duration.ofSeconds(30);
    /** Longer than looks take, so that it alone sets their pace. */
    private static final Duration INTERVAL = Duration.ofSeconds(8);

    private final HandDrivenTimer timer = new HandDrivenTimer();
    private final Ends ends = new Ends();
    private final Wakeups wakeups = wakeups(Map.of());

    @Test
    void appendWakesThoseForWhomItIsNew() {
        Waiter atTheEnd = wakeups.register(1, 10);
        Waiter beyond = wakeups.register(1, 11);
        Waiter elsewhere = wakeups.register(2, 10);

        wakeups.reached(1, new OffsetRange(0, 11));

        assertThat(atTheEnd.woken.join()).contains(new OffsetRange(0, 11));
        assertThat(beyond.woken).isNotDone();
        assertThat(elsewhere.woken).isNotDone();
        assertThat(wakeups.waiting()).isEqualTo(2);
    }

    @Test
    void waiterOfSeveralPartitionsIsWokenByTheFirstThatHasSomething() {
        Waiter waiter = wakeups.register(Map.of(1, 10L, 2, 20L));

        wakeups.reached(1, new OffsetRange(0, 10));
        assertThat(waiter.woken).isNotDone();
        wakeups.reached(2, new OffsetRange(0, 21));

        assertThat(waiter.woken.join()).contains(new OffsetRange(0, 21));
        assertThat(wakeups.waiting()).isZero();
        wakeups.reached(1, new OffsetRange(0, 99));
        assertThat(waiter.woken.join()).contains(new OffsetRange(0, 21));
    }

    @Test
    void everyOneOfManyIsWoken() {
        List<Waiter> waiters = new ArrayList<>();
        for (int i = 0; i < 500; i++) {
            waiters.add(wakeups.register(1, 0));
        }

        wakeups.reached(1, new OffsetRange(0, 1));

        assertThat(waiters).allSatisfy(waiter -> assertThat(waiter.woken).succeedsWithin(PATIENCE));
        assertThat(wakeups.waiting()).isZero();
    }

    @Test
    void whoMayNotWaitIsRefusedAndRoomComesBack() {
        Wakeups small = wakeups(Map.of("trunkline.log.fetch.max-waiting", "2"));
        Waiter first = small.register(1, 0);
        small.register(Map.of());

        assertThatThrownBy(() -> small.register(2, 0))
                .isInstanceOfSatisfying(
                        TrunklineException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.OVERLOADED));

        small.deregister(first);
        small.deregister(first);
        small.register(2, 0);
        assertThat(small.waiting()).isEqualTo(2);
        assertThatThrownBy(() -> small.register(3, 0)).isInstanceOf(TrunklineException.class);
    }

    @Test
    void lookFindsWhatOthersHaveAppended() {
        Waiter first = wakeups.register(1, 10);
        Waiter second = wakeups.register(2, 20);
        ends.put(1, 11);
        ends.put(2, 20);

        timer.runNext();

        assertThat(first.woken.join()).contains(new OffsetRange(0, 11));
        assertThat(second.woken).isNotDone();
        assertThat(ends.looks).containsExactly(Set.of(1, 2));
    }

    @Test
    void lookCostsByPartitionsAndNotByWaiters() {
        for (int i = 0; i < 100; i++) {
            wakeups.register(1, 10 + i);
        }
        ends.put(1, 10);

        timer.runNext();

        assertThat(ends.looks).containsExactly(Set.of(1));
        assertThat(timer.delays()).as("one look follows, whoever waits").hasSize(1);
    }

    @Test
    void waitingForAPartitionThatIsGoneFails() {
        Waiter waiter = wakeups.register(1, 10);

        timer.runNext();

        assertThat(code(waiter)).isEqualTo(ErrorCode.PARTITION_NOT_FOUND);
        assertThat(wakeups.waiting()).isZero();
    }

    @Test
    void nobodyLooksWhileNobodyWaits() {
        assertThat(timer.delays()).isEmpty();
        Waiter waiter = wakeups.register(1, 10);
        assertThat(timer.delays()).containsExactly(INTERVAL);
        wakeups.deregister(waiter);

        timer.runNext();

        assertThat(ends.looks).isEmpty();
        assertThat(timer.delays()).isEmpty();
        wakeups.register(1, 10);
        assertThat(timer.delays()).as("and again when somebody does").containsExactly(INTERVAL);
    }

    @Test
    void looksComeOftenerWhileTheyFindSomethingAndThenSlowDown() {
        wakeups.register(2, Long.MAX_VALUE);
        ends.put(2, 0);
        wakeups.register(1, 0);
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
    void looksBeginAtTheIntervalAgainWhenSomebodyWaitsAgain() {
        wakeups.register(1, 0);
        ends.put(1, 1);
        timer.runNext();
        assertThat(timer.delays()).as("it has found something").containsExactly(INTERVAL.dividedBy(8));
        timer.runNext();

        wakeups.register(1, 1);

        assertThat(timer.delays()).containsExactly(INTERVAL);
    }

    @Test
    void allAreToldThatTheDatabaseIsAway() {
        Waiter ofAPartition = wakeups.register(1, 10);
        Waiter ofNone = wakeups.register(Map.of());
        ends.failure = new TrunklineException(ErrorCode.DATABASE_UNAVAILABLE, "away");

        timer.runNext();

        assertThat(code(ofAPartition)).isEqualTo(ErrorCode.DATABASE_UNAVAILABLE);
        assertThat(code(ofNone)).isEqualTo(ErrorCode.DATABASE_UNAVAILABLE);
        assertThat(wakeups.waiting()).isZero();
    }

    @Test
    void lookThatFailsOtherwiseIsRepeated() {
        Waiter waiter = wakeups.register(1, 10);
        ends.failure = new IllegalStateException("a bug");
        timer.runNext();
        assertThat(waiter.woken).isNotDone();
        ends.failure = null;
        ends.put(1, 11);

        timer.runNext();

        assertThat(waiter.woken.join()).contains(new OffsetRange(0, 11));
    }

    @Test
    void waitsEndAsIfNothingHadComeWhenTheServiceStops() {
        Waiter ofAPartition = wakeups.register(1, 10);
        Waiter ofNone = wakeups.register(Map.of());

        wakeups.endAll();

        assertThat(ofAPartition.woken.join()).isEmpty();
        assertThat(ofNone.woken.join()).isEmpty();
        assertThat(wakeups.waiting()).isZero();
    }

    @Test
    void whoWaitsAfterTheStopIsTakenWithoutALook() {
        wakeups.close();

        Waiter waiter = wakeups.register(1, 10);
        wakeups.reached(1, new OffsetRange(0, 11));

        assertThat(waiter.woken.join()).contains(new OffsetRange(0, 11));
    }

    private Wakeups wakeups(Map<String, String> config) {
        Map<String, String> all = new HashMap<>(config);
        all.put("trunkline.log.fetch.poll-interval", INTERVAL.toString());
        LogConfig values = Configs.log(all);
        SimpleMeterRegistry registry = new SimpleMeterRegistry();
        return new Wakeups(ends, values.fetch(), new LogMetrics(registry, new TopicCounters(registry, values)), timer);
    }

    private static ErrorCode code(Waiter waiter) {
        return Failures.code(waiter.woken.exceptionNow());
    }

    /** Where partitions end, as the test says. */
    private static final class Ends extends FetchStore {
        private final Map<Integer, OffsetRange> ranges = new HashMap<>();
        /** The partitions of each look. */
        private final List<Set<Integer>> looks = new ArrayList<>();

        private @Nullable RuntimeException failure;

        Ends() {
            super(Databases.unreachable());
        }

        void put(int partitionId, long end) {
            ranges.put(partitionId, new OffsetRange(0, end));
        }

        @Override
        Map<Integer, OffsetRange> ranges(Collection<Integer> partitionIds) {
            looks.add(new TreeSet<>(partitionIds));
            if (failure != null) {
                throw failure;
            }
            return Map.copyOf(ranges);
        }
    }
}
