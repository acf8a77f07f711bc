package io.trunkline.retention;

import static io.trunkline.testing.TestDatabase.number;
import static org.assertj.core.api.Assertions.assertThat;

import io.quarkus.test.junit.QuarkusTest;
import io.quarkus.test.junit.TestProfile;
import io.trunkline.log.AppendOutcome;
import io.trunkline.log.Logs;
import io.trunkline.log.PartitionAppend;
import io.trunkline.log.ProducerBatch;
import io.trunkline.record.RecordBatch;
import io.trunkline.testing.Api;
import io.trunkline.testing.TestDatabase;
import io.trunkline.topic.TopicName;
import jakarta.inject.Inject;
import java.net.http.HttpRequest;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;

/** How long idempotency keys and the batches of producers are remembered, while slices come and go. */
@QuarkusTest
@TestProfile(RetentionTestCase.OwnDatabase.class)
class IdempotencyRetentionTest extends RetentionTestCase {
    /** The end of a slice, which begins at midnight, is half a day away. */
    private static final Duration REMEMBERED = Duration.ofHours(36);

    @Inject
    Logs logs;

    private final String key = UUID.randomUUID().toString();

    @Test
    void keyIsFoundInAnEarlierSlice() throws Exception {
        String topic = api.newTopic(3);
        Api.Answer first = produce(topic, "a");
        assertThat(first.header("Idempotency-Replayed")).isEmpty();

        pass(DAY);
        Api.Answer again = produce(topic, "a");

        assertThat(again.body()).isEqualTo(first.body());
        assertThat(again.header("Idempotency-Replayed")).isEqualTo("true");
        assertThat(produce(topic, "b").status()).isEqualTo(422);
    }

    @Test
    void keyIsRememberedForItsTimeAndForgottenWithItsSlice() throws Exception {
        String topic = topic("retention.ms", -1);
        produce(topic, "a");
        int slice = slices(topic).getFirst();

        pass(REMEMBERED.minusMillis(1));
        job.purge();
        assertThat(produce(topic, "a").header("Idempotency-Replayed")).isEqualTo("true");

        pass(Duration.ofMillis(1));
        job.purge();
        assertThat(number("SELECT count(*) FROM trunkline.idempotency_key_" + slice))
                .isZero();
        Api.Answer answer = produce(topic, "b");
        assertThat(answer.status()).isEqualTo(200);
        assertThat(answer.header("Idempotency-Replayed")).isEmpty();
        assertThat(answer.body()).contains("\"offset\":1");
    }

    @Test
    void keyOutlivesItsRecordsAndTheirSlice() throws Exception {
        String topic = topic("retention.ms", 1_000);
        produce(topic, "a");
        int slice = slices(topic).getFirst();
        pass(DAY);
        job.purge();
        assertThat(exists(slice)).as("still has the key").isTrue();

        Api.Answer again = produce(topic, "a");
        pass(DAY);
        job.purge();

        assertThat(again.header("Idempotency-Replayed")).isEqualTo("true");
        assertThat(again.body()).contains("\"offset\":0");
        assertThat(exists(slice)).isFalse();
        assertThat(produce(topic, "a").body()).contains("\"offset\":1");
    }

    @Test
    void partsOfARequestAreForgottenTogetherAlthoughTheyAreInTwoSlices() throws Exception {
        String topic = api.newTopic(2);
        CompletableFuture<Api.Answer> sent;
        try (Connection owner = TestDatabase.asOwner();
                Statement lock = owner.createStatement()) {
            owner.setAutoCommit(false);
            lock.execute("SELECT FROM trunkline.partition_head WHERE tp_id = " + partitionId(topic, 1) + " FOR UPDATE");
            sent = CompletableFuture.supplyAsync(() -> api.send(both(topic, "first")));
            Awaitility.await().atMost(PATIENCE).until(IdempotencyRetentionTest::cancelsWhoWaits);
            assertThat(sent.orTimeout(PATIENCE.toSeconds(), TimeUnit.SECONDS)
                            .join()
                            .body())
                    .as("the second part is left")
                    .contains("\"error_code\":503");
            owner.rollback();
        }
        pass(Duration.ofHours(12));
        Api.Answer completed = api.send(both(topic, "first"));
        assertThat(completed.body()).doesNotContain("error_code");
        assertThat(keys(partitionId(topic, 1))).isPositive();

        pass(DAY);
        job.purge();
        assertThat(keys(partitionId(topic, 0))).as("forgotten").isZero();
        assertThat(keys(partitionId(topic, 1))).as("in the later slice").isEqualTo(1);
        Api.Answer other = api.send(both(topic, "second"));

        assertThat(other.status()).as(other.body()).isEqualTo(200);
        assertThat(other.body()).doesNotContain("error_code").doesNotContain("\"offset\":0");
        assertThat(other.header("Idempotency-Replayed")).isEmpty();
    }

    @Test
    void batchesOfAProducerContinueInTheNextSlice() throws Exception {
        String topic = api.newTopic(1);
        for (int i = 0; i < 3; i++) {
            assertThat(append(topic, i)).isInstanceOf(AppendOutcome.Appended.class);
        }
        pass(DAY);

        assertThat(append(topic, 5)).isEqualTo(new AppendOutcome.OutOfOrderSequence());
        assertThat(append(topic, 0)).isInstanceOf(AppendOutcome.Duplicate.class);
        assertThat(append(topic, 3)).isInstanceOf(AppendOutcome.Appended.class);
        assertThat(append(topic, 1))
                .isInstanceOfSatisfying(
                        AppendOutcome.Duplicate.class,
                        d -> assertThat(d.baseOffset()).isEqualTo(1));
        for (int i = 4; i < 6; i++) {
            append(topic, i);
        }
        assertThat(append(topic, 0)).as("the sixth of the last").isEqualTo(new AppendOutcome.OutOfOrderSequence());

        pass(REMEMBERED);
        job.purge();
        assertThat(append(topic, 77)).as("of a producer that was forgotten").isInstanceOf(AppendOutcome.Appended.class);
    }

    @Test
    void keyWrittenAtTheBeginningOfASliceIsSeenInTheOneBefore() throws Exception {
        String topic = api.newTopic(1);
        produce(topic, "other");
        int before = slices(topic).getFirst();
        pass(Duration.ofHours(12).plusMinutes(15).minusMillis(1));

        Api.Answer first = api.send(request(topic, "next", "a"));

        assertThat(first.status()).isEqualTo(200);
        assertThat(slices(topic)).hasSize(2);
        assertThat(number("SELECT count(*) FROM trunkline.idempotency_key_" + before))
                .isEqualTo(2);
        pass(Duration.ofMillis(1));
        api.send(request(topic, "later", "a"));
        assertThat(number("SELECT count(*) FROM trunkline.idempotency_key_" + before))
                .as("nobody can be that late")
                .isEqualTo(2);
        assertThat(api.send(request(topic, "next", "a")).header("Idempotency-Replayed"))
                .isEqualTo("true");
    }

    @Test
    void sliceThatSomebodyMayStillWriteToIsNotForgotten() throws Exception {
        try (Connection owner = TestDatabase.asOwner();
                Statement statement = owner.createStatement()) {
            refused("23514", statement, "UPDATE trunkline.log_limit SET min_producer_retention = '29 minutes'");
        }
    }

    @Test
    void shorterTimeThanTheOwnerAllowsCountsAsThat() throws Exception {
        String topic = topic("retention.ms", -1);
        produce(topic, "a");
        int slice = slices(topic).getFirst();

        // An hour after the end of the slice, but for a moment.
        pass(Duration.ofHours(13).minusMillis(1));
        forget(Duration.ofMinutes(1));
        assertThat(produce(topic, "a").header("Idempotency-Replayed")).isEqualTo("true");

        pass(Duration.ofMillis(1));
        forget(Duration.ofMinutes(1));
        assertThat(number("SELECT count(*) FROM trunkline.idempotency_key_" + slice))
                .isZero();
    }

    @Test
    void theServiceRoleCannotForgetWhatIsRemembered() throws Exception {
        String topic = api.newTopic(1);
        produce(topic, "a");
        int slice = slices(topic).getFirst();
        pass(Duration.ofHours(13).minusMillis(1));
        try (Connection application = TestDatabase.asApplication();
                Statement statement = application.createStatement()) {
            refused("TL001", statement, "SELECT trunkline.forget_producers(NULL)");
            while (!TestDatabase.one(application, "SELECT trunkline.forget_producers('0')")
                    .equals("0")) {
                // One slice a call.
            }
            statement.execute("SELECT trunkline.drop_slice(" + slice + ")");
            for (String table : List.of("idempotency_key_", "producer_batch_")) {
                refused("42501", statement, "DELETE FROM trunkline." + table + slice);
                refused("42501", statement, "TRUNCATE trunkline." + table + slice);
                refused("42501", statement, "INSERT INTO trunkline." + table + slice + " DEFAULT VALUES");
            }
        }

        assertThat(produce(topic, "a").header("Idempotency-Replayed")).isEqualTo("true");
    }

    private AppendOutcome append(String topic, int sequence) throws SQLException {
        RecordBatch.Builder records = new RecordBatch.Builder(1, 1);
        records.add(now.toEpochMilli(), new byte[1], 0, 1);
        return logs.append(List.of(new PartitionAppend(
                        TopicName.parse(topic),
                        partitionId(topic),
                        records.build(),
                        true,
                        Optional.of(new ProducerBatch(1, 0, sequence)),
                        OptionalLong.empty())))
                .getFirst()
                .orTimeout(PATIENCE.toSeconds(), TimeUnit.SECONDS)
                .join();
    }

    private Api.Answer produce(String topic, String value) {
        return api.send(request(topic, key, value));
    }

    private void forget(Duration keep) {
        while (store.forgetProducers(keep) > 0) {
            // One slice a call.
        }
    }

    /** A record to each of two partitions, with the key of the test. */
    private HttpRequest.Builder both(String topic, String value) {
        return api.request("/topics/" + topic)
                .header("Content-Type", Api.TEXT)
                .header("Idempotency-Key", key)
                .POST(HttpRequest.BodyPublishers.ofString("{\"records\":[{\"partition\":0,\"value\":\"" + value
                        + "\"},{\"partition\":1,\"value\":\"" + value + "\"}]}"));
    }

    private static long partitionId(String topic, int partition) throws SQLException {
        return number("SELECT h.tp_id FROM trunkline.partition_head h JOIN trunkline.topic t USING (topic_id)"
                + " WHERE t.name = '" + topic + "' AND h.partition = " + partition);
    }

    /** How many keys are remembered of what was written to a partition, in the slices that have not been dropped. */
    private static long keys(long partitionId) throws SQLException {
        long keys = 0;
        try (Connection owner = TestDatabase.asOwner();
                Statement statement = owner.createStatement();
                ResultSet slices = statement.executeQuery("SELECT slice FROM trunkline.slice")) {
            while (slices.next()) {
                keys += number("SELECT count(*) FROM trunkline.idempotency_key_" + slices.getInt(1) + " WHERE tp_id = "
                        + partitionId);
            }
        }
        return keys;
    }

    /** Ends the appends that wait for a lock; false where none does. */
    private static boolean cancelsWhoWaits() throws SQLException {
        try (Connection superuser = TestDatabase.asSuperuser()) {
            return !TestDatabase.one(
                            superuser,
                            "SELECT count(pg_cancel_backend(a.pid)) FROM pg_stat_activity a WHERE a.wait_event_type = 'Lock'"
                                    + " AND a.datname = current_database() AND a.query LIKE '%append_%'")
                    .equals("0");
        }
    }

    private HttpRequest.Builder request(String topic, String key, String value) {
        return api.request("/topics/" + topic)
                .header("Content-Type", Api.TEXT)
                .header("Idempotency-Key", key)
                .POST(HttpRequest.BodyPublishers.ofString(
                        "{\"records\":[" + record(now, value).replaceFirst(",\"timestamp\":[0-9]+", "") + "]}"));
    }
}
