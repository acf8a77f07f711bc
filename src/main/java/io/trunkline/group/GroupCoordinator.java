package io.trunkline.group;

import io.trunkline.async.KeyedQueue;
import io.trunkline.async.WorkerPool;
import io.trunkline.error.ErrorCode;
import io.trunkline.error.TrunklineException;
import io.trunkline.jdbc.ConnectionUser;
import io.trunkline.jdbc.Transactions;
import io.trunkline.log.Logs;
import io.trunkline.log.OffsetRange;
import io.trunkline.topic.TopicCatalog;
import io.trunkline.topic.TopicListing;
import io.trunkline.topic.TopicName;
import io.trunkline.topic.TopicPartition;
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
import java.util.function.Supplier;
import org.jboss.logging.Logger;
import org.jspecify.annotations.Nullable;

/**
 * Changes of groups. Each is one transaction that locks the group's row, asks {@link GroupState} what is to become of it,
 * and writes that.
 */
final class GroupCoordinator implements AutoCloseable, ConnectionUser {
    private static final Logger LOG = Logger.getLogger(GroupCoordinator.class);
    private static final int THREADS = 3;
    private static final int MOST_WAITING = 10_000;
    private static final int MOST_ATTEMPTS = 5;
    /** The version of topics of a group that is to be looked at again. */
    private static final long UNKNOWN = 0;

    private final GroupRepository groups;
    private final MemberRepository members;
    private final MembershipStore store;
    private final Transactions transactions;
    private final Topics topics;
    private final Logs logs;
    private final ConsumerConfig config;
    private final GroupMetrics metrics;
    private final KeyedQueue<GroupName> queue = new KeyedQueue<>("changes of consumer groups", MOST_WAITING);
    private final Map<GroupName, CompletableFuture<Void>> looks = new ConcurrentHashMap<>();
    private final TopicPatterns patterns = new TopicPatterns();
    private final WorkerPool pool = new WorkerPool("group", THREADS, MOST_WAITING);

    GroupCoordinator(
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

    @Override
    public int connections() {
        return pool.threads();
    }

    /**
     * Makes a consumer. Fails with {@code CONSUMER_ALREADY_EXISTS}, {@code GROUP_FULL} or {@code GROUP_LIMIT_REACHED}.
     */
    CompletableFuture<Void> join(GroupName name, MemberName memberName, ConsumerOptions options) {
        return changing(name, () -> {
            GroupEntity group = made(name);
            List<MemberEntity> all = members.of(group);
            if (all.stream().anyMatch(m -> m.name.equals(memberName.value()))) {
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
            members.persistAndFlush(new MemberEntity(group.id, memberName, options));
            store.occupy(group.id);
            return null;
        });
    }

    /** Removes a consumer. Fails with {@code CONSUMER_NOT_FOUND}. */
    CompletableFuture<Void> leave(GroupName name, MemberName memberName) {
        return changing(name, () -> {
            GroupEntity group = locked(name).orElseThrow(Consumers::notFound);
            List<MemberEntity> all = members.of(group);
            long id = id(named(all, memberName));
            apply(group, all, new GroupState.Event.Left(id));
            return null;
        });
    }

    /**
     * Changes what a consumer reads. Fails with {@code CONSUMER_NOT_FOUND}, {@code INVALID_SUBSCRIPTION}, or
     * {@code SUBSCRIPTION_CONFLICT} where it reads something of another kind.
     */
    CompletableFuture<Void> subscribe(GroupName name, MemberName memberName, Subscription subscription) {
        return changing(name, () -> {
            if (subscription instanceof Subscription.Matching matching) {
                patterns.check(matching);
            }
            GroupEntity group = locked(name).orElseThrow(Consumers::notFound);
            List<MemberEntity> all = members.of(group);
            MemberEntity member = named(all, memberName);
            Subscription now = member.subscription();
            if (!(now instanceof Subscription.None)
                    && !(subscription instanceof Subscription.None)
                    && now.getClass() != subscription.getClass()) {
                throw Consumers.subscriptionConflict();
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

    /**
     * Commits offsets, by partition, of which the consumer does not have all: as long as no other one of the group has them,
     * nobody goes on from there, and what comes after begins there. Fails with {@code CONSUMER_NOT_FOUND}; completes with a
     * partition that another one has, and commits none then.
     */
    CompletableFuture<Optional<Integer>> commit(GroupName name, MemberName memberName, Map<Integer, Long> offsets) {
        return changing(name, () -> {
            GroupEntity group = locked(name).orElseThrow(Consumers::notFound);
            long id = id(named(members.of(group), memberName));
            // Nobody gives or takes partitions while the group is locked.
            Map<Long, SortedMap<Integer, OptionalLong>> held = store.partitions(group.id);
            Set<Integer> mine = held.getOrDefault(id, new TreeMap<>()).keySet();
            Set<Integer> fenced = new TreeSet<>();
            held.values().forEach(positions -> fenced.addAll(positions.keySet()));
            fenced.removeAll(mine);
            fenced.retainAll(offsets.keySet());
            if (!fenced.isEmpty()) {
                return Optional.of(fenced.iterator().next());
            }
            store.commit(group.id, offsets);
            return Optional.<Integer>empty();
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

    /**
     * What a consumer says that it reads.
     *
     * @param topics that it has subscribed, that match its pattern, or that its assigned partitions are of
     * @param assigned the partitions that were assigned to it by hand
     */
    record Wishes(SortedSet<TopicName> topics, SortedSet<TopicPartition> assigned) {}

    /** What a consumer says that it reads. Fails with {@code CONSUMER_NOT_FOUND}. */
    CompletableFuture<Wishes> wishes(GroupName name, MemberName memberName) {
        return pool.call(() -> transactions.read(() -> {
            GroupEntity group = groups.named(name).orElseThrow(Consumers::notFound);
            Subscription subscription = named(members.of(group), memberName).subscription();
            SortedSet<TopicName> names = new TreeSet<>(Comparator.comparing(TopicName::value));
            SortedSet<TopicPartition> assigned = new TreeSet<>();
            switch (subscription) {
                case Subscription.Topics t -> names.addAll(t.names());
                case Subscription.Matching matching ->
                    names.addAll(names(
                            patterns.matches(topics.listing().join().names()).of(matching.pattern())));
                case Subscription.None none -> {}
                case Subscription.Partitions partitions -> {
                    names.addAll(partitions.topics());
                    assigned.addAll(partitions.named());
                }
            }
            return new Wishes(names, assigned);
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
        for (int attempt = 1; attempt <= MOST_ATTEMPTS; attempt++) {
            Optional<GroupEntity> group = locked(name);
            if (group.isPresent()) {
                return group.get();
            }
            // Only where it is missing: to the end of the transaction nobody else makes one.
            if (!store.makeGroup(name, config.maxGroups())) {
                throw new TrunklineException(
                        ErrorCode.GROUP_LIMIT_REACHED,
                        "There may be at most " + config.maxGroups()
                                + " consumer groups (trunkline.consumer.max-groups): delete some, or wait until those without"
                                + " consumers are forgotten.");
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
                            member.subscription(),
                            member.enableAutoCommit,
                            silence.getOrDefault(id(member), Duration.ZERO),
                            positions));
        }
        GroupState before = new GroupState(group.generation, states);
        SubscribedTopics subscribed = topics(before, event);
        GroupState.Change change = before.on(event, subscribed);
        write(group, byId, change);
        long version = subscribed.catalog().version();
        if (version > group.topicVersion) {
            store.forgetGonePartitions(group.id);
            group.topicVersion = version;
        } else if (version == UNKNOWN) {
            group.topicVersion = UNKNOWN;
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
            if (member != null) {
                member.subscribe(state.subscription());
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
        Map<Integer, CompletableFuture<@Nullable Long>> starting = new HashMap<>();
        for (GroupState.Grant grant : change.granted()) {
            OffsetRange range = ranges.get(grant.partitionId());
            MemberEntity member = byId.get(grant.memberId());
            if (unknown.contains(grant.partitionId()) && range != null && member != null) {
                starting.put(grant.partitionId(), start(grant, member.reset(), range));
            }
        }
        Map<Integer, @Nullable Long> starts = new HashMap<>();
        starting.forEach((id, start) -> starts.put(id, start.join()));
        store.begin(group.id, starts);
    }

    private CompletableFuture<@Nullable Long> start(GroupState.Grant grant, OffsetReset reset, OffsetRange range) {
        return switch (reset) {
            case OffsetReset.None none -> CompletableFuture.completedFuture(null);
            case OffsetReset.Earliest earliest -> CompletableFuture.completedFuture(range.logStartOffset());
            case OffsetReset.Latest latest ->
                CompletableFuture.completedFuture(grant.fromStart() ? range.logStartOffset() : range.endOffset());
            case OffsetReset.ByDuration(Duration duration) ->
                grant.fromStart()
                        ? CompletableFuture.completedFuture(range.logStartOffset())
                        : logs.offsetForAge(grant.partitionId(), duration).thenApply(offset -> (Long) offset);
        };
    }

    /**
     * The topics that a group subscribes, before an event and after it. To leave or expire waits for no pattern: what takes
     * too long to match then counts as nothing, and the group is looked at again.
     */
    private SubscribedTopics topics(GroupState state, GroupState.Event event) {
        Set<TopicName> names = new HashSet<>();
        Set<String> texts = new HashSet<>();
        List<Subscription> subscriptions = new ArrayList<>();
        state.members().values().forEach(member -> subscriptions.add(member.subscription()));
        if (event instanceof GroupState.Event.Subscribed subscribed) {
            subscriptions.add(subscribed.subscription());
        }
        for (Subscription subscription : subscriptions) {
            switch (subscription) {
                case Subscription.Topics t -> names.addAll(t.names());
                case Subscription.Matching matching -> texts.add(matching.pattern());
                case Subscription.None none -> {}
                case Subscription.Partitions partitions -> names.addAll(partitions.topics());
            }
        }
        if (texts.isEmpty()) {
            return new SubscribedTopics(topics.catalog(names).join(), Map.of());
        }
        boolean goes = event instanceof GroupState.Event.Left || event instanceof GroupState.Event.Expired;
        TopicListing listing = topics.listing().join();
        long version = listing.version();
        TopicPatterns.Matches matches = patterns.matches(listing.names());
        Map<String, Set<TopicName>> matching = new HashMap<>();
        for (String text : texts) {
            try {
                matching.put(text, names(matches.of(text)));
            } catch (TrunklineException e) {
                if (!goes) {
                    throw e;
                }
                version = UNKNOWN;
            }
        }
        matching.values().forEach(names::addAll);
        return new SubscribedTopics(
                new TopicCatalog(version, topics.catalog(names).join().partitionIds()), matching);
    }

    private static Set<TopicName> names(Set<String> texts) {
        Set<TopicName> names = new HashSet<>();
        texts.forEach(text -> TopicName.stored(text).ifPresent(names::add));
        return names;
    }

    private static MemberEntity named(List<MemberEntity> all, MemberName name) {
        return all.stream().filter(m -> m.name.equals(name.value())).findFirst().orElseThrow(Consumers::notFound);
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
}
