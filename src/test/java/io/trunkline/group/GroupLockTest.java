package io.trunkline.group;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.quarkus.test.junit.QuarkusTest;
import io.trunkline.testing.Api;
import io.trunkline.testing.Consumer;
import io.trunkline.testing.Group;
import io.trunkline.testing.ServiceTestCase;
import io.trunkline.testing.TestDatabase;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What a change of a group locks while topics cannot be looked up: somebody holds the row of their version. */
@QuarkusTest
class GroupLockTest extends ServiceTestCase {
    private static final Duration PATIENCE = Duration.ofSeconds(8);
    private static final String HOLD_TOPICS = "LOCK TABLE trunkline.topic_version IN ACCESS EXCLUSIVE MODE";
    private static final String WAITING = """
            SELECT count(*)
              FROM pg_locks
             WHERE NOT granted AND relation = 'trunkline.topic_version'::regclass
            """;

    private String topic;
    private Consumer consumer;
    private Connection owner;
    private Statement sql;

    @BeforeEach
    void holdTopics() throws SQLException {
        topic = api.newTopic(2);
        consumer = group.consumer();
        owner = TestDatabase.asOwner();
        owner.setAutoCommit(false);
        sql = owner.createStatement();
    }

    @AfterEach
    void letGo() throws SQLException {
        owner.close();
    }

    @Test
    void groupIsNotLockedWhileTopicsAreLookedUp() throws SQLException {
        sql.execute(HOLD_TOPICS);
        CompletableFuture<Api.Answer> subscribed =
                api.postLater(consumer.path() + "/subscription", Api.CONTROL, Consumer.topics(topic));
        waiting();

        sql.execute("SELECT FROM trunkline.consumer_group WHERE name = '" + group.id() + "' FOR UPDATE NOWAIT");

        owner.rollback();
        assertThat(subscribed.join().status()).isEqualTo(204);
        assertThat(consumer.partitionsOf(topic)).containsExactly(0, 1);
    }

    @Test
    void changeOfTheGroupThatComesInBetweenIsSeen() throws SQLException {
        String other = api.newTopic(1);
        sql.execute(HOLD_TOPICS);
        CompletableFuture<Api.Answer> subscribed =
                api.postLater(consumer.path() + "/subscription", Api.CONTROL, Consumer.topics(topic));
        waiting();

        sql.execute("INSERT INTO trunkline.group_member (group_id, name, format, auto_offset_reset, enable_auto_commit,"
                + " fetch_min_bytes, isolation_level, subscription, topics) SELECT group_id, 'between', 'json', 'earliest',"
                + " true, 1, 'read_uncommitted', 'topics', '[\"" + other + "\"]' FROM trunkline.consumer_group"
                + " WHERE name = '" + group.id() + "'");
        owner.commit();

        assertThat(subscribed.join().status()).isEqualTo(204);
        JsonNode description = group.describe();
        assertThat(Group.partitionIn(description, other, 0).path("member_id").asText())
                .isEqualTo("between");
        assertThat(Group.partitionIn(description, topic, 1).path("member_id").asText())
                .isEqualTo(consumer.name());
    }

    private void waiting() {
        Awaitility.await().atMost(PATIENCE).until(() -> {
            try (ResultSet row = sql.executeQuery(WAITING)) {
                row.next();
                return row.getInt(1) > 0;
            }
        });
    }
}
