package io.trunkline.jdbc;

import static org.assertj.core.api.Assertions.assertThat;

import io.quarkus.test.junit.QuarkusTest;
import io.trunkline.testing.ServiceTestCase;
import io.trunkline.testing.TestDatabase;
import jakarta.inject.Inject;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;

/** When jobs slow down, and when they go on at their pace. */
@QuarkusTest
class QuietTest extends ServiceTestCase {
    private static final Duration SELDOM = Duration.ofMinutes(10);
    private static final Duration PATIENCE = Duration.ofSeconds(30);

    @Inject
    Database database;

    private final AtomicLong now = new AtomicLong();
    private final AtomicInteger looks = new AtomicInteger();
    private Optional<String> count = Optional.of("1");
    private boolean outbox;
    private boolean away;

    private final Quiet quiet = new Quiet(
            () -> {
                looks.incrementAndGet();
                if (away) {
                    throw new IllegalStateException("PostgreSQL is away");
                }
                return new Quiet.Found(count, outbox);
            },
            now::get);

    @Test
    void recordThatIsWrittenCounts() {
        String topic = api.newTopic(1);
        Optional<String> before = written();
        assertThat(before).isPresent();

        api.writeNumbers(topic, 0, 0, 1);

        Awaitility.await().atMost(PATIENCE).until(() -> !written().equals(before));
    }

    @Test
    void jobRunsWhenItIsCalledWhileSomethingIsWritten() {
        AtomicInteger runs = new AtomicInteger();
        Runnable job = quiet.paced(SELDOM, runs::incrementAndGet);

        for (int i = 0; i < 60; i++) {
            count = Optional.of(Integer.toString(i));
            later(Duration.ofSeconds(10));
            job.run();
        }

        assertThat(runs).hasValue(60);
    }

    @Test
    void jobRunsSeldomWhileNothingIs() {
        AtomicInteger runs = new AtomicInteger();
        Runnable job = quiet.paced(SELDOM, runs::incrementAndGet);
        callFor(Duration.ofMinutes(2), job);
        runs.set(0);
        looks.set(0);

        callFor(Duration.ofHours(1), job);

        assertThat(runs.get()).isBetween(5, 6);
        assertThat(looks).as("one for all jobs, twice a minute").hasValueLessThanOrEqualTo(120);
    }

    /** Each turn is one or the other. */
    @Test
    void jobIsToldWhenItDoesNotRunSinceNothingIsWritten() {
        AtomicInteger runs = new AtomicInteger();
        AtomicInteger unchanged = new AtomicInteger();
        Runnable job = quiet.paced(SELDOM, runs::incrementAndGet, unchanged::incrementAndGet);

        for (int i = 0; i < 60; i++) {
            count = Optional.of(Integer.toString(i));
            later(Duration.ofSeconds(10));
            job.run();
        }
        assertThat(unchanged).hasValue(0);
        runs.set(0);
        for (int i = 0; i < 60; i++) {
            later(Duration.ofSeconds(10));
            job.run();
        }
        assertThat(runs.get() + unchanged.get()).isEqualTo(60);
        assertThat(unchanged).hasValueGreaterThan(40);

        away = true;
        later(Duration.ofMinutes(1));
        unchanged.set(0);
        job.run();
        assertThat(unchanged).as("nothing is certain while PostgreSQL is away").hasValue(0);
    }

    /** However long its interval is: what was written last is found. */
    @Test
    void jobRunsOnceMoreAfterTheLastThatWasWritten() {
        AtomicInteger runs = new AtomicInteger();
        Runnable job = quiet.paced(SELDOM, runs::incrementAndGet);
        callFor(Duration.ofMinutes(5), quiet::isQuiet);
        job.run(); // finds nothing new
        callFor(Duration.ofSeconds(20), quiet::isQuiet);
        count = Optional.of("2");
        callFor(Duration.ofMinutes(5), quiet::isQuiet);
        assertThat(quiet.isQuiet()).isTrue();
        runs.set(0);

        job.run();
        assertThat(runs).as("its next turn, though it ran a short while ago").hasValue(1);
        callFor(Duration.ofMinutes(5), job);
        assertThat(runs).as("and then it is seldom").hasValue(1);
    }

    @Test
    void jobThatFindsThingsLateRunsUntilItIsSureToHaveFoundThem() {
        Duration late = Duration.ofMinutes(5);
        List<Duration> runs = new ArrayList<>();
        Runnable job = quiet.paced(SELDOM.multipliedBy(3), late, () -> runs.add(Duration.ofNanos(now.get())));
        callFor(Duration.ofMinutes(20), job);
        count = Optional.of("2");
        Duration written = Duration.ofNanos(now.get());
        runs.clear();

        callFor(Duration.ofMinutes(25), job);

        assertThat(runs.getLast()).isGreaterThanOrEqualTo(written.plus(late));
        assertThat(runs.getLast())
                .as("and then it is seldom")
                .isLessThan(written.plus(late).plusMinutes(1));
    }

    @Test
    void turnInWhichNothingHasExpiredCountsForNothing() throws SQLException {
        try (Connection owner = TestDatabase.asOwner();
                Statement statement = owner.createStatement()) {
            // What other tests have written may be counted meanwhile.
            Awaitility.await().atMost(PATIENCE).untilAsserted(() -> {
                Optional<String> before = written();

                statement.execute("UPDATE trunkline.retention_lease SET held_until = held_until");
                statement.execute("SELECT pg_stat_force_next_flush()");

                assertThat(written()).isEqualTo(before);
            });
        }
    }

    @Test
    void jobsShareTheLooks() {
        Runnable one = quiet.paced(SELDOM, () -> {});
        Runnable other = quiet.paced(SELDOM, () -> {});

        callFor(Duration.ofHours(1), () -> {
            one.run();
            other.run();
        });

        assertThat(looks.get()).isBetween(100, 130);
    }

    @Test
    void rowOfTheOutboxIsFound() throws SQLException {
        String topic = api.newTopic(1);
        try (Connection owner = TestDatabase.asOwner();
                Statement statement = owner.createStatement()) {
            owner.setAutoCommit(false);
            // The service does not move the row before the test has seen it.
            statement.execute("SELECT FROM trunkline.outbox_mover FOR UPDATE");

            TestDatabase.execute("SELECT trunkline.enqueue('" + topic + "', 'key', 'value')");

            assertThat(Quiet.look(database).outbox()).isTrue();
            owner.rollback();
        }
        Awaitility.await().atMost(PATIENCE).until(() -> !Quiet.look(database).outbox());
    }

    @Test
    void looksAtTheOutboxAreThoseOfAllJobs() {
        Runnable job = quiet.paced(SELDOM, () -> {});
        callFor(Duration.ofMinutes(2), job);
        looks.set(0);

        for (int i = 0; i < 240; i++) {
            assertThat(quiet.isOutboxEmpty()).isTrue();
            later(Duration.ofSeconds(10));
            job.run();
            later(Duration.ofSeconds(5));
        }

        assertThat(looks).hasValue(240);
        assertThat(quiet.isQuiet()).isTrue();
        count = Optional.of("2");
        assertThat(quiet.isOutboxEmpty()).isTrue();
        assertThat(quiet.isQuiet())
                .as("the look at the outbox noticed what was written")
                .isFalse();
    }

    @Test
    void outboxIsNotCalledEmptyUnlessItIs() {
        outbox = true;
        assertThat(quiet.isOutboxEmpty()).isFalse();
        outbox = false;
        assertThat(quiet.isOutboxEmpty()).isTrue();
        away = true;
        assertThat(quiet.isOutboxEmpty()).as("PostgreSQL is away").isFalse();
    }

    @Test
    void jobGoesOnHalfAMinuteAfterSomethingWasWritten() {
        AtomicInteger runs = new AtomicInteger();
        Runnable job = quiet.paced(SELDOM, runs::incrementAndGet);
        callFor(Duration.ofMinutes(5), job);
        runs.set(0);
        count = Optional.of("2");

        callFor(Duration.ofSeconds(40), job);

        assertThat(runs.get()).isPositive();
    }

    @Test
    void nothingSlowsDownWhileItIsNotKnown() {
        away = true;
        callFor(Duration.ofMinutes(5), quiet::isQuiet);
        assertThat(quiet.isQuiet()).as("PostgreSQL is away").isFalse();

        away = false;
        count = Optional.empty();
        callFor(Duration.ofMinutes(5), quiet::isQuiet);
        assertThat(quiet.isQuiet()).as("it is a standby").isFalse();
    }

    private Optional<String> written() {
        return Quiet.look(database).written();
    }

    private void callFor(Duration time, Runnable what) {
        for (long end = now.get() + time.toNanos(); now.get() < end; ) {
            later(Duration.ofSeconds(10));
            what.run();
        }
    }

    private void later(Duration time) {
        now.addAndGet(time.toNanos());
    }
}
