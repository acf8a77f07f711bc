package io.trunkline.retention;

import static io.trunkline.testing.Failure.assertFailure;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.quarkus.test.junit.QuarkusTest;
import io.quarkus.test.junit.TestProfile;
import io.trunkline.testing.TestDatabase;
import java.sql.Connection;
import java.sql.Statement;
import java.time.Duration;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What retention removes and what it keeps. */
@QuarkusTest
@TestProfile(RetentionTestCase.OwnDatabase.class)
class RetentionTest extends RetentionTestCase {
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
        long size = api.get("/topics/" + topic + "?include=offsets,sizes")
                        .json()
                        .path("size_bytes")
                        .asLong()
                / 10;
        configure(topic, "\"retention.bytes\":" + (3 * size + more));

        job.purge();

        assertThat(values(topic))
                .containsExactlyElementsOf(
                        IntStream.range(10 - kept, 10).mapToObj(i -> "v" + i).toList());
        JsonNode described =
                api.get("/topics/" + topic + "?include=offsets,sizes").json();
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
        assertThat(api.get("/topics/" + topic + "?include=offsets,sizes")
                        .json()
                        .path("size_bytes")
                        .asLong())
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

    /** A partition that was emptied by hand and then went on in the next slice has nothing in the one before. */
    @Test
    void sliceOfWhichEverythingWasDeletedIsFreedAlthoughThePartitionGoesOn() throws Exception {
        String topic = topic("retention.ms", -1);
        write(topic, now, "a");
        int slice = slices(topic).getLast();
        api.delete(records(topic) + "?before=-1");
        pass(DAY);
        write(topic, now, "b");

        job.purge();

        assertThat(exists(slice)).isFalse();
        assertThat(values(topic)).containsExactly("b");
    }
}
