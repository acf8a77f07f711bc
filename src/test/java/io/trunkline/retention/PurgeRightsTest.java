package io.trunkline.retention;

import static io.trunkline.testing.TestDatabase.number;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.quarkus.test.junit.QuarkusTest;
import io.quarkus.test.junit.TestProfile;
import io.trunkline.testing.TestDatabase;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What the role of the service can have removed, and which replica purges. */
@QuarkusTest
@TestProfile(RetentionTestCase.OwnDatabase.class)
class PurgeRightsTest extends RetentionTestCase {
    @AfterEach
    void resetLimits() throws Exception {
        try (Connection owner = TestDatabase.asOwner();
                Statement statement = owner.createStatement()) {
            statement.execute("UPDATE trunkline.log_limit SET max_purge_turn = DEFAULT");
        }
    }

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
            refused("TL009", statement, "SELECT trunkline.free_slice(" + slice + ")");
            refused("TL009", statement, "SELECT trunkline.free_slice(" + currentSlice() + ")");
            refused("TL009", statement, "SELECT trunkline.free_slice(" + (currentSlice() + 1) + ")");
            refused("TL009", statement, "SELECT trunkline.drop_slice(" + currentSlice() + ")");
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
                    "CREATE OR REPLACE FUNCTION trunkline.log_now() RETURNS timestamptz LANGUAGE sql AS"
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
                refused("TL001", statement, "SELECT trunkline." + call);
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
                    String change =
                            "SELECT trunkline.configure_topic('" + topic + "', '{\"" + key + "\":\"" + value + "\"}')";
                    assertThatThrownBy(() -> statement.execute(change))
                            .isInstanceOfSatisfying(
                                    SQLException.class,
                                    e -> assertThat(e.getSQLState()).isIn("23514", "22P02"));
                }
            }
        }
    }

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
        store.end(one, true, true);
        assertThat(store.succeededAt()).hasValue(now);
        assertThat(store.claim(other, lease, interval)).as("not due").isFalse();
        pass(interval.plusMillis(1));
        assertThat(store.claim(other, lease, interval)).isTrue();

        // It dies: nobody hears of it again.
        pass(interval.plusMillis(1));
        assertThat(store.claim(one, lease, interval)).isTrue();
        assertThat(store.renew(other, lease)).isFalse();
        store.end(other, true, true);
        assertThat(store.renew(one, lease)).isTrue();
        store.end(one, false, false);
    }

    /** A turn that was taken when the clock was wrong does not stop purges for long. */
    @Test
    void turnOfTheFutureIsTaken() throws Exception {
        UUID one = UUID.randomUUID();
        pass(Duration.ofDays(50));
        assertThat(store.claim(one, Duration.ofMinutes(2), HOUR)).isTrue();

        pass(Duration.ofDays(-50));

        UUID other = UUID.randomUUID();
        assertThat(store.claim(other, Duration.ofMinutes(2), HOUR)).isTrue();
        store.end(other, true, true);
    }

    /** Its partitions would be marked by an old snapshot, without the slices that were written to since. */
    @Test
    void topicsAreDeletedWithFreshSnapshotsOnly() throws Exception {
        String topic = api.newTopic(1);
        try (Connection application = TestDatabase.asApplication();
                Statement statement = application.createStatement()) {
            application.setAutoCommit(false);
            application.setTransactionIsolation(Connection.TRANSACTION_REPEATABLE_READ);
            refused("TL001", statement, "SELECT trunkline.delete_topic('" + topic + "')");
            application.rollback();
        }
        assertThat(write(topic, now, "a")).isZero();
    }

    @Test
    void purgeThatFailedIsDueAtOnceAndOneThatDiedWhenItsTurnIsOver() throws Exception {
        pass(DAY);
        UUID one = UUID.randomUUID();
        UUID other = UUID.randomUUID();
        Duration lease = Duration.ofMinutes(2);
        assertThat(store.claim(one, lease, DAY)).isTrue();
        store.end(one, false, false);

        assertThat(store.claim(other, lease, DAY)).as("after a failure").isTrue();
        pass(lease);
        assertThat(store.claim(one, lease, DAY)).as("within the lease").isFalse();
        pass(Duration.ofMillis(1));
        assertThat(store.claim(one, lease, DAY)).as("after the lease").isTrue();
        store.end(one, true, true);
        assertThat(store.claim(other, lease, DAY)).as("after a success").isFalse();
    }

    /** Whoever renews a turn, and whatever is written into the row: it ends when the owner's bound says so. */
    @Test
    void turnEndsWhenTheOwnerSaysSoHoweverItIsRenewed() throws Exception {
        UUID one = UUID.randomUUID();
        UUID other = UUID.randomUUID();
        Duration lease = Duration.ofMinutes(2);
        pass(DAY);
        try (Connection owner = TestDatabase.asOwner();
                Statement limits = owner.createStatement();
                Connection application = TestDatabase.asApplication();
                Statement statement = application.createStatement()) {
            limits.execute("UPDATE trunkline.log_limit SET max_purge_turn = '5 minutes'");
            assertThat(store.claim(one, lease, DAY)).isTrue();
            for (int minute = 0; minute < 4; minute++) {
                pass(Duration.ofMinutes(1));
                assertThat(store.renew(one, lease)).isTrue();
                statement.execute("UPDATE trunkline.retention_lease SET started_at = trunkline.log_now(), holder = '"
                        + one + "'");
            }
            assertThat(store.claim(other, lease, DAY)).as("within the bound").isFalse();
            pass(Duration.ofMinutes(1).plusMillis(1));

            assertThat(store.renew(one, lease)).isFalse();
            assertThat(statement.executeUpdate("UPDATE trunkline.retention_lease SET held_until = 'infinity',"
                            + " started_at = trunkline.log_now() + interval '1 day'"))
                    .isBetween(0, 1);
        }

        assertThat(store.claim(other, lease, DAY)).isTrue();
        assertThat(
                        number(
                                "SELECT count(*) FROM trunkline.retention_lease"
                                        + " WHERE held_until <= trunkline.log_now() + interval '2 minutes' AND started_at <= trunkline.log_now()"))
                .isEqualTo(1);
        store.end(other, true, true);
    }

    /** The turn is a row that the service's role can write: a purge does not depend on it for ever. */
    @Test
    void replicaThatNeverGetsTheTurnPurgesWithoutIt() throws Exception {
        String topic = topic("retention.ms", 1000);
        write(topic, now, "a");
        pass(HOUR);
        assertThat(store.claim(UUID.randomUUID(), Duration.ofMinutes(2), Duration.ZERO))
                .isTrue();
        long start = System.nanoTime();

        assertThat(job.purgeWhenMissed(start + Duration.ofHours(119).toNanos())).isFalse();
        assertThat(page(topic, 0).status()).isEqualTo(200);
        assertThat(job.purgeWhenMissed(start + Duration.ofHours(121).toNanos())).isTrue();

        assertThat(page(topic, 0).status()).isEqualTo(416);
        assertThat(job.purgeWhenMissed(System.nanoTime() + Duration.ofHours(119).toNanos()))
                .isFalse();
    }
}
