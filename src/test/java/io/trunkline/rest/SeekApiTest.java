package io.trunkline.rest;

import static io.trunkline.testing.Failure.assertFailure;
import static org.assertj.core.api.Assertions.assertThat;

import io.quarkus.test.junit.QuarkusTest;
import io.trunkline.testing.Api;
import io.trunkline.testing.Consumer;
import io.trunkline.testing.Group;
import io.trunkline.testing.ServiceTestCase;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Positions that the client chooses. */
@QuarkusTest
class SeekApiTest extends ServiceTestCase {
    private String topic;
    private Consumer consumer;

    /** A consumer that has read three records of each of two partitions. */
    @BeforeEach
    void consumer() {
        topic = api.newTopic(3);
        for (int partition = 0; partition < 3; partition++) {
            api.writeNumbers(topic, partition, 0, 3);
        }
        consumer = group.manualConsumer().assign(topic, 0, 1);
        assertThat(consumer.pollUntil(6)).hasSize(6);
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 2})
    void readingGoesOnAtTheOffset(int offset) {
        Api.Answer answer = consumer.post("/positions", Consumer.offsets(Consumer.offset(topic, 1, offset)));

        assertThat(answer.status()).as(answer.body()).isEqualTo(204);
        assertThat(answer.body()).isEmpty();
        assertThat(Consumer.offsetsByPartition(consumer.pollUntil(3 - offset)))
                .isEqualTo(Map.of(1, List.of(0L, 1L, 2L).subList(offset, 3)));
    }

    @Test
    void severalPartitionsAreMovedAtOnce() {
        Api.Answer answer = consumer.post(
                "/positions", Consumer.offsets(Consumer.offset(topic, 0, 2), Consumer.offset(topic, 1, 1)));

        assertThat(answer.status()).as(answer.body()).isEqualTo(204);
        assertThat(Consumer.offsetsByPartition(consumer.pollUntil(3)))
                .isEqualTo(Map.of(0, List.of(2L), 1, List.of(1L, 2L)));
    }

    @Test
    void beginningIsTheFirstRecordOfThePartitionsThatAreNamed() {
        Api.Answer answer = consumer.post("/positions/beginning", Consumer.partitions(topic, 1));

        assertThat(answer.status()).as(answer.body()).isEqualTo(204);
        assertThat(Consumer.offsetsByPartition(consumer.pollUntil(3))).isEqualTo(Map.of(1, List.of(0L, 1L, 2L)));
        assertThat(consumer.poll("timeout=300")).isEmpty();
    }

    @Test
    void endIsBehindTheLastRecordAtThatTime() {
        api.writeNumbers(topic, 0, 3, 5);
        api.writeNumbers(topic, 1, 3, 5);

        Api.Answer answer = consumer.post("/positions/end", Consumer.partitions(topic, 1));
        api.writeNumbers(topic, 1, 5, 6);

        assertThat(answer.status()).as(answer.body()).isEqualTo(204);
        assertThat(Consumer.offsetsByPartition(consumer.pollUntil(3)))
                .isEqualTo(Map.of(0, List.of(3L, 4L), 1, List.of(5L)));
    }

    @Test
    void emptyListIsAllThatIsAssigned() {
        Api.Answer beginning = consumer.post("/positions/beginning", "{\"partitions\":[]}");
        Map<Integer, List<Long>> again = Consumer.offsetsByPartition(consumer.pollUntil(6));
        api.writeNumbers(topic, 0, 3, 5);
        api.writeNumbers(topic, 1, 3, 5);
        Api.Answer end = consumer.post("/positions/end", "{\"partitions\":[]}");

        assertThat(beginning.status()).as(beginning.body()).isEqualTo(204);
        assertThat(again).isEqualTo(Map.of(0, List.of(0L, 1L, 2L), 1, List.of(0L, 1L, 2L)));
        assertThat(end.status()).as(end.body()).isEqualTo(204);
        assertThat(consumer.poll("timeout=300")).isEmpty();
    }

    @Test
    void subscribedPartitionsAreMovedBeforeTheFirstPollToo() {
        Consumer subscribed = new Group(api).consumer("{\"format\":\"json\"}").subscribe(topic);

        Api.Answer answer = subscribed.post("/positions", Consumer.offsets(Consumer.offset(topic, 2, 1)));

        assertThat(answer.status()).as(answer.body()).isEqualTo(204);
        assertThat(Consumer.places(subscribed.pollUntil(2))).containsExactly(topic + "/2@1", topic + "/2@2");
    }

    @Test
    void seekingCommitsNothing() {
        consumer.commit();

        consumer.post("/positions", Consumer.offsets(Consumer.offset(topic, 0, 1)));

        assertThat(group.committed(topic, 0)).hasValue(3);
    }

    @ParameterizedTest
    @ValueSource(strings = {"/positions", "/positions/beginning", "/positions/end"})
    void partitionThatIsNotAssignedIsNotFoundAndNothingIsMoved(String operation) {
        api.writeNumbers(topic, 0, 3, 4);

        Api.Answer answer = consumer.post(
                operation,
                operation.equals("/positions")
                        ? Consumer.offsets(Consumer.offset(topic, 0, 0), Consumer.offset(topic, 2, 0))
                        : Consumer.partitions(topic, 0, 2));

        assertFailure(answer, 404, "PARTITION_NOT_ASSIGNED");
        assertThat(Consumer.places(consumer.poll())).containsExactly(topic + "/0@3");
    }

    @Test
    void topicOrPartitionThatIsNotThereIsNotFound() {
        String unknown = "unknown-" + UUID.randomUUID();

        assertFailure(consumer.post("/positions", Consumer.offsets(Consumer.offset(unknown, 0, 0))), 404);
        assertFailure(consumer.post("/positions", Consumer.offsets(Consumer.offset(topic, 99, 0))), 404);
        assertFailure(consumer.post("/positions/beginning", Consumer.partitions(unknown, 0)), 404);
        assertFailure(consumer.post("/positions/end", Consumer.partitions(topic, 99)), 404);
    }

    @Test
    void consumerWithoutPartitionsHasNoneToMove() {
        Consumer idle = group.consumer();

        assertFailure(
                idle.post("/positions", Consumer.offsets(Consumer.offset(topic, 2, 0))), 404, "PARTITION_NOT_ASSIGNED");
        assertFailure(idle.post("/positions/end", Consumer.partitions(topic, 2)), 404, "PARTITION_NOT_ASSIGNED");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "{}|INVALID_REQUEST",
                "{\"offsets\":{}}|INVALID_REQUEST",
                "{\"offsets\":[7]}|INVALID_REQUEST",
                "{\"offsets\":[{\"topic\":\"TOPIC\",\"partition\":0}]}|INVALID_REQUEST",
                "{\"offsets\":[{\"topic\":\"TOPIC\",\"partition\":0,\"offset\":-1}]}|INVALID_REQUEST",
                "{\"offsets\":[{\"topic\":\"TOPIC\",\"partition\":0,\"offset\":\"1\"}]}|INVALID_REQUEST",
                "{\"offsets\":[{\"topic\":\"TOPIC\",\"partition\":0,\"offset\":0},{\"topic\":\"TOPIC\"}]}|INVALID_REQUEST",
                "{\"partitions\":[]}|INVALID_REQUEST",
                "[]|INVALID_REQUEST",
                "{|INVALID_JSON"
            })
    void badOffsetsAreABadRequestAndNothingIsMoved(String body, String code) {
        Api.Answer answer = consumer.post("/positions", body.replace("TOPIC", topic));

        assertFailure(answer, 400, code);
        assertThat(consumer.poll("timeout=200")).isEmpty();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "{}|INVALID_REQUEST",
                "{\"partitions\":{}}|INVALID_REQUEST",
                "{\"partitions\":[7]}|INVALID_REQUEST",
                "{\"partitions\":[{\"topic\":\"TOPIC\"}]}|INVALID_REQUEST",
                "{\"partitions\":[{\"topic\":\"TOPIC\",\"partition\":\"0\"}]}|INVALID_REQUEST",
                "{\"partitions\":[{\"topic\":\"TOPIC\",\"partition\":0,\"offset\":0}]}|INVALID_REQUEST",
                "{\"offsets\":[]}|INVALID_REQUEST",
                "{|INVALID_JSON"
            })
    void badPartitionsAreABadRequestAndNothingIsMoved(String body, String code) {
        Api.Answer beginning = consumer.post("/positions/beginning", body.replace("TOPIC", topic));
        Api.Answer end = consumer.post("/positions/end", body.replace("TOPIC", topic));

        assertFailure(beginning, 400, code);
        assertFailure(end, 400, code);
        assertThat(consumer.poll("timeout=200")).isEmpty();
    }
}
