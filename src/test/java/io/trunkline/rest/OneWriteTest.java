package io.trunkline.rest;

import static org.assertj.core.api.Assertions.assertThat;

import io.quarkus.test.junit.QuarkusTest;
import io.trunkline.log.FaultyLogs;
import io.trunkline.log.Logs;
import io.trunkline.record.RecordBatch;
import io.trunkline.testing.Api;
import io.trunkline.testing.ServiceTestCase;
import io.trunkline.testing.TestDatabase;
import io.trunkline.topic.OtherTopics;
import io.trunkline.topic.TopicName;
import io.trunkline.topic.Topics;
import jakarta.inject.Inject;
import java.net.http.HttpRequest;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.Random;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;

/** What requests with an idempotency key hold in memory, and what a replica makes of what another one has written. */
@QuarkusTest
class OneWriteTest extends ServiceTestCase {
    @Inject
    OtherTopics otherTopics;

    @Inject
    FaultyLogs faultyLogs;

    @Inject
    Logs logs;

    private final String key = UUID.randomUUID().toString();

    @Test
    void requestIsWrittenToAPartitionThatTheReplicaDoesNotKnowOfYet() throws Exception {
        TopicName topic = TopicName.parse(api.newTopic(1));
        RecordBatch.Builder records = new RecordBatch.Builder(1, 1);
        records.add(1, new byte[1], 0, 1);
        Topics known = otherTopics.create();
        try {
            assertThat(known.get(topic).join().partitionCount()).isEqualTo(1);
            TestDatabase.execute("SELECT trunkline.grow_topic('" + topic.value() + "', 2)");

            // As a repetition would be sent, to another replica than the first one.
            ProduceResult result = send(new Producer(known, logs), topic, OptionalInt.of(1), records.build());

            assertThat(result.failure(0)).isNull();
            assertThat(result.partition(0)).isEqualTo(1);
        } finally {
            otherTopics.close(known);
        }
    }

    @Test
    void repetitionThatWouldBeDistributedOtherwiseFailsInsteadOfNamingWrongOffsets() throws Exception {
        String topic = api.newTopic(2);
        String body = "{\"records\":[{\"value\":1,\"partition\":0},{\"value\":2,\"partition\":1}]}";
        produce("/topics/" + topic, body);

        for (int partition = 0; partition < 2; partition++) {
            // As if the service had counted another record to the part.
            remember(topic, partition, 2);
            assertThat(produce("/topics/" + topic, body).status()).isEqualTo(500);
            remember(topic, partition, 1);
        }

        assertThat(produce("/topics/" + topic, body).header("Idempotency-Replayed"))
                .isEqualTo("true");
        assertThat(api.readAll(topic, 0, 0, Api.JSON)).hasSize(1);
        assertThat(api.readAll(topic, 1, 0, Api.JSON)).hasSize(1);
    }

    @Test
    void recordsThatWaitForTheFirstOfTheirRequestCountAsWaiting() throws Exception {
        String topic = api.newTopic(2);
        int size = 200_000;
        String body = "{\"records\":[{\"value\":\"a\",\"partition\":0},{\"value\":\"" + "x".repeat(size)
                + "\",\"partition\":1}]}";
        CompletableFuture<Api.Answer> sent;

        try (Connection owner = TestDatabase.asOwner()) {
            owner.setAutoCommit(false);
            TestDatabase.execute(
                    owner,
                    "SELECT FROM trunkline.partition_head WHERE tp_id = " + partitionId(topic, 0) + " FOR UPDATE");
            sent = CompletableFuture.supplyAsync(() -> produce("/topics/" + topic, body));
            // Shorter than anybody waits for the lock.
            Awaitility.await().atMost(Duration.ofSeconds(3)).until(() -> queuedBytes() > size);
            owner.rollback();
        }

        Api.Answer answer = sent.orTimeout(30, TimeUnit.SECONDS).join();
        assertThat(answer.status()).as(answer.body()).isEqualTo(200);
        assertThat(answer.body()).doesNotContain("error_code");
        Awaitility.await().until(() -> queuedBytes() == 0);
    }

    @Test
    void recordsThatAreAllRefusedCountWhileTheirKeyIsLookedUp() {
        TopicName topic = TopicName.parse(api.newTopic(1, "{\"max.message.bytes\":\"10\"}"));
        RecordBatch.Builder records = new RecordBatch.Builder(1, 1);
        records.add(1, new byte[5_000], 0, 5_000);
        Topics known = otherTopics.create();
        List<Double> counted = new CopyOnWriteArrayList<>();
        try (FaultyLogs.Replica replica = faultyLogs.create(known, new Random(0))) {
            replica.beforeFinding(() -> counted.add(replica.queuedBytes()));

            ProduceResult result =
                    send(new Producer(known, replica.logs()), topic, OptionalInt.empty(), records.build());

            assertThat(result.failure(0)).isNotNull();
            assertThat(counted)
                    .singleElement()
                    .satisfies(bytes -> assertThat(bytes).isGreaterThan(5_000));
            assertThat(replica.queuedBytes()).isZero();
        } finally {
            otherTopics.close(known);
        }
    }

    /** Sends a record with the key of the test by a replica without its HTTP. */
    private ProduceResult send(Producer producer, TopicName topic, OptionalInt only, RecordBatch batch) {
        return producer.send(
                        topic,
                        Optional.empty(),
                        new SendRequest(
                                batch,
                                batch::sizeOf,
                                new int[] {Producer.ANY_PARTITION},
                                only,
                                false,
                                Optional.of(new RequestKey("", key, new byte[32])),
                                OptionalLong.empty()))
                .thenCompose(Producer.Accepted::result)
                .orTimeout(30, TimeUnit.SECONDS)
                .join();
    }

    private double queuedBytes() {
        return ops.get("/q/metrics")
                .body()
                .lines()
                .filter(line -> line.startsWith("trunkline_append_queued_bytes "))
                .mapToDouble(line -> Double.parseDouble(line.split(" ")[1]))
                .sum();
    }

    /** Changes how many records the part of a request to a partition is remembered to have. */
    private static void remember(String topic, int partition, int count) throws SQLException {
        TestDatabase.execute("DO $$ DECLARE v_slice int; BEGIN FOR v_slice IN SELECT slice FROM trunkline.slice LOOP"
                + " EXECUTE format('UPDATE trunkline.idempotency_key_%s SET record_count = " + count + " WHERE tp_id = "
                + partitionId(topic, partition) + "', v_slice); END LOOP; END $$");
    }

    private static long partitionId(String topic, int partition) throws SQLException {
        return TestDatabase.number(
                "SELECT h.tp_id FROM trunkline.partition_head h JOIN trunkline.topic t USING (topic_id)"
                        + " WHERE t.name = '" + topic + "' AND h.partition = " + partition);
    }

    private Api.Answer produce(String path, String body) {
        return api.send(api.request(path)
                .header("Content-Type", Api.JSON)
                .header("Idempotency-Key", key)
                .POST(HttpRequest.BodyPublishers.ofString(body)));
    }
}
