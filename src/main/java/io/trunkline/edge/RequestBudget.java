package io.trunkline.edge;

import io.quarkus.runtime.configuration.MemorySize;
import io.trunkline.error.ErrorCode;
import io.trunkline.error.TrunklineException;
import jakarta.inject.Singleton;
import java.util.concurrent.atomic.AtomicLong;

/** Bounds the memory of the request bodies that are held, over all edges. */
@Singleton
public class RequestBudget {
    private final long most;
    private final AtomicLong held = new AtomicLong();
    /** What of that is for bodies that last. */
    private final AtomicLong streamed = new AtomicLong();
    /** What bodies on their way have announced and not brought yet. */
    private final AtomicLong expected = new AtomicLong();

    public RequestBudget(HttpConfig config) {
        most = config.maxBodyBytesInFlight().map(MemorySize::asLongValue).orElse(Heap.share(6));
    }

    /** One body, as it arrives. Used by one thread at a time. */
    public final class Body {
        private long taken;
        private long takenStreamed;
        private long announced;

        private Body() {}

        /**
         * Notes how much will come, in bytes, so that bodies for which there will be no room are refused before they are read.
         *
         * @throws TrunklineException {@code OVERLOADED} when there will be no room
         */
        public void announce(long bytes) {
            if (held.get() + expected.get() + bytes > most && held.get() + expected.get() > 0) {
                throw full();
            }
            announced = bytes;
            expected.addAndGet(bytes);
        }

        /** Forgets what was announced: a body that does not come keeps nobody out. */
        public void withdraw() {
            expected.addAndGet(-announced);
            announced = 0;
        }

        /**
         * Counts memory before it is taken, in bytes.
         *
         * @throws TrunklineException {@code OVERLOADED} when there is no room; then nothing is counted
         */
        public void take(long bytes) {
            if (held.addAndGet(bytes) > most) {
                held.addAndGet(-bytes);
                throw full();
            }
            taken += bytes;
            long arrived = Math.min(announced, bytes);
            announced -= arrived;
            expected.addAndGet(-arrived);
        }

        /**
         * As {@link #take}, for a body that may last for hours: those have half of the memory at most, all together, so that they
         * never keep out the others, which are over in a moment.
         *
         * @throws TrunklineException {@code OVERLOADED} when there is no room; then nothing is counted
         */
        public void takeStreamed(long bytes) {
            if (streamed.addAndGet(bytes) > most / 2) {
                streamed.addAndGet(-bytes);
                throw full();
            }
            try {
                take(bytes);
            } catch (TrunklineException e) {
                streamed.addAndGet(-bytes);
                throw e;
            }
            takenStreamed += bytes;
        }

        /** Gives a part of what {@link #takeStreamed} has counted back, in bytes: memory that is not held any more. */
        public void giveBackStreamed(long bytes) {
            streamed.addAndGet(-bytes);
            takenStreamed -= bytes;
            held.addAndGet(-bytes);
            taken -= bytes;
        }

        public void release() {
            withdraw();
            streamed.addAndGet(-takenStreamed);
            takenStreamed = 0;
            held.addAndGet(-taken);
            taken = 0;
        }
    }

    public Body body() {
        return new Body();
    }

    public long bytesInFlight() {
        return held.get();
    }

    private static TrunklineException full() {
        return new TrunklineException(
                ErrorCode.OVERLOADED,
                "Too many request bodies are held (trunkline.http.max-body-bytes-in-flight); nothing was done. Try again.");
    }
}
