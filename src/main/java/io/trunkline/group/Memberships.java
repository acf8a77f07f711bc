package io.trunkline.group;

import io.trunkline.error.ErrorCode;
import io.trunkline.error.TrunklineException;
import io.trunkline.jdbc.Transactions;
import io.trunkline.jdbc.WorkerPool;
import io.trunkline.log.Logs;
import io.trunkline.log.OffsetRange;
import io.trunkline.topic.TopicCatalog;
import io.trunkline.topic.TopicName;
import io.trunkline.topic.Topics;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
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
import java.util.function.Predicate;
import java.util.function.Supplier;
import org.jboss.logging.Logger;
import org.jspecify.annotations.Nullable;

/**
 * Changes of groups. Each is one transaction that locks the group's row, asks {@link GroupState} what is to become of it,
 * and writes that.
 */
final class Memberships implements AutoCloseable {
    private static final Logger LOG = Logger.getLogger(Memberships.class);
    private static final int THREADS = 3;
    private static final int MOST_WAITING = 10_000;
    private static final int MOST_ATTEMPTS = 5;

    private final GroupRepository groups;
    private final MemberRepository members;
    private final MembershipStore store;
    private final Transactions transactions;
    private final Topics topics;
    private final Logs logs;
    private final ConsumerConfig config;
    private final GroupMetrics metrics;
    private final KeyedQueue<GroupName> queue = new KeyedQueue<>(MOST_WAITING);
    private final Map<GroupName, CompletableFuture<Void>> looks = new ConcurrentHashMap<>();
    private final WorkerPool pool = new WorkerPool("group", THREADS, MOST_WAITING);

    Memberships(
            GroupRepository groups,
            MemberRepository members,
            MembershipStore store,
            Transactions transactions,
            Topics topics,
            Logs logs,
            ConsumerConfig config,
            GroupMetrics metrics) {
        this.groups = groups;
        this.members = members;
        this.store = store;
        this.transactions = transactions;
        this.topics = topics;
        this.logs = logs;
        this.config = config;
        this.metrics = metrics;
    }

    /** Makes a consumer. Fails with {@code CONSUMER_ALREADY_EXISTS} or {@code GROUP_FULL}. */
    CompletableFuture<Void> join(GroupName name, MemberName memberName, ConsumerOptions options) {
        return changing(name, () -> {
            GroupEntity group = made(name);
            List<MemberEntity> all = members.of(group);
            if (all.stream().anyMatch(m -> m.name.equals(memberName.value()))) {
                throw new TrunklineException(
                        ErrorCode.CONSUMER_ALREADY_EXISTS,
                        "Group " + name + " already has a consumer of the name " + memberName
                                + "; choose another, or delete that one.");
            }
            if (all.size() >= config.maxMembers()) {
                throw new TrunklineException(
                        ErrorCode.GROUP_FULL,
                        "Group " + name + " has " + all.size() + " consumers, and may have no more"
                                + " (trunkline.consumer.max-members).");
            }
            members.persistAndFlush(new MemberEntity(group.id, memberName, options));
            store.occupy(group.id);
            return null;
        });
    }

    /** Removes a consumer. Fails with {@code CONSUMER_NOT_FOUND}. */
    CompletableFuture<Void> leave(GroupName name, MemberName memberName) {
        return changing(name, () -> {
            GroupEntity group = locked(name).orElseThrow(() -> notFound(name, memberName));
            List<MemberEntity> all = members.of(group);
            long id = id(named(all, name, memberName));
            apply(group, all, new GroupState.Event.Left(id));
            return null;
        });
    }

    /**
     * Changes what a consumer reads. Fails with {@code CONSUMER_NOT_FOUND}, or {@code SUBSCRIPTION_CONFLICT} where it reads
     * something of another kind.
     */
    CompletableFuture<Void> subscribe(GroupName name, MemberName memberName, Subscription subscription) {
        return changing(name, () -> {
            GroupEntity group = locked(name).orElseThrow(() -> notFound(name, memberName));
            List<MemberEntity> all = members.of(group);
            MemberEntity member = named(all, name, memberName);
            Subscription now = member.subscription(new TreeSet<>());
            if (!(now instanceof Subscription.None)
                    && !(subscription instanceof Subscription.None)
                    && now.getClass() != subscription.getClass()) {
                throw new TrunklineException(
                        ErrorCode.SUBSCRIPTION_CONFLICT,
                        "Consumer " + memberName + " reads by " + member.subscription
                                + "; topics, topic_pattern and assignments exclude one another: unsubscribe first.");
            }
            apply(group, all, new GroupState.Event.Subscribed(id(member), subscription));
            return null;
        });
    }

    /** Shares partitions out anew where topics or partitions have come or gone. Those who ask meanwhile share the look. */
    CompletableFuture<Void> look(GroupName name) {
        CompletableFuture<Void> mine = new CompletableFuture<>();
        CompletableFuture<Void> other = looks.putIfAbsent(name, mine);
        if (other != null) {
            return other;
        }
        lookAlone(name).whenComplete((looked, failure) -> {
            looks.remove(name, mine);
            if (failure == null) {
                mine.complete(null);
            } else {
                mine.completeExceptionally(failure);
            }
        });
        return mine;
    }

    private CompletableFuture<Void> lookAlone(GroupName name) {
        return changing(name, () -> {
            Optional<GroupEntity> group = locked(name);
            if (group.isPresent()) {
                apply(group.get(), members.of(group.get()), new GroupState.Event.TopicsChanged());
            }
            return null;
        });
    }

    /** Removes consumers that were silent for too long. */
    CompletableFuture<Void> expire(GroupName name) {
        return changing(name, () -> {
            Duration timeout = config.sessionTimeout().plus(Heartbeats.interval(config));
            locked(name).ifPresent(group -> apply(group, members.of(group), new GroupState.Event.Expired(timeout)));
            return null;
        });
    }

    /** Does something with a group that has no consumer; fails with {@code GROUP_NOT_FOUND} or {@code GROUP_NOT_EMPTY}. */
    <T extends @Nullable Object> CompletableFuture<T> whileEmpty(
            GroupName name, boolean create, Function<GroupEntity, T> work) {
        return changing(name, () -> {
            GroupEntity group = create ? made(name) : locked(name).orElseThrow(() -> notFound(name));
            int count = members.of(group).size();
            if (count > 0) {
                throw new TrunklineException(
                        ErrorCode.GROUP_NOT_EMPTY,
                        "Group " + name + " has " + count
                                + " consumers; delete them first, or wait until they expire.");
            }
            return work.apply(group);
        });
    }

    /** The topics that a consumer has subscribed, or that match its pattern. Fails with {@code CONSUMER_NOT_FOUND}. */
    CompletableFuture<SortedSet<TopicName>> topics(GroupName name, MemberName memberName) {
        return pool.call(() -> transactions.read(() -> {
            GroupEntity group = groups.named(name).orElseThrow(() -> notFound(name, memberName));
            Subscription subscription =
                    named(members.of(group), name, memberName).subscription(new TreeSet<>());
            SortedSet<TopicName> names = new TreeSet<>(Comparator.comparing(TopicName::value));
            switch (subscription) {
                case Subscription.Topics t -> names.addAll(t.names());
                case Subscription.Matching matching ->
                    names.addAll(topics.catalog(Set.of(), List.of(matching.pattern()::matches))
                            .join()
                            .partitionIds()
                            .keySet());
                case Subscription.None none -> {}
                case Subscription.Partitions partitions -> {}
            }
            return names;
        }));
    }

    @Override
    public void close() {
        pool.close();
    }

    private <T extends @Nullable Object> CompletableFuture<T> changing(GroupName name, Supplier<T> work) {
        return queue.call(name, since -> pool.call(() -> transactions.write(work::get), since));
    }

    /** The group, which is made where it does not exist; again where somebody has deleted it meanwhile. */
    private GroupEntity made(GroupName name) {
        for (int attempt = 1; attempt < MOST_ATTEMPTS; attempt++) {
            store.makeGroup(name);
            Optional<GroupEntity> group = locked(name);
            if (group.isPresent()) {
                return group.get();
            }
        }
        throw new TrunklineException(
                ErrorCode.OVERLOADED,
                "Group " + name + " is being deleted again and again; nothing was done. Try again.");
    }

    private Optional<GroupEntity> locked(GroupName name) {
        return groups.namedForUpdate(name);
    }

    /** Writes what an event makes of the group. */
    private void apply(GroupEntity group, List<MemberEntity> all, GroupState.Event event) {
        // Only who holds the group's lock gives and takes partitions; where members stand may change meanwhile.
        Map<Long, SortedMap<Integer, OptionalLong>> partitions = store.partitions(group.id);
        Map<Long, Duration> silence = store.silence(group.id);
        Map<Long, MemberEntity> byId = new HashMap<>();
        SortedMap<Long, GroupState.Member> states = new TreeMap<>();
        for (MemberEntity member : all) {
            SortedMap<Integer, OptionalLong> positions = partitions.getOrDefault(id(member), new TreeMap<>());
            byId.put(id(member), member);
            states.put(
                    id(member),
                    new GroupState.Member(
                            id(member),
                            member.subscription(new TreeSet<>(positions.keySet())),
                            member.enableAutoCommit,
                            silence.getOrDefault(id(member), Duration.ZERO),
                            positions));
        }
        GroupState before = new GroupState(group.generation, states);
        TopicCatalog catalog = catalog(before, event);
        GroupState.Change change = before.on(event, catalog);
        write(group, byId, change);
        if (catalog.version() > group.topicVersion) {
            store.forgetGonePartitions(group.id);
            group.topicVersion = catalog.version();
        }
        group.generation = change.next().generation();
        groups.flush();
        if (group.generation != before.generation()) {
            metrics.rebalanced();
            LOG.debugf(
                    "Group has changed group=%s generation=%d members=%d granted=%d revoked=%d",
                    group.name,
                    group.generation,
                    change.next().members().size(),
                    change.granted().size(),
                    change.revoked().size());
        }
    }

    private void write(GroupEntity group, Map<Long, MemberEntity> byId, GroupState.Change change) {
        begin(group, byId, change);
        // From here on rows are locked for which polls and commits of others may wait.
        store.revoke(group.id, change.revoked());
        change.next().members().forEach((id, state) -> {
            MemberEntity member = byId.get(id);
            if (member != null && !(state.subscription() instanceof Subscription.Partitions)) {
                member.subscribe(state.subscription());
            } else if (member != null) {
                member.subscription = "partitions";
            }
        });
        for (Long id : change.removed()) {
            MemberEntity member = byId.get(id);
            if (member != null) {
                members.delete(member);
                LOG.infof("Consumer was removed group=%s member=%s", group.name, member.name);
            }
        }
        members.flush();
        if (!change.removed().isEmpty()) {
            store.vacateIfEmpty(group.id);
        }
        store.grant(group.id, change.next().generation(), change.granted());
    }

    /** Notes where the group begins in partitions that it has not had before. */
    private void begin(GroupEntity group, Map<Long, MemberEntity> byId, GroupState.Change change) {
        Set<Integer> unknown = new HashSet<>();
        change.granted().forEach(grant -> unknown.add(grant.partitionId()));
        if (unknown.isEmpty()) {
            return;
        }
        unknown.removeAll(store.offsets(group.id, unknown).keySet());
        if (unknown.isEmpty()) {
            return;
        }
        Map<Integer, OffsetRange> ranges = logs.ranges(unknown).join();
        Map<Integer, @Nullable Long> starts = new HashMap<>();
        for (GroupState.Grant grant : change.granted()) {
            OffsetRange range = ranges.get(grant.partitionId());
            MemberEntity member = byId.get(grant.memberId());
            if (unknown.contains(grant.partitionId()) && range != null && member != null) {
                starts.put(grant.partitionId(), start(member.reset(), range, grant.fromStart()));
            }
        }
        store.begin(group.id, starts);
    }

    private static @Nullable Long start(OffsetReset reset, OffsetRange range, boolean fromStart) {
        return switch (reset) {
            case EARLIEST -> (Long) range.logStartOffset();
            case LATEST -> (Long) (fromStart ? range.logStartOffset() : range.endOffset());
            case NONE -> null;
        };
    }

    private TopicCatalog catalog(GroupState state, GroupState.Event event) {
        Set<TopicName> names = new HashSet<>();
        List<Predicate<String>> patterns = new ArrayList<>();
        List<Subscription> subscriptions = new ArrayList<>();
        state.members().values().forEach(member -> subscriptions.add(member.subscription()));
        if (event instanceof GroupState.Event.Subscribed subscribed) {
            subscriptions.add(subscribed.subscription());
        }
        for (Subscription subscription : subscriptions) {
            switch (subscription) {
                case Subscription.Topics t -> names.addAll(t.names());
                case Subscription.Matching matching -> patterns.add(matching.pattern()::matches);
                case Subscription.None none -> {}
                case Subscription.Partitions partitions -> {}
            }
        }
        return topics.catalog(names, patterns).join();
    }

    private static MemberEntity named(List<MemberEntity> all, GroupName group, MemberName name) {
        return all.stream()
                .filter(m -> m.name.equals(name.value()))
                .findFirst()
                .orElseThrow(() -> notFound(group, name));
    }

    private static long id(MemberEntity member) {
        Long id = member.id;
        if (id == null) {
            throw new IllegalStateException("a member that is not stored");
        }
        return id;
    }

    static TrunklineException notFound(GroupName group) {
        return new TrunklineException(ErrorCode.GROUP_NOT_FOUND, "Group " + group + " does not exist.");
    }

    static TrunklineException notFound(GroupName group, MemberName member) {
        return new TrunklineException(
                ErrorCode.CONSUMER_NOT_FOUND,
                "Group " + group + " has no consumer " + member
                        + ": it was never made, was deleted, or was removed because no request came from it for long."
                        + " Make it anew.");
    }
}
