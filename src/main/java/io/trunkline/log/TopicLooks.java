package io.trunkline.log;

import io.trunkline.async.SharedLook;
import jakarta.inject.Singleton;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/** What this replica saw of all topics last, in memory. */
@Singleton
public class TopicLooks {
    private volatile @Nullable TopicsLook latest;
    private volatile @Nullable SharedLook look;

    TopicLooks() {}

    /** What the last look that succeeded found; empty before the first one. */
    public Optional<TopicsLook> latest() {
        return Optional.ofNullable(latest);
    }

    /** As {@link SharedLook#fresh}. */
    public CompletableFuture<Void> fresh() {
        SharedLook now = look;
        return now == null ? CompletableFuture.completedFuture(null) : now.fresh();
    }

    void found(TopicsLook found) {
        latest = found;
    }

    void lookedUpBy(SharedLook shared) {
        look = shared;
    }
}
