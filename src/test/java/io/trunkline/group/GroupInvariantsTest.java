package io.trunkline.group;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.micrometer.core.instrument.MeterRegistry;
import io.quarkus.test.junit.QuarkusTest;
import io.trunkline.testing.Api;
import io.trunkline.testing.Consumer;
import io.trunkline.testing.ServiceTestCase;
import io.trunkline.testing.TestDatabase;
import jakarta.inject.Inject;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.locks.LockSupport;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What groups promise beside what a client can see: rows, failures of the network, replicas that died. */
@QuarkusTest
class GroupInvariantsTest extends ServiceTestCase {
    private static final String ROWS = """
            SELECT md5(coalesce(string_agg(r.t, ';' ORDER BY r.t), ''))
              FROM (SELECT concat_ws(',', 'g', ctid, xmin, xmax) AS t
                      FROM trunkline.consumer_group
                     WHERE name = ?
                     UNION ALL
                    SELECT concat_ws(',', 'm', m.ctid, m.xmin, m.xmax)
                      FROM trunkline.group_member m
                      JOIN trunkline.consumer_group g USING (group_id)
                     WHERE g.name = ?
                     UNION ALL
                    SELECT concat_ws(',', 'p', p.ctid, p.xmin, p.xmax)
                      FROM trunkline.member_partition p
                      JOIN trunkline.consumer_group g USING (group_id)
                     WHERE g.name = ?
                     UNION ALL
                    SELECT concat_ws(',', 'o', o.ctid, o.xmin, o.xmax)
                      FROM trunkline.group_offset o
                      JOIN trunkline.consumer_group g USING (group_id)
                     WHERE g.name = ?) AS r
            """;
    private static final String CLAIM = """
            UPDATE trunkline.member_partition p
               SET claim_id = 1, claim_offset = 10, claimed_until = clock_timestamp() + interval '3 seconds'
              FROM trunkline.group_member m
              JOIN trunkline.consumer_group g USING (group_id)
             WHERE p.member_id = m.member_id AND g.name = ?
            """;
    private static final String LONG_EMPTY = """
            UPDATE trunkline.consumer_group
               SET empty_since = empty_since - interval '8 days'
             WHERE name = ?
            """;

    @Inject
    GroupJob job;

    @Inject
    MeterRegistry registry;

    @AfterEach
    void network() {
        TestDatabase.network().comeBack();
    }

    @Test
    void pollsOfAnIdleGroupWriteNothing() throws SQLException {
        String topic = api.newTopic(3);
        api.writeNumbers(topic, 0, 0, 5);
        Consumer consumer = group.consumer().subscribe(topic);
        assertThat(consumer.poll()).hasSize(5);
        assertThat(consumer.poll("timeout=50")).isEmpty(); // commits what the one before delivered
        String before = rows();

        for (int i = 0; i < 20; i++) {
            assertThat(consumer.poll("timeout=20")).isEmpty();
        }

        assertThat(rows()).isEqualTo(before);
    }

    @Test
    void recordsThatADeadReplicaWasSendingComeAgainWhenItsClaimLapses() throws SQLException {
        String topic = api.newTopic(1);
        api.writeNumbers(topic, 0, 0, 10);
        Consumer consumer = group.consumer().subscribe(topic);
        assertThat(update(CLAIM)).isEqualTo(1);

        assertThat(consumer.poll("timeout=500")).isEmpty();

        assertThat(consumer.poll("timeout=15000")).hasSize(10);
    }

    @Test
    void commitOfWhatWasDeliveredWaitsForWhatIsBeingSent() throws SQLException {
        String topic = api.newTopic(1);
        api.writeNumbers(topic, 0, 0, 10);
        Consumer consumer = group.manualConsumer().subscribe(topic);
        assertThat(consumer.poll("timeout=1000&max_bytes=1")).hasSize(1);
        Awaitility.await().atMost(Duration.ofSeconds(10)).until(() -> update(CLAIM) == 1);

        CompletableFuture<Api.Answer> commit = api.postLater(consumer.path() + "/offsets", Api.CONTROL, "");

        Awaitility.await()
                .during(Duration.ofSeconds(1))
                .atMost(Duration.ofSeconds(2))
                .until(() -> !commit.isDone());
        assertThat(commit.join().status()).isEqualTo(204);
        assertThat(group.committed(topic, 0)).hasValue(1);
    }

    @Test
    void nothingIsSkippedWhenTheDatabaseLosesAnswersWhileConsumersPoll() {
        String topic = api.newTopic(2);
        api.writeNumbers(topic, 0, 0, 200);
        api.writeNumbers(topic, 1, 0, 200);
        Consumer consumer = group.consumer().subscribe(topic);
        List<JsonNode> all = new ArrayList<>();

        for (int i = 0; i < 6; i++) {
            TestDatabase.network().loseAnswers();
            Api.Answer lost = consumer.pollAnswer("timeout=200&max_bytes=4000");
            if (lost.status() == 200) {
                lost.json().forEach(all::add);
            } else {
                assertThat(lost.status()).as(lost.body()).isEqualTo(503);
            }
            TestDatabase.network().comeBack();
            Awaitility.await().atMost(Duration.ofSeconds(30)).until(() -> {
                Api.Answer answer = consumer.pollAnswer("timeout=1000&max_bytes=4000");
                if (answer.status() == 200) {
                    answer.json().forEach(all::add);
                }
                return answer.status() == 200;
            });
        }
        Awaitility.await().atMost(Duration.ofSeconds(60)).until(() -> {
            List<JsonNode> more = consumer.poll("timeout=1000");
            all.addAll(more);
            return Consumer.places(all).stream().distinct().count() == 400;
        });

        assertThat(Consumer.places(all)).doesNotHaveDuplicates();
    }

    @Test
    void recordsOfPollsWhoseClientsHangUpAreGivenToTheNextOnes() throws Exception {
        String topic = api.newTopic(1);
        api.writeNumbers(topic, 0, 0, 500);
        Consumer consumer = group.manualConsumer().subscribe(topic);
        Random random = new Random(7);
        for (int i = 0; i < 60; i++) {
            hangUpAfter(consumer, random.nextInt(6_000_000));
        }

        // What a client hung up on after the network had taken it has been delivered; the others come now, without a
        // pause.
        long start = System.nanoTime();
        List<JsonNode> rest = consumer.pollUntil(1);
        long last = 0;
        for (List<JsonNode> more = rest; !more.isEmpty(); more = consumer.poll("timeout=300")) {
            last = more.getLast().path("offset").asLong();
        }

        assertThat(last).isEqualTo(499);
        assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(Duration.ofSeconds(5));
    }

    /** Sends a poll of few records, and hangs up after so many nanoseconds. */
    private void hangUpAfter(Consumer consumer, long nanos) throws Exception {
        try (Socket socket = new Socket(base.getHost(), base.getPort())) {
            socket.getOutputStream()
                    .write(("GET " + consumer.path()
                                    + "/records?timeout=1000&max_bytes=100 HTTP/1.1\r\nHost: localhost\r\n\r\n")
                            .getBytes(StandardCharsets.US_ASCII));
            LockSupport.parkNanos(nanos);
            socket.setSoLinger(true, 0);
        }
    }

    @Test
    void pollOfAConsumerWithoutPartitionsLeavesNothingBehind() {
        String topic = api.newTopic(1);
        group.consumer().subscribe(topic);
        Consumer idle = group.consumer().subscribe(topic);
        double before = waiting();

        for (int i = 0; i < 5; i++) {
            assertThat(idle.poll("timeout=20")).isEmpty();
        }

        Awaitility.await().atMost(Duration.ofSeconds(10)).until(() -> waiting() <= before);
    }

    /** Fetches and polls that wait on the replica. */
    private double waiting() {
        return registry.get("trunkline.fetch.waiting").gauge().value();
    }

    @Test
    void pollThatWaitsGoesOnWhenOneOfItsTopicsIsDeleted() {
        String stays = api.newTopic(1);
        String goes = api.newTopic(1);
        Consumer consumer = group.consumer().subscribe(stays, goes);
        CompletableFuture<Api.Answer> poll = consumer.pollLater("timeout=20000");
        Awaitility.await()
                .during(Duration.ofMillis(300))
                .atMost(Duration.ofSeconds(2))
                .until(() -> !poll.isDone());

        assertThat(api.delete("/topics/" + goes).status()).isEqualTo(204);
        Awaitility.await()
                .during(Duration.ofMillis(700))
                .atMost(Duration.ofSeconds(2))
                .until(() -> !poll.isDone());
        api.writeNumbers(stays, 0, 0, 1);

        assertThat(Consumer.records(poll.join())).hasSize(1);
    }

    @Test
    void groupThatWasEmptyForLongIsForgotten() throws SQLException {
        String topic = api.newTopic(1);
        Consumer consumer = group.consumer().subscribe(topic);
        job.forget();
        assertThat(api.get(group.path()).status()).isEqualTo(200);
        api.delete(consumer.path());
        job.forget();
        assertThat(api.get(group.path()).status()).isEqualTo(200);

        assertThat(update(LONG_EMPTY)).isEqualTo(1);
        job.forget();

        assertThat(api.get(group.path()).status()).isEqualTo(404);
    }

    @Test
    void lagOfEveryGroupIsInTheMetrics() {
        String topic = api.newTopic(2);
        api.writeNumbers(topic, 1, 0, 7);
        Consumer consumer = group.manualConsumer().subscribe(topic);
        assertThat(consumer.post(
                                "/offsets",
                                "{\"offsets\":[{\"topic\":\"" + topic + "\",\"partition\":1,\"offset\":3}]}")
                        .status())
                .isEqualTo(204);

        job.lag();

        String metrics = ops.get("/metrics", "text/plain").body();
        assertThat(metrics)
                .containsPattern("trunkline_consumer_lag\\{group=\"" + group.id() + "\",partition=\"1\",topic=\""
                        + topic + "\",?} 4.0")
                .containsPattern("trunkline_consumer_lag\\{group=\"" + group.id() + "\",partition=\"0\",topic=\""
                        + topic + "\",?} 0.0")
                .containsPattern("trunkline_consumer_members\\{group=\"" + group.id() + "\",?} 1.0");
    }

    private String rows() throws SQLException {
        try (Connection connection = TestDatabase.asOwner();
                PreparedStatement statement = connection.prepareStatement(ROWS)) {
            for (int i = 1; i <= 4; i++) {
                statement.setString(i, group.id());
            }
            try (ResultSet row = statement.executeQuery()) {
                row.next();
                return row.getString(1);
            }
        }
    }

    private int update(String sql) throws SQLException {
        try (Connection connection = TestDatabase.asOwner();
                PreparedStatement statement = connection.prepareStatement(sql)) {
            statement.setString(1, group.id());
            return statement.executeUpdate();
        }
    }
}
