package io.trunkline.async;

import io.trunkline.error.ErrorCode;
import io.trunkline.error.TrunklineException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.function.Function;
import java.util.function.LongSupplier;

/**
 * Asks questions of PostgreSQL together: those that come while others are being answered go with the next call, so that
 * many callers cost hardly more than one. No answer is older than its question.
 */
public final class Coalescer<Q, A> {
    /** A question that has waited for longer is refused: who asked it has gone, most likely. */
    private static final Duration MOST_WAIT = Duration.ofSeconds(10);

    private record Asked<Q, A>(Q question, CompletableFuture<A> answer, long at) {}

    private final WorkerPool pool;
    private final int mostUnderWay;
    private final int mostTogether;
    private final int mostWaiting;
    private final Function<List<Q>, List<A>> call;
    private final LongSupplier nanoTime;
    /** Guarded by this, as the following. */
    private List<Asked<Q, A>> waiting = new ArrayList<>();

    private int underWay;

    /**
     * @param mostUnderWay calls that run at once
     * @param mostTogether questions of one call
     * @param mostWaiting questions that may wait; zero or less where something else bounds them, and none may be refused
     * @param call answers questions in their order, and blocks
     */
    public Coalescer(
            WorkerPool pool, int mostUnderWay, int mostTogether, int mostWaiting, Function<List<Q>, List<A>> call) {
        this(pool, mostUnderWay, mostTogether, mostWaiting, call, System::nanoTime);
    }

    Coalescer(
            WorkerPool pool,
            int mostUnderWay,
            int mostTogether,
            int mostWaiting,
            Function<List<Q>, List<A>> call,
            LongSupplier nanoTime) {
        this.pool = pool;
        this.mostUnderWay = mostUnderWay;
        this.mostTogether = mostTogether;
        this.mostWaiting = mostWaiting;
        this.call = call;
        this.nanoTime = nanoTime;
    }

    /** The answer, or the failure of the call that asked for it; {@code OVERLOADED} when too much waits, or for too long. */
    public CompletableFuture<A> ask(Q question) {
        CompletableFuture<A> answer = new CompletableFuture<>();
        synchronized (this) {
            if (mostWaiting > 0 && waiting.size() >= mostWaiting) {
                answer.completeExceptionally(overloaded());
                return answer;
            }
            waiting.add(new Asked<>(question, answer, nanoTime.getAsLong()));
        }
        next();
        return answer;
    }

    private void next() {
        List<Asked<Q, A>> mine;
        List<Asked<Q, A>> late;
        synchronized (this) {
            if (waiting.isEmpty() || underWay == mostUnderWay) {
                return;
            }
            if (waiting.size() <= mostTogether) {
                mine = waiting;
                waiting = new ArrayList<>();
            } else {
                mine = new ArrayList<>(waiting.subList(0, mostTogether));
                waiting = new ArrayList<>(waiting.subList(mostTogether, waiting.size()));
            }
            late = late(mine);
            mine = late.isEmpty() ? mine : mine.subList(late.size(), mine.size());
            underWay++;
        }
        late.forEach(asked -> asked.answer().completeExceptionally(overloaded()));
        call(mine);
    }

    /** Those of the first that have waited for too long; they are in the order in which they came. */
    private List<Asked<Q, A>> late(List<Asked<Q, A>> asked) {
        long now = nanoTime.getAsLong();
        int late = 0;
        while (mostWaiting > 0 && late < asked.size() && now - asked.get(late).at() > MOST_WAIT.toNanos()) {
            late++;
        }
        return asked.subList(0, late);
    }

    private static TrunklineException overloaded() {
        return new TrunklineException(
                ErrorCode.OVERLOADED, "Too many calls are waiting for PostgreSQL; nothing was done. Try again.");
    }

    private void call(List<Asked<Q, A>> mine) {
        CompletableFuture<List<A>> made = mine.isEmpty()
                ? CompletableFuture.completedFuture(List.of())
                : pool.call(
                        () -> call.apply(mine.stream().map(Asked::question).toList()),
                        mine.getFirst().at());
        made.whenComplete((answers, failure) -> {
            synchronized (this) {
                underWay--;
            }
            next();
            for (int i = 0; i < mine.size(); i++) {
                if (failure == null) {
                    mine.get(i).answer().complete(answers.get(i));
                } else {
                    mine.get(i).answer().completeExceptionally(failure);
                }
            }
        });
    }
}
