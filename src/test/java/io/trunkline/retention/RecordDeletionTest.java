package io.trunkline.retention;

import static io.trunkline.testing.Failure.assertFailure;
import static io.trunkline.testing.TestDatabase.number;
import static org.assertj.core.api.Assertions.assertThat;

import io.quarkus.test.junit.QuarkusTest;
import io.quarkus.test.junit.TestProfile;
import io.trunkline.testing.Api;
import io.trunkline.testing.TestDatabase;
import java.sql.Connection;
import java.sql.Statement;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Records and topics that are deleted by hand. */
@QuarkusTest
@TestProfile(RetentionTestCase.OwnDatabase.class)
class RecordDeletionTest extends RetentionTestCase {
    @Test
    void deletedRecordsAreGoneToTheOffsetAlthoughTheyShareABatch() throws Exception {
        String topic = topic("retention.ms", -1);
        writeTogether(topic, record(now, "a"), record(now, "b"), record(now, "c"));
        write(topic, now, "d");
        assertThat(values(topic)).containsExactly("a", "b", "c", "d");

        Api.Answer answer = api.delete(records(topic) + "?before=2");

        assertThat(answer.status()).isEqualTo(200);
        assertThat(answer.body()).isEqualTo("{\"beginning_offset\":2,\"end_offset\":4}");
        assertFailure(page(topic, 1), 416, "OFFSET_OUT_OF_RANGE");
        assertThat(values(topic)).containsExactly("c", "d");
        assertThat(page(topic, 3).json()).hasSize(1);
        assertThat(api.get(records(topic) + "?timestamp=0").json()).hasSize(2);
        job.purge();
        assertThat(values(topic)).containsExactly("c", "d");
    }

    @Test
    void allRecordsAreDeletedWithMinusOne() throws Exception {
        String topic = topic("retention.ms", -1);
        write(topic, now, "a");
        write(topic, now, "b");

        assertThat(api.delete(records(topic) + "?before=-1").body())
                .isEqualTo("{\"beginning_offset\":2,\"end_offset\":2}");

        assertThat(values(topic)).isEmpty();
        job.purge();
        assertThat(batches(slices(topic).getLast(), topic))
                .as("batches on disk")
                .isZero();
        assertThat(write(topic, now, "c")).isEqualTo(2);
        assertThat(values(topic)).containsExactly("c");
        assertThat(api.get("/topics/" + topic + "/partitions/0?include=sizes")
                        .json()
                        .path("size_bytes")
                        .asLong())
                .isPositive();
    }

    @Test
    void deletingBelowTheLogStartChangesNothing() throws Exception {
        String topic = topic("retention.ms", -1);
        write(topic, now, "a");
        write(topic, now, "b");
        api.delete(records(topic) + "?before=1");

        assertThat(api.delete(records(topic) + "?before=0").body())
                .isEqualTo("{\"beginning_offset\":1,\"end_offset\":2}");
        assertThat(values(topic)).containsExactly("b");
    }

    @Test
    void deletingBeyondTheEndIsRefusedAndTellsWhatIsThere() throws Exception {
        String topic = topic("retention.ms", -1);
        write(topic, now, "a");

        Api.Answer answer = api.delete(records(topic) + "?before=2");

        assertFailure(answer, 416, "OFFSET_OUT_OF_RANGE");
        assertThat(answer.header("Trunkline-Log-Start-Offset")).isEqualTo("0");
        assertThat(answer.header("Trunkline-End-Offset")).isEqualTo("1");
        assertThat(values(topic)).containsExactly("a");
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "?before=", "?before=-2", "?before=x", "?before=1.5", "?before=9223372036854775808"})
    void deletingNeedsAnOffset(String query) throws Exception {
        String topic = topic("retention.ms", -1);
        write(topic, now, "a");

        assertFailure(api.delete(records(topic) + query), 400, "INVALID_PARAMETER");
        assertThat(values(topic)).containsExactly("a");
    }

    @Test
    void deletingRecordsOfWhatIsNotThereIsNotFound() {
        assertFailure(
                api.delete("/topics/none-" + UUID.randomUUID() + "/partitions/0/records?before=0"),
                404,
                "TOPIC_NOT_FOUND");
        assertFailure(
                api.delete("/topics/" + api.newTopic(1) + "/partitions/1/records?before=0"),
                404,
                "PARTITION_NOT_FOUND");
    }

    /** The operator may keep the service from deleting records, while purges go on. */
    @Test
    void deletingCanBeForbiddenInTheDatabase() throws Exception {
        String topic = topic("retention.ms", 1_000);
        write(topic, now, "a");
        try (Connection owner = TestDatabase.asOwner();
                Statement statement = owner.createStatement()) {
            statement.execute("REVOKE EXECUTE ON FUNCTION trunkline.delete_records FROM trunkline_app");
            try {
                assertFailure(api.delete(records(topic) + "?before=1"), 403, "DATABASE_PERMISSION_MISSING");
                assertThat(values(topic)).containsExactly("a");
                pass(HOUR);
                job.purge();
                assertThat(values(topic)).isEmpty();
            } finally {
                statement.execute("GRANT EXECUTE ON FUNCTION trunkline.delete_records TO trunkline_app");
            }
        }
    }

    @Test
    void deletedTopicFreesItsNameAtOnceAndItsSpaceAtTheNextPurge() throws Exception {
        String topic = topic("retention.ms", -1);
        String other = topic("retention.ms", -1);
        write(topic, now, "a");
        write(other, now, "b");
        int slice = slices(topic).getLast();
        int partitionId = partitionId(topic);

        assertThat(api.delete("/topics/" + topic).status()).isEqualTo(204);
        api.createTopic(topic, 1);
        assertThat(values(topic)).isEmpty();
        assertThat(number("SELECT count(*) FROM trunkline.log_batch WHERE tp_id = " + partitionId))
                .isEqualTo(1);

        job.purge();

        assertThat(number("SELECT count(*) FROM trunkline.log_batch WHERE tp_id = " + partitionId))
                .isZero();
        assertThat(number("SELECT count(*) FROM trunkline.retired_partition")).isZero();
        assertThat(values(other)).containsExactly("b");
        assertThat(exists(slice)).isTrue();
        assertThat(write(topic, now, "c")).isZero();
    }

    @Test
    void slicesOfDeletedTopicsAreFreedAsAWhole() throws Exception {
        String topic = topic("retention.ms", -1);
        write(topic, now, "a");
        int slice = slices(topic).getLast();
        pass(DAY);
        api.delete("/topics/" + topic);

        job.purge();

        assertThat(exists(slice)).isFalse();
        assertThat(number("SELECT count(*) FROM trunkline.retired_partition")).isZero();
    }
}
