package io.trunkline.access;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.trunkline.error.ErrorCode;
import io.trunkline.error.TrunklineException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class FailedAttemptsTest {
    private final AtomicLong now = new AtomicLong();
    private final FailedAttempts attempts = new FailedAttempts(10, now::get);

    @Test
    void someFailuresAreAnsweredAtOnceAndFurtherOnesAreHeld() {
        failFreely("a");

        assertThat(attempts.failed("a")).isPresent();
        assertThat(attempts.failed("b")).isEmpty();
        now.addAndGet(TimeUnit.SECONDS.toNanos(10));
        failFreely("a");
        assertThat(attempts.failed("a")).isPresent();
    }

    @Test
    void responsesBeyondThoseThatAreHeldAreRefusedAndTheRefusalSaysUntilWhen() {
        failFreely("a");
        List<FailedAttempts.Held> held = new ArrayList<>();
        for (int i = 0; i < FailedAttempts.MOST_HELD_OF_ADDRESS; i++) {
            held.add(attempts.failed("a").orElseThrow());
        }

        assertRefused("a");
        failFreely("b");
        attempts.failed("b").orElseThrow().end();
        held.forEach(FailedAttempts.Held::end);
        assertThat(attempts.held()).isZero();
        assertThat(attempts.failed("a")).isPresent();
    }

    @Test
    void allAddressesTogetherHoldABoundedNumberOfResponses() {
        for (int address = 0; address < 20; address++) {
            failFreely("a" + address);
            for (int i = 0; i < 100; i++) {
                try {
                    attempts.failed("a" + address);
                } catch (TrunklineException e) {
                    assertThat(e.code()).isEqualTo(ErrorCode.TOO_MANY_ATTEMPTS);
                }
            }
        }

        assertThat(attempts.held()).isEqualTo(FailedAttempts.MOST_HELD);
        failFreely("z");
        assertRefused("z");
    }

    @Test
    void addressesAreForgottenWhenTheyHaveBeenQuietAndAreBoundedBefore() {
        for (int i = 0; i < FailedAttempts.MOST_ADDRESSES + 10; i++) {
            attempts.failed("a" + i);
        }
        assertThat(attempts.addresses()).isEqualTo(FailedAttempts.MOST_ADDRESSES);

        now.addAndGet(TimeUnit.SECONDS.toNanos(11));
        attempts.failed("z");

        assertThat(attempts.addresses()).isEqualTo(1);
    }

    private void failFreely(String address) {
        for (int i = 0; i < 10; i++) {
            assertThat(attempts.failed(address)).isEmpty();
        }
    }

    private void assertRefused(String address) {
        assertThatThrownBy(() -> attempts.failed(address)).isInstanceOfSatisfying(TrunklineException.class, e -> {
            assertThat(e.code()).isEqualTo(ErrorCode.TOO_MANY_ATTEMPTS);
            assertThat(e.retryAfterSeconds()).hasValue(1);
        });
    }
}
