package io.trunkline.retention;

import static io.trunkline.testing.Failure.assertFailure;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import io.quarkus.test.common.QuarkusTestResource;
import io.quarkus.test.common.http.TestHTTPResource;
import io.quarkus.test.junit.QuarkusTest;
import io.quarkus.test.junit.QuarkusTestProfile;
import io.quarkus.test.junit.TestProfile;
import io.trunkline.testing.Api;
import io.trunkline.testing.Consumer;
import io.trunkline.testing.LogClock;
import io.trunkline.testing.TestDatabase;
import jakarta.inject.Inject;
import java.net.URI;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.IntStream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What retention removes and what it keeps, with the clock of the log stopped. Each test has days of its own. */
@QuarkusTest
@QuarkusTestResource(TestDatabase.class)
@TestProfile(RetentionTest.OwnDatabase.class)
class RetentionTest {
    /** A database in which slices come and go. The service's own purges are rare, and those of the tests count. */
    public static class OwnDatabase implements QuarkusTestProfile {
        @Override
        public Map<String, String> getConfigOverrides() {
            return Map.of("trunkline.retention.check-interval", "10h", "trunkline.log.metrics.interval", "1s");
        }
    }

    private static final Duration HOUR = Duration.ofHours(1);
    private static final Duration DAY = Duration.ofDays(1);
    private static final Duration PATIENCE = Duration.ofSeconds(30);

    /** Days are not used again, since time does not go back in a partition. Noon, so that hours lie within a slice. */
    private static Instant nextDay = Instant.now()
            .truncatedTo(ChronoUnit.DAYS)
            .plus(12, ChronoUnit.HOURS)
            .plus(30, ChronoUnit.DAYS);

    @TestHTTPResource("/")
    URI base;

    @TestHTTPResource(value = "/metrics", management = true)
    URI metrics;

    @Inject
    RetentionJob job;

    @Inject
    RetentionStore store;

    private Api api;
    private Instant now;

    @BeforeEach
    void stopClock() throws SQLException {
        api = new Api(base.toString());
        now = nextDay;
        nextDay = nextDay.plus(100, ChronoUnit.DAYS);
        LogClock.stopAt(now);
    }

    @AfterEach
    void letClockRun() throws SQLException {
        LogClock.reset();
    }

    // ---- what is kept

    @Test
    void recordIsKeptUntilItIsOlderThanRetentionMs() throws Exception {
        String topic = topic("retention.ms", 1_000);
        write(topic, now, "a");
        pass(Duration.ofMillis(100));
        write(topic, now, "b");
        pass(Duration.ofMillis(100));
        write(topic, now, "c");

        pass(Duration.ofMillis(900));
        job.purge();

        assertThat(values(topic)).containsExactly("b", "c");
        assertFailure(page(topic, 0), 416, "OFFSET_OUT_OF_RANGE");
        assertThat(page(topic, 0).header("Trunkline-Log-Start-Offset")).isEqualTo("1");
        assertThat(page(topic, 0).header("Trunkline-End-Offset")).isEqualTo("3");
    }

    @Test
    void recordIsKeptWhileItIsExactlyAsOldAsRetentionMs() throws Exception {
        String topic = topic("retention.ms", 1_000);
        write(topic, now, "a");

        pass(Duration.ofMillis(1_000));
        job.purge();

        assertThat(values(topic)).containsExactly("a");
    }

    @Test
    void batchStaysAsLongAsItsNewestRecord() throws Exception {
        String topic = topic("retention.ms", 1_000);
        writeTogether(
                topic, record(now.minusMillis(900), "old"), record(now, "new"), record(now.minusMillis(800), "old"));

        pass(Duration.ofMillis(1_000));
        job.purge();
        assertThat(values(topic)).containsExactly("old", "new", "old");

        pass(Duration.ofMillis(1));
        job.purge();
        assertThat(values(topic)).isEmpty();
    }

    @Test
    void dataIsKeptForAWeekUnlessConfigured() throws Exception {
        String topic = api.newTopic(1);
        write(topic, now, "a");

        pass(Duration.ofDays(7));
        job.purge();
        assertThat(values(topic)).containsExactly("a");

        pass(Duration.ofMillis(1));
        job.purge();
        assertThat(values(topic)).isEmpty();
    }

    /** Kafka's rule: the oldest go while what is left is not less than the limit. */
    @ParameterizedTest
    @CsvSource({"0, 3", "1, 4", "-1, 3"})
    void asManyOfTheNewestBatchesStayAsRetentionBytesNeeds(long more, int kept) throws Exception {
        String topic = topic("retention.ms", -1);
        for (int i = 0; i < 10; i++) {
            write(topic, now, "v" + i);
        }
        long size = api.get("/topics/" + topic).json().path("size_bytes").asLong() / 10;
        configure(topic, "\"retention.bytes\":" + (3 * size + more));

        job.purge();

        assertThat(values(topic))
                .containsExactlyElementsOf(
                        IntStream.range(10 - kept, 10).mapToObj(i -> "v" + i).toList());
        JsonNode described = api.get("/topics/" + topic).json();
        assertThat(described.path("size_bytes").asLong()).isEqualTo(kept * size);
        assertThat(described.path("partitions").path(0).path("log_start_offset").asLong())
                .isEqualTo(10 - kept);
        assertThat(described.path("partitions").path(0).path("end_offset").asLong())
                .isEqualTo(10);
    }

    @Test
    void nothingIsKeptWhereRetentionBytesIsZero() throws Exception {
        String topic = topic("retention.bytes", 0);
        write(topic, now, "a");

        job.purge();

        assertThat(values(topic)).isEmpty();
        assertThat(api.get("/topics/" + topic).json().path("size_bytes").asLong())
                .isZero();
    }

    @Test
    void whicheverLimitIsReachedFirstCounts() throws Exception {
        String topic = topic("retention.ms", 1_000);
        write(topic, now, "a");
        write(topic, now, "b");
        write(topic, now, "c");
        configure(topic, "\"retention.bytes\":1");

        job.purge();
        assertThat(values(topic)).containsExactly("c");

        pass(Duration.ofMillis(1_001));
        job.purge();
        assertThat(values(topic)).isEmpty();
    }

    /** A record from the future is as old as its append, so that it cannot keep what comes after it for ever. */
    @Test
    void timestampOfTheFutureCountsAsTheTimeOfTheAppend() throws Exception {
        String topic = topic("retention.ms", 1_000);
        write(topic, now.plus(3_650, ChronoUnit.DAYS), "future");
        write(topic, now, "now");
        pass(Duration.ofMillis(500));
        write(topic, now, "later");

        pass(Duration.ofMillis(501));
        job.purge();
        assertThat(values(topic)).containsExactly("later");

        pass(Duration.ofMillis(500));
        job.purge();
        assertThat(values(topic)).isEmpty();
    }

    @Test
    void oldTimestampGoesAtTheNextPurgeButNotBeforeWhatCameBeforeIt() throws Exception {
        String old = topic("retention.ms", 1_000);
        write(old, now.minus(DAY), "old");
        String behind = topic("retention.ms", 1_000);
        write(behind, now, "now");
        write(behind, now.minus(DAY), "old");
        write(behind, now, "now too");

        job.purge();
        assertThat(values(old)).isEmpty();
        assertThat(values(behind)).containsExactly("now", "old", "now too");
    }

    @Test
    void logAppendTimeIsWhatCountsWhereTheTopicHasIt() throws Exception {
        String topic = api.newTopic(1, "{\"retention.ms\":1000,\"message.timestamp.type\":\"LogAppendTime\"}");
        write(topic, now.minus(DAY), "a");

        pass(Duration.ofMillis(1_000));
        job.purge();
        assertThat(values(topic)).containsExactly("a");

        pass(Duration.ofMillis(1));
        job.purge();
        assertThat(values(topic)).isEmpty();
    }

    @Test
    void changedRetentionCountsFromTheNextPurge() throws Exception {
        String topic = topic("retention.ms", 1_000);
        write(topic, now, "a");
        configure(topic, "\"retention.ms\":-1");

        pass(HOUR);
        job.purge();
        assertThat(values(topic)).containsExactly("a");

        configure(topic, "\"retention.ms\":null");
        job.purge();
        assertThat(values(topic)).containsExactly("a");

        configure(topic, "\"retention.ms\":3599999");
        job.purge();
        assertThat(values(topic)).isEmpty();
    }

    /** More batches than one call looks at, none of which the running maximum of the timestamps tells to be old. */
    @Test
    void manyOldBatchesAfterOneOfTheFutureArePurged() throws Exception {
        String topic = topic("retention.ms", 1_000);
        write(topic, now.plus(3_650, ChronoUnit.DAYS), "future");
        try (Connection owner = TestDatabase.asOwner();
                Statement statement = owner.createStatement()) {
            statement.execute("SELECT count(trunkline.append(" + partitionId(topic) + ", ARRAY["
                    + now.toEpochMilli() + "], NULL, ARRAY['v'::bytea], NULL, NULL, NULL))"
                    + " FROM generate_series(1, 20500)");
        }
        pass(Duration.ofMillis(500));
        write(topic, now.minusMillis(600), "old");
        write(topic, now, "new");

        pass(Duration.ofMillis(501));
        job.purge();

        assertThat(values(topic)).containsExactly("new");
        assertThat(page(topic, 20_502).json()).hasSize(1);
    }

    // ---- offsets

    @Test
    void whollyPurgedPartitionGoesOnWithTheNextOffset() throws Exception {
        String topic = topic("retention.ms", 1_000);
        write(topic, now, "a");
        write(topic, now, "b");

        pass(Duration.ofMillis(1_001));
        job.purge();
        assertThat(page(topic, 2).json()).isEmpty();
        assertThat(write(topic, now, "c")).isEqualTo(2);

        // Long after, in another slice, when that of the last record has gone.
        int slice = slices(topic).getLast();
        pass(Duration.ofDays(9));
        job.purge();
        assertThat(exists(slice)).isFalse();
        assertThat(page(topic, 3).json()).isEmpty();
        assertFailure(page(topic, 2), 416, "OFFSET_OUT_OF_RANGE");
        assertThat(write(topic, now, "d")).isEqualTo(3);
        assertThat(values(topic)).containsExactly("d");
    }

    /** A partition that was never written, or for long, does not hold old slices, and can still be written and read. */
    @Test
    void idlePartitionsLetGoOfOldSlices() throws Exception {
        String empty = topic("retention.ms", -1);
        String kept = topic("retention.ms", -1);
        write(kept, now, "a");
        int slice = slices(kept).getLast();
        pass(DAY);
        String other = topic("retention.ms", 1_000);
        write(other, now, "x");
        int next = slices(other).getLast();
        String emptyToo = topic("retention.ms", 1_000);

        pass(Duration.ofDays(2));
        job.purge();

        assertThat(exists(slice)).isTrue();
        assertThat(exists(next)).isFalse();
        assertThat(write(empty, now, "first")).isZero();
        assertThat(write(emptyToo, now, "first")).isZero();
        assertThat(write(kept, now, "b")).isEqualTo(1);
        assertThat(values(kept)).containsExactly("a", "b");
        assertThat(values(empty)).containsExactly("first");
    }

    @Test
    void topicsThatAreKeptForLongAndShortShareSlices() throws Exception {
        String brief = topic("retention.ms", HOUR.toMillis());
        String week = api.newTopic(1);
        String forever = topic("retention.ms", -1);
        for (String topic : List.of(brief, week, forever)) {
            write(topic, now, "a");
            write(topic, now, "b");
        }
        int slice = slices(forever).getLast();

        pass(HOUR.multipliedBy(2));
        job.purge();
        assertThat(values(brief)).isEmpty();
        assertThat(batches(slice, brief)).as("batches on disk").isZero();
        assertThat(values(week)).containsExactly("a", "b");
        assertThat(values(forever)).containsExactly("a", "b");

        pass(Duration.ofDays(8));
        job.purge();
        assertThat(values(week)).isEmpty();
        assertThat(batches(slice, week)).as("batches on disk").isZero();
        assertThat(values(forever)).containsExactly("a", "b");
        assertThat(exists(slice)).isTrue();
    }

    /** What a slice that will soon be free holds is not deleted one by one. */
    @Test
    void slicesOfTopicsThatAreKeptForAsLongAreFreedAsAWhole() throws Exception {
        String topic = api.newTopic(1);
        String idle = api.newTopic(1);
        String other = api.newTopic(1);
        write(topic, now, "a");
        write(idle, now, "a");
        pass(HOUR);
        write(topic, now, "b");
        write(other, now, "c");
        int slice = slices(topic).getLast();

        pass(Duration.ofDays(7).minus(Duration.ofMillis(1)));
        job.purge();
        assertThat(values(topic)).containsExactly("b");
        assertThat(batches(slice, topic)).as("batches on disk").isEqualTo(2);
        assertThat(values(idle)).isEmpty();
        assertThat(batches(slice, idle)).as("batches on disk").isEqualTo(1);

        pass(Duration.ofMillis(2));
        job.purge();
        assertThat(values(topic)).isEmpty();
        assertThat(exists(slice)).isFalse();
    }

    // ---- deletion by hand

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
        assertThat(api.get("/topics/" + topic + "/partitions/0")
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
                assertFailure(api.delete(records(topic) + "?before=1"), 403, "NOT_PERMITTED");
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
        assertThat(count("SELECT count(*) FROM trunkline.log_batch WHERE tp_id = " + partitionId))
                .isEqualTo(1);

        job.purge();

        assertThat(count("SELECT count(*) FROM trunkline.log_batch WHERE tp_id = " + partitionId))
                .isZero();
        assertThat(count("SELECT count(*) FROM trunkline.retired_partition")).isZero();
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
        assertThat(count("SELECT count(*) FROM trunkline.retired_partition")).isZero();
    }

    // ---- who may do what

    /** Called by hand, with the rights of the service, the functions remove nothing that a topic keeps. */
    @Test
    void theServiceRoleCannotRemoveWhatIsKept() throws Exception {
        String week = api.newTopic(1);
        String forever = topic("retention.ms", -1);
        write(week, now, "a");
        write(forever, now, "b");
        int slice = slices(week).getLast();
        int weekId = partitionId(week);
        pass(Duration.ofDays(7));
        try (Connection application = TestDatabase.asApplication();
                Statement statement = application.createStatement()) {
            for (int id : List.of(weekId, partitionId(forever))) {
                statement.execute("SELECT trunkline.purge_partition(" + id + ")");
                statement.execute("SELECT trunkline.free_batches(" + id + ", " + slice + ", 1000, 1000000)");
            }
            refused("TL409", statement, "SELECT trunkline.free_slice(" + slice + ")");
            refused("TL409", statement, "SELECT trunkline.free_slice(" + currentSlice() + ")");
            refused("TL409", statement, "SELECT trunkline.free_slice(" + (currentSlice() + 1) + ")");
            refused("TL409", statement, "SELECT trunkline.drop_slice(" + currentSlice() + ")");
            statement.execute("SELECT trunkline.drop_slice(" + slice + ")");
            statement.execute("SELECT trunkline.forget_retired()");
            refused("42501", statement, "SELECT trunkline.move_log_start(" + weekId + ", NULL, NULL)");
            refused("42501", statement, "UPDATE trunkline.partition_slice SET needed = false");
            refused("42501", statement, "DELETE FROM trunkline.log_batch_" + slice);
            refused("42501", statement, "TRUNCATE trunkline.log_batch_" + slice);
            refused("42501", statement, "DROP TABLE trunkline.log_batch_" + slice);
            refused(
                    "42501",
                    statement,
                    "CREATE OR REPLACE FUNCTION trunkline.now() RETURNS timestamptz LANGUAGE sql AS"
                            + " $$ SELECT timestamptz '2100-01-01' $$");
        }

        assertThat(values(week)).containsExactly("a");
        assertThat(values(forever)).containsExactly("b");
        assertThat(batches(slice, week)).isEqualTo(1);
    }

    /** The functions would read an old snapshot, and so not see what has been written meanwhile. */
    @Test
    void purgingNeedsFreshSnapshots() throws Exception {
        String topic = topic("retention.ms", 0);
        write(topic, now.minus(HOUR), "a");
        int id = partitionId(topic);
        try (Connection application = TestDatabase.asApplication();
                Statement statement = application.createStatement()) {
            application.setAutoCommit(false);
            application.setTransactionIsolation(Connection.TRANSACTION_REPEATABLE_READ);
            for (String call : List.of(
                    "purge_partition(" + id + ")",
                    "delete_records(" + id + ", -1)",
                    "free_slice(1)",
                    "drop_slice(1)",
                    "free_batches(" + id + ", 1, 1, 1)")) {
                refused("TL400", statement, "SELECT trunkline." + call);
                application.rollback();
            }
        }
        assertThat(values(topic)).containsExactly("a");
    }

    @Test
    void topicConfigurationsThatThePurgeCannotReadDoNotGetIn() throws Exception {
        String topic = api.newTopic(1);
        try (Connection application = TestDatabase.asApplication();
                Statement statement = application.createStatement()) {
            for (String value : List.of("x", "1.5", "-2", "9223372036854775808", "")) {
                for (String key : List.of("retention.ms", "retention.bytes")) {
                    String change = "UPDATE trunkline.topic SET config = '{\"" + key + "\":\"" + value
                            + "\"}' WHERE name = '" + topic + "'";
                    assertThatThrownBy(() -> statement.execute(change))
                            .isInstanceOfSatisfying(
                                    SQLException.class,
                                    e -> assertThat(e.getSQLState()).isIn("23514", "22P02"));
                }
            }
        }
    }

    // ---- turns

    @Test
    void oneReplicaAtATimeHasTheTurn() throws Exception {
        UUID one = UUID.randomUUID();
        UUID other = UUID.randomUUID();
        Duration lease = Duration.ofMinutes(2);
        Duration interval = Duration.ofMinutes(5);

        assertThat(store.claim(one, lease, interval)).isTrue();
        assertThat(store.claim(other, lease, interval)).isFalse();
        assertThat(store.renew(one, lease)).isTrue();
        assertThat(store.renew(other, lease)).isFalse();
        store.end(one, true);
        assertThat(store.succeededAt()).hasValue(now);
        assertThat(store.claim(other, lease, interval)).as("not due").isFalse();
        pass(interval.plusMillis(1));
        assertThat(store.claim(other, lease, interval)).isTrue();

        // It dies: nobody hears of it again.
        pass(interval.plusMillis(1));
        assertThat(store.claim(one, lease, interval)).isTrue();
        assertThat(store.renew(other, lease)).isFalse();
        store.end(other, true);
        assertThat(store.renew(one, lease)).isTrue();
        store.end(one, false);
    }

    /** A turn that was taken when the clock was wrong does not stop purges for long. */
    @Test
    void turnOfTheFutureIsTaken() throws Exception {
        UUID one = UUID.randomUUID();
        pass(Duration.ofDays(50));
        assertThat(store.claim(one, Duration.ofMinutes(2), HOUR)).isTrue();

        pass(Duration.ofDays(-50));

        assertThat(store.claim(UUID.randomUUID(), Duration.ofMinutes(2), HOUR)).isTrue();
    }

    // ---- others at work

    @Test
    void lockedPartitionIsPurgedLaterAndHoldsUpNoOther() throws Exception {
        String locked = api.newTopic(1, "{\"retention.ms\":1000,\"message.timestamp.type\":\"LogAppendTime\"}");
        String free = topic("retention.ms", 1_000);
        write(locked, now, "a");
        write(free, now, "b");
        pass(HOUR);
        try (Connection connection = TestDatabase.asApplication();
                Statement statement = connection.createStatement()) {
            connection.setAutoCommit(false);
            statement.execute("SELECT trunkline.produce('" + locked + "', NULL::text, 'c')");

            job.purge();

            assertThat(values(free)).isEmpty();
            assertThat(values(locked)).containsExactly("a");
            connection.commit();
        }

        job.purge();
        assertThat(values(locked)).containsExactly("c");
    }

    /** Whoever reads an old slice for long keeps its space, but not its records, and stops nobody else. */
    @Test
    void sliceThatIsReadIsFreedLater() throws Exception {
        String topic = topic("retention.ms", 1_000);
        write(topic, now, "a");
        int slice = slices(topic).getLast();
        pass(DAY);
        write(topic, now, "b");
        try (Connection connection = TestDatabase.asApplication();
                Statement statement = connection.createStatement()) {
            connection.setAutoCommit(false);
            statement
                    .executeQuery("SELECT count(*) FROM trunkline.log_batch_" + slice)
                    .close();

            job.purge();

            assertThat(exists(slice)).isTrue();
            assertFailure(page(topic, 0), 416, "OFFSET_OUT_OF_RANGE");
            assertThat(values(topic)).containsExactly("b");
            assertThat(write(topic, now, "c")).isEqualTo(2);
            connection.rollback();
        }

        job.purge();
        assertThat(exists(slice)).isFalse();
        assertThat(values(topic)).containsExactly("b", "c");
    }

    /** A transaction that wrote to a slice before it was over, and commits long after, keeps it. */
    @Test
    void sliceThatSomebodyStillWritesToStays() throws Exception {
        String topic = topic("retention.ms", -1);
        String expired = topic("retention.ms", 1_000);
        write(expired, now, "x");
        int slice = slices(expired).getLast();
        try (Connection connection = TestDatabase.asApplication();
                Statement statement = connection.createStatement()) {
            connection.setAutoCommit(false);
            statement.execute("SELECT trunkline.produce('" + topic + "', NULL::text, 'a')");
            pass(DAY);
            job.purge();
            connection.commit();
        }
        assertThat(values(topic)).containsExactly("a");

        job.purge();
        pass(DAY);
        job.purge();

        assertThat(exists(slice)).isTrue();
        assertThat(values(topic)).containsExactly("a");
        assertThat(write(topic, now, "b")).isEqualTo(1);
        assertThat(values(topic)).containsExactly("a", "b");
    }

    /** A topic that was made, not yet committed, while a slice was current does not lose its place. */
    @Test
    void sliceThatANewPartitionNamesStays() throws Exception {
        String name = "t-" + UUID.randomUUID();
        int slice = currentSlice();
        try (Connection connection = TestDatabase.asApplication();
                Statement statement = connection.createStatement()) {
            connection.setAutoCommit(false);
            statement.execute("INSERT INTO trunkline.topic (name, partition_count) VALUES ('" + name + "', 1)");
            pass(DAY.multipliedBy(2));
            job.purge();
            connection.commit();
        }
        assertThat(exists(slice)).isTrue();
        assertThat(write(name, now, "a")).isZero();
        assertThat(values(name)).containsExactly("a");

        job.purge();
        assertThat(exists(slice)).isFalse();
    }

    /** Without slices for the time that has come, appends go on into the last one, and the metric tells. */
    @Test
    void appendsGoOnWhereNoSliceCouldBeMade() throws Exception {
        String topic = topic("retention.ms", -1);
        write(topic, now, "a");

        LogClock.stopAtWithoutSlices(now.plus(60, ChronoUnit.DAYS));
        now = now.plus(60, ChronoUnit.DAYS);

        assertThat(write(topic, now, "b")).isEqualTo(1);
        pass(Duration.ZERO);
        assertThat(write(topic, now, "c")).isEqualTo(2);
        assertThat(values(topic)).containsExactly("a", "b", "c");
    }

    @Test
    void metricTellsThatNoSliceIsLeft() throws Exception {
        Awaitility.await().atMost(PATIENCE).until(() -> metric("trunkline_slices_ahead") >= 3);

        LogClock.stopAtWithoutSlices(now.plus(60, ChronoUnit.DAYS));

        Awaitility.await().atMost(PATIENCE).until(() -> metric("trunkline_slices_ahead") == 0);
    }

    /** While records are removed under a reader, it gets those it asks for, or is told that they are gone: never a hole. */
    @Test
    void readerInTheMiddleOfPurgesSeesNoHole() throws Exception {
        String topic = topic("retention.bytes", 20_000);
        AtomicBoolean over = new AtomicBoolean();
        ExecutorService threads = Executors.newFixedThreadPool(4);
        try {
            List<Future<Long>> readers = new ArrayList<>();
            for (int reader = 0; reader < 2; reader++) {
                readers.add(threads.submit(() -> readFromTheStart(topic, over)));
            }
            readers.add(threads.submit(() -> readBySql(topic, over)));
            Future<?> purges = threads.submit(() -> {
                while (!over.get()) {
                    job.purge();
                }
            });
            for (int i = 0; i < 400; i++) {
                write(topic, now, "v".repeat(500));
                if (i % 100 == 99) {
                    pass(DAY);
                }
            }
            over.set(true);

            purges.get(30, TimeUnit.SECONDS);
            for (Future<Long> reader : readers) {
                assertThat(reader.get(30, TimeUnit.SECONDS)).as("pages").isPositive();
            }
        } finally {
            over.set(true);
            threads.shutdownNow();
        }
        assertThat(page(topic, 399).json()).hasSize(1);
        assertThat(count("SELECT log_start_offset FROM trunkline.partition_head WHERE tp_id = " + partitionId(topic)))
                .isBetween(300L, 399L);
    }

    private long readFromTheStart(String topic, AtomicBoolean over) {
        long pages = 0;
        while (!over.get()) {
            Api.Answer start = api.get("/topics/" + topic + "/partitions/0/offsets");
            long offset = start.json().path("beginning_offset").asLong();
            Api.Answer page = api.get(records(topic) + "?offset=" + offset, Api.TEXT);
            if (page.status() == 416) {
                assertThat(Long.parseLong(page.header("Trunkline-Log-Start-Offset")))
                        .isGreaterThan(offset);
                continue;
            }
            assertThat(page.status()).isEqualTo(200);
            for (JsonNode record : page.json()) {
                assertThat(record.path("offset").asLong()).isEqualTo(offset++);
            }
            pages++;
        }
        return pages;
    }

    private long readBySql(String topic, AtomicBoolean over) throws SQLException {
        long pages = 0;
        try (Connection connection = TestDatabase.asApplication();
                Statement statement = connection.createStatement()) {
            while (!over.get()) {
                long offset = Long.parseLong(api.get("/topics/" + topic + "/partitions/0/offsets")
                        .json()
                        .path("beginning_offset")
                        .asText());
                try (ResultSet rows = statement.executeQuery(
                        "SELECT \"offset\" FROM trunkline.read('" + topic + "', 0, " + offset + ")")) {
                    while (rows.next()) {
                        assertThat(rows.getLong(1)).isEqualTo(offset++);
                    }
                    pages++;
                } catch (SQLException e) {
                    assertThat(e.getSQLState()).as(e.getMessage()).isIn("TL416", "42P01");
                }
            }
        }
        return pages;
    }

    @Test
    void consumerWhoseRecordsWereRemovedGoesOnWhereItsResetSays() throws Exception {
        String topic = topic("retention.ms", 1_000);
        String group = "g-" + UUID.randomUUID();
        write(topic, now, "a");
        write(topic, now, "b");
        Consumer earliest =
                new Consumer(api, api.newConsumer(group, "{\"format\":\"text\",\"auto.offset.reset\":\"earliest\"}"));
        earliest.subscribe(topic);
        assertThat(earliest.poll("max_bytes=1&timeout=15000")).hasSize(1);
        pass(Duration.ofMillis(500));
        write(topic, now, "c");

        pass(Duration.ofMillis(501));
        job.purge();

        assertThat(earliest.poll()).extracting(r -> r.path("value").asText()).containsExactly("c");
    }

    // ---- what can be seen

    @Test
    void metricsTellWhatWasRemovedAndWhatIsThere() throws Exception {
        String topic = topic("retention.ms", HOUR.toMillis());
        String forever = topic("retention.ms", -1);
        write(topic, now, "a");
        write(forever, now, "b");
        double slicesFreed = metric("trunkline_retention_slices_freed_total");
        Awaitility.await()
                .atMost(PATIENCE)
                .until(() -> metric("trunkline_partition_end_offset{partition=\"0\",topic=\"" + topic + "\"}") == 1);
        assertThat(metric("trunkline_topic_size_bytes{topic=\"" + topic + "\"}"))
                .isPositive();
        assertThat(metric("trunkline_topic_disk_bytes{topic=\"" + topic + "\"}"))
                .isPositive();
        assertThat(metric("trunkline_topic_partitions{topic=\"" + topic + "\"}"))
                .isEqualTo(1);

        pass(HOUR.multipliedBy(2));
        job.purge();

        assertThat(metric("trunkline_retention_purged_records_total{topic=\"" + topic + "\"}"))
                .isEqualTo(1);
        assertThat(metric("trunkline_retention_purged_bytes_total{topic=\"" + topic + "\"}"))
                .isPositive();
        assertThat(metric("trunkline_retention_freed_bytes_total{by=\"batch\"}"))
                .isPositive();
        assertThat(metric("trunkline_retention_batches_deleted_total")).isPositive();
        assertThat(metric("trunkline_retention_purge_seconds_count")).isPositive();
        Awaitility.await()
                .atMost(PATIENCE)
                .until(() ->
                        metric("trunkline_partition_log_start_offset{partition=\"0\",topic=\"" + topic + "\"}") == 1);
        api.delete("/topics/" + forever);
        pass(DAY);
        job.purge();
        assertThat(metric("trunkline_retention_slices_freed_total")).isGreaterThan(slicesFreed);
        assertThat(metric("trunkline_retention_freed_bytes_total{by=\"slice\"}"))
                .isPositive();
        Awaitility.await()
                .atMost(PATIENCE)
                .until(() -> !scrape().contains("topic=\"" + forever + "\",}")
                        && !scrape().contains("trunkline_topic_size_bytes{topic=\"" + forever));
    }

    @Test
    void ageOfTheOldestRecordIsTold() throws Exception {
        String topic = topic("retention.ms", -1);
        write(topic, Instant.now().minus(HOUR), "a");

        Awaitility.await()
                .atMost(PATIENCE)
                .until(() -> metric("trunkline_topic_oldest_record_age_seconds{topic=\"" + topic + "\"}") >= 3_600);
    }

    private double metric(String name) {
        return scrape().lines()
                .filter(line -> line.startsWith(name + " "))
                .mapToDouble(line -> Double.parseDouble(line.substring(name.length() + 1)))
                .findFirst()
                .orElse(-1);
    }

    private String scrape() {
        String url = metrics.toString();
        return new Api(url.substring(0, url.length() - "/metrics".length()))
                .get("/metrics")
                .body();
    }

    // ---- by hand

    private void pass(Duration time) throws SQLException {
        now = now.plus(time);
        LogClock.stopAt(now);
    }

    private String topic(String key, long value) {
        return api.newTopic(1, "{\"" + key + "\":" + value + "}");
    }

    private void configure(String topic, String configs) {
        assertThat(api.send("PATCH", "/topics/" + topic, Api.CONTROL, "{\"configs\":{" + configs + "}}")
                        .status())
                .isEqualTo(200);
    }

    private static String record(Instant timestamp, String value) {
        return "{\"value\":\"" + value + "\",\"timestamp\":" + timestamp.toEpochMilli() + "}";
    }

    private long write(String topic, Instant timestamp, String value) {
        return writeTogether(topic, record(timestamp, value));
    }

    private long writeTogether(String topic, String... records) {
        Api.Answer answer = api.post(
                "/topics/" + topic + "/partitions/0", Api.TEXT, "{\"records\":[" + String.join(",", records) + "]}");
        assertThat(answer.status()).as(answer.body()).isEqualTo(200);
        return answer.json().path("offsets").path(0).path("offset").asLong();
    }

    private static String records(String topic) {
        return "/topics/" + topic + "/partitions/0/records";
    }

    private Api.Answer page(String topic, long offset) {
        return api.get(records(topic) + "?offset=" + offset, Api.TEXT);
    }

    private List<String> values(String topic) {
        List<String> values = new ArrayList<>();
        api.get(records(topic), Api.TEXT)
                .json()
                .forEach(record -> values.add(record.path("value").asText()));
        return values;
    }

    private static int partitionId(String topic) throws SQLException {
        return (int)
                count("SELECT tp_id FROM trunkline.partition_head JOIN trunkline.topic USING (topic_id) WHERE name = '"
                        + topic + "'");
    }

    private static int currentSlice() throws SQLException {
        return (int) count("SELECT trunkline.current_slice()");
    }

    /** The slices in which a partition has batches, oldest first. */
    private static List<Integer> slices(String topic) throws SQLException {
        try (Connection owner = TestDatabase.asOwner();
                Statement statement = owner.createStatement();
                ResultSet rows = statement.executeQuery("SELECT slice FROM trunkline.partition_slice WHERE tp_id = "
                        + partitionId(topic) + " ORDER BY slice")) {
            List<Integer> slices = new ArrayList<>();
            while (rows.next()) {
                slices.add(rows.getInt(1));
            }
            return slices;
        }
    }

    private static long batches(int slice, String topic) throws SQLException {
        return count("SELECT count(*) FROM trunkline.log_batch WHERE slice = " + slice + " AND tp_id = "
                + partitionId(topic));
    }

    private static boolean exists(int slice) throws SQLException {
        return count("SELECT count(*) FROM pg_class WHERE relname = 'log_batch_" + slice + "'") == 1;
    }

    private static long count(String query) throws SQLException {
        try (Connection owner = TestDatabase.asOwner();
                Statement statement = owner.createStatement();
                ResultSet row = statement.executeQuery(query)) {
            row.next();
            return row.getLong(1);
        }
    }

    private static void refused(String state, Statement statement, String sql) {
        assertThatThrownBy(() -> statement.execute(sql))
                .isInstanceOfSatisfying(
                        SQLException.class,
                        e -> assertThat(e.getSQLState()).as(sql).isEqualTo(state));
    }
}
