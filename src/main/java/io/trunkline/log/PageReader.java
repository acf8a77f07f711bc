package io.trunkline.log;

import io.trunkline.async.WorkerPool;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Reads pages: at the tail from memory, else from PostgreSQL, where those who want the same page at the same time share it.
 */
final class PageReader {
    private final FetchStore store;
    private final LogEnds ends;
    private final TailCache cache;
    private final ReadAhead readAhead;
    private final Prefetch prefetch;
    private final WorkerPool pool;
    private final LogMetrics metrics;
    private final ConcurrentHashMap<FetchRequest, CompletableFuture<PageBuilder>> reads = new ConcurrentHashMap<>();

    PageReader(
            FetchStore store,
            LogEnds ends,
            TailCache cache,
            ReadAhead readAhead,
            Prefetch prefetch,
            WorkerPool pool,
            LogMetrics metrics) {
        this.store = store;
        this.ends = ends;
        this.cache = cache;
        this.readAhead = readAhead;
        this.prefetch = prefetch;
        this.pool = pool;
        this.metrics = metrics;
    }

    /** Somebody waits at the end of a partition. */
    void want(long partitionId) {
        cache.want(partitionId);
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
        CompletableFuture<PageBuilder> page = prefetch.take(request)
                .map(early -> early.thenApply(read -> read.part(request)))
                .orElseGet(() -> read(request, range));
        return page.thenCompose(read -> {
            prefetch(request, read, range);
            if (!read.batches().isEmpty() || read.isFull()) {
                FetchOutcome.Page found = page(request, range, read, false);
                if (found.nextOffset() == found.range().endOffset()) {
                    cache.want(request.partitionId());
                    read.batches().forEach(batch -> cache.add(request.partitionId(), batch));
                }
                return CompletableFuture.completedFuture(found);
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
            PageBuilder page = read.part(request);
            if (page.next() < read.next()) {
                readAhead.keep(wide.partitionId(), read.batches());
            }
            return page;
        });
    }

    /** Reads what the reader of a page asks for next, unless somebody waits for a thread. */
    private void prefetch(FetchRequest request, PageBuilder page, OffsetRange range) {
        // Pages of large batches are larger than what would be counted for them.
        boolean counted = !request.whole() || page.bytesLeft() >= 0;
        if (request.isLarge() && counted && page.isFull() && pool.isIdle()) {
            prefetch.next(request, page, range.endOffset()).ifPresent(next -> prefetch.keep(next, read(next, range)));
        }
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
