package io.trunkline.access;

import io.trunkline.error.ErrorCode;
import io.trunkline.error.TrunklineException;
import jakarta.inject.Inject;
import jakarta.inject.Singleton;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.LongSupplier;

/**
 * Slows down clients that guess. An address may fail some times in ten seconds at once; the responses to further failures are held
 * for a second, and where too many are held already they are refused. Credentials that are valid are never held, so that nobody
 * is locked out by somebody else behind the same address.
 */
@Singleton
public class FailedAttempts {
    /** How long a response is held. */
    public static final Duration HOLD = Duration.ofSeconds(1);

    /** Addresses that are told apart; further ones count as one. */
    static final int MOST_ADDRESSES = 10_000;

    /** Responses that are held at once, of all addresses and of one. */
    static final int MOST_HELD = 500;

    static final int MOST_HELD_OF_ADDRESS = 250;

    private static final int WINDOW_SECONDS = 10;

    private final LongSupplier nanoTime;
    private final BoundedTable<Failures> addresses;
    private final AtomicInteger held = new AtomicInteger();

    @Inject
    FailedAttempts(AccessConfig config) {
        this(config.failedAttempts(), System::nanoTime);
    }

    /** @param free failures of an address within ten seconds that are answered at once */
    FailedAttempts(int free, LongSupplier nanoTime) {
        this.nanoTime = nanoTime;
        addresses = new BoundedTable<>(
                MOST_ADDRESSES,
                now -> new Failures(new Bucket((double) free / WINDOW_SECONDS, free, now), new AtomicInteger()),
                (failures, now) -> failures.held.get() == 0 && failures.free.isFull(now),
                nanoTime.getAsLong());
    }

    /** Those of one address: how many more are answered at once, and how many are held. */
    private record Failures(Bucket free, AtomicInteger held) {}

    /** A response that is held for {@link #HOLD}. */
    public final class Held {
        private final Failures failures;

        private Held(Failures failures) {
            this.failures = failures;
        }

        /** The response is sent, or nobody waits for it; to be called once. */
        public void end() {
            failures.held.decrementAndGet();
            held.decrementAndGet();
        }
    }

    /**
     * Counts a failure.
     *
     * @param network what the client is taken for, such as its address
     * @return what holds the response; empty where it is to be sent at once
     * @throws TrunklineException {@code TOO_MANY_ATTEMPTS}, to be sent at once
     */
    public Optional<Held> failed(String network) {
        long now = nanoTime.getAsLong();
        Failures failures = addresses.of(network, now);
        long wait = failures.free.take(1, now);
        if (wait == 0) {
            return Optional.empty();
        }
        if (failures.held.incrementAndGet() > MOST_HELD_OF_ADDRESS) {
            failures.held.decrementAndGet();
            throw tooMany(wait);
        }
        if (held.incrementAndGet() > MOST_HELD) {
            held.decrementAndGet();
            failures.held.decrementAndGet();
            throw tooMany(wait);
        }
        return Optional.of(new Held(failures));
    }

    private static TrunklineException tooMany(long nanos) {
        return TrunklineException.retriable(
                ErrorCode.TOO_MANY_ATTEMPTS,
                "Too many requests of this address had no valid credentials; nothing was done.",
                Duration.ofNanos(nanos));
    }

    int addresses() {
        return addresses.size();
    }

    int held() {
        return held.get();
    }
}
