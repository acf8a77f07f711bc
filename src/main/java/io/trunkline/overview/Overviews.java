package io.trunkline.overview;

import io.quarkus.runtime.ShutdownEvent;
import io.trunkline.access.Right;
import io.trunkline.access.Rights;
import io.trunkline.async.SharedLook;
import io.trunkline.async.WorkerPool;
import io.trunkline.error.TrunklineException;
import io.trunkline.group.GroupLag;
import io.trunkline.group.GroupLooks;
import io.trunkline.group.GroupName;
import io.trunkline.group.Groups;
import io.trunkline.group.GroupsLook;
import io.trunkline.group.LagSeries;
import io.trunkline.jdbc.DatabaseStatistics.Replica;
import io.trunkline.jdbc.ReplicaId;
import io.trunkline.log.TopicLooks;
import io.trunkline.log.TopicState;
import io.trunkline.log.TopicsLook;
import io.trunkline.overview.DatabaseLooks.Found;
import io.trunkline.overview.DatabaseLooks.Server;
import io.trunkline.retention.LastPurge;
import jakarta.annotation.Priority;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Observes;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import java.util.function.Supplier;
import java.util.function.ToLongFunction;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * What a replica can tell of the whole installation out of its memory. A call costs no query of its own: it makes looks of the jobs
 * that look anyway more frequent ({@link SharedLook}), waits for one for a moment where what is known is not fresh, and tells what is
 * known then. Callers see no more than their rights allow, sums included. Calls return at once and fail with a
 * {@link TrunklineException}, {@code OVERLOADED}, when too many wait.
 */
@ApplicationScoped
public class Overviews {
    private static final int THREADS = 1;
    private static final int MOST_WAITING = 1_000;
    private static final Listing<GroupSort> WORST = new Listing<>("", GroupSort.LAG, true, 10, 0);
    /** What is known is told after this time, however old it is. */
    private static final Duration PATIENCE = Duration.ofSeconds(2);

    private final TopicLooks topicLooks;
    private final GroupLooks groupLooks;
    private final DatabaseLooks databaseLooks;
    private final Groups groups;
    private final LastPurge lastPurge;
    private final TrafficJob traffic;
    private final ReplicaId replica;
    private final Clock clock;
    private final WorkerPool pool = new WorkerPool("overview", THREADS, MOST_WAITING);
    private volatile @Nullable Kept<TopicsLook, TopicState, TopicSort, Overview.TopicTotals> keptTopics;
    private volatile @Nullable Kept<GroupsLook, GroupState, GroupSort, GroupSums> keptGroups;

    Overviews(
            TopicLooks topicLooks,
            GroupLooks groupLooks,
            DatabaseLooks databaseLooks,
            Groups groups,
            LastPurge lastPurge,
            TrafficJob traffic,
            ReplicaId replica,
            Clock clock) {
        this.topicLooks = topicLooks;
        this.groupLooks = groupLooks;
        this.databaseLooks = databaseLooks;
        this.groups = groups;
        this.lastPurge = lastPurge;
        this.traffic = traffic;
        this.replica = replica;
        this.clock = clock;
    }

    /** What a look found, with its orders, and its sums for those who see everything. */
    private record Kept<L, T, S extends Enum<S>, A>(L look, Sorted<T, S> sorted, A all) {}

    void stop(@Observes @Priority(10) ShutdownEvent event) {
        pool.close();
    }

    /** What this replica is called. */
    public String replica() {
        return replica.value();
    }

    /** Everything in short. */
    public CompletableFuture<Overview> overview(Rights rights) {
        return once(
                Stream.of(topicLooks.fresh(), groupLooks.fresh(), databaseLooks.fresh()),
                () -> overviewNow(Sight.of(rights)));
    }

    /** The topics that a caller sees. */
    public CompletableFuture<Page<TopicState>> topics(Rights rights, Listing<TopicSort> listing) {
        return once(Stream.of(topicLooks.fresh()), () -> {
            Optional<TopicsLook> look = topicLooks.latest();
            return look.isEmpty()
                    ? new Page<>(0, Optional.empty(), List.of())
                    : kept(look.get()).sorted().page(listing, Sight.of(rights).topics());
        });
    }

    /** The groups that a caller sees, with the lag in topics that it sees. */
    public CompletableFuture<Page<GroupState>> groups(Rights rights, Listing<GroupSort> listing) {
        return once(Stream.of(groupLooks.fresh()), () -> {
            Optional<GroupsLook> look = groupLooks.latest();
            Sight sight = Sight.of(rights);
            return look.isEmpty()
                    ? new Page<>(0, Optional.empty(), List.of())
                    : sorted(look.get(), sight).page(listing, sight.groups());
        });
    }

    /**
     * How far a group was behind in the last hour, in topics that a caller sees. Causes no look; only whether a group exists that no
     * look has found yet is asked of PostgreSQL. Fails with {@code GROUP_NOT_FOUND}, or {@code DATABASE_UNAVAILABLE}.
     */
    public CompletableFuture<LagSeries> lag(Rights rights, GroupName group) {
        return pool.call(() -> {
                    Sight sight = Sight.of(rights);
                    return groupLooks.history(group, topic -> sight.topics().test(topic.value()), sight.everyTopic());
                })
                .thenCompose(known -> known.map(CompletableFuture::completedFuture)
                        .orElseGet(() -> groups.check(group).thenApply(exists -> LagSeries.NONE)));
    }

    /** What this replica has written and given to readers in the last hour, in topics that a caller sees. */
    public CompletableFuture<Traffic> traffic(Rights rights) {
        return pool.call(() -> {
            Sight sight = Sight.of(rights);
            return traffic.history().traffic(sight.topics(), sight.everyTopic());
        });
    }

    /** How far apart the times of {@link #traffic} are. */
    public static Duration trafficInterval() {
        return TrafficHistory.INTERVAL;
    }

    /** Tells what is known once the looks have ended, or a moment has passed. */
    private <T> CompletableFuture<T> once(Stream<CompletableFuture<Void>> looks, Supplier<T> told) {
        return CompletableFuture.allOf(looks.toArray(CompletableFuture[]::new))
                .completeOnTimeout(null, PATIENCE.toMillis(), TimeUnit.MILLISECONDS)
                .thenCompose(looked -> pool.call(told));
    }

    /**
     * What a caller sees.
     *
     * @param everything whether there is no access control
     * @param everyTopic whether sums over all topics tell it nothing that it may not know
     */
    private record Sight(Predicate<String> topics, Predicate<String> groups, boolean everything, boolean everyTopic) {
        private static final Sight ALL = new Sight(topic -> true, group -> true, true, true);

        private static Sight of(Rights rights) {
            return rights == Rights.ALL
                    ? ALL
                    : new Sight(rights::seesTopic, rights::seesGroup, false, rights.onEveryTopic(Right.READ));
        }
    }

    private Kept<TopicsLook, TopicState, TopicSort, Overview.TopicTotals> kept(TopicsLook look) {
        Kept<TopicsLook, TopicState, TopicSort, Overview.TopicTotals> kept = keptTopics;
        if (kept == null || kept.look() != look) {
            kept = new Kept<>(
                    look,
                    new Sorted<>(look.topics(), look.at(), TopicState::name, TopicSort::value),
                    totals(look, Sight.ALL));
            keptTopics = kept;
        }
        return kept;
    }

    private Kept<GroupsLook, GroupState, GroupSort, GroupSums> kept(GroupsLook look) {
        Kept<GroupsLook, GroupState, GroupSort, GroupSums> kept = keptGroups;
        if (kept == null || kept.look() != look) {
            Sorted<GroupState, GroupSort> sorted = sortedFor(look, Sight.ALL);
            kept = new Kept<>(look, sorted, sums(sorted, Sight.ALL));
            keptGroups = kept;
        }
        return kept;
    }

    /** The orders are kept for those who see every topic: what others see of the lag is their own. */
    private Sorted<GroupState, GroupSort> sorted(GroupsLook look, Sight sight) {
        return sight.everyTopic() ? kept(look).sorted() : sortedFor(look, sight);
    }

    private static Sorted<GroupState, GroupSort> sortedFor(GroupsLook look, Sight sight) {
        List<GroupState> some = look.groups().stream()
                .filter(group -> sight.groups().test(group.group()))
                .map(group -> state(group, sight.topics()))
                .toList();
        return new Sorted<>(some, look.at(), GroupState::group, GroupSort::value);
    }

    private static GroupState state(GroupLag group, Predicate<String> visible) {
        return new GroupState(group.group(), group.members(), group.lag(visible));
    }

    private Overview overviewNow(Sight sight) {
        Optional<TopicsLook> topics = topicLooks.latest();
        Optional<GroupsLook> looked = groupLooks.latest();
        GroupSums sums = looked.map(look -> sight.everything() ? kept(look).all() : sums(sorted(look, sight), sight))
                .orElse(GroupSums.NONE);
        Optional<Found> found = databaseLooks.latest();
        DatabaseLooks.Health health = databaseLooks.health();
        Alerts.Known known = new Alerts.Known(
                found,
                health,
                databaseLooks.diskBytes(),
                topics.map(look -> OptionalInt.of(look.slicesAhead())).orElseGet(OptionalInt::empty),
                lastPurge.at(),
                traffic.startedAt(),
                sums.lagWithoutMembers());
        return new Overview(
                replica.value(),
                traffic.startedAt(),
                Stream.of(topics.map(TopicsLook::at), looked.map(GroupsLook::at))
                        .flatMap(Optional::stream)
                        .min(Instant::compareTo),
                replicas(),
                topics.map(look -> sight.everything() ? kept(look).all() : totals(look, sight))
                        .orElseGet(() -> new Overview.TopicTotals(
                                0, 0, OptionalLong.empty(), OptionalLong.empty(), OptionalLong.empty())),
                sums.totals(),
                lastPurge.at(),
                database(found, health),
                Alerts.of(known, clock.instant()));
    }

    private List<Replica> replicas() {
        List<Replica> replicas =
                new ArrayList<>(databaseLooks.server().map(Server::replicas).orElse(List.of()));
        if (replicas.stream().noneMatch(one -> one.id().equals(replica.value()))) {
            replicas.addFirst(new Replica(replica.value(), Optional.empty()));
        }
        return replicas;
    }

    private static Overview.TopicTotals totals(TopicsLook look, Sight sight) {
        int topics = 0;
        int partitions = 0;
        long records = 0;
        long bytes = 0;
        long disk = 0;
        boolean diskKnown = false;
        for (TopicState topic : look.topics()) {
            if (sight.topics().test(topic.name())) {
                topics++;
                partitions += topic.partitions();
                records += topic.records();
                bytes += topic.bytes();
                disk += topic.diskBytes().orElse(0);
                diskKnown |= topic.diskBytes().isPresent();
            }
        }
        return new Overview.TopicTotals(
                topics,
                partitions,
                OptionalLong.of(records),
                OptionalLong.of(bytes),
                diskKnown ? OptionalLong.of(disk) : OptionalLong.empty());
    }

    /** @param lagWithoutMembers the largest lag of a group without members */
    private record GroupSums(Overview.GroupTotals totals, long lagWithoutMembers) {
        private static final GroupSums NONE = new GroupSums(new Overview.GroupTotals(0, 0, List.of()), 0);
    }

    private static GroupSums sums(Sorted<GroupState, GroupSort> groups, Sight sight) {
        int[] withoutMembers = {0};
        long[] lag = {0};
        Page<GroupState> worst = groups.page(WORST, sight.groups(), group -> {
            if (group.members() == 0) {
                withoutMembers[0]++;
                lag[0] = Math.max(lag[0], group.lag().orElse(0));
            }
        });
        return new GroupSums(new Overview.GroupTotals(worst.total(), withoutMembers[0], worst.items()), lag[0]);
    }

    private Overview.Database database(Optional<Found> found, DatabaseLooks.Health health) {
        return new Overview.Database(
                found.isPresent(),
                found.isPresent() ? health.writable() : Optional.empty(),
                found.isPresent() ? health.durable() : Optional.empty(),
                databaseLooks.server().map(Server::version),
                number(found, now -> now.statistics().sizeBytes()),
                databaseLooks.diskBytes(),
                number(found, now -> now.statistics().connections()),
                number(found, now -> now.statistics().maxConnections()),
                found.map(now -> OptionalDouble.of(now.oldestTransactionSeconds()))
                        .orElseGet(OptionalDouble::empty));
    }

    private static OptionalLong number(Optional<Found> found, ToLongFunction<Found> value) {
        return found.map(now -> OptionalLong.of(value.applyAsLong(now))).orElseGet(OptionalLong::empty);
    }
}
