package io.trunkline.rest;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class LinesPaceTest {
    private static final long SECOND = 1_000_000_000;

    private final LinesPace pace = new LinesPace(10_000, 100, 0);

    @Test
    void bodyThatIsSlowOverTheWholeTimeIsTooSlow() {
        pace.brought(999);

        assertThat(pace.isTooSlow(true, 9 * SECOND)).isFalse();
        assertThat(pace.isTooSlow(true, 10 * SECOND)).isTrue();
    }

    @Test
    void oneAtTheLeastRateIsNot() {
        for (int i = 1; i <= 10; i++) {
            pace.brought(1_000);
            assertThat(pace.isTooSlow(true, i * 10 * SECOND)).isFalse();
        }
    }

    @Test
    void oneThatWasFastBeforeIsToo() {
        pace.brought(1_000_000);
        assertThat(pace.isTooSlow(true, 10 * SECOND)).isFalse();

        assertThat(pace.isTooSlow(true, 20 * SECOND)).isTrue();
    }

    @Test
    void timeInWhichTheServiceIsBusyDoesNotCount() {
        assertThat(pace.isTooSlow(false, 1_000 * SECOND)).isFalse();
        assertThat(pace.isTooSlow(true, 1_009 * SECOND)).isFalse();
        assertThat(pace.isTooSlow(true, 1_010 * SECOND)).isTrue();
    }
}
