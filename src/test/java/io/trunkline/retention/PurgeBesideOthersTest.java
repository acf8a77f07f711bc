package io.trunkline.retention;

import static io.trunkline.testing.Failure.assertFailure;
import static io.trunkline.testing.TestDatabase.number;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.quarkus.test.junit.QuarkusTest;
import io.quarkus.test.junit.TestProfile;
import io.trunkline.testing.Api;
import io.trunkline.testing.Consumer;
import io.trunkline.testing.LogClock;
import io.trunkline.testing.TestDatabase;
import io.trunkline.topic.Topics;
import jakarta.inject.Inject;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;

/** Purges beside transactions, producers, readers and consumers. */
@QuarkusTest
@TestProfile(RetentionTestCase.OwnDatabase.class)
class PurgeBesideOthersTest extends RetentionTestCase {
    @Inject
    Topics topics;

    @Inject
    RetentionMetrics purgeMetrics;

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
            statement.execute("SELECT trunkline.create_topic('" + name + "', 1)");
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
            for (int i = 0; i < 160; i++) {
                write(topic, now, "v".repeat(500));
                if (i % 40 == 39) {
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
        assertThat(page(topic, 159).json()).hasSize(1);
        assertThat(number("SELECT log_start_offset FROM trunkline.partition_head WHERE tp_id = " + partitionId(topic)))
                .isBetween(100L, 159L);
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
                    assertThat(e.getSQLState()).as(e.getMessage()).isIn("TL007", "42P01");
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

    /**
     * Where a timestamp of the future makes the purge look at batches one by one, what is appended while it looks stays. Many
     * old batches make that look last.
     */
    @Test
    void recordsThatAreAppendedWhileExpiredOnesAreCountedStay() throws Exception {
        ExecutorService threads = Executors.newFixedThreadPool(4);
        try {
            for (int round = 0; round < 3; round++) {
                String topic = topic("retention.ms", 1_000);
                int id = partitionId(topic);
                write(topic, now.plus(3_650, ChronoUnit.DAYS), "future");
                appendMany(id, now, 15_000);
                pass(Duration.ofMillis(1_001));
                Instant fresh = now;
                CountDownLatch running = new CountDownLatch(4);
                AtomicBoolean over = new AtomicBoolean();
                List<Future<?>> appends = new ArrayList<>();
                for (int i = 0; i < 4; i++) {
                    appends.add(threads.submit(() -> {
                        running.countDown();
                        while (!over.get()) {
                            appendMany(id, fresh, 1);
                        }
                        return null;
                    }));
                }
                running.await();

                job.purge();

                over.set(true);
                for (Future<?> append : appends) {
                    append.get(30, TimeUnit.SECONDS);
                }
                assertThat(number("SELECT log_start_offset FROM trunkline.partition_head WHERE tp_id = " + id))
                        .isLessThanOrEqualTo(15_001);
            }
        } finally {
            threads.shutdownNow();
        }
    }

    /** A transaction that looked before records were removed is told so, and gets no part of what it asks for. */
    @Test
    void readingBySqlInAnOldTransactionSeesNoHole() throws Exception {
        String topic = topic("retention.ms", 1_000);
        write(topic, now, "a");
        write(topic, now, "b");
        pass(DAY);
        write(topic, now, "c");
        try (Connection connection = TestDatabase.asApplication();
                Statement statement = connection.createStatement()) {
            connection.setAutoCommit(false);
            connection.setTransactionIsolation(Connection.TRANSACTION_REPEATABLE_READ);
            statement.executeQuery("SELECT 1").close();
            job.purge();

            refused("TL007", statement, "SELECT * FROM trunkline.read('" + topic + "', 0, 0)");
            connection.rollback();
        }
        assertThat(values(topic)).containsExactly("c");
    }

    /** What somebody has built upon a slice keeps that slice, and nothing else. */
    @Test
    void sliceThatCannotBeDroppedDoesNotStopThePurge() throws Exception {
        String topic = topic("retention.ms", 1_000);
        write(topic, now, "a");
        int slice = slices(topic).getLast();
        pass(DAY);
        write(topic, now, "b");
        int next = slices(topic).getLast();
        pass(DAY);
        write(topic, now, "c");
        String forever = topic("retention.ms", -1);
        write(forever, now, "d");
        pass(HOUR);
        try (Connection owner = TestDatabase.asOwner();
                Statement statement = owner.createStatement()) {
            statement.execute("CREATE VIEW trunkline.mine AS SELECT * FROM trunkline.log_batch_" + slice);

            assertThat(job.purge()).as("complete").isFalse();

            assertThat(exists(slice)).isTrue();
            assertThat(exists(next)).isFalse();
            assertThat(batches(slices(topic).getLast(), topic))
                    .as("batches on disk")
                    .isZero();
            statement.execute("DROP VIEW trunkline.mine");
        }
        assertThat(job.purge()).as("complete").isTrue();
        assertThat(exists(slice)).isFalse();
    }

    @Test
    void batchesAreDeletedNoFasterThanAllowed() throws Exception {
        String forever = topic("retention.ms", -1);
        write(forever, now, "a");
        String topic = topic("retention.bytes", 0);
        write(topic, now, "v".repeat(500_000));
        int rate = 500_000;
        long begin = System.nanoTime();

        boolean complete = new Purge(
                        store,
                        topics,
                        purgeMetrics,
                        rate,
                        Duration.ofDays(1),
                        Duration.ofSeconds(30),
                        () -> true,
                        new CountDownLatch(1))
                .run();

        assertThat(complete).isTrue();
        assertThat(batches(slices(forever).getLast(), topic)).isZero();
        assertThat(Duration.ofNanos(System.nanoTime() - begin)).isGreaterThan(Duration.ofSeconds(1));
    }

    private static void appendMany(int partitionId, Instant timestamp, int batches) throws SQLException {
        try (Connection owner = TestDatabase.asOwner();
                Statement statement = owner.createStatement()) {
            statement.execute("SELECT count(trunkline.append(" + partitionId + ", ARRAY[" + timestamp.toEpochMilli()
                    + "], NULL, ARRAY['v'::bytea], NULL, NULL, NULL)) FROM generate_series(1, " + batches + ")");
        }
    }
}
