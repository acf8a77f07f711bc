package io.trunkline.group;

import java.time.Duration;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;
import java.util.concurrent.locks.LockSupport;

/** What all that take part in a run share: where it happens, how far it is, what was seen, and what went wrong. */
final class ChaosRun {
    /** The wait before a call is tried again. */
    private static final Duration BEFORE_THE_NEXT_TRY = Duration.ofMillis(50);

    private final String url;
    private final String group;
    private final Map<String, Integer> topics;
    private final DeliveryLedger ledger = new DeliveryLedger();
    private final Map<Event, LongAdder> counts = new EnumMap<>(Event.class);
    private final Queue<Throwable> failures = new ConcurrentLinkedQueue<>();
    private final CountDownLatch failed = new CountDownLatch(1);
    private volatile Phase phase = Phase.CHAOS;

    enum Phase {
        /** Records are written, members come and go, replicas are killed. */
        CHAOS,
        /** Nothing is written or killed any more, and members go on until nothing is left. */
        DRAIN,
        /** The members leave. */
        LEAVE,
        /** Only what was seen is looked at. */
        OVER
    }

    enum Event {
        REPLICA_KILLED,
        MEMBER_JOINED,
        MEMBER_LEFT,
        MEMBER_KILLED,
        MEMBER_KILLED_IN_A_POLL,
        MEMBER_FROZE,
        MEMBER_WAS_EXPIRED,
        COMMIT_WAS_FENCED,
        CALL_HAD_NO_ANSWER
    }

    /** @param topics the topics with their partition counts */
    ChaosRun(String url, String group, Map<String, Integer> topics) {
        this.url = url;
        this.group = group;
        this.topics = Map.copyOf(topics);
        for (Event event : Event.values()) {
            counts.put(event, new LongAdder());
        }
    }

    String url() {
        return url;
    }

    String group() {
        return group;
    }

    Map<String, Integer> topics() {
        return topics;
    }

    DeliveryLedger ledger() {
        return ledger;
    }

    Phase phase() {
        return phase;
    }

    void enter(Phase next) {
        ledger.note("phase " + next);
        phase = next;
    }

    void happened(Event event, String note) {
        counts.getOrDefault(event, new LongAdder()).increment();
        ledger.note(event + " " + note);
    }

    long count(Event event) {
        return counts.getOrDefault(event, new LongAdder()).sum();
    }

    Map<Event, LongAdder> counts() {
        return Map.copyOf(counts);
    }

    /** Runs a part, and keeps its failure for {@link #failOnWhatWentWrong}. */
    void part(Runnable part) {
        try {
            part.run();
        } catch (RuntimeException | Error e) {
            ledger.note("failure " + e);
            failures.add(e);
            failed.countDown();
        }
    }

    /** Waits for so long, or until something goes wrong. */
    void await(Duration time) {
        try {
            boolean wentWrong = failed.await(time.toMillis(), TimeUnit.MILLISECONDS);
            if (wentWrong) {
                failOnWhatWentWrong();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }

    boolean hasFailed() {
        return !failures.isEmpty();
    }

    void failOnWhatWentWrong() {
        List<Throwable> all = List.copyOf(failures);
        if (!all.isEmpty()) {
            AssertionError error = new AssertionError(
                    all.getFirst().getMessage() + "\nWhat happened before:\n" + ledger.lastNotes(), all.getFirst());
            all.stream().skip(1).forEach(error::addSuppressed);
            throw error;
        }
    }

    /** Lets a moment pass before a call is tried again. */
    static void waitForTheNextTry() {
        idle(BEFORE_THE_NEXT_TRY);
    }

    /** Does nothing for a time, as a client that has other things to do; returns at once when it is interrupted. */
    static void idle(Duration time) {
        long end = System.nanoTime() + time.toNanos();
        for (long left = time.toNanos(); left > 0 && !Thread.currentThread().isInterrupted(); ) {
            LockSupport.parkNanos(left);
            left = end - System.nanoTime();
        }
    }
}
