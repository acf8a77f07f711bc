package io.trunkline.group;

import io.quarkus.runtime.ShutdownEvent;
import io.trunkline.async.WorkerPool;
import io.trunkline.error.ErrorCode;
import io.trunkline.error.TrunklineException;
import io.trunkline.jdbc.ConnectionUser;
import io.trunkline.jdbc.Transactions;
import io.trunkline.log.Logs;
import io.trunkline.log.OffsetRange;
import io.trunkline.topic.TopicCatalog;
import io.trunkline.topic.TopicName;
import io.trunkline.topic.TopicPartition;
import io.trunkline.topic.Topics;
import jakarta.annotation.Priority;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Observes;
import java.util.ArrayList;
import java.util.Collection;
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
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

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

    public sealed interface Target {
        /** At the first record that is kept. */
        record Earliest() implements Target {}

        /** After the last record there is. */
        record Latest() implements Target {}

        /** At the first record that is not older, in milliseconds since the epoch. */
        record Time(long timestamp) implements Target {}
    }

    /**
     * Commits offsets for a group that has no consumer, and creates the group where it does not exist. The caller need not be
     * a consumer. Fails with {@code GROUP_NOT_EMPTY}, {@code TOPIC_NOT_FOUND} or {@code PARTITION_NOT_FOUND}.
     */
    public CompletableFuture<Void> commit(GroupName name, Map<TopicPartition, OffsetAndMetadata> offsets) {
        return topics.ids(offsets.keySet())
                .thenCompose(ids -> commit(name, true, OffsetAndMetadata.byId(offsets, ids)));
    }

    /**
     * Commits the offsets that a target comes to, in all partitions of topics, or in all of which the group has an offset.
     * Fails with {@code GROUP_NOT_EMPTY}, {@code GROUP_NOT_FOUND} or {@code TOPIC_NOT_FOUND}.
     *
     * @param names the topics, for which the group is made where it does not exist; empty for what it has
     */
    public CompletableFuture<Void> reset(GroupName name, Target target, Collection<TopicName> names) {
        CompletableFuture<Set<Long>> ids = names.isEmpty()
                ? pool.call(() -> transactions.read(() -> {
                    if (repository.named(name).isEmpty()) {
                        throw GroupCoordinator.notFound(name);
                    }
                    Set<Long> all = new HashSet<>();
                    offsetStore.offsets(name).forEach(offset -> all.add(offset.partitionId()));
                    return all;
                }))
                : topics.catalog(Set.copyOf(names)).thenApply(catalog -> ids(names, catalog));
        return ids.thenCompose(
                all -> resolve(target, all).thenCompose(offsets -> commit(name, !names.isEmpty(), offsets)));
    }

    private static Set<Long> ids(Collection<TopicName> names, TopicCatalog catalog) {
        Set<Long> ids = new HashSet<>();
        for (TopicName name : names) {
            @Nullable List<Long> partitions = catalog.partitionIds().get(name);
            if (partitions == null) {
                throw new TrunklineException(ErrorCode.TOPIC_NOT_FOUND, "Topic " + name + " does not exist.");
            }
            ids.addAll(partitions);
        }
        return ids;
    }

    private CompletableFuture<Map<Long, OffsetAndMetadata>> resolve(Target target, Set<Long> partitionIds) {
        return switch (target) {
            case Target.Earliest() -> resolve(partitionIds, OffsetRange::logStartOffset);
            case Target.Latest() -> resolve(partitionIds, OffsetRange::endOffset);
            case Target.Time(long timestamp) -> {
                CompletableFuture<Map<Long, OffsetAndMetadata>> all =
                        CompletableFuture.completedFuture(new HashMap<>());
                // One after the other: each is a search in PostgreSQL.
                for (Long id : partitionIds) {
                    all = all.thenCompose(offsets -> logs.offsetForTime(id, timestamp)
                            .thenApply(offset -> {
                                offsets.put(id, new OffsetAndMetadata(offset));
                                return offsets;
                            }));
                }
                yield all;
            }
        };
    }

    private CompletableFuture<Map<Long, OffsetAndMetadata>> resolve(
            Set<Long> partitionIds, Function<OffsetRange, Long> offset) {
        return logs.ranges(partitionIds).thenApply(ranges -> {
            Map<Long, OffsetAndMetadata> offsets = new HashMap<>();
            ranges.forEach((id, range) -> offsets.put(id, new OffsetAndMetadata(offset.apply(range))));
            return offsets;
        });
    }

    private CompletableFuture<Void> commit(GroupName name, boolean create, Map<Long, OffsetAndMetadata> offsets) {
        return coordinator.whileEmpty(name, create, group -> {
            membershipStore.reset(group.id, offsets);
            return null;
        });
    }
}
