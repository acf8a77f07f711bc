package io.trunkline.async;

import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.Metrics;
import io.trunkline.error.ErrorCode;
import io.trunkline.error.TrunklineException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import java.util.function.ToDoubleFunction;

/** A fixed number of threads for calls that would hold up others, with a bounded queue before them. */
public final class WorkerPool implements AutoCloseable {
    private static final long CLOSE_WAIT_SECONDS = 10;
    private static final long STOP_WAIT_SECONDS = 2;

    private final String name;
    private final int threads;
    private final ThreadPoolExecutor executor;
    private final List<Meter> meters;

    /** @param queue how many calls may wait beside those that run */
    public WorkerPool(String name, int threads, int queue) {
        this(name, threads, threads, threads, new LinkedBlockingQueue<>(queue));
    }

    private WorkerPool(String name, int threads, int coreThreads, int mostThreads, BlockingQueue<Runnable> queue) {
        this(name, threads, executor(name, coreThreads, mostThreads, queue));
    }

    /** A pool on an executor that somebody else drives. */
    WorkerPool(String name, int threads, ThreadPoolExecutor executor) {
        this.name = name;
        this.threads = threads;
        this.executor = executor;
        meters = List.of(
                gauge("trunkline.pool.threads.active", "Threads at work", ThreadPoolExecutor::getActiveCount),
                gauge("trunkline.pool.threads.max", "Calls that run at once at most", pool -> threads),
                gauge(
                        "trunkline.pool.queued",
                        "Calls that wait for a thread",
                        pool -> pool.getQueue().size()));
    }

    private static ThreadPoolExecutor executor(
            String name, int coreThreads, int mostThreads, BlockingQueue<Runnable> queue) {
        AtomicInteger number = new AtomicInteger();
        ThreadPoolExecutor executor =
                new ThreadPoolExecutor(coreThreads, mostThreads, 30, TimeUnit.SECONDS, queue, task -> {
                    Thread thread = new Thread(task, name + "-" + number.incrementAndGet());
                    thread.setDaemon(true);
                    return thread;
                });
        executor.allowCoreThreadTimeOut(coreThreads > 0);
        return executor;
    }

    private Meter gauge(String gauge, String description, ToDoubleFunction<ThreadPoolExecutor> value) {
        return Gauge.builder(gauge, executor, value)
                .description(description)
                .tag("pool", name)
                .register(Metrics.globalRegistry);
    }

    /** Threads for what is to be done later or again and again; they do not keep the service from ending. */
    public static ScheduledExecutorService timer(String name, int threads) {
        return Executors.newScheduledThreadPool(threads, task -> {
            Thread thread = new Thread(task, name);
            thread.setDaemon(true);
            return thread;
        });
    }

    /**
     * Ends a timer: what it is doing may end, for a bounded time, and is interrupted then; nothing new begins.
     *
     * @return whether it ended by itself
     */
    public static boolean stop(ScheduledExecutorService timer) {
        return end(timer, STOP_WAIT_SECONDS);
    }

    private static boolean end(ExecutorService executor, long seconds) {
        executor.shutdown();
        try {
            if (executor.awaitTermination(seconds, TimeUnit.SECONDS)) {
                return true;
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        executor.shutdownNow();
        return false;
    }

    /**
     * A pool without a queue, for a caller who never runs more at once than there are threads. The thread that was busy
     * last goes on first, so that under little load one thread and its connection, with what PostgreSQL has cached for it,
     * do all the work.
     */
    public static WorkerPool withoutQueue(String name, int threads) {
        // The caller is the bound: threads that have just ended their tasks may not be back yet.
        return new WorkerPool(name, threads, 0, Integer.MAX_VALUE, new SynchronousQueue<>());
    }

    /**
     * Runs a call. The future fails with {@code OVERLOADED} at once when the queue is full, and when the call has not ended
     * {@link #mostWait} after now, whatever it waits for: with {@code OVERLOADED} where it has not begun,
     * {@code DATABASE_UNAVAILABLE} where it has changed nothing, and then never will, else {@code OUTCOME_UNKNOWN}.
     */
    public <T> CompletableFuture<T> call(Supplier<T> call) {
        return call(call, System.nanoTime());
    }

    /**
     * Runs a call whose caller has waited elsewhere already.
     *
     * @param since when that began, by {@link System#nanoTime}
     */
    public <T> CompletableFuture<T> call(Supplier<T> call, long since) {
        PendingCall<T> pending = new PendingCall<>(name, call, since);
        try {
            executor.execute(pending);
        } catch (RejectedExecutionException e) {
            pending.reject(new TrunklineException(
                    ErrorCode.OVERLOADED,
                    "Too many calls are waiting (" + name + "); nothing was done. Try again.",
                    e));
        }
        return pending.result();
    }

    public int threads() {
        return threads;
    }

    /** Whether there is a thread for another call at once. */
    public boolean isIdle() {
        return executor.getQueue().isEmpty() && executor.getActiveCount() < threads;
    }

    /** How long a call may take, its waiting included: somewhat longer than PostgreSQL may. */
    public static Duration mostWait() {
        return PendingCall.most();
    }

    /**
     * Runs a task that reports its own failures.
     *
     * @throws RejectedExecutionException when the queue is full or the pool is closed
     */
    public void run(Runnable task) {
        executor.execute(task);
    }

    /** Lets the calls under way end, for a bounded time. */
    @Override
    public void close() {
        meters.forEach(Metrics.globalRegistry::remove);
        end(executor, CLOSE_WAIT_SECONDS);
    }
}
