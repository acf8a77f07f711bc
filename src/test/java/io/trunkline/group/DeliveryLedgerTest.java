package io.trunkline.group;

import static org.assertj.core.api.Assertions.assertThat;

import io.trunkline.group.DeliveryLedger.Acknowledgement;
import io.trunkline.group.DeliveryLedger.BodyCommit;
import io.trunkline.group.DeliveryLedger.Delivery;
import io.trunkline.group.DeliveryLedger.Sample;
import io.trunkline.group.DeliveryLedger.TopicPartition;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

/** The checks of the chaos test can fail. */
class DeliveryLedgerTest {
    private static final TopicPartition PARTITION = new TopicPartition("t", 3);

    private static final Map<TopicPartition, SortedMap<Long, String>> LOG =
            Map.of(PARTITION, new TreeMap<>(Map.of(0L, "a", 1L, "b", 2L, "c")));

    private final DeliveryLedger ledger = new DeliveryLedger();

    @Test
    void logThatWasDeliveredInOrderIsNoFinding() {
        ledger.delivered(List.of(received("m1", 1, 0, "a"), received("m1", 1, 1, "b")));
        ledger.delivered(List.of(received("m2", 2, 1, "b"), received("m2", 2, 2, "c")));
        ledger.acknowledged(new Acknowledgement(PARTITION, 1, "b"));
        sampled(0, 1, 0);
        sampled(1, 2, 3);

        assertThat(ledger.undelivered(LOG)).isEmpty();
        assertThat(ledger.deliveredOtherwise(LOG)).isEmpty();
        assertThat(ledger.sharedWithinAGeneration()).isEmpty();
        assertThat(ledger.skippedWithinAGeneration()).isEmpty();
        assertThat(ledger.lostAcknowledgements(LOG)).isEmpty();
        assertThat(ledger.wentBackwards()).isEmpty();
        assertThat(ledger.redeliveries()).isEqualTo(1);
    }

    @Test
    void recordThatNobodyReceivedIsFoundWithWhatIsKnownOfIt() {
        ledger.note("replica 1 killed");
        ledger.delivered(List.of(received("m1", 1, 0, "a"), received("m1", 2, 2, "c")));
        sampled(0, 1, 1);
        sampled(1, 2, 2);

        assertThat(ledger.undelivered(LOG))
                .singleElement()
                .asString()
                .contains("t/3@1 'b'")
                .contains("m1 in generation 1", "m1 in generation 2")
                .contains("passed it after [0..0, generation 1], by [10..10, generation 2]")
                .contains("replica 1 killed");
    }

    @Test
    void onlyTheFirstFindingsAreTold() {
        TreeMap<Long, String> many = new TreeMap<>();
        for (long offset = 0; offset < 100; offset++) {
            many.put(offset, "v");
        }

        assertThat(ledger.undelivered(Map.of(PARTITION, many)))
                .hasSize(6)
                .last()
                .isEqualTo("and 95 more");
    }

    @Test
    void recordOfTwoMembersInOneGenerationIsFound() {
        ledger.delivered(List.of(received("m1", 7, 1, "b")));
        ledger.delivered(List.of(received("m2", 7, 1, "b")));

        assertThat(ledger.sharedWithinAGeneration()).singleElement().asString().contains("m1", "m2", "generation 7");
    }

    @Test
    void sameMemberMayReceiveARecordAgain() {
        ledger.delivered(List.of(received("m1", 7, 1, "b"), received("m1", 7, 2, "c")));
        ledger.delivered(List.of(received("m1", 7, 1, "b"), received("m1", 7, 2, "c")));

        assertThat(ledger.sharedWithinAGeneration()).isEmpty();
        assertThat(ledger.skippedWithinAGeneration()).isEmpty();
    }

    @Test
    void recordThatAMemberWasLedPastIsFound() {
        ledger.delivered(List.of(received("m1", 7, 0, "a")));
        ledger.delivered(List.of(received("m1", 7, 2, "c")));

        assertThat(ledger.skippedWithinAGeneration()).singleElement().asString().contains("t/3@1");
    }

    @Test
    void valueThatTheLogDoesNotHaveIsFound() {
        ledger.delivered(List.of(received("m1", 7, 0, "x"), received("m1", 7, 9, "a")));

        assertThat(ledger.deliveredOtherwise(LOG)).hasSize(2);
    }

    @Test
    void acknowledgedRecordThatIsElsewhereIsFound() {
        ledger.acknowledged(new Acknowledgement(PARTITION, 1, "a"));
        ledger.acknowledged(new Acknowledgement(PARTITION, 3, "d"));

        assertThat(ledger.lostAcknowledgements(LOG)).hasSize(2);
    }

    @Test
    void committedOffsetThatGoesBackOrVanishesIsFound() {
        sampled(0, 1, 5);
        sampled(1, 1, 4);
        ledger.sampled(new Sample(20, 20, 1, Map.of()));

        assertThat(ledger.wentBackwards()).hasSize(2);
        assertThat(ledger.wentBackwards().getFirst()).contains("from 5 to 4");
        assertThat(ledger.wentBackwards().getLast()).contains("to none");
    }

    @Test
    void generationThatGoesBackIsFound() {
        sampled(0, 2, 5);
        sampled(1, 1, 5);

        assertThat(ledger.wentBackwards()).hasSize(1);
    }

    @Test
    void commitThatARebalanceOvertookMaySetAnOffsetBack() {
        sampled(0, 3, 5);
        sampled(1, 3, 4);
        ledger.committed(new BodyCommit(5, 6, true, "m1", 2, PARTITION, 4));

        assertThat(ledger.wentBackwards()).isEmpty();
        assertThat(ledger.lateCommits()).isEqualTo(1);
    }

    @Test
    void commitWhoseOutcomeIsUnknownMaySetAnOffsetBackLater() {
        sampled(2, 3, 5);
        sampled(3, 3, 4);
        ledger.committed(new BodyCommit(5, 6, false, "m1", 3, PARTITION, 4));

        assertThat(ledger.wentBackwards()).isEmpty();
    }

    @Test
    void commitOfTheSameGenerationOrAnotherTimeOrOffsetExcusesNothing() {
        sampled(2, 3, 5);
        sampled(3, 3, 4);
        ledger.committed(new BodyCommit(25, 26, true, "m1", 3, PARTITION, 4));
        ledger.committed(new BodyCommit(5, 6, true, "m1", 2, PARTITION, 4));
        ledger.committed(new BodyCommit(25, 26, true, "m1", 2, PARTITION, 3));

        assertThat(ledger.wentBackwards()).hasSize(1);
        assertThat(ledger.lateCommits()).isZero();
    }

    private static Delivery received(String member, long generation, long offset, String value) {
        return new Delivery(0, member, generation, PARTITION, offset, value);
    }

    /** A sample that took no time, one every ten milliseconds. */
    private void sampled(int number, long generation, long committed) {
        ledger.sampled(new Sample(number * 10L, number * 10L, generation, Map.of(PARTITION, committed)));
    }
}
