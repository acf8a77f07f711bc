package io.trunkline.overview;

import io.trunkline.async.SharedLook;
import io.trunkline.jdbc.DatabaseStatistics.Replica;
import io.trunkline.jdbc.DatabaseStatistics.Statistics;
import jakarta.inject.Singleton;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** What this replica saw of PostgreSQL last, in memory. Filled by whoever makes the metrics of PostgreSQL. */
@Singleton
public class DatabaseLooks {
    private volatile @Nullable Found latest;
    private volatile @Nullable Server server;
    private volatile @Nullable SharedLook look;
    private volatile Supplier<Health> health = () -> new Health(Optional.empty(), Optional.empty());
    private volatile OptionalLong diskBytes = OptionalLong.empty();

    DatabaseLooks() {}

    /** @param oldestTransactionSeconds how long the oldest transaction has been open, as far as the service can see */
    public record Found(Statistics statistics, double oldestTransactionSeconds) {}

    /**
     * What costs a query of its own, and is looked up only while somebody wants to see it.
     *
     * @param version such as {@code 18.1}
     * @param replicas those with connections, by id
     */
    public record Server(String version, List<Replica> replicas) {
        public Server {
            replicas = List.copyOf(replicas);
        }
    }

    /** Whether PostgreSQL takes records, and keeps those that are acknowledged; empty while that is not known. */
    public record Health(Optional<Boolean> writable, Optional<Boolean> durable) {}

    /** Empty where PostgreSQL did not answer when it was asked last, or was not asked yet. */
    Optional<Found> latest() {
        return Optional.ofNullable(latest);
    }

    /** Empty before somebody wanted to see it. */
    Optional<Server> server() {
        return Optional.ofNullable(server);
    }

    Health health() {
        return health.get();
    }

    /** The size of the database's disk, where it is configured. */
    OptionalLong diskBytes() {
        return diskBytes;
    }

    /** As {@link SharedLook#fresh}. */
    CompletableFuture<Void> fresh() {
        SharedLook now = look;
        return now == null ? CompletableFuture.completedFuture(null) : now.fresh();
    }

    /** Notes what a look found. */
    public void found(Found found) {
        latest = found;
    }

    /** Notes what a look for somebody who wants to see it found. */
    public void found(Server found) {
        server = found;
    }

    /** Notes that PostgreSQL did not answer. */
    public void away() {
        latest = null;
    }

    /**
     * Says who fills this.
     *
     * @param shared looks again for who wants to see it
     * @param now tells at once what is known of PostgreSQL's health
     * @param disk the size of the database's disk in bytes, where it is known
     */
    public void filledBy(SharedLook shared, Supplier<Health> now, OptionalLong disk) {
        health = now;
        diskBytes = disk;
        look = shared;
    }
}
