package io.trunkline.jdbc;

import static org.assertj.core.api.Assertions.assertThat;

import io.quarkus.test.junit.QuarkusTest;
import io.trunkline.testing.ServiceTestCase;
import jakarta.inject.Inject;
import java.time.Duration;
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
    private boolean away;

    private final Quiet quiet = new Quiet(
            () -> {
                looks.incrementAndGet();
                if (away) {
                    throw new IllegalStateException("PostgreSQL is away");
                }
                return count;
            },
            now::get);

    @Test
    void recordThatIsWrittenCounts() {
        String topic = api.newTopic(1);
        Optional<String> before = Quiet.written(database);
        assertThat(before).isPresent();

        api.writeNumbers(topic, 0, 0, 1);

        Awaitility.await().atMost(PATIENCE).until(() -> !Quiet.written(database).equals(before));
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
