package io.trunkline.group;

import io.quarkus.runtime.ShutdownEvent;
import io.trunkline.access.Access;
import io.trunkline.access.Quotas;
import io.trunkline.async.KeyedQueue;
import io.trunkline.async.WorkerPool;
import io.trunkline.error.ErrorCode;
import io.trunkline.error.TrunklineException;
import io.trunkline.group.GroupState.Event;
import io.trunkline.jdbc.ConnectionUser;
import io.trunkline.jdbc.Transactions;
import io.trunkline.log.Logs;
import io.trunkline.topic.TopicName;
import io.trunkline.topic.TopicPartition;
import io.trunkline.topic.Topics;
import jakarta.annotation.Priority;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Observes;
import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Changes of groups: who is a member, what each member reads, and what the group has committed. The changes of one group
 * follow one another. Calls return at once and fail with a {@link TrunklineException}, of which
 * {@code DATABASE_UNAVAILABLE}, {@code OUTCOME_UNKNOWN} and {@code OVERLOADED} may meet every one.
 */
@ApplicationScoped
public class GroupCoordinator implements ConnectionUser {
    private static final int THREADS = 3;
    private static final int MOST_WAITING = 10_000;
    private static final int MOST_ATTEMPTS = 5;

    private final GroupRepository groups;
    private final MemberRepository members;
    private final MembershipStore store;
    private final Quotas quotas;
    private final Transactions transactions;
    private final GroupLookups lookups;
    private final ConsumerConfig config;
    private final Rebalancer rebalancer;
    private final GroupWatch watch;
    private final KeyedQueue<GroupName> queue = new KeyedQueue<>("changes of consumer groups", MOST_WAITING);
    private final Map<GroupName, CompletableFuture<Void>> looks = new ConcurrentHashMap<>();
    private final WorkerPool pool = new WorkerPool("group", THREADS, MOST_WAITING);
    private volatile Function<GroupName, CompletableFuture<Void>> settle =
            group -> CompletableFuture.completedFuture(null);

    GroupCoordinator(
            GroupRepository groups,
            MemberRepository members,
            MembershipStore store,
            Transactions transactions,
            Topics topics,
            Logs logs,
            Access access,
            Quotas quotas,
            ConsumerConfig config,
            GroupMetrics metrics,
            GroupWatch watch) {
        this.groups = groups;
        this.members = members;
        this.store = store;
        this.quotas = quotas;
        this.transactions = transactions;
        lookups = new GroupLookups(topics, logs, access);
        this.config = config;
        rebalancer = new Rebalancer(groups, members, store, transactions, lookups, metrics);
        this.watch = watch;
    }

    void stop(@Observes @Priority(10) ShutdownEvent event) {
        pool.close();
    }

    /**
     * Has something done before partitions of a group may change hands.
     *
     * @param settle completes, in bounded time, when what was handed out to members of a group is noted where possible
     */
    public void beforeChanges(Function<GroupName, CompletableFuture<Void>> settle) {
        this.settle = settle;
    }

    @Override
    public int connections() {
        return pool.threads();
    }

    /**
     * Makes a consumer. Fails with {@code CONSUMER_ALREADY_EXISTS}, {@code GROUP_FULL}, {@code GROUP_LIMIT_REACHED} or
     * {@code QUOTA_EXCEEDED}.
     */
    public CompletableFuture<Void> join(ConsumerRef consumer, ConsumerOptions options) {
        GroupName name = consumer.group();
        return changing(name, () -> {
            GroupEntity group = made(name);
            List<MemberEntity> all = members.of(group);
            if (all.stream().anyMatch(m -> m.name.equals(consumer.name().value()))) {
                throw new TrunklineException(
                        ErrorCode.CONSUMER_ALREADY_EXISTS,
                        "A consumer instance with the specified name already exists in the HTTP Bridge.");
            }
            if (all.size() >= config.maxMembers()) {
                throw new TrunklineException(
                        ErrorCode.GROUP_FULL,
                        "Group " + name + " has " + all.size() + " consumers, and may have no more"
                                + " (trunkline.consumer.max-members).");
            }
            consumer.caller()
                    .filter(caller -> quotas.limitConsumers())
                    .ifPresent(caller -> quotas.checkConsumers(members.countOf(caller.name()) + 1));
            members.persistAndFlush(new MemberEntity(group.id, consumer.name(), options, consumer.caller()));
            store.occupy(group.id);
            return null;
        });
    }

    /** Removes a consumer. Fails with {@code CONSUMER_NOT_FOUND}. */
    public CompletableFuture<Void> leave(ConsumerRef consumer) {
        return sharing(
                consumer.group(),
                rows -> Optional.of(new Event.Left(named(rows, consumer).id())));
    }

    /**
     * Changes what a consumer reads. Fails with {@code CONSUMER_NOT_FOUND}, {@code INVALID_SUBSCRIPTION}, or
     * {@code SUBSCRIPTION_CONFLICT} where it reads something of another kind.
     */
    public CompletableFuture<Void> subscribe(ConsumerRef consumer, Subscription subscription) {
        return sharing(consumer.group(), rows -> {
            lookups.check(subscription);
            MemberEntity member = named(rows, consumer);
            Subscription now = member.subscription();
            if (!(now instanceof Subscription.None)
                    && !(subscription instanceof Subscription.None)
                    && now.getClass() != subscription.getClass()) {
                throw Subscription.conflict();
            }
            return Optional.of(new Event.Subscribed(
                    member.id(), subscription, consumer.caller().or(member::owner)));
        });
    }

    /** Shares partitions out anew where topics or partitions have come or gone. Those who ask meanwhile share the look. */
    public CompletableFuture<Void> look(GroupName name) {
        CompletableFuture<Void> mine = new CompletableFuture<>();
        CompletableFuture<Void> other = looks.putIfAbsent(name, mine);
        if (other != null) {
            return other;
        }
        CompletableFuture<Void> look = sharing(name, rows -> rows.map(group -> new Event.TopicsChanged()));
        look.whenComplete((looked, failure) -> {
            looks.remove(name, mine);
            if (failure == null) {
                mine.complete(null);
            } else {
                mine.completeExceptionally(failure);
            }
        });
        return mine;
    }

    /** Removes consumers that were silent for too long. */
    CompletableFuture<Void> expire(GroupName name) {
        Duration timeout = config.sessionTimeout().plus(Heartbeats.interval(config));
        return sharing(name, rows -> rows.map(group -> new Event.Expired(timeout)));
    }

    /**
     * Commits offsets, by partition, of which the consumer does not have all: as long as no other one of the group has them,
     * nobody goes on from there, and what comes after begins there. Fails with {@code CONSUMER_NOT_FOUND}; completes with a
     * partition that another one has, and commits none then.
     */
    public CompletableFuture<Optional<Long>> commit(ConsumerRef consumer, Map<Long, OffsetAndMetadata> offsets) {
        return changing(consumer.group(), () -> {
            GroupEntity group = locked(consumer.group()).orElseThrow(GroupCoordinator::consumerNotFound);
            long id = named(members.of(group), consumer).id();
            // Nobody gives or takes partitions while the group is locked.
            Map<Long, SortedMap<Long, OptionalLong>> held = store.partitions(group.id);
            Set<Long> mine = held.getOrDefault(id, new TreeMap<>()).keySet();
            Set<Long> fenced = new TreeSet<>();
            held.values().forEach(positions -> fenced.addAll(positions.keySet()));
            fenced.removeAll(mine);
            fenced.retainAll(offsets.keySet());
            if (!fenced.isEmpty()) {
                return Optional.of(fenced.iterator().next());
            }
            store.commit(group.id, offsets);
            return Optional.<Long>empty();
        });
    }

    /** Does something with a group that has no consumer; fails with {@code GROUP_NOT_FOUND} or {@code GROUP_NOT_EMPTY}. */
    <T extends @Nullable Object> CompletableFuture<T> whileEmpty(
            GroupName name, boolean create, Function<GroupEntity, T> work) {
        return changing(name, () -> {
            GroupEntity group = create ? made(name) : locked(name).orElseThrow(() -> notFound(name));
            checkEmpty(name, group);
            return work.apply(group);
        });
    }

    /** Looks at what {@link #whileEmpty} would change, and fails as that would. Changes nothing and makes no group. */
    <T> CompletableFuture<T> lookWhileEmpty(GroupName name, boolean create, Supplier<T> look) {
        return pool.call(() -> transactions.read(() -> {
            Optional<GroupEntity> group = groups.named(name);
            if (group.isPresent()) {
                checkEmpty(name, group.get());
            } else if (!create) {
                throw notFound(name);
            } else if (groups.count() >= config.maxGroups()) {
                throw limitReached();
            }
            return look.get();
        }));
    }

    private void checkEmpty(GroupName name, GroupEntity group) {
        int count = members.of(group).size();
        if (count > 0) {
            throw new TrunklineException(
                    ErrorCode.GROUP_NOT_EMPTY,
                    "Group " + name + " has " + count + " consumers; delete them first, or wait until they expire.");
        }
    }

    /**
     * What a consumer says that it reads.
     *
     * @param topics that it has subscribed, that match its pattern, or that its assigned partitions are of
     * @param assigned the partitions that were assigned to it by hand
     */
    public record Wishes(SortedSet<TopicName> topics, SortedSet<TopicPartition> assigned) {}

    /** What a consumer says that it reads, of what the caller may read where it names a pattern. Fails with {@code CONSUMER_NOT_FOUND}. */
    public CompletableFuture<Wishes> wishes(ConsumerRef consumer) {
        return pool.call(() -> {
            Subscription subscription = transactions.read(() -> named(
                            members.of(groups.named(consumer.group()).orElseThrow(GroupCoordinator::consumerNotFound)),
                            consumer)
                    .subscription());
            SortedSet<TopicName> names = new TreeSet<>(Comparator.comparing(TopicName::value));
            SortedSet<TopicPartition> assigned = new TreeSet<>();
            switch (subscription) {
                case Subscription.Topics t -> names.addAll(t.names());
                case Subscription.Matching matching ->
                    names.addAll(lookups.matching(matching.pattern(), consumer.caller()));
                case Subscription.None none -> {}
                case Subscription.Partitions partitions -> {
                    names.addAll(partitions.topics());
                    assigned.addAll(partitions.named());
                }
            }
            return new Wishes(names, assigned);
        });
    }

    /**
     * Changes who has which partition: after what was handed out is settled; and those who wait in the group look again.
     *
     * @param event what happens to the group as it is, where it exists; empty where nothing does
     */
    private CompletableFuture<Void> sharing(
            GroupName name, Function<Optional<GroupRows>, Optional<? extends Event>> event) {
        return settle.apply(name)
                .thenCompose(settled -> this.<Void>inTurn(name, () -> {
                    rebalancer.share(name, event);
                    return null;
                }))
                .whenComplete((done, failure) -> watch.changed(name));
    }

    private <T extends @Nullable Object> CompletableFuture<T> changing(GroupName name, Supplier<T> work) {
        return inTurn(name, () -> transactions.write(work::get));
    }

    private <T extends @Nullable Object> CompletableFuture<T> inTurn(GroupName name, Supplier<T> work) {
        return queue.call(name, since -> pool.call(work, since));
    }

    /** The group, which is made where it does not exist; again where somebody has deleted it meanwhile. */
    private GroupEntity made(GroupName name) {
        for (int attempt = 1; attempt <= MOST_ATTEMPTS; attempt++) {
            Optional<GroupEntity> group = locked(name);
            if (group.isPresent()) {
                return group.get();
            }
            // Only where it is missing: to the end of the transaction nobody else makes one.
            if (!store.makeGroup(name, config.maxGroups())) {
                throw limitReached();
            }
        }
        throw new TrunklineException(
                ErrorCode.OVERLOADED,
                "Group " + name + " is being deleted again and again; nothing was done. Try again.");
    }

    private TrunklineException limitReached() {
        return new TrunklineException(
                ErrorCode.GROUP_LIMIT_REACHED,
                "There may be at most " + config.maxGroups()
                        + " consumer groups (trunkline.consumer.max-groups): delete some, or wait until those without"
                        + " consumers are forgotten.");
    }

    private Optional<GroupEntity> locked(GroupName name) {
        return groups.namedForUpdate(name);
    }

    private static MemberEntity named(Optional<GroupRows> rows, ConsumerRef consumer) {
        return rows.flatMap(group -> group.member(consumer.name()))
                .filter(member -> consumer.belongsTo(Optional.ofNullable(member.principal)))
                .orElseThrow(GroupCoordinator::consumerNotFound);
    }

    private static MemberEntity named(List<MemberEntity> all, ConsumerRef consumer) {
        return all.stream()
                .filter(member -> member.name.equals(consumer.name().value()))
                .filter(member -> consumer.belongsTo(Optional.ofNullable(member.principal)))
                .findFirst()
                .orElseThrow(GroupCoordinator::consumerNotFound);
    }

    /** There is no such consumer, or there is none any more. In the words of the bridge's contract. */
    public static TrunklineException consumerNotFound() {
        return new TrunklineException(ErrorCode.CONSUMER_NOT_FOUND, "The specified consumer instance was not found.");
    }

    /** There is no such group. */
    public static TrunklineException notFound(GroupName group) {
        return new TrunklineException(ErrorCode.GROUP_NOT_FOUND, "Group " + group + " does not exist.");
    }
}
