package io.trunkline.log;

import io.trunkline.error.TrunklineException;
import jakarta.enterprise.context.ApplicationScoped;
import java.time.Duration;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Whether records can be written: what the appends have just seen, or else a try that leaves nothing behind. */
@ApplicationScoped
public class Writability {
    /** As long as records can be written, a try is made no more often than this; afterwards more often. */
    private static final Duration GOOD_FOR = Duration.ofSeconds(5);

    private static final Duration BAD_FOR = Duration.ofSeconds(1);

    private final AppendStore store;

    Writability(AppendStore store) {
        this.store = store;
    }

    /** Why no record can be written, or null. */
    public record Found(@Nullable TrunklineException failure) {}

    /** What is known without asking PostgreSQL; empty where that is too old. */
    public Optional<Found> known() {
        return store.seen().filter(Writability::isFresh).map(seen -> new Found(seen.failure()));
    }

    /** Asks PostgreSQL. Blocks. */
    public Found look() {
        return new Found(store.tryToWrite().failure());
    }

    private static boolean isFresh(AppendStore.Seen seen) {
        Duration most = seen.failure() == null ? GOOD_FOR : BAD_FOR;
        return System.nanoTime() - seen.at() < most.toNanos();
    }
}
