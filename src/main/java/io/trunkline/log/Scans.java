package io.trunkline.log;

import io.trunkline.async.WorkerPool;
import io.trunkline.error.ErrorCode;
import io.trunkline.error.Failures;
import io.trunkline.error.TrunklineException;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;

/**
 * Reads pages for which records have to be looked at: those that a search wants, and those that go downwards. A scan reads a chunk of
 * whole batches, looks at it, keeps what it wants and lets go of the rest, on one of a few threads: so there are no more chunks in
 * memory than threads, however many requests search; what they keep is counted by the search. After each chunk other scans have their
 * turn. A page downwards of everything is read in one turn, as a page upwards is.
 */
final class Scans implements AutoCloseable {
    /** A scan that finds nothing soon takes larger chunks: from the first size to the last, in bytes. */
    private static final long FIRST_CHUNK = 64 * 1024;

    private static final long LAST_CHUNK = 1024 * 1024;
    private static final int GROWTH = 4;
    /** Scans wait for their chunks: of the threads that read, this part is left to others. */
    private static final int OTHERS = 2;

    private final PageReader pages;
    private final ReverseStore reverse;
    private final LogEnds ends;
    private final WorkerPool reads;
    private final WorkerPool pool;
    private final LogMetrics metrics;

    /**
     * @param reads where the database is read
     * @param queue how many scans may wait for their turn
     */
    Scans(PageReader pages, ReverseStore reverse, LogEnds ends, WorkerPool reads, int queue, LogMetrics metrics) {
        this.pages = pages;
        this.reverse = reverse;
        this.ends = ends;
        this.reads = reads;
        this.metrics = metrics;
        int processors = Runtime.getRuntime().availableProcessors();
        pool = new WorkerPool("scan", Math.clamp(reads.threads() / OTHERS, 1, processors), queue);
    }

    @Override
    public void close() {
        pool.close();
    }

    /**
     * The page of what a search wants, upwards: it ends at the end of the partition, where a record that is wanted does not fit, or
     * when enough has been looked at. It is full, in the last two cases, and its next offset lies behind all that was looked at.
     *
     * @param request from a place before the end of the range
     * @param maxBytes of this page that are looked at at most, about
     */
    CompletableFuture<FetchOutcome> up(FetchRequest request, OffsetRange range, Search search, long maxBytes) {
        return new Up(request, range, search, maxBytes).start();
    }

    /**
     * A page downwards, whose next offset lies below all that was looked at: below the log start where nothing is left. It is full
     * where something is.
     *
     * @param request from the highest offset on, which lies within the range
     * @param search what is wanted; everything where it is empty
     */
    CompletableFuture<FetchOutcome> down(FetchRequest request, OffsetRange range, Optional<Search> search) {
        return new Down(request, range, search).start().thenApply(outcome -> {
            search.ifPresent(Search::requireProgress);
            return outcome;
        });
    }

    /** One page. Its steps follow one another. */
    private abstract class Scan {
        final FetchRequest request;
        final Findings findings;
        OffsetRange range;
        private final Optional<Search> search;
        private final long maxBytes;
        private final CompletableFuture<FetchOutcome> result = new CompletableFuture<>();
        private long chunk = FIRST_CHUNK;

        Scan(FetchRequest request, OffsetRange range, Optional<Search> search, Findings findings, long maxBytes) {
            this.request = request;
            this.range = range;
            this.search = search;
            this.findings = findings;
            this.maxBytes = maxBytes;
        }

        CompletableFuture<FetchOutcome> start() {
            go();
            return result;
        }

        private void go() {
            pool.call(this::turn).whenComplete((outcome, failure) -> {
                if (search.isPresent()
                        && failure != null
                        && Failures.unwrapped(failure) instanceof TrunklineException reason
                        && reason.code() == ErrorCode.OVERLOADED) {
                    // No record of this chunk has been looked at. The search ends here, and keeps what it found in
                    // other partitions.
                    search.get().end(reason);
                    result.complete(page());
                } else if (failure != null) {
                    result.completeExceptionally(Failures.unwrapped(failure));
                } else if (outcome.isPresent()) {
                    result.complete(outcome.get());
                } else {
                    go();
                }
            });
        }

        /** Looks at the next chunk, or at all of them where nothing is searched for. Returns the page when it is complete. */
        private Optional<FetchOutcome> turn() {
            Optional<FetchOutcome> outcome;
            do {
                outcome = step();
            } while (outcome.isEmpty() && search.isEmpty());
            return outcome;
        }

        private Optional<FetchOutcome> step() {
            long before = findings.lookedAt();
            long matched = findings.matchedRecords();
            long passed = findings.passedRecords();
            Optional<FetchOutcome> otherwise = look(Math.max(1, Math.min(chunk, bytesLeft())));
            if (search.isPresent()) {
                metrics.searched(
                        findings.matchedRecords() - matched,
                        findings.passedRecords() - passed,
                        findings.lookedAt() - before);
            }
            chunk = Math.min(chunk * GROWTH, LAST_CHUNK);
            boolean nothing = findings.lookedAt() == 0;
            if (otherwise.isPresent() && nothing) {
                return otherwise;
            }
            return otherwise.isPresent() || findings.isFull() || bytesLeft() <= 0 || isAtTheEnd()
                    ? Optional.of(page())
                    : Optional.empty();
        }

        private long bytesLeft() {
            return Math.min(
                    maxBytes - findings.lookedAt(),
                    search.map(Search::bytesLeft).orElse(Long.MAX_VALUE));
        }

        private FetchOutcome page() {
            return new FetchOutcome.Page(
                    request.partitionId(),
                    findings.batches(),
                    request.offset(),
                    findings.next(),
                    range,
                    !isAtTheEnd(),
                    false);
        }

        /** Whether there is nothing to look at any more. */
        abstract boolean isAtTheEnd();

        /** Looks at about so many bytes, or at one batch that is larger. Returns what is to be told where there is nothing to look at. */
        abstract Optional<FetchOutcome> look(long bytes);
    }

    private final class Up extends Scan {
        Up(FetchRequest request, OffsetRange range, Search search, long maxBytes) {
            super(request, range, Optional.of(search), Findings.up(request, search), maxBytes);
        }

        @Override
        boolean isAtTheEnd() {
            return findings.next() >= range.endOffset();
        }

        @Override
        Optional<FetchOutcome> look(long bytes) {
            FetchOutcome outcome =
                    await(pages.page(FetchRequest.ofBatches(request.partitionId(), findings.next(), bytes), range));
            if (!(outcome instanceof FetchOutcome.Page page)) {
                return Optional.of(outcome);
            }
            range = page.range();
            page.batches().forEach(findings::look);
            return Optional.empty();
        }
    }

    private final class Down extends Scan {
        Down(FetchRequest request, OffsetRange range, Optional<Search> search) {
            super(
                    request,
                    range,
                    search,
                    Findings.down(request, search, range.logStartOffset()),
                    search.isPresent() ? Long.MAX_VALUE : request.maxBytes());
        }

        @Override
        boolean isAtTheEnd() {
            return findings.next() < range.logStartOffset();
        }

        @Override
        Optional<FetchOutcome> look(long bytes) {
            List<FetchedBatch> batches =
                    await(reads.call(() -> reverse.read(request.partitionId(), findings.next(), bytes, range)));
            batches.forEach(findings::look);
            return batches.isEmpty()
                    // Retention has moved past the offset since the range was read.
                    ? Optional.of(new FetchOutcome.OutOfRange(await(ends.range(request.partitionId()))))
                    : Optional.empty();
        }
    }

    private static <T> T await(CompletableFuture<T> future) {
        try {
            return future.join();
        } catch (CompletionException e) {
            if (Failures.unwrapped(e) instanceof RuntimeException known) {
                throw known;
            }
            throw e;
        }
    }
}
