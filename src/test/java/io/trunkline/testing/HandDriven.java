package io.trunkline.testing;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

/** An executor without threads: a task runs when the test says so, on its thread. */
public final class HandDriven extends ThreadPoolExecutor {
    private final int room;
    private final Deque<Runnable> tasks = new ArrayDeque<>();

    /** Takes every task. */
    public HandDriven() {
        this(Integer.MAX_VALUE);
    }

    /** @param room how many tasks may wait; more are rejected */
    public HandDriven(int room) {
        super(0, 1, 0, TimeUnit.SECONDS, new SynchronousQueue<>());
        this.room = room;
    }

    @Override
    public void execute(Runnable task) {
        if (isShutdown() || tasks.size() >= room) {
            throw new RejectedExecutionException();
        }
        tasks.add(task);
    }

    /** How many tasks wait. */
    public int waiting() {
        return tasks.size();
    }

    /** Runs the task that has waited longest. */
    public void runNext() {
        tasks.remove().run();
    }

    /** Runs what waits, and what comes of it, until nothing waits. */
    public void runAll() {
        while (!tasks.isEmpty()) {
            runNext();
        }
    }
}
