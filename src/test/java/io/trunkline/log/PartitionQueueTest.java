package io.trunkline.log;

import static org.assertj.core.api.Assertions.assertThat;

import io.trunkline.log.PartitionQueue.Batch;
import io.trunkline.record.RecordBatch;
import io.trunkline.topic.TopicName;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** What waits for one partition: how much may, what goes together, and what becomes of it when an append fails. */
class PartitionQueueTest {
    private static final long MUCH = 1_000_000;
    private static final int MANY = 1_000;
    private static final TopicName TOPIC = TopicName.parse("t");

    private final PartitionQueue queue = new PartitionQueue(7);

    @Test
    void roomIsBoundedAndWhatComesFirstAlwaysFits() {
        assertThat(queue.reserve(50, 10)).isTrue();
        assertThat(queue.reserve(1, 10)).isFalse();
        assertThat(queue.reserve(10, 60)).isTrue();
        assertThat(queue.reserve(1, 60)).isFalse();

        queue.release(50);

        assertThat(queue.reserve(50, 60)).isTrue();
        assertThat(queue.reserve(1, 60)).isFalse();
    }

    @Test
    void queueIsInUseWhileSomethingIsReservedOrInFlight() {
        queue.reserve(2, MUCH);
        queue.add(queued(1));
        assertThat(queue.release(1)).isFalse();
        assertThat(queue.release(1)).as("in flight").isFalse();
        queue.take(MUCH, MANY);
        queue.ended();

        assertThat(queue.release(0)).isTrue();
    }

    @Test
    void onlyWhatComesToAnIdleQueueTakesATurn() {
        assertThat(queue.add(queued(1))).isTrue();
        assertThat(queue.add(queued(1))).isFalse();
        queue.take(MUCH, MANY);
        assertThat(queue.add(queued(1))).as("in flight").isFalse();

        assertThat(queue.ended()).as("takes another turn").isTrue();
        queue.take(MUCH, MANY);
        assertThat(queue.ended()).isFalse();

        assertThat(queue.add(queued(1))).isTrue();
    }

    @Test
    void whatWaitsIsTakenTogetherInOrder() {
        List<QueuedAppend> appends = add(queued(1), queued(2), queued(3));

        Batch batch = queue.take(MUCH, MANY);

        assertThat(batch.appends()).containsExactlyElementsOf(appends);
        assertThat(batch.records()).isEqualTo(6);
        assertThat(queue.take(MUCH, MANY).isEmpty()).isTrue();
    }

    @Test
    void batchIsBoundedByRecords() {
        List<QueuedAppend> appends = add(queued(2), queued(2), queued(2));

        assertThat(queue.take(MUCH, 4).appends()).containsExactlyElementsOf(appends.subList(0, 2));
        assertThat(queue.take(MUCH, 1).appends()).as("at least one").containsExactly(appends.get(2));
    }

    @Test
    void batchIsBoundedByBytes() {
        List<QueuedAppend> appends = add(queued(1), queued(1), queued(1));
        long size = appends.getFirst().size();

        assertThat(queue.take(2 * size, MANY).appends()).containsExactlyElementsOf(appends.subList(0, 2));
        assertThat(queue.take(size - 1, MANY).appends()).as("at least one").containsExactly(appends.get(2));
    }

    @Test
    void appendsWhoseTimestampsComeFromElsewhereDoNotGoTogether() {
        QueuedAppend own = queued(1);
        QueuedAppend ofTheLog = new QueuedAppend(append(1, false));
        add(own, ofTheLog, ofTheLog, own);

        assertThat(queue.take(MUCH, MANY).appends()).containsExactly(own);
        assertThat(queue.take(MUCH, MANY).appends()).containsExactly(ofTheLog, ofTheLog);
        assertThat(queue.take(MUCH, MANY).appends()).containsExactly(own);
    }

    @Test
    void whatIsPutBackComesFirstAndInOrder() {
        List<QueuedAppend> appends = add(queued(1), queued(1));
        Batch batch = queue.take(MUCH, MANY);
        QueuedAppend later = queued(1);
        queue.add(later);

        queue.putBack(batch);

        assertThat(queue.isAlone()).isFalse();
        assertThat(queue.take(MUCH, MANY).appends()).containsExactly(appends.get(0), appends.get(1), later);
    }

    @Test
    void whatIsPutBackAloneSharesNoTransactionOnce() {
        add(queued(1));
        queue.putBackAlone(queue.take(MUCH, MANY));
        add(queued(1));

        assertThat(queue.isAlone()).isTrue();
        assertThat(queue.take(MUCH, MANY).appends())
                .as("of one partition, together")
                .hasSize(2);
        queue.ended();
        assertThat(queue.isAlone()).isFalse();
    }

    @Test
    void whatIsPutBackOneByOneGoesOneByOneAndThenTogetherAgain() {
        List<QueuedAppend> appends = add(queued(1), queued(1));
        queue.putBackOneByOne(queue.take(MUCH, MANY));
        List<QueuedAppend> later = add(queued(1), queued(1));

        for (QueuedAppend append : appends) {
            assertThat(queue.isAlone()).isTrue();
            assertThat(queue.take(MUCH, MANY).appends()).containsExactly(append);
            queue.ended();
        }

        assertThat(queue.isAlone()).isFalse();
        assertThat(queue.take(MUCH, MANY).appends()).containsExactlyElementsOf(later);
    }

    @Test
    void whatWaitsForLongIsTakenOutAndWhatIsInFlightIsOnlyNamed() {
        QueuedAppend inFlight = submitted(10);
        QueuedAppend old = submitted(20);
        QueuedAppend fresh = submitted(40);
        queue.add(inFlight);
        queue.take(MUCH, MANY);
        add(old, fresh);

        assertThat(queue.takeOverdue(30)).containsExactly(old);
        assertThat(queue.overdueInFlight(30)).containsExactly(inFlight);
        assertThat(queue.overdueInFlight(10)).isEmpty();

        assertThat(queue.ended()).isTrue();
        assertThat(queue.overdueInFlight(30)).as("after it has ended").isEmpty();
        assertThat(queue.take(MUCH, MANY).appends()).containsExactly(fresh);
    }

    @Test
    void queueThatIsClearedHasNothingAndIsIdle() {
        List<QueuedAppend> appends = add(queued(1), queued(1));

        assertThat(queue.clear()).containsExactlyElementsOf(appends);

        assertThat(queue.take(MUCH, MANY).isEmpty()).isTrue();
        assertThat(queue.add(queued(1))).isTrue();
    }

    @Test
    void appendThatNeedsAnEndComesFirst() {
        List<QueuedAppend> appends =
                add(queued(1), onTerms(Optional.empty(), OptionalLong.of(1)), queued(1), queued(1));

        assertThat(queue.take(MUCH, MANY).appends()).containsExactly(appends.getFirst());
        queue.ended();
        assertThat(queue.take(MUCH, MANY).appends()).containsExactlyElementsOf(appends.subList(1, 4));
    }

    @Test
    void keyComesOnceInABatch() {
        UUID id = UUID.randomUUID();
        List<QueuedAppend> appends = add(keyed(id), keyed(UUID.randomUUID()), keyed(id), queued(1));

        assertThat(queue.take(MUCH, MANY).appends()).containsExactlyElementsOf(appends.subList(0, 2));
        queue.ended();
        assertThat(queue.take(MUCH, MANY).appends()).containsExactlyElementsOf(appends.subList(2, 4));
    }

    @Test
    void batchesOfAProducerGoTogetherWhileTheyFollowOneAnother() {
        List<QueuedAppend> appends =
                add(batch(1, 0, 0), batch(2, 0, 7), batch(1, 0, 1), batch(1, 0, 1), batch(1, 1, 0), batch(1, 1, 1));

        assertThat(queue.take(MUCH, MANY).appends()).containsExactlyElementsOf(appends.subList(0, 3));
        queue.ended();
        assertThat(queue.take(MUCH, MANY).appends()).as("a repetition").containsExactly(appends.get(3));
        queue.ended();
        assertThat(queue.take(MUCH, MANY).appends()).as("a new epoch").containsExactlyElementsOf(appends.subList(4, 6));
    }

    @Test
    void othersOfABatchThatWasJudgedGoBackBeforeWhatCameLater() {
        List<QueuedAppend> appends = add(queued(1), queued(2), queued(3));
        queue.take(MUCH, MANY);
        QueuedAppend later = queued(4);
        queue.add(later);

        assertThat(queue.judged(List.of(appends.getFirst(), appends.getLast()))).isTrue();

        assertThat(queue.take(MUCH, MANY).appends()).containsExactly(appends.getFirst(), appends.getLast(), later);
        assertThat(queue.judged(List.of())).isFalse();
        assertThat(queue.add(queued(1))).as("idle").isTrue();
    }

    private static QueuedAppend keyed(UUID id) {
        return onTerms(Optional.of(new ProduceKey(id, new byte[32], new ProducePlan(1, 1))), OptionalLong.empty());
    }

    private static QueuedAppend batch(long producer, int epoch, int sequence) {
        return onTerms(Optional.of(new ProducerBatch(producer, epoch, sequence)), OptionalLong.empty());
    }

    private static QueuedAppend onTerms(Optional<AppendIdentity> identity, OptionalLong expectedEnd) {
        return new QueuedAppend(new PartitionAppend(TOPIC, 7, records(1), true, identity, expectedEnd));
    }

    private List<QueuedAppend> add(QueuedAppend... appends) {
        for (QueuedAppend append : appends) {
            queue.add(append);
        }
        return List.of(appends);
    }

    private static QueuedAppend queued(int records) {
        return new QueuedAppend(append(records, true));
    }

    private static QueuedAppend submitted(long at) {
        return new QueuedAppend(append(1, true), at, new CompletableFuture<>());
    }

    private static PartitionAppend append(int records, boolean timestamps) {
        return new PartitionAppend(TOPIC, 7, records(records), timestamps);
    }

    private static RecordBatch records(int count) {
        RecordBatch.Builder builder = new RecordBatch.Builder(count, count);
        IntStream.range(0, count).forEach(i -> builder.add(1, new byte[] {1}, 0, 1));
        return builder.build();
    }
}
