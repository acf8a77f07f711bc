package io.trunkline.async;

import static org.assertj.core.api.Assertions.assertThat;

import io.trunkline.error.ErrorCode;
import io.trunkline.error.Failures;
import io.trunkline.error.TrunklineException;
import io.trunkline.testing.HandDriven;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;

/** Questions that are asked together: each has its own answer, none an old one, and none waits for long. */
class CoalescerTest {
    private final HandDriven executor = new HandDriven();
    private final WorkerPool pool = WorkerPools.drivenBy(executor);
    /** The questions of each call, in the order of the calls. */
    private final List<List<Integer>> calls = new ArrayList<>();

    private Consumer<List<Integer>> duringACall = questions -> {};
    private Duration later = Duration.ZERO;

    @Test
    void firstQuestionIsAskedAtOnce() {
        CompletableFuture<String> answer = coalescer(1, 10, 10).ask(1);

        executor.runAll();

        assertThat(calls).containsExactly(List.of(1));
        assertThat(answer).isCompletedWithValue("answer 1");
    }

    @Test
    void questionsThatComeWhileACallIsUnderWayGoTogetherInTheNext() {
        Coalescer<Integer, String> coalescer = coalescer(1, 10, 10);

        List<CompletableFuture<String>> answers = ask(coalescer, 1, 2, 3, 4);
        assertThat(executor.waiting()).isEqualTo(1);
        executor.runAll();

        assertThat(calls).containsExactly(List.of(1), List.of(2, 3, 4));
        assertThat(answers)
                .extracting(CompletableFuture::join)
                .containsExactly("answer 1", "answer 2", "answer 3", "answer 4");
    }

    @Test
    void questionIsNotAnsweredByACallThatHasBegun() {
        Coalescer<Integer, String> coalescer = coalescer(1, 10, 10);
        List<CompletableFuture<String>> again = new ArrayList<>();
        duringACall = questions -> {
            if (again.isEmpty()) {
                again.add(coalescer.ask(1));
            }
        };
        coalescer.ask(1);

        executor.runNext();
        assertThat(again.getFirst()).isNotDone();
        executor.runNext();

        assertThat(calls).containsExactly(List.of(1), List.of(1));
        assertThat(again.getFirst()).isCompletedWithValue("answer 1");
    }

    @Test
    void callsAtOnceAreBounded() {
        Coalescer<Integer, String> coalescer = coalescer(2, 10, 10);

        ask(coalescer, 1, 2, 3, 4);

        assertThat(executor.waiting()).isEqualTo(2);
        executor.runNext();
        assertThat(executor.waiting())
                .as("the next has begun when one has ended")
                .isEqualTo(2);
        executor.runAll();
        assertThat(calls).containsExactly(List.of(1), List.of(2), List.of(3, 4));
    }

    @Test
    void questionsOfACallAreBoundedAndTheOthersKeepTheirOrder() {
        Coalescer<Integer, String> coalescer = coalescer(1, 2, 10);

        List<CompletableFuture<String>> answers = ask(coalescer, 1, 2, 3, 4, 5, 6);
        executor.runAll();

        assertThat(calls).containsExactly(List.of(1), List.of(2, 3), List.of(4, 5), List.of(6));
        assertThat(answers).allSatisfy(answer -> assertThat(answer).isCompleted());
    }

    @Test
    void questionIsRefusedWhereTooManyWait() {
        Coalescer<Integer, String> coalescer = coalescer(1, 10, 2);
        List<CompletableFuture<String>> taken = ask(coalescer, 1, 2, 3);

        CompletableFuture<String> refused = coalescer.ask(4);

        assertThat(code(refused)).isEqualTo(ErrorCode.OVERLOADED);
        executor.runAll();
        assertThat(calls).containsExactly(List.of(1), List.of(2, 3));
        assertThat(taken).allSatisfy(answer -> assertThat(answer).isCompleted());
        assertThat(ask(coalescer, 5)).as("there is room again").noneMatch(CompletableFuture::isDone);
    }

    @Test
    void noneIsRefusedWhereSomethingElseBoundsThem() {
        Coalescer<Integer, String> coalescer = coalescer(1, 1_000, 0);
        List<CompletableFuture<String>> answers = new ArrayList<>();
        for (int i = 0; i < 500; i++) {
            answers.add(coalescer.ask(i));
        }
        later = Duration.ofMinutes(1);

        executor.runAll();

        assertThat(answers).allSatisfy(answer -> assertThat(answer).isCompleted());
    }

    @Test
    void questionThatHasWaitedForLongIsRefusedAndNotAsked() {
        Coalescer<Integer, String> coalescer = coalescer(1, 10, 10);
        ask(coalescer, 1);
        CompletableFuture<String> late = coalescer.ask(2);
        later = Duration.ofSeconds(9);
        CompletableFuture<String> next = coalescer.ask(3);
        later = Duration.ofMillis(10_001);

        executor.runAll();

        assertThat(code(late)).isEqualTo(ErrorCode.OVERLOADED);
        assertThat(next).isCompletedWithValue("answer 3");
        assertThat(calls).containsExactly(List.of(1), List.of(3));
    }

    @Test
    void questionsGoOnWhereAllThatWaitedAreLate() {
        Coalescer<Integer, String> coalescer = coalescer(1, 10, 10);
        List<CompletableFuture<String>> asked = ask(coalescer, 1, 2, 3);
        later = Duration.ofSeconds(11);
        executor.runAll();
        assertThat(asked.subList(1, 3))
                .allSatisfy(late -> assertThat(code(late)).isEqualTo(ErrorCode.OVERLOADED));

        CompletableFuture<String> fresh = coalescer.ask(4);
        executor.runAll();

        assertThat(calls).containsExactly(List.of(1), List.of(4));
        assertThat(fresh).isCompletedWithValue("answer 4");
    }

    @Test
    void failureIsThatOfTheCallAndTheNextOneIsMade() {
        Coalescer<Integer, String> coalescer = coalescer(1, 10, 10);
        duringACall = questions -> {
            if (questions.contains(2)) {
                throw new TrunklineException(ErrorCode.DATABASE_UNAVAILABLE, "away");
            }
        };
        List<CompletableFuture<String>> answers = ask(coalescer, 1, 2, 3);
        executor.runNext();
        CompletableFuture<String> after = coalescer.ask(4);

        executor.runAll();

        assertThat(answers.getFirst()).isCompletedWithValue("answer 1");
        assertThat(answers.subList(1, 3))
                .allSatisfy(failed -> assertThat(code(failed)).isEqualTo(ErrorCode.DATABASE_UNAVAILABLE));
        assertThat(after).isCompletedWithValue("answer 4");
    }

    @Test
    void callThatThePoolRefusesFailsItsQuestionsOnly() {
        HandDriven full = new HandDriven(0);
        Coalescer<Integer, String> coalescer =
                new Coalescer<>(WorkerPools.drivenBy(full), 1, 10, 10, this::answers, this::now);

        assertThat(code(coalescer.ask(1))).isEqualTo(ErrorCode.OVERLOADED);
        assertThat(code(coalescer.ask(2)))
                .as("the one before is not under way any more")
                .isEqualTo(ErrorCode.OVERLOADED);
    }

    private Coalescer<Integer, String> coalescer(int mostUnderWay, int mostTogether, int mostWaiting) {
        return new Coalescer<>(pool, mostUnderWay, mostTogether, mostWaiting, this::answers, this::now);
    }

    private List<String> answers(List<Integer> questions) {
        calls.add(questions);
        duringACall.accept(questions);
        return questions.stream().map(question -> "answer " + question).toList();
    }

    private long now() {
        return System.nanoTime() + later.toNanos();
    }

    private static List<CompletableFuture<String>> ask(Coalescer<Integer, String> coalescer, int... questions) {
        List<CompletableFuture<String>> answers = new ArrayList<>();
        for (int question : questions) {
            answers.add(coalescer.ask(question));
        }
        return answers;
    }

    private static ErrorCode code(CompletableFuture<?> failed) {
        return Failures.code(failed.exceptionNow());
    }
}
