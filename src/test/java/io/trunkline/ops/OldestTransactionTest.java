package io.trunkline.ops;

import static org.assertj.core.api.Assertions.assertThat;

import io.trunkline.jdbc.DatabaseStatistics.Statistics;
import java.time.Instant;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** The age of the oldest transaction from what everybody can see. */
class OldestTransactionTest {
    private final OldestTransaction oldest = new OldestTransaction();

    @Test
    void isUnknownAsLongAsNothingIsUnderWay() {
        assertThat(oldest.seconds(statistics(0, 7, 7), 0)).isZero();
        assertThat(oldest.seconds(statistics(0, 7, 7), seconds(100))).isZero();
        assertThat(oldest.seconds(statistics(0, 7, 9), seconds(200))).isZero();
        assertThat(oldest.seconds(statistics(0, 7, 9), seconds(210))).isEqualTo(10);
    }

    @Test
    void growsWhileTheSameTransactionIsTheOldest() {
        oldest.seconds(statistics(0, 7, 9), seconds(10));

        assertThat(oldest.seconds(statistics(0, 7, 30), seconds(70))).isEqualTo(60);
        assertThat(oldest.seconds(statistics(0, 8, 30), seconds(80))).isZero();
    }

    @Test
    void isWhatPostgresqlTellsWhereThatIsMore() {
        assertThat(oldest.seconds(statistics(500, 7, 9), 0)).isEqualTo(500);
    }

    private static Statistics statistics(double seen, long oldestId, long nextId) {
        return new Statistics(1, 1, 100, 0, 0, 0, 0, 0, 0, seen, oldestId, nextId, Instant.EPOCH);
    }

    private static long seconds(long seconds) {
        return TimeUnit.SECONDS.toNanos(seconds);
    }
}
