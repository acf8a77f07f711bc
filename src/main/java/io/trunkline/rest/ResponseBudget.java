package io.trunkline.rest;

import io.trunkline.error.ErrorCode;
import io.trunkline.error.TrunklineException;
import jakarta.enterprise.context.ApplicationScoped;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicLong;

/** Bounds the answers that are being written at once, so that many large fetches together cannot take the memory. */
@ApplicationScoped
class ResponseBudget {
    private final long most;
    private final AtomicLong inFlight = new AtomicLong();

    ResponseBudget(HttpConfig config) {
        most = config.maxResponseBytesInFlight().asLongValue();
    }

    /**
     * Counts a page until it is written.
     *
     * @param shared whether its records are held for others too, so that it costs the text that is being sent
     * @throws TrunklineException {@code OVERLOADED} when too much is under way
     */
    void take(RecordsPage page, boolean shared) {
        long size = page.memorySize();
        take(shared ? Math.min(size, 2L * RecordsPageWriter.PIECE) : size, page.written());
    }

    /**
     * Counts an answer. One alone always fits.
     *
     * @param written completes when the network has taken the answer, or the client is gone; then it does not count any more
     *
     * @throws TrunklineException {@code OVERLOADED} when too much is under way
     */
    void take(long bytes, CompletableFuture<?> written) {
        long total = inFlight.addAndGet(bytes);
        if (total > most && total > bytes) {
            inFlight.addAndGet(-bytes);
            throw new TrunklineException(
                    ErrorCode.OVERLOADED,
                    "Too many records are being sent (trunkline.http.max-response-bytes-in-flight). Try again.");
        }
        written.thenRun(() -> inFlight.addAndGet(-bytes));
    }

    /** Bytes of the answers that are under way. */
    long bytesInFlight() {
        return inFlight.get();
    }
}
