package io.trunkline.retention;

import jakarta.inject.Singleton;
import java.time.Instant;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** When a purge by any replica succeeded last, as this one saw it. */
@Singleton
public class LastPurge {
    private volatile @Nullable Instant at;

    LastPurge() {}

    /** Empty where none has, or this replica has not looked yet. */
    public Optional<Instant> at() {
        return Optional.ofNullable(at);
    }

    void succeededAt(Instant time) {
        at = time;
    }
}
