package io.trunkline.log;

import static org.assertj.core.api.Assertions.assertThat;

import io.trunkline.log.Combiner.Part;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** What waits for one partition: how much may, what goes together, and what becomes of it when an append fails. */
class PartitionQueueTest {
    private static final long MUCH = 1_000_000;
    private static final int MANY = 1_000;

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
        queue.add(part(1));
        assertThat(queue.release(1)).isFalse();
        assertThat(queue.release(1)).as("in flight").isFalse();
        queue.take(MUCH, MANY);
        queue.ended();

        assertThat(queue.release(0)).isTrue();
    }

    @Test
    void onlyWhatComesToAnIdleQueueTakesATurn() {
        assertThat(queue.add(part(1))).isTrue();
        assertThat(queue.add(part(1))).isFalse();
        queue.take(MUCH, MANY);
        assertThat(queue.add(part(1))).as("in flight").isFalse();

        assertThat(queue.ended()).as("takes another turn").isTrue();
        queue.take(MUCH, MANY);
        assertThat(queue.ended()).isFalse();

        assertThat(queue.add(part(1))).isTrue();
    }

    @Test
    void whatWaitsIsTakenTogetherInOrder() {
        List<Part> parts = add(part(1), part(2), part(3));

        Batch batch = queue.take(MUCH, MANY);

        assertThat(batch.parts()).containsExactlyElementsOf(parts);
        assertThat(batch.records()).isEqualTo(6);
        assertThat(queue.take(MUCH, MANY).isEmpty()).isTrue();
    }

    @Test
    void batchIsBoundedByRecords() {
        List<Part> parts = add(part(2), part(2), part(2));

        assertThat(queue.take(MUCH, 4).parts()).containsExactlyElementsOf(parts.subList(0, 2));
        assertThat(queue.take(MUCH, 1).parts()).as("at least one").containsExactly(parts.get(2));
    }

    @Test
    void batchIsBoundedByBytes() {
        List<Part> parts = add(part(1), part(1), part(1));
        long size = parts.getFirst().size();

        assertThat(queue.take(2 * size, MANY).parts()).containsExactlyElementsOf(parts.subList(0, 2));
        assertThat(queue.take(size - 1, MANY).parts()).as("at least one").containsExactly(parts.get(2));
    }

    @Test
    void partsWhoseTimestampsComeFromElsewhereDoNotGoTogether() {
        Part own = part(1);
        Part ofTheLog = new Part(7, records(1), false);
        add(own, ofTheLog, ofTheLog, own);

        assertThat(queue.take(MUCH, MANY).parts()).containsExactly(own);
        assertThat(queue.take(MUCH, MANY).parts()).containsExactly(ofTheLog, ofTheLog);
        assertThat(queue.take(MUCH, MANY).parts()).containsExactly(own);
    }

    @Test
    void whatIsPutBackComesFirstAndInOrder() {
        List<Part> parts = add(part(1), part(1));
        Batch batch = queue.take(MUCH, MANY);
        Part later = part(1);
        queue.add(later);

        queue.putBack(batch);

        assertThat(queue.isAlone()).isFalse();
        assertThat(queue.take(MUCH, MANY).parts()).containsExactly(parts.get(0), parts.get(1), later);
    }

    @Test
    void whatIsPutBackAloneSharesNoTransactionOnce() {
        add(part(1));
        queue.putBackAlone(queue.take(MUCH, MANY));
        add(part(1));

        assertThat(queue.isAlone()).isTrue();
        assertThat(queue.take(MUCH, MANY).parts())
                .as("of one partition, together")
                .hasSize(2);
        queue.ended();
        assertThat(queue.isAlone()).isFalse();
    }

    @Test
    void whatIsPutBackOneByOneGoesOneByOneAndThenTogetherAgain() {
        List<Part> parts = add(part(1), part(1));
        queue.putBackOneByOne(queue.take(MUCH, MANY));
        List<Part> later = add(part(1), part(1));

        for (Part part : parts) {
            assertThat(queue.isAlone()).isTrue();
            assertThat(queue.take(MUCH, MANY).parts()).containsExactly(part);
            queue.ended();
        }

        assertThat(queue.isAlone()).isFalse();
        assertThat(queue.take(MUCH, MANY).parts()).containsExactlyElementsOf(later);
    }

    @Test
    void whatWaitsForLongIsTakenOutAndWhatIsInFlightIsOnlyNamed() {
        Part inFlight = submitted(10);
        Part old = submitted(20);
        Part fresh = submitted(40);
        queue.add(inFlight);
        queue.take(MUCH, MANY);
        add(old, fresh);

        assertThat(queue.takeOverdue(30)).containsExactly(old);
        assertThat(queue.overdueInFlight(30)).containsExactly(inFlight);
        assertThat(queue.overdueInFlight(10)).isEmpty();

        assertThat(queue.ended()).isTrue();
        assertThat(queue.overdueInFlight(30)).as("after it has ended").isEmpty();
        assertThat(queue.take(MUCH, MANY).parts()).containsExactly(fresh);
    }

    @Test
    void queueThatIsClearedHasNothingAndIsIdle() {
        List<Part> parts = add(part(1), part(1));

        assertThat(queue.clear()).containsExactlyElementsOf(parts);

        assertThat(queue.take(MUCH, MANY).isEmpty()).isTrue();
        assertThat(queue.add(part(1))).isTrue();
    }

    private List<Part> add(Part... parts) {
        for (Part part : parts) {
            queue.add(part);
        }
        return List.of(parts);
    }

    private static Part part(int records) {
        return new Part(7, records(records), true);
    }

    private static Part submitted(long at) {
        return new Part(7, records(1), true, at, new CompletableFuture<>());
    }

    private static RecordBatch records(int count) {
        RecordBatch.Builder builder = new RecordBatch.Builder(count, count);
        IntStream.range(0, count).forEach(i -> builder.add(1, new byte[] {1}, 0, 1));
        return builder.build();
    }
}
