package io.trunkline.rest;

import io.trunkline.error.ErrorCode;
import io.trunkline.error.TrunklineException;
import jakarta.enterprise.context.ApplicationScoped;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicLong;

/** Bounds the answers that clients have not taken yet, so that slow ones cannot take the memory. */
@ApplicationScoped
class ResponseBudget {
    private final long most;
    private final AtomicLong inFlight = new AtomicLong();

    ResponseBudget(HttpConfig config) {
        most = config.maxResponseBytesInFlight().asLongValue();
    }

    /**
     * Counts an answer. One alone always fits.
     *
     * @param ended completes when the client has the answer, or is gone; from then on it does not count
     *
     * @throws TrunklineException {@code OVERLOADED} when too much is under way
     */
    void take(long bytes, CompletableFuture<Void> ended) {
        long total = inFlight.addAndGet(bytes);
        if (total > most && total > bytes) {
            inFlight.addAndGet(-bytes);
            throw new TrunklineException(
                    ErrorCode.OVERLOADED,
                    "Too many records are on their way to clients (trunkline.http.max-response-bytes-in-flight). Try again.");
        }
        ended.thenRun(() -> inFlight.addAndGet(-bytes));
    }
}
