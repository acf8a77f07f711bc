package io.trunkline.outbox;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.Test;

class OutboxPaceTest {
    private static final Duration SHORTEST = Duration.ofMillis(100);
    private static final Duration LONGEST = Duration.ofSeconds(1);

    private final OutboxPace pace = new OutboxPace(SHORTEST, LONGEST, 2);

    @Test
    void outboxThatNobodyHasUsedIsLookedAtRarely() {
        assertThat(pace.isLongest()).isTrue();
        assertThat(pace.next(false)).isEqualTo(LONGEST);
        assertThat(pace.next(false)).isEqualTo(LONGEST);
    }

    @Test
    void looksBecomeRarerOnlyAfterAWhile() {
        assertThat(pace.next(true)).isEqualTo(SHORTEST);
        assertThat(pace.isLongest()).isFalse();
        assertThat(pace.next(false)).isEqualTo(SHORTEST);
        assertThat(pace.next(false)).isEqualTo(SHORTEST);
        assertThat(pace.next(false)).isEqualTo(Duration.ofMillis(200));
        assertThat(pace.next(false)).isEqualTo(Duration.ofMillis(400));
        assertThat(pace.next(false)).isEqualTo(Duration.ofMillis(800));
        assertThat(pace.isLongest()).isFalse();
        assertThat(pace.next(false)).isEqualTo(LONGEST);
        assertThat(pace.isLongest()).isTrue();
        assertThat(pace.next(true)).isEqualTo(SHORTEST);
    }
}
