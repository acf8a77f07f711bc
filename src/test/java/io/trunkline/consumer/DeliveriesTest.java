package io.trunkline.consumer;

import static org.assertj.core.api.Assertions.assertThat;

import io.smallrye.config.PropertiesConfigSource;
import io.smallrye.config.SmallRyeConfigBuilder;
import io.trunkline.async.WorkerPool;
import io.trunkline.async.WorkerPools;
import io.trunkline.consumer.ConsumerSnapshot.Held;
import io.trunkline.consumer.ConsumerSnapshot.SubscriptionKind;
import io.trunkline.consumer.Deliveries.Claimed;
import io.trunkline.consumer.Deliveries.Delivery;
import io.trunkline.consumer.Deliveries.Looked;
import io.trunkline.error.ErrorCode;
import io.trunkline.error.Failures;
import io.trunkline.error.TrunklineException;
import io.trunkline.group.ConsumerConfig;
import io.trunkline.group.ConsumerOptions;
import io.trunkline.group.GroupName;
import io.trunkline.group.MemberName;
import io.trunkline.group.NoHeartbeats;
import io.trunkline.group.OffsetReset;
import io.trunkline.jdbc.Databases;
import io.trunkline.testing.HandDriven;
import io.trunkline.testing.HandDrivenTimer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;
import org.awaitility.Awaitility;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** Answers on their way: what is claimed for them, and who notes what became of them. */
class DeliveriesTest {
    private static final Duration PATIENCE = Duration.ofSeconds(30);
    private static final Duration TIMEOUT = Duration.ofSeconds(10);
    private static final long MEMBER = 5;
    private static final int GENERATION = 3;
    private static final GroupName GROUP = GroupName.parse("g");
    private static final MemberName NAME = MemberName.parse("m");
    private static final PositionStore.Key KEY = new PositionStore.Key(GROUP, NAME);

    private final HandDriven threads = new HandDriven();
    private final HandDrivenTimer timer = new HandDrivenTimer();
    private final Positions positions = new Positions();
    private final Deliveries deliveries = deliveries();

    private Duration now = Duration.ZERO;

    @Test
    void recordsAreClaimedForAnAnswer() {
        CompletableFuture<Claimed> claimed =
                deliveries.claim(KEY, looked(held(1, 10), held(2, 20)), Map.of(1L, 15L), null);
        assertThat(claimed).isNotDone();

        threads.runAll();

        assertThat(claimed.join().partitionIds()).containsExactly(1L);
        assertThat(claimed.join().generation()).isEqualTo(GENERATION);
        assertThat(positions.claims).singleElement().satisfies(claim -> {
            assertThat(claim.partitionId()).isEqualTo(1);
            assertThat(claim.position()).isEqualTo(10);
            assertThat(claim.claimOffset()).isEqualTo(15L);
            assertThat(claim.claimId()).isEqualTo(claimed.join().delivery().claimId());
            assertThat(claim.commits()).isFalse();
        });
        assertThat(deliveries.sent(GROUP, NAME)).as("it is being sent").isNotDone();
    }

    @Test
    void whatWasDeliveredBeforeIsCommittedByThePollThatFollows() {
        Held delivered = new Held(1, OptionalInt.of(GENERATION), OptionalLong.of(10), OptionalLong.of(4), false, false);

        deliveries.claim(KEY, looked(delivered), Map.of(), null);
        threads.runAll();

        assertThat(positions.claims).singleElement().satisfies(claim -> {
            assertThat(claim.commits()).isTrue();
            assertThat(claim.claimId()).isNull();
        });
        assertThat(deliveries.sent(GROUP, NAME)).as("nothing is being sent").isDone();
    }

    @Test
    void whatOthersHaveClaimedIsNotSent() {
        positions.lost.add(2L);

        CompletableFuture<Claimed> some =
                deliveries.claim(KEY, looked(held(1, 10), held(2, 20)), Map.of(1L, 15L, 2L, 25L), null);
        threads.runAll();
        assertThat(some.join().partitionIds()).containsExactly(1L);
        some.join().delivery().ended(true);
        threads.runAll();

        CompletableFuture<Claimed> none = deliveries.claim(KEY, looked(held(2, 20)), Map.of(2L, 25L), null);
        threads.runAll();
        assertThat(none.join().partitionIds()).isEmpty();
        assertThat(deliveries.sent(GROUP, NAME)).as("nothing is being sent").isDone();
    }

    @Test
    void deliveryOfAConsumerThatMayPollElsewhereIsNotedAtOnce() {
        Delivery delivery = sent(looked(held(1, 10)), Map.of(1L, 15L));

        delivery.ended(true);
        assertThat(deliveries.sent(GROUP, NAME)).isNotDone();
        threads.runAll();

        assertThat(positions.marks).containsExactly(new PositionStore.Mark(MEMBER, delivery.claimId(), true));
        assertThat(deliveries.sent(GROUP, NAME)).isDone();
    }

    @Test
    void lostAnswerIsNotedAsLostAndWhatIsSaidLaterIsNotHeard() {
        Delivery delivery = sticky();

        delivery.ended(false);
        delivery.ended(true);
        threads.runAll();

        assertThat(positions.marks).containsExactly(new PositionStore.Mark(MEMBER, delivery.claimId(), false));
    }

    @Test
    void deliveryIsNotedByTheClaimOfThePollThatTakesOver() {
        Delivery before = sticky();
        before.ended(true);
        assertThat(positions.marks).as("not yet").isEmpty();

        Delivery taken = deliveries.takeOver(GROUP, NAME).orElseThrow();
        CompletableFuture<Claimed> next = deliveries.claim(KEY, taken.after(), Map.of(1L, 30L), taken);
        threads.runAll();

        assertThat(taken).isSameAs(before);
        assertThat(positions.claims.getLast().deliveredId()).isEqualTo(before.claimId());
        assertThat(positions.claims.getLast().position()).isEqualTo(20);
        assertThat(next.join().partitionIds()).containsExactly(1L);
        drainTimer();
        assertThat(positions.marks).as("nor twice").isEmpty();
    }

    @Test
    void deliveryIsTakenOverOnceAndOnlyWhenTheNetworkHasTakenIt() {
        Delivery delivery = sticky();
        assertThat(deliveries.takeOver(GROUP, NAME)).isEmpty();
        delivery.ended(true);

        assertThat(deliveries.takeOver(GROUP, NAME)).contains(delivery);
        assertThat(deliveries.takeOver(GROUP, NAME)).isEmpty();
        assertThat(deliveries.takeOver(GROUP, MemberName.parse("other"))).isEmpty();
    }

    /** Which of them the next poll comes after, nobody can tell. */
    @Test
    void noneOfSeveralDeliveriesIsTakenOver() {
        Delivery first = sticky();
        Delivery second = sent(looked(held(1, 20)), Map.of(1L, 25L));
        first.ended(true);
        second.ended(true);

        assertThat(deliveries.takeOver(GROUP, NAME)).isEmpty();
    }

    @Test
    void memberThatWasLookedAtLongAgoIsLookedAtAnew() {
        Delivery delivery = sticky();
        delivery.ended(true);
        now = Duration.ofMillis(250);

        assertThat(deliveries.takeOver(GROUP, NAME)).isEmpty();
    }

    /** Its next poll may as well come to another replica. */
    @Test
    void deliveryIsNotedAtOnceWhereTheAnswerBeforeItWasLongAgo() {
        sent(looked(held(1, 10)), Map.of(1L, 15L)).ended(true);
        threads.runAll();
        positions.marks.clear();
        now = Duration.ofSeconds(1);

        sent(looked(held(1, 15)), Map.of(1L, 20L)).ended(true);
        threads.runAll();

        assertThat(positions.marks).hasSize(1);
    }

    /** What is known of the member afterwards holds for all that was wanted only. */
    @Test
    void deliveryOfWhatWasClaimedInPartIsNotedAtOnce() {
        sent(looked(held(1, 10), held(2, 20)), Map.of(1L, 15L, 2L, 25L)).ended(true);
        threads.runAll();
        positions.marks.clear();
        positions.lost.add(2L);

        Delivery inPart = sent(looked(held(1, 15), held(2, 25)), Map.of(1L, 20L, 2L, 30L));
        inPart.ended(true);
        threads.runAll();

        assertThat(positions.marks).containsExactly(new PositionStore.Mark(MEMBER, inPart.claimId(), true));
    }

    @Test
    void deliveryThatWasTakenOverInVainIsNotedInTheOrdinaryWay() {
        Delivery delivery = sticky();
        delivery.ended(true);
        Delivery taken = deliveries.takeOver(GROUP, NAME).orElseThrow();
        positions.failure = new TrunklineException(ErrorCode.DATABASE_UNAVAILABLE, "away");

        CompletableFuture<Claimed> failed = deliveries.claim(KEY, taken.after(), Map.of(1L, 30L), taken);
        threads.runNext();
        positions.failure = null;
        threads.runAll();

        assertThat(Failures.code(failed.exceptionNow())).isEqualTo(ErrorCode.DATABASE_UNAVAILABLE);
        assertThat(positions.marks)
                .as("delivered before, and lost now")
                .extracting(PositionStore.Mark::delivered)
                .containsExactlyInAnyOrder(true, false);
        assertThat(positions.marks).contains(new PositionStore.Mark(MEMBER, delivery.claimId(), true));
    }

    @Test
    void deliveryThatTheNextClaimDidNotNoteIsNotedInTheOrdinaryWay() {
        Delivery delivery = sticky();
        delivery.ended(true);
        Delivery taken = deliveries.takeOver(GROUP, NAME).orElseThrow();
        positions.lost.add(1L);

        deliveries.claim(KEY, taken.after(), Map.of(1L, 30L), taken);
        threads.runAll();

        assertThat(positions.marks).containsExactly(new PositionStore.Mark(MEMBER, delivery.claimId(), true));
    }

    @Test
    void deliveryAfterWhichNoPollComesAtOnceIsNotedAMomentLater() {
        Delivery delivery = sticky();
        delivery.ended(true);
        drainTimer();
        assertThat(positions.marks).as("not yet").isEmpty();

        now = now.plusMillis(5);
        drainTimer();

        assertThat(positions.marks).containsExactly(new PositionStore.Mark(MEMBER, delivery.claimId(), true));
        assertThat(deliveries.takeOver(GROUP, NAME)).isEmpty();
        assertThat(deliveries.sent(GROUP, NAME)).isDone();
    }

    @Test
    void whoTakesOverPartitionsWaitsUntilTheAnswersOfTheGroupAreNoted() {
        Delivery delivery = sticky();
        delivery.ended(true);

        CompletableFuture<Void> sent = deliveries.sent(GROUP);
        assertThat(sent).isNotDone();
        threads.runAll();

        assertThat(positions.marks)
                .as("at once")
                .containsExactly(new PositionStore.Mark(MEMBER, delivery.claimId(), true));
        assertThat(sent).isDone();
        assertThat(deliveries.sent(GroupName.parse("other"))).isDone();
    }

    @Test
    void whoWaitsForAnAnswerThatIsBeingSentWaitsAMomentOnly() {
        sticky();

        assertThat(deliveries.sent(GROUP)).succeedsWithin(PATIENCE);
        assertThat(positions.marks).isEmpty();
    }

    @Test
    void noteThatFailsIsRepeatedWhileTheClaimHolds() {
        Delivery delivery = sent(looked(held(1, 10)), Map.of(1L, 15L));
        positions.failure = new TrunklineException(ErrorCode.DATABASE_UNAVAILABLE, "away");
        delivery.ended(true);
        threads.runAll();
        assertThat(timer.delays()).hasSize(1);
        assertThat(deliveries.sent(GROUP, NAME)).isNotDone();
        positions.failure = null;
        now = TIMEOUT;

        drainTimer();

        assertThat(positions.marks).containsExactly(new PositionStore.Mark(MEMBER, delivery.claimId(), true));
        assertThat(deliveries.sent(GROUP, NAME)).isDone();
    }

    @Test
    void noteThatFailsForLongIsGivenUp() {
        Delivery delivery = sent(looked(held(1, 10)), Map.of(1L, 15L));
        positions.failure = new TrunklineException(ErrorCode.DATABASE_UNAVAILABLE, "away");
        delivery.ended(true);
        threads.runAll();
        now = TIMEOUT.minusNanos(1);
        drainTimer();
        assertThat(timer.delays()).as("once more").hasSize(1);

        now = TIMEOUT;
        drainTimer();

        assertThat(timer.delays()).isEmpty();
        assertThat(positions.marks).isEmpty();
        assertThat(deliveries.sent(GROUP, NAME))
                .as("nobody waits for it any more")
                .isDone();
    }

    @Test
    void answerThatIsBeingSentForLongKeepsItsClaim() {
        Delivery delivery = sent(looked(held(1, 10)), Map.of(1L, 15L));
        now = TIMEOUT.dividedBy(6);
        timer.repeat();
        assertThat(threads.waiting()).as("not after a moment").isZero();

        now = now.plusNanos(1);
        timer.repeat();
        threads.runAll();

        assertThat(positions.renewed).containsExactly(new PositionStore.Mark(MEMBER, delivery.claimId(), false));
        delivery.ended(true);
        threads.runAll();
        positions.renewed.clear();
        timer.repeat();
        threads.runAll();
        assertThat(positions.renewed).as("after it was noted").isEmpty();
    }

    @Test
    void answerThatHasEndedDoesNotKeepItsClaimWhileItsNoteIsRepeated() {
        Delivery delivery = sent(looked(held(1, 10)), Map.of(1L, 15L));
        positions.failure = new TrunklineException(ErrorCode.DATABASE_UNAVAILABLE, "away");
        delivery.ended(false);
        threads.runAll();
        positions.failure = null;
        now = TIMEOUT.dividedBy(2);

        timer.repeat();
        threads.runAll();

        assertThat(positions.renewed).isEmpty();
    }

    @Test
    void allThatWasDeliveredIsNotedWhenTheServiceStops() {
        Delivery delivery = sticky();
        delivery.ended(true);
        CompletableFuture<Void> closed = CompletableFuture.runAsync(deliveries::close);
        Awaitility.await().atMost(PATIENCE).until(() -> {
            threads.runAll();
            return closed.isDone();
        });

        assertThat(positions.marks).containsExactly(new PositionStore.Mark(MEMBER, delivery.claimId(), true));
    }

    /** What is delivered when no timer runs any more cannot be noted later. */
    @Test
    void deliveryDuringTheStopIsNotedAtOnce() {
        Delivery delivery = sticky();
        timer.shutdownNow();

        delivery.ended(true);
        threads.runAll();

        assertThat(positions.marks).containsExactly(new PositionStore.Mark(MEMBER, delivery.claimId(), true));
    }

    /** An answer, up to offset 20 of partition 1, to a consumer whose last polls came to this replica. */
    private Delivery sticky() {
        sent(looked(held(1, 10)), Map.of(1L, 15L)).ended(true);
        threads.runAll();
        positions.marks.clear();
        return sent(looked(held(1, 15)), Map.of(1L, 20L));
    }

    private Delivery sent(Looked looked, Map<Long, Long> offsets) {
        CompletableFuture<Claimed> claimed = deliveries.claim(KEY, looked, offsets, null);
        threads.runAll();
        return claimed.join().delivery();
    }

    /** Runs what the timer has now, and what comes of it on the pool. */
    private void drainTimer() {
        for (int i = timer.delays().size(); i > 0; i--) {
            timer.runNext();
        }
        threads.runAll();
    }

    private Deliveries deliveries() {
        ConsumerConfig config = new SmallRyeConfigBuilder()
                .addDiscoveredConverters()
                .withMapping(ConsumerConfig.class)
                .withSources(new PropertiesConfigSource(
                        Map.of("trunkline.consumer.delivery-timeout", TIMEOUT.toString()), "test", 500))
                .build()
                .getConfigMapping(ConsumerConfig.class);
        WorkerPool pool = WorkerPools.drivenBy(threads);
        return new Deliveries(positions, config, NoHeartbeats.of(config), pool, timer, () -> now.toNanos());
    }

    private static Held held(long partitionId, long position) {
        return new Held(
                partitionId,
                OptionalInt.of(GENERATION),
                OptionalLong.of(position),
                OptionalLong.of(position),
                false,
                false);
    }

    private Looked looked(Held... held) {
        ConsumerOptions options = new ConsumerOptions(
                "json", OffsetReset.of("earliest").orElseThrow(), true, 0, OptionalInt.empty(), false);
        ConsumerSnapshot member = new ConsumerSnapshot(
                MEMBER,
                GENERATION,
                false,
                Optional.empty(),
                options,
                SubscriptionKind.TOPICS,
                Duration.ZERO,
                List.of(held));
        return new Looked(member, Map.of(), now.toNanos());
    }

    /** The positions as far as deliveries change them, which are lost or fail when the test says so. */
    private static final class Positions extends PositionStore {
        private final List<Claim> claims = new ArrayList<>();
        private final List<Mark> marks = new ArrayList<>();
        private final List<Mark> renewed = new ArrayList<>();
        /** Partitions that somebody else has claimed, or has been given. */
        private final List<Long> lost = new ArrayList<>();

        private @Nullable RuntimeException failure;

        Positions() {
            super(Databases.unreachable());
        }

        @Override
        List<OptionalInt> claim(List<Claim> asked, Duration until) {
            fail();
            claims.addAll(asked);
            return asked.stream()
                    .map(claim -> lost.contains(claim.partitionId()) ? OptionalInt.empty() : OptionalInt.of(GENERATION))
                    .toList();
        }

        @Override
        void mark(List<Mark> told) {
            fail();
            marks.addAll(told);
        }

        @Override
        void renew(List<Mark> held, Duration until) {
            fail();
            renewed.addAll(held);
        }

        private void fail() {
            if (failure != null) {
                throw failure;
            }
        }
    }
}
