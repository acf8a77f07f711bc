package io.trunkline.async;

import static org.assertj.core.api.Assertions.assertThat;

import io.trunkline.error.ErrorCode;
import io.trunkline.error.Failures;
import io.trunkline.error.TrunklineException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

/** Calls for the same key follow one another, and those for others do not wait for them. */
class KeyedQueueTest {
    private static final int MOST = 4;

    private final KeyedQueue<String> queue = new KeyedQueue<>("calls of this test", MOST, this::now);
    /** What was begun, in order. */
    private final List<String> begun = new ArrayList<>();
    /** How each call that was begun is to end. */
    private final Map<String, CompletableFuture<String>> ends = new HashMap<>();

    private long now;

    @Test
    void callsOfAKeyFollowOneAnotherInTheOrderInWhichTheyCame() {
        List<CompletableFuture<String>> made = List.of(call("a", "first"), call("a", "second"), call("a", "third"));

        assertThat(begun).containsExactly("first");
        end("first");
        assertThat(begun).containsExactly("first", "second");
        end("second");
        end("third");

        assertThat(begun).containsExactly("first", "second", "third");
        assertThat(made).extracting(CompletableFuture::join).containsExactly("first", "second", "third");
    }

    @Test
    void callsOfOtherKeysDoNotWait() {
        call("a", "of a");
        call("b", "of b");

        assertThat(begun).containsExactly("of a", "of b");
    }

    @Test
    void callWaitsForTheLastThatCameAndNotForTheFirst() {
        call("a", "first");
        call("a", "second");
        end("first");

        call("a", "third");

        assertThat(begun).containsExactly("first", "second");
    }

    @Test
    void keyThatWasUsedBeforeBeginsAtOnce() {
        call("a", "first");
        end("first");

        call("a", "second");

        assertThat(begun).containsExactly("first", "second");
    }

    @Test
    void failureIsThatOfItsCallAndTheNextOneIsMade() {
        CompletableFuture<String> failing = call("a", "failing");
        CompletableFuture<String> next = call("a", "next");

        endOf("failing").completeExceptionally(new TrunklineException(ErrorCode.DATABASE_UNAVAILABLE, "away"));
        end("next");

        assertThat(code(failing)).isEqualTo(ErrorCode.DATABASE_UNAVAILABLE);
        assertThat(next).isCompletedWithValue("next");
    }

    @Test
    void callThatCannotEvenBeginFailsAndTheNextOneIsMade() {
        CompletableFuture<String> failing = queue.call("a", asked -> {
            throw new TrunklineException(ErrorCode.OVERLOADED, "no thread");
        });
        CompletableFuture<String> next = call("a", "next");
        end("next");

        assertThat(code(failing)).isEqualTo(ErrorCode.OVERLOADED);
        assertThat(next).isCompletedWithValue("next");
    }

    @Test
    void callIsRefusedWhereTooManyWaitAndRoomComesBack() {
        for (int i = 0; i < MOST; i++) {
            call("a", "call " + i);
        }

        assertThat(code(call("a", "refused"))).isEqualTo(ErrorCode.OVERLOADED);
        assertThat(code(call("b", "refused too"))).isEqualTo(ErrorCode.OVERLOADED);

        end("call 0");
        assertThat(call("b", "taken")).isNotDone();
        assertThat(begun).containsExactly("call 0", "call 1", "taken");
    }

    @Test
    void callWhoseTurnComesTooLateIsRefusedAndNotMadeAndTheNextOneIs() {
        call("a", "long");
        CompletableFuture<String> late = call("a", "late");
        now = Duration.ofSeconds(5).toNanos();
        CompletableFuture<String> next = call("a", "next");
        now = Duration.ofSeconds(10).toNanos() + 1;

        end("long");
        end("next");

        assertThat(code(late)).isEqualTo(ErrorCode.OVERLOADED);
        assertThat(next).isCompletedWithValue("next");
        assertThat(begun).containsExactly("long", "next");
    }

    @Test
    void callIsToldSinceWhenItsCallerWaits() {
        List<Long> told = new ArrayList<>();
        now = 17;
        call("a", "long");
        queue.call("a", asked -> {
            told.add(asked);
            return CompletableFuture.completedFuture("");
        });
        now = 1_000;

        end("long");

        assertThat(told).containsExactly(17L);
    }

    private CompletableFuture<String> call(String key, String name) {
        return queue.call(key, asked -> {
            begun.add(name);
            return endOf(name);
        });
    }

    private void end(String name) {
        endOf(name).complete(name);
    }

    private CompletableFuture<String> endOf(String name) {
        return ends.computeIfAbsent(name, n -> new CompletableFuture<>());
    }

    private long now() {
        return now;
    }

    private static ErrorCode code(CompletableFuture<?> failed) {
        return Failures.code(failed.exceptionNow());
    }
}
