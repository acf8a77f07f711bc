package io.trunkline.testing;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Delayed;
import java.util.concurrent.FutureTask;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** A timer without a clock: what is scheduled runs when the test says so, on its thread. */
public final class HandDrivenTimer extends ScheduledThreadPoolExecutor {
    private final List<Scheduled> once = new ArrayList<>();
    private final List<Runnable> repeated = new ArrayList<>();

    public HandDrivenTimer() {
        super(1);
    }

    @Override
    public ScheduledFuture<?> schedule(Runnable task, long delay, TimeUnit unit) {
        if (isShutdown()) {
            throw new RejectedExecutionException();
        }
        Scheduled scheduled = new Scheduled(task, Duration.of(delay, unit.toChronoUnit()));
        once.add(scheduled);
        return scheduled;
    }

    @Override
    public ScheduledFuture<?> scheduleWithFixedDelay(Runnable task, long initialDelay, long delay, TimeUnit unit) {
        repeated.add(task);
        return new Scheduled(task, Duration.of(delay, unit.toChronoUnit()));
    }

    /** The delays of what is to run once, in the order in which it was scheduled. */
    public List<Duration> delays() {
        return once.stream().map(scheduled -> scheduled.delay).toList();
    }

    /** Runs what is to run once and was scheduled first. */
    public void runNext() {
        once.removeFirst().run();
    }

    /** Runs, one more time, what is to run again and again. */
    public void repeat() {
        repeated.forEach(Runnable::run);
    }

    private static final class Scheduled extends FutureTask<@Nullable Void> implements ScheduledFuture<@Nullable Void> {
        private final Duration delay;

        Scheduled(Runnable task, Duration delay) {
            super(task, null);
            this.delay = delay;
        }

        @Override
        public long getDelay(TimeUnit unit) {
            return unit.convert(delay);
        }

        @Override
        public int compareTo(Delayed other) {
            return Long.compare(getDelay(TimeUnit.NANOSECONDS), other.getDelay(TimeUnit.NANOSECONDS));
        }
    }
}
