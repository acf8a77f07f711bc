package io.trunkline.log;

import io.trunkline.async.Drain;
import io.trunkline.async.WorkerPool;
import io.trunkline.error.ErrorCode;
import io.trunkline.error.TrunklineException;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;

/**
 * Reads pages: at the tail from memory, else from PostgreSQL, where those who want the same page at the same time share
 * it; and waits for records where there are none.
 */
final class Fetches {
    private final FetchStore store;
    private final LogEnds ends;
    private final TailCache cache;
    private final ReadAhead readAhead;
    private final DelayedFetches delayedFetches;
    private final WorkerPool pool;
    private final Drain drain;
    private final LogMetrics metrics;
    private final ConcurrentHashMap<FetchRequest, CompletableFuture<PageBuilder>> reads = new ConcurrentHashMap<>();

    Fetches(
            FetchStore store,
            LogEnds ends,
            TailCache cache,
            ReadAhead readAhead,
            DelayedFetches delayedFetches,
            WorkerPool pool,
            Drain drain,
            LogMetrics metrics) {
        this.store = store;
        this.ends = ends;
        this.cache = cache;
        this.readAhead = readAhead;
        this.delayedFetches = delayedFetches;
        this.pool = pool;
        this.drain = drain;
        this.metrics = metrics;
    }

    /**
     * A page, for which is waited when there is none, or until nobody is interested any more.
     *
     * @param start when the wait began, by {@link System#nanoTime}
     */
    CompletableFuture<FetchOutcome> fetch(
            FetchRequest request, long start, Duration wait, CompletableFuture<Void> abandoned) {
        if (drain.left(start, wait).isZero()) {
            return ends.range(request.partitionId()).thenCompose(range -> page(request, range));
        }
        // Before the end is looked up, so that nothing appended in between is missed.
        DelayedFetches.Waiter waiter;
        try {
            waiter = delayedFetches.register(request.partitionId(), request.offset());
        } catch (TrunklineException e) {
            return CompletableFuture.failedFuture(e);
        }
        return ends.range(request.partitionId())
                .thenCompose(range -> {
                    if (request.offset() == range.endOffset()) {
                        return await(request, range, waiter, start, wait, abandoned);
                    }
                    delayedFetches.deregister(waiter); // reads what is there and waits for nothing
                    return page(request, range);
                })
                .whenComplete((outcome, failure) -> delayedFetches.deregister(waiter));
    }

    private CompletableFuture<FetchOutcome> await(
            FetchRequest request,
            OffsetRange range,
            DelayedFetches.Waiter waiter,
            long start,
            Duration wait,
            CompletableFuture<Void> abandoned) {
        cache.want(request.partitionId());
        abandoned.thenRun(() -> waiter.woken.complete(Optional.empty()));
        // After it was registered: a stop that begins before this is seen here, and a later one wakes it.
        long nanos = drain.left(start, wait).toNanos();
        return waiter.woken
                .completeOnTimeout(Optional.empty(), nanos, TimeUnit.NANOSECONDS)
                .thenCompose(now -> {
                    delayedFetches.deregister(waiter);
                    if (abandoned.isDone()) {
                        return CompletableFuture.failedFuture(new TrunklineException(
                                ErrorCode.OVERLOADED, "The client did not wait for the answer."));
                    }
                    return now.isPresent()
                            ? page(request, now.get())
                            : CompletableFuture.completedFuture(
                                    page(request, range, PageBuilder.empty(request), false));
                });
    }

    /** A page of a partition that has this range at least. */
    CompletableFuture<FetchOutcome> page(FetchRequest request, OffsetRange range) {
        long start = System.nanoTime();
        return find(request, range).whenComplete((outcome, failure) -> {
            if (outcome instanceof FetchOutcome.Page page && !page.isEmpty()) {
                metrics.pageRead(System.nanoTime() - start);
            }
        });
    }

    private CompletableFuture<FetchOutcome> find(FetchRequest request, OffsetRange range) {
        if (!range.readableFrom(request.offset())) {
            return CompletableFuture.completedFuture(new FetchOutcome.OutOfRange(range));
        }
        if (request.offset() == range.endOffset()) {
            cache.want(request.partitionId());
            return CompletableFuture.completedFuture(page(request, range, PageBuilder.empty(request), false));
        }
        Optional<PageBuilder> cached = cache.read(request);
        if (cached.isPresent()) {
            cache.want(request.partitionId());
            return CompletableFuture.completedFuture(page(request, range, cached.get(), true));
        }
        Optional<PageBuilder> ahead = readAhead.read(request);
        if (ahead.isPresent()) {
            return CompletableFuture.completedFuture(page(request, range, ahead.get(), true));
        }
        return read(request, range).thenCompose(read -> {
            if (!read.batches().isEmpty() || read.isFull()) {
                FetchOutcome.Page page = page(request, range, read, false);
                if (page.nextOffset() == page.range().endOffset()) {
                    cache.want(request.partitionId());
                    read.batches().forEach(batch -> cache.add(request.partitionId(), batch));
                }
                return CompletableFuture.completedFuture(page);
            }
            // There should have been records: retention has moved past the offset since the range was read.
            return ends.range(request.partitionId()).thenApply(now -> {
                if (now.readableFrom(request.offset())) {
                    throw new IllegalStateException("records are missing: " + request + " " + now);
                }
                return new FetchOutcome.OutOfRange(now);
            });
        });
    }

    /** Reads more than is asked for when that is little, and keeps the rest for whoever asks for what follows. */
    private CompletableFuture<PageBuilder> read(FetchRequest request, OffsetRange range) {
        FetchRequest wide = request.ahead();
        return readTogether(wide, range).thenApply(read -> {
            PageBuilder page = PageBuilder.empty(request);
            for (FetchedBatch batch : read.batches()) {
                if (!page.add(batch)) {
                    break;
                }
            }
            if (page.next() < read.next()) {
                readAhead.keep(wide.partitionId(), read.batches());
            }
            return page;
        });
    }

    private CompletableFuture<PageBuilder> readTogether(FetchRequest request, OffsetRange range) {
        CompletableFuture<PageBuilder> mine = new CompletableFuture<>();
        CompletableFuture<PageBuilder> other = reads.putIfAbsent(request, mine);
        if (other != null) {
            return other;
        }
        pool.call(() -> store.read(request, range)).whenComplete((read, failure) -> {
            reads.remove(request, mine);
            if (failure == null) {
                mine.complete(read);
            } else {
                mine.completeExceptionally(failure);
            }
        });
        return mine;
    }

    private static FetchOutcome.Page page(FetchRequest request, OffsetRange range, PageBuilder read, boolean shared) {
        // What was read may go beyond an end that was looked up before.
        OffsetRange known = new OffsetRange(range.logStartOffset(), Math.max(range.endOffset(), read.next()));
        return new FetchOutcome.Page(
                request.partitionId(),
                read.batches(),
                request.offset(),
                read.next(),
                known,
                read.isFull() && read.next() < known.endOffset(),
                shared);
    }
}
