package io.trunkline.edge;

import io.quarkus.runtime.configuration.MemorySize;
import io.trunkline.error.ErrorCode;
import io.trunkline.error.TrunklineException;
import jakarta.inject.Singleton;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Bounds the memory of the responses that clients have not taken yet, over all edges. Large ones leave room for small ones, so
 * that slow readers of large pages do not take the service from everybody else.
 */
@Singleton
public class ResponseBudget {
    /** A response up to this size, in bytes, is small. */
    public static final int SMALL = 64 * 1024;

    private final long most;
    private final AtomicLong inFlight = new AtomicLong();

    ResponseBudget(HttpConfig config) {
        most = config.maxResponseBytesInFlight().map(MemorySize::asLongValue).orElse(Heap.share(6));
    }

    /**
     * Counts bytes of a response that is about to be made. One response alone always fits.
     *
     * @throws TrunklineException {@code OVERLOADED} when too much is under way; then nothing is counted
     */
    void take(long bytes) {
        long total = inFlight.addAndGet(bytes);
        if (total > (bytes > SMALL ? large() : most) && total > bytes) {
            inFlight.addAndGet(-bytes);
            throw new TrunklineException(
                    ErrorCode.OVERLOADED,
                    "Too many responses are being sent (trunkline.http.max-response-bytes-in-flight). Try again.");
        }
    }

    /** Counts bytes of a response that is there already. Returns false, and counts nothing, when there is no room for it. */
    boolean force(long bytes) {
        long total = inFlight.addAndGet(bytes);
        if (total > (bytes > SMALL ? large() : most + most / 4) && total > bytes) {
            inFlight.addAndGet(-bytes);
            return false;
        }
        return true;
    }

    void giveBack(long bytes) {
        inFlight.addAndGet(-bytes);
    }

    /**
     * How large a response may be made now, in bytes: a quarter of the room that is left for large ones, and no less than a small
     * one. The more is under way, the smaller the pages get, so that no number of readers takes all the room.
     */
    public long share() {
        return Math.max(SMALL, (large() - inFlight.get()) / 4);
    }

    public long bytesInFlight() {
        return inFlight.get();
    }

    private long large() {
        return most - most / 4;
    }
}
