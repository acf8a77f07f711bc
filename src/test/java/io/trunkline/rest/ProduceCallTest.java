package io.trunkline.rest;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.trunkline.error.ErrorCode;
import io.trunkline.error.TrunklineException;
import io.trunkline.topic.TopicName;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** What the sender of records that are sent together is told. */
class ProduceCallTest {
    private static final TrunklineException OVERLOADED =
            new TrunklineException(ErrorCode.OVERLOADED, "No room; nothing was written. Try again.");
    private static final TrunklineException UNKNOWN = new TrunklineException(ErrorCode.OUTCOME_UNKNOWN, "Who knows?");

    private final ProduceCall call = call(Optional.empty());

    @Test
    void eventsThatAreAllWrittenNeedNoBody() {
        assertThat(call.response(result(null, null))).isEmpty();
    }

    @Test
    void eventsOfWhichNoneIsWrittenMayBeSentAgain() {
        assertThatThrownBy(() -> call.response(result(OVERLOADED, OVERLOADED))).isSameAs(OVERLOADED);
    }

    @Test
    void eventsOfWhichSomeAreWrittenAreNoNothing() {
        assertThatThrownBy(() -> call.response(result(OVERLOADED, null)))
                .isInstanceOfSatisfying(TrunklineException.class, e -> {
                    assertThat(e.code()).isEqualTo(ErrorCode.OUTCOME_UNKNOWN);
                    assertThat(e.userMessage()).startsWith("Some of the records were written");
                });
    }

    @Test
    void doubtGoesBeforeWhatIsKnown() {
        assertThatThrownBy(() -> call.response(result(OVERLOADED, UNKNOWN))).isSameAs(UNKNOWN);
    }

    @Test
    void senderOfEventsWithAKeyIsToldToRepeatThem() {
        ProduceCall withKey = call(Optional.of(new IdempotencyKey("k")));

        assertThatThrownBy(() -> withKey.response(result(OVERLOADED, null)))
                .isInstanceOfSatisfying(TrunklineException.class, e -> {
                    assertThat(e.code()).isEqualTo(ErrorCode.OUTCOME_UNKNOWN);
                    assertThat(e.userMessage()).contains("same Idempotency-Key");
                });
    }

    private static ProduceCall call(Optional<IdempotencyKey> key) {
        return new ProduceCall(
                TopicName.parse("orders"),
                OptionalInt.empty(),
                false,
                new ProduceBody.Events(),
                MediaTypes.CONTROL,
                false,
                true,
                new ProduceTerms(key, Optional.empty(), OptionalLong.empty()));
    }

    private static ProduceResult result(@Nullable TrunklineException... failures) {
        return new ProduceResult(
                new int[failures.length], new long[failures.length], failures, false, Optional.empty());
    }
}
