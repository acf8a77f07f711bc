package io.trunkline.rest;

import static io.trunkline.testing.Failure.assertFailure;
import static org.assertj.core.api.Assertions.assertThat;

import io.quarkus.test.junit.QuarkusTest;
import io.trunkline.testing.Consumer;
import io.trunkline.testing.ServiceTestCase;
import io.trunkline.testing.TestDatabase;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.time.Duration;
import java.util.UUID;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Consumers that have not been heard of for longer than the session timeout: here, whose last call is made to be old. */
@QuarkusTest
class ExpiredConsumerTest extends ServiceTestCase {
    /** For two fifths of the session timeout nobody expires, if a test before has cut the service off from PostgreSQL. */
    private static final Duration PATIENCE = Duration.ofMinutes(3);

    private static final String MAKE_OLD = """
            UPDATE trunkline.group_member
               SET last_seen = last_seen - interval '1 hour'
             WHERE name = ?
            """;

    private String topic;

    @BeforeEach
    void topic() {
        topic = api.newTopic(2);
    }

    @Test
    void partitionsGoToTheOthersAndTheZombieChangesNothing() throws SQLException {
        Consumer silent = consumer(false).subscribe(topic);
        Consumer alive = consumer(false).subscribe(topic);
        int share = silent.partitionsOf(topic).getFirst();
        api.writeNumbers(topic, share, 0, 5);
        silent.pollUntil(5);
        silent.commit(topic, share, 2);
        group.nothingMoreIsCommitted(topic, share);

        expire(silent);

        assertThat(alive.partitionsOf(topic)).containsExactlyInAnyOrder(0, 1);
        assertFailure(silent.commit(topic, share, 5), 404, "CONSUMER_NOT_FOUND");
        assertFailure(silent.post("/offsets", ""), 404, "CONSUMER_NOT_FOUND");
        assertFailure(silent.pollAnswer("timeout=0"), 404, "CONSUMER_NOT_FOUND");
        assertFailure(api.get(silent.path() + "/subscription"), 404, "CONSUMER_NOT_FOUND");
        assertFailure(silent.post("/subscription", Consumer.topics(topic)), 404, "CONSUMER_NOT_FOUND");
        assertFailure(api.delete(silent.path()), 404, "CONSUMER_NOT_FOUND");
        assertThat(group.committed(topic, share)).hasValue(2);
        assertThat(Consumer.places(alive.pollUntil(3)))
                .containsExactly(topic + "/" + share + "@2", topic + "/" + share + "@3", topic + "/" + share + "@4");
    }

    /** Nobody knows whether the client that fell silent has done anything with the records it got last. */
    @Test
    void recordsAfterTheLastCommitAreGivenAgain() throws SQLException {
        api.writeNumbers(topic, 0, 0, 6);
        Consumer silent = consumer(true).subscribe(topic);
        silent.poll("timeout=15000&max_bytes=200");
        group.nothingMoreIsCommitted(topic, 0);
        silent.poll("timeout=15000&max_bytes=200");
        group.nothingMoreIsCommitted(topic, 0);
        assertThat(group.committed(topic, 0)).hasValue(3);

        expire(silent);

        assertThat(group.committed(topic, 0)).hasValue(3);
        assertThat(group.describe().path("state").asText()).isEqualTo("Empty");
        Consumer successor = group.consumer().subscribe(topic);
        assertThat(Consumer.offsets(successor.pollUntil(3))).containsExactly(3L, 4L, 5L);
    }

    /** A consumer whose name no other has, in whatever group. */
    private Consumer consumer(boolean autoCommit) {
        return group.consumer("{\"name\":\"c-" + UUID.randomUUID()
                + "\",\"format\":\"json\",\"auto.offset.reset\":\"earliest\",\"enable.auto.commit\":" + autoCommit
                + "}");
    }

    /** Makes the last call of a consumer old and waits until somebody has noticed, without calling as that consumer. */
    private void expire(Consumer consumer) throws SQLException {
        assertThat(makeOld(consumer)).isEqualTo(1);
        Awaitility.await()
                .atMost(PATIENCE)
                .pollInterval(Duration.ofSeconds(1))
                .until(() -> !group.members().contains(consumer.name()));
    }

    private static int makeOld(Consumer consumer) throws SQLException {
        try (Connection connection = TestDatabase.asOwner();
                PreparedStatement update = connection.prepareStatement(MAKE_OLD)) {
            update.setString(1, consumer.name());
            return update.executeUpdate();
        }
    }
}
