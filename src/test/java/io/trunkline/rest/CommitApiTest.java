package io.trunkline.rest;

import static io.trunkline.testing.Failure.assertFailure;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.quarkus.test.junit.QuarkusTest;
import io.trunkline.testing.Api;
import io.trunkline.testing.Consumer;
import io.trunkline.testing.Group;
import io.trunkline.testing.ServiceTestCase;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What is committed, by whom, and where those who come after go on. */
@QuarkusTest
class CommitApiTest extends ServiceTestCase {
    /** Of the records here, which have 1 byte and count as 65, three fit. */
    private static final String THREE = "timeout=15000&max_bytes=200";

    private String topic;

    @BeforeEach
    void topic() {
        topic = api.newTopic(2);
    }

    // Told to

    @Test
    void commitWithoutABodyCommitsWhatHasBeenDeliveredAndNoMore() {
        api.writeNumbers(topic, 0, 0, 9);
        Consumer consumer = group.manualConsumer().subscribe(topic);
        assertThat(consumer.poll(THREE)).hasSize(3);

        consumer.commit();

        assertThat(group.committed(topic, 0)).hasValue(3);
        consumer.poll(THREE);
        assertThat(group.committed(topic, 0)).hasValue(3);
        consumer.commit();
        assertThat(group.committed(topic, 0)).hasValue(6);
    }

    @Test
    void commitWithAnEmptyBodyIsOneWithout() {
        api.writeNumbers(topic, 0, 0, 3);
        Consumer consumer = group.manualConsumer().subscribe(topic);
        consumer.pollUntil(3);

        Api.Answer answer = consumer.post("/offsets", "");

        assertThat(answer.status()).as(answer.body()).isEqualTo(204);
        assertThat(answer.body()).isEmpty();
        assertThat(group.committed(topic, 0)).hasValue(3);
    }

    @Test
    void commitBeforeAnythingIsDeliveredSkipsNothing() {
        api.writeNumbers(topic, 0, 0, 3);
        Consumer consumer = group.manualConsumer().subscribe(topic);

        consumer.commit();
        consumer.delete();

        assertThat(Consumer.offsets(group.manualConsumer().subscribe(topic).pollUntil(3)))
                .containsExactly(0L, 1L, 2L);
    }

    @Test
    void offsetsInABodyAreStoredAsGivenForwardsAndBackwards() {
        api.writeNumbers(topic, 0, 0, 9);
        Consumer consumer = group.manualConsumer().subscribe(topic);

        Api.Answer forwards = consumer.commit(topic, 0, 7);
        long after = group.committed(topic, 0).orElse(-1);
        Api.Answer backwards = consumer.commit(topic, 0, 2);

        assertThat(forwards.status()).as(forwards.body()).isEqualTo(204);
        assertThat(after).isEqualTo(7);
        assertThat(backwards.status()).isEqualTo(204);
        assertThat(group.committed(topic, 0)).hasValue(2);
    }

    @Test
    void committingDoesNotMoveWhereTheConsumerItselfGoesOn() {
        api.writeNumbers(topic, 0, 0, 9);
        Consumer consumer = group.manualConsumer().subscribe(topic);
        consumer.poll(THREE);

        consumer.commit(topic, 0, 8);

        assertThat(Consumer.offsets(consumer.poll(THREE))).containsExactly(3L, 4L, 5L);
    }

    @Test
    void offsetsOfSeveralPartitionsAreCommittedTogether() {
        String other = api.newTopic(1);
        Consumer consumer = group.manualConsumer().subscribe(topic, other);

        Api.Answer answer = consumer.post(
                "/offsets",
                Consumer.offsets(
                        Consumer.offset(topic, 0, 1), Consumer.offset(topic, 1, 2), Consumer.offset(other, 0, 3)));

        assertThat(answer.status()).as(answer.body()).isEqualTo(204);
        assertThat(group.committed(topic, 0)).hasValue(1);
        assertThat(group.committed(topic, 1)).hasValue(2);
        assertThat(group.committed(other, 0)).hasValue(3);
    }

    @Test
    void assignedPartitionsAreCommittedAsSubscribedOnesAre() {
        api.writeNumbers(topic, 1, 0, 3);
        Consumer consumer = group.manualConsumer().assign(topic, 1);
        consumer.pollUntil(3);

        consumer.commit();
        consumer.delete();

        assertThat(group.committed(topic, 1)).hasValue(3);
        api.writeNumbers(topic, 1, 3, 5);
        assertThat(Consumer.offsets(group.manualConsumer().assign(topic, 1).pollUntil(2)))
                .containsExactly(3L, 4L);
    }

    @Test
    void successorGoesOnWhereTheGroupHasCommitted() {
        api.writeNumbers(topic, 0, 0, 9);
        Consumer before = group.manualConsumer().subscribe(topic);
        before.poll(THREE);
        before.commit();
        before.poll(THREE);
        before.delete();

        Consumer after = group.manualConsumer().subscribe(topic);

        assertThat(Consumer.offsets(after.pollUntil(6))).containsExactly(3L, 4L, 5L, 6L, 7L, 8L);
    }

    // By themselves

    @Test
    void pollCommitsWhatThePollsBeforeItDelivered() {
        api.writeNumbers(topic, 0, 0, 9);
        Consumer consumer = group.consumer().subscribe(topic);

        consumer.poll(THREE);
        group.nothingMoreIsCommitted(topic, 0);
        assertThat(group.committed(topic, 0)).isEmpty();
        consumer.poll(THREE);

        assertThat(group.committed(topic, 0)).hasValue(3);
        group.nothingMoreIsCommitted(topic, 0);
        consumer.poll("timeout=0&max_bytes=1");
        assertThat(group.committed(topic, 0)).hasValue(6);
    }

    @Test
    void pollThatFindsNothingCommitsToo() {
        api.writeNumbers(topic, 0, 0, 3);
        Consumer consumer = group.consumer().subscribe(topic);
        consumer.pollUntil(3);
        group.nothingMoreIsCommitted(topic, 0);

        assertThat(consumer.poll("timeout=0")).isEmpty();

        assertThat(group.committed(topic, 0)).hasValue(3);
    }

    @ParameterizedTest
    @ValueSource(strings = {"delete", "unsubscribe", "subscribe to nothing", "subscribe to another"})
    void consumerThatGivesAPartitionUpLeavesWhatWasDeliveredCommitted(String how) {
        api.writeNumbers(topic, 0, 0, 5);
        Consumer consumer = group.consumer().subscribe(topic);
        consumer.pollUntil(5);
        group.nothingMoreIsCommitted(topic, 0);
        assertThat(group.committed(topic, 0)).isEmpty();

        switch (how) {
            case "delete" -> consumer.delete();
            case "unsubscribe" -> consumer.unsubscribe();
            case "subscribe to nothing" -> consumer.subscribe();
            default -> consumer.subscribe(api.newTopic(1));
        }

        assertThat(group.committed(topic, 0)).hasValue(5);
    }

    @Test
    void partitionsThatAMemberLosesToAnotherAreReadOnWhereItWas() {
        api.writeNumbers(topic, 0, 0, 5);
        api.writeNumbers(topic, 1, 0, 5);
        Consumer first = group.consumer().subscribe(topic);
        first.pollUntil(10);
        group.nothingMoreIsCommitted(topic, 0);

        Consumer second = group.consumer().subscribe(topic);

        int lost = second.partitionsOf(topic).getFirst();
        assertThat(group.committed(topic, lost)).hasValue(5);
        api.writeNumbers(topic, lost, 5, 7);
        assertThat(Consumer.places(second.pollUntil(2))).containsExactly(place(lost, 5), place(lost, 6));
    }

    @Test
    void nothingCommitsForAConsumerWithoutAutoCommit() {
        api.writeNumbers(topic, 0, 0, 5);
        api.writeNumbers(topic, 1, 0, 5);
        Consumer first = group.manualConsumer().subscribe(topic);
        first.pollUntil(10);
        first.poll("timeout=0");
        group.nothingMoreIsCommitted(topic, 0);

        Consumer second = group.manualConsumer().subscribe(topic);
        int lost = second.partitionsOf(topic).getFirst();
        List<JsonNode> again = second.pollUntil(5);
        second.unsubscribe();
        first.delete();

        assertThat(again).extracting(r -> r.path("partition").asInt()).containsOnly(lost);
        assertThat(Consumer.offsets(again)).containsExactly(0L, 1L, 2L, 3L, 4L);
        assertThat(group.committed(topic, 0)).isEmpty();
        assertThat(group.committed(topic, 1)).isEmpty();
    }

    // Fencing

    @Test
    void partitionThatAnotherMemberHasNowIsFencedAndNothingIsCommitted() {
        Consumer first = group.manualConsumer().subscribe(topic);
        first.post("/offsets", Consumer.offsets(Consumer.offset(topic, 0, 1), Consumer.offset(topic, 1, 1)));
        Consumer second = group.manualConsumer().subscribe(topic);
        int lost = second.partitionsOf(topic).getFirst();
        int kept = first.partitionsOf(topic).getFirst();

        Api.Answer both = first.post(
                "/offsets", Consumer.offsets(Consumer.offset(topic, kept, 7), Consumer.offset(topic, lost, 7)));
        Api.Answer one = first.commit(topic, lost, 7);

        assertThat(lost).isNotEqualTo(kept);
        assertFailure(both, 409, "COMMIT_FENCED");
        assertFailure(one, 409, "COMMIT_FENCED");
        assertThat(group.committed(topic, lost)).hasValue(1);
        assertThat(group.committed(topic, kept)).hasValue(1);
        assertThat(first.commit(topic, kept, 8).status()).isEqualTo(204);
        assertThat(second.commit(topic, lost, 9).status()).isEqualTo(204);
        assertThat(group.committed(topic, kept)).hasValue(8);
        assertThat(group.committed(topic, lost)).hasValue(9);
    }

    @Test
    void commitWithoutABodyNeverTouchesWhatAnotherMemberHasNow() {
        api.writeNumbers(topic, 0, 0, 5);
        api.writeNumbers(topic, 1, 0, 5);
        Consumer first = group.manualConsumer().subscribe(topic);
        first.pollUntil(10);
        Consumer second = group.manualConsumer().subscribe(topic);
        int lost = second.partitionsOf(topic).getFirst();

        first.post("/offsets", "");

        assertThat(group.committed(topic, lost)).isEmpty();
    }

    @Test
    void partitionThatNobodyOfTheGroupHasIsCommitted() {
        String other = api.newTopic(1);
        Consumer subscribed = group.manualConsumer().subscribe(topic);

        Api.Answer both = subscribed.post(
                "/offsets", Consumer.offsets(Consumer.offset(topic, 0, 3), Consumer.offset(other, 0, 2)));

        assertThat(both.status()).isEqualTo(204);
        assertThat(group.committed(topic, 0)).hasValue(3);
        assertThat(group.committed(other, 0)).hasValue(2);
    }

    @Test
    void consumerThatReadsNothingYetBeginsAtWhatItHasCommitted() {
        api.writeNumbers(topic, 0, 0, 5);
        Consumer consumer = group.manualConsumer();

        Api.Answer committed = consumer.commit(topic, 0, 3);
        consumer.subscribe(topic);

        assertThat(committed.status()).isEqualTo(204);
        assertThat(Consumer.offsets(consumer.poll())).containsExactly(3L, 4L);
    }

    @Test
    void partitionThatAnotherConsumerHasIsFencedForOneThatReadsNothing() {
        Consumer idle = group.manualConsumer();
        group.manualConsumer().subscribe(topic);
        Consumer byHand = new Group(api).manualConsumer().assign(topic, 0);

        assertFailure(idle.commit(topic, 0, 1), 409, "COMMIT_FENCED");
        assertThat(group.committed(topic, 0)).isEmpty();
        assertThat(byHand.commit(topic, 1, 1).status()).isEqualTo(204);
    }

    @Test
    void removedConsumerCommitsNothingEvenWhereNobodyHasThePartition() {
        Consumer first = group.manualConsumer();
        Consumer second = group.manualConsumer();
        first.delete();

        assertFailure(first.commit(topic, 0, 1), 404, "CONSUMER_NOT_FOUND");
        assertThat(group.committed(topic, 0)).isEmpty();
        assertThat(second.commit(topic, 0, 1).status()).isEqualTo(204);
    }

    @ParameterizedTest
    @ValueSource(strings = {"{}", "{\"offsets\":null}"})
    void bodyThatSaysNothingCommitsWhatHasBeenDelivered(String body) {
        api.writeNumbers(topic, 0, 0, 9);
        Consumer consumer = group.manualConsumer().subscribe(topic);
        assertThat(consumer.poll(THREE)).hasSize(3);

        Api.Answer answer = consumer.post("/offsets", body);

        assertThat(answer.status()).isEqualTo(204);
        assertThat(group.committed(topic, 0)).hasValue(3);
    }

    @Test
    void emptyListCommitsNothing() {
        api.writeNumbers(topic, 0, 0, 9);
        Consumer consumer = group.manualConsumer().subscribe(topic);
        consumer.poll(THREE);

        assertThat(consumer.post("/offsets", "{\"offsets\":[]}").status()).isEqualTo(204);
        assertThat(group.committed(topic, 0)).isEmpty();
    }

    @Test
    void topicThatIsNotThereIsNotFoundAndNothingIsCommitted() {
        Consumer consumer = group.manualConsumer().subscribe(topic);

        Api.Answer answer = consumer.post(
                "/offsets",
                Consumer.offsets(Consumer.offset(topic, 0, 1), Consumer.offset("unknown-" + UUID.randomUUID(), 0, 1)));

        assertFailure(answer, 404, "TOPIC_NOT_FOUND");
        assertThat(group.committed(topic, 0)).isEmpty();
    }

    @Test
    void removedConsumerCommitsNothing() {
        api.writeNumbers(topic, 0, 0, 5);
        Consumer consumer = group.manualConsumer().subscribe(topic);
        consumer.poll(THREE);
        consumer.commit();
        consumer.pollUntil(2);
        consumer.delete();

        Api.Answer named = consumer.commit(topic, 0, 5);
        Api.Answer delivered = consumer.post("/offsets", "");

        assertFailure(named, 404, "CONSUMER_NOT_FOUND");
        assertFailure(delivered, 404, "CONSUMER_NOT_FOUND");
        assertThat(group.committed(topic, 0)).hasValue(3);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "{\"offsets\":{}}|INVALID_REQUEST",
                "{\"offsets\":[7]}|INVALID_REQUEST",
                "{\"offsets\":[{}]}|INVALID_REQUEST",
                "{\"offsets\":[{\"topic\":\"TOPIC\",\"partition\":0}]}|INVALID_REQUEST",
                "{\"offsets\":[{\"topic\":\"TOPIC\",\"offset\":0}]}|INVALID_REQUEST",
                "{\"offsets\":[{\"partition\":0,\"offset\":0}]}|INVALID_REQUEST",
                "{\"offsets\":[{\"topic\":\"TOPIC\",\"partition\":0,\"offset\":-1}]}|INVALID_REQUEST",
                "{\"offsets\":[{\"topic\":\"TOPIC\",\"partition\":0,\"offset\":\"1\"}]}|INVALID_REQUEST",
                "{\"offsets\":[{\"topic\":\"TOPIC\",\"partition\":0,\"offset\":1.5}]}|INVALID_REQUEST",
                "{\"offsets\":[{\"topic\":\"TOPIC\",\"partition\":0,\"offset\":9223372036854775808}]}|INVALID_REQUEST",
                "{\"offsets\":[{\"topic\":\"TOPIC\",\"partition\":-1,\"offset\":1}]}|INVALID_REQUEST",
                "{\"offsets\":[{\"topic\":\"TOPIC\",\"partition\":0,\"offset\":1,\"color\":1}]}|INVALID_REQUEST",
                "{\"offsets\":[{\"topic\":\"TOPIC\",\"partition\":0,\"offset\":1},{\"topic\":\"TOPIC\"}]}|INVALID_REQUEST",
                "{\"offsets\":[],\"color\":1}|INVALID_REQUEST",
                "[]|INVALID_REQUEST",
                "{\"offsets\":[|INVALID_JSON",
                "x|INVALID_JSON"
            })
    void badBodyIsABadRequestAndNothingIsCommitted(String body, String code) {
        Consumer consumer = group.manualConsumer().subscribe(topic);

        Api.Answer answer = consumer.post("/offsets", body.replace("TOPIC", topic));

        assertFailure(answer, 400, code);
        assertThat(group.committed(topic, 0)).isEmpty();
    }

    private String place(int partition, long offset) {
        return topic + "/" + partition + "@" + offset;
    }
}
