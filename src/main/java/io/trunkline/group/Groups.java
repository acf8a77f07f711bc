package io.trunkline.group;

import io.quarkus.runtime.ShutdownEvent;
import io.trunkline.async.WorkerPool;
import io.trunkline.error.TrunklineException;
import io.trunkline.jdbc.ConnectionUser;
import io.trunkline.jdbc.Transactions;
import io.trunkline.log.Logs;
import io.trunkline.log.OffsetRange;
import io.trunkline.topic.TopicName;
import io.trunkline.topic.TopicPartition;
import io.trunkline.topic.Topics;
import jakarta.annotation.Priority;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Observes;
import java.util.ArrayList;
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
import java.util.function.Predicate;

/**
 * Consumer groups as those see them who look after them. Calls return at once and fail with a {@link TrunklineException},
 * of which {@code GROUP_NOT_FOUND}, {@code DATABASE_UNAVAILABLE} and {@code OVERLOADED} may meet every one.
 */
@ApplicationScoped
public class Groups implements ConnectionUser {
    private static final int THREADS = 1;
    private static final int MOST_WAITING = 1_000;

    private final GroupRepository repository;
    private final MemberRepository members;
    private final MembershipStore membershipStore;
    private final GroupStore groupStore;
    private final OffsetStore offsetStore;
    private final Transactions transactions;
    private final GroupCoordinator coordinator;
    private final Topics topics;
    private final Logs logs;
    private final WorkerPool pool = new WorkerPool("groups", THREADS, MOST_WAITING);
    private final GroupResets resets;

    Groups(
            GroupRepository repository,
            MemberRepository members,
            MembershipStore membershipStore,
            GroupStore groupStore,
            OffsetStore offsetStore,
            Transactions transactions,
            GroupCoordinator coordinator,
            Topics topics,
            Logs logs) {
        this.repository = repository;
        this.members = members;
        this.membershipStore = membershipStore;
        this.groupStore = groupStore;
        this.offsetStore = offsetStore;
        this.transactions = transactions;
        this.coordinator = coordinator;
        this.topics = topics;
        this.logs = logs;
        resets = new GroupResets(
                repository, membershipStore, offsetStore, transactions, coordinator, topics, logs, pool);
    }

    @Override
    public int connections() {
        return pool.threads();
    }

    void stop(@Observes @Priority(10) ShutdownEvent event) {
        pool.close();
    }

    /** All groups, by name. */
    public CompletableFuture<List<GroupSize>> list() {
        return pool.call(groupStore::sizes);
    }

    /** Sees whether a group exists. Fails with {@code GROUP_NOT_FOUND}. */
    public CompletableFuture<Void> check(GroupName name) {
        return pool.call(() -> transactions.read(() -> repository.named(name).isPresent()))
                .thenAccept(exists -> {
                    if (!exists) {
                        throw GroupCoordinator.notFound(name);
                    }
                });
    }

    /** A group with its members, offsets and lag. Fails with {@code GROUP_NOT_FOUND}. */
    public CompletableFuture<GroupDescription> describe(GroupName name) {
        return pool.call(() -> transactions.read(() -> {
                    GroupEntity group = repository.named(name).orElseThrow(() -> GroupCoordinator.notFound(name));
                    return new Rows(
                            group.generation,
                            members.of(group),
                            membershipStore.partitions(group.id),
                            offsetStore.offsets(name));
                }))
                .thenCompose(rows -> {
                    Set<Long> ids = new HashSet<>();
                    rows.partitions().values().forEach(held -> ids.addAll(held.keySet()));
                    rows.offsets().forEach(offset -> ids.add(offset.partitionId()));
                    return topics.partitions(ids)
                            .thenCombine(logs.ranges(ids), (names, ranges) -> description(name, rows, names, ranges));
                });
    }

    private record Rows(
            int generation,
            List<MemberEntity> members,
            Map<Long, SortedMap<Long, OptionalLong>> partitions,
            List<GroupOffset> offsets) {}

    private static GroupDescription description(
            GroupName name, Rows rows, Map<Long, TopicPartition> names, Map<Long, OffsetRange> ranges) {
        List<GroupDescription.Member> members = new ArrayList<>();
        for (MemberEntity member : rows.members()) {
            SortedSet<TopicPartition> partitions = new TreeSet<>();
            rows.partitions()
                    .getOrDefault(member.id, new TreeMap<>())
                    .keySet()
                    .forEach(id -> Optional.ofNullable(names.get(id)).ifPresent(partitions::add));
            members.add(new GroupDescription.Member(
                    member.name, member.topics(), Optional.ofNullable(member.topicPattern), partitions));
        }
        List<GroupDescription.Offset> offsets = new ArrayList<>();
        for (GroupOffset offset : rows.offsets()) {
            OffsetRange range = ranges.get(offset.partitionId());
            if (range != null) {
                offsets.add(new GroupDescription.Offset(
                        offset.topicPartition(), offset.committed(), range, offset.lag(range), offset.member()));
            }
        }
        return new GroupDescription(name, rows.generation(), members, offsets);
    }

    /** Forgets a group and what it has committed. Fails with {@code GROUP_NOT_EMPTY} or {@code GROUP_NOT_FOUND}. */
    public CompletableFuture<Void> delete(GroupName name) {
        return coordinator.whileEmpty(name, false, group -> {
            repository.delete(group);
            repository.flush();
            return null;
        });
    }

    /**
     * Commits offsets for a group that has no consumer, and creates the group where it does not exist. The caller need not be
     * a consumer. Fails with {@code GROUP_NOT_EMPTY}, {@code TOPIC_NOT_FOUND} or {@code PARTITION_NOT_FOUND}.
     */
    public CompletableFuture<Void> commit(GroupName name, Map<TopicPartition, OffsetAndMetadata> offsets) {
        return reset(
                        name,
                        new GroupReset(new GroupReset.Target.Offsets(offsets), new GroupReset.Scope.Known()),
                        t -> true)
                .thenApply(changes -> null);
    }

    /**
     * Moves where a group that has no consumer goes on. Where topics or partitions are named, the group is made if it does not
     * exist, unless its offsets are to be shifted. Fails with {@code GROUP_NOT_EMPTY}, {@code GROUP_NOT_FOUND}, {@code
     * GROUP_LIMIT_REACHED}, {@code TOPIC_NOT_FOUND}, {@code PARTITION_NOT_FOUND}, or with {@code NO_OFFSET} where an offset is to
     * be shifted that the group does not have; nothing is changed then.
     *
     * @param visible the topics that a failure may name
     * @return what it did to each partition that exists, in order
     */
    public CompletableFuture<List<OffsetChange>> reset(GroupName name, GroupReset reset, Predicate<TopicName> visible) {
        return resets.reset(name, reset, visible);
    }

    /** What {@link #reset} would do now, and the failure that it would have. Changes nothing. */
    public CompletableFuture<List<OffsetChange>> tryReset(
            GroupName name, GroupReset reset, Predicate<TopicName> visible) {
        return resets.tryReset(name, reset, visible);
    }
}
