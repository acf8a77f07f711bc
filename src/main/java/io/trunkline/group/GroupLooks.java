package io.trunkline.group;

import io.trunkline.async.SharedLook;
import io.trunkline.topic.TopicName;
import jakarta.inject.Singleton;
import java.time.Clock;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/** What this replica saw of all groups last, and how far they were behind in the last hour, in memory. */
@Singleton
public class GroupLooks {
    private final Clock clock;
    private final LagHistory history = new LagHistory();
    private volatile @Nullable GroupsLook latest;
    private volatile @Nullable SharedLook look;

    GroupLooks(Clock clock) {
        this.clock = clock;
    }

    /** What the last look that succeeded found; empty before the first one. */
    public Optional<GroupsLook> latest() {
        return Optional.ofNullable(latest);
    }

    /** As {@link SharedLook#fresh}. */
    public CompletableFuture<Void> fresh() {
        SharedLook now = look;
        return now == null ? CompletableFuture.completedFuture(null) : now.fresh();
    }

    /**
     * How far a group was behind, minute by minute; empty for one that the last look did not find.
     *
     * @param visible the topics that are shown and count
     * @param everything whether that is every topic
     */
    public Optional<LagSeries> history(GroupName group, Predicate<TopicName> visible, boolean everything) {
        return history.of(group.value(), clock.millis(), visible, everything)
                .or(() -> latest().filter(look -> look.has(group.value()))
                        // There are more groups than can be kept.
                        .map(look -> new LagSeries(List.of(), List.of(), List.of(), false)));
    }

    void found(GroupsLook found, List<GroupSize> sizes, List<PartitionLag> lags) {
        latest = found;
        history.looked(found.at().toEpochMilli(), sizes, lags);
    }

    /** Nothing has been written since the last look, so that it would find the same now. */
    void unchanged() {
        history.unchanged(clock.millis());
    }

    /** A look has failed: what was found before may not be so any more. */
    void lost() {
        history.lost();
    }

    void lookedUpBy(SharedLook shared) {
        look = shared;
    }
}
