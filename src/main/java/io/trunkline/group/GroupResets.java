package io.trunkline.group;

import io.trunkline.async.WorkerPool;
import io.trunkline.error.ErrorCode;
import io.trunkline.error.TrunklineException;
import io.trunkline.group.GroupReset.Scope;
import io.trunkline.group.GroupReset.Target;
import io.trunkline.jdbc.Transactions;
import io.trunkline.log.Logs;
import io.trunkline.log.OffsetRange;
import io.trunkline.topic.TopicCatalog;
import io.trunkline.topic.TopicName;
import io.trunkline.topic.TopicPartition;
import io.trunkline.topic.Topics;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/** Moves where groups without consumers go on, or finds out what that would do. Both take the same way, up to the write. */
final class GroupResets {
    private final GroupRepository repository;
    private final MembershipStore membershipStore;
    private final OffsetStore offsetStore;
    private final Transactions transactions;
    private final GroupCoordinator coordinator;
    private final Topics topics;
    private final Logs logs;
    private final WorkerPool pool;

    GroupResets(
            GroupRepository repository,
            MembershipStore membershipStore,
            OffsetStore offsetStore,
            Transactions transactions,
            GroupCoordinator coordinator,
            Topics topics,
            Logs logs,
            WorkerPool pool) {
        this.repository = repository;
        this.membershipStore = membershipStore;
        this.offsetStore = offsetStore;
        this.transactions = transactions;
        this.coordinator = coordinator;
        this.topics = topics;
        this.logs = logs;
        this.pool = pool;
    }

    /** As {@link Groups#reset}. */
    CompletableFuture<List<OffsetChange>> reset(GroupName name, GroupReset reset, Predicate<TopicName> visible) {
        return found(name, reset)
                .thenCompose(found -> coordinator.whileEmpty(name, reset.creates(), group -> {
                    List<Change> changes = changes(name, reset, found, visible);
                    Map<Long, OffsetAndMetadata> offsets = new HashMap<>();
                    changes.forEach(change ->
                            offsets.put(change.partitionId(), change.offset().to()));
                    membershipStore.reset(group.id, offsets);
                    return offsets(changes);
                }));
    }

    /** As {@link Groups#tryReset}. */
    CompletableFuture<List<OffsetChange>> tryReset(GroupName name, GroupReset reset, Predicate<TopicName> visible) {
        return found(name, reset)
                .thenCompose(found -> coordinator.lookWhileEmpty(
                        name, reset.creates(), () -> offsets(changes(name, reset, found, visible))));
    }

    /**
     * What is looked up before the group is locked.
     *
     * @param names of the partitions, by their ids
     * @param ranges of those that exist
     * @param times where they have a record that is not older than the time that is asked for
     */
    private record Found(Map<Long, TopicPartition> names, Map<Long, OffsetRange> ranges, Map<Long, Long> times) {}

    private record Change(long partitionId, OffsetChange offset) {}

    private CompletableFuture<Found> found(GroupName name, GroupReset reset) {
        return names(name, reset.scope())
                // The ends first: a record that is appended in between is found, or lies behind that end.
                .thenCompose(names -> logs.ranges(names.keySet())
                        .thenCompose(ranges -> times(reset.target(), ranges.keySet())
                                .thenApply(times -> new Found(names, ranges, times))));
    }

    private CompletableFuture<Map<Long, TopicPartition>> names(GroupName group, Scope scope) {
        return switch (scope) {
            case Scope.Known() ->
                pool.call(() -> transactions.read(() -> {
                    if (repository.named(group).isEmpty()) {
                        throw GroupCoordinator.notFound(group);
                    }
                    Map<Long, TopicPartition> names = new HashMap<>();
                    offsetStore
                            .offsets(group)
                            .forEach(offset -> names.put(offset.partitionId(), offset.topicPartition()));
                    return names;
                }));
            case Scope.Topics(Collection<TopicName> all) ->
                topics.catalog(Set.copyOf(all)).thenApply(catalog -> names(all, catalog));
            case Scope.Partitions(Collection<TopicPartition> all) ->
                topics.ids(all).thenApply(ids -> {
                    Map<Long, TopicPartition> names = new HashMap<>();
                    ids.forEach((partition, id) -> names.put(id, partition));
                    return names;
                });
        };
    }

    private static Map<Long, TopicPartition> names(Collection<TopicName> topics, TopicCatalog catalog) {
        Map<Long, TopicPartition> names = new HashMap<>();
        for (TopicName topic : topics) {
            @Nullable List<Long> partitions = catalog.partitionIds().get(topic);
            if (partitions == null) {
                throw Topics.notFound(topic);
            }
            for (int partition = 0; partition < partitions.size(); partition++) {
                names.put(partitions.get(partition), new TopicPartition(topic, partition));
            }
        }
        return names;
    }

    private CompletableFuture<Map<Long, Long>> times(Target target, Set<Long> partitionIds) {
        CompletableFuture<Map<Long, Long>> all = CompletableFuture.completedFuture(new HashMap<>());
        if (target instanceof Target.Time(long timestamp)) {
            // One after the other: each is a search in PostgreSQL.
            for (Long id : partitionIds) {
                all = all.thenCompose(times -> logs.offsetForTime(id, timestamp).thenApply(offset -> {
                    times.put(id, offset);
                    return times;
                }));
            }
        }
        return all;
    }

    private static List<OffsetChange> offsets(List<Change> changes) {
        return changes.stream().map(Change::offset).toList();
    }

    /** What becomes of each partition that exists, in order; to be called within a transaction. */
    private List<Change> changes(GroupName name, GroupReset reset, Found found, Predicate<TopicName> visible) {
        Map<Long, GroupOffset> before = new HashMap<>();
        offsetStore.offsets(name).forEach(offset -> before.put(offset.partitionId(), offset));
        List<Change> changes = new ArrayList<>();
        found.names().entrySet().stream().sorted(Map.Entry.comparingByValue()).forEach(named -> {
            @Nullable OffsetRange range = found.ranges().get(named.getKey());
            if (range != null) {
                Optional<GroupOffset> now = Optional.ofNullable(before.get(named.getKey()));
                OptionalLong from = now.flatMap(GroupOffset::committed)
                        .map(committed -> OptionalLong.of(committed.offset()))
                        .orElseGet(OptionalLong::empty);
                OffsetAndMetadata to = switch (reset.target()) {
                    case Target.Earliest() -> new OffsetAndMetadata(range.logStartOffset());
                    case Target.Latest() -> new OffsetAndMetadata(range.endOffset());
                    case Target.Time time ->
                        new OffsetAndMetadata(found.times().getOrDefault(named.getKey(), range.endOffset()));
                    case Target.Shift(long records) ->
                        new OffsetAndMetadata(shifted(
                                now.map(GroupOffset::resumes)
                                        .orElseGet(OptionalLong::empty)
                                        .orElseThrow(() -> noOffset(name, named.getValue(), visible)),
                                records,
                                range));
                    case Target.Offsets(Map<TopicPartition, OffsetAndMetadata> offsets) ->
                        offsets.getOrDefault(named.getValue(), new OffsetAndMetadata(range.endOffset()));
                };
                changes.add(new Change(named.getKey(), new OffsetChange(named.getValue(), from, to, range)));
            }
        });
        changes.sort(Comparator.comparing(change -> change.offset().partition()));
        return changes;
    }

    /** An offset so many records on, or back where negative, and not outside of what can be read. */
    static long shifted(long offset, long records, OffsetRange range) {
        long sum = offset + records;
        boolean overflows = records > 0 && sum < offset;
        return Math.clamp(overflows ? Long.MAX_VALUE : sum, range.logStartOffset(), range.endOffset());
    }

    private static TrunklineException noOffset(
            GroupName group, TopicPartition partition, Predicate<TopicName> visible) {
        String where = visible.test(partition.topic())
                ? "partition " + partition.partition() + " of topic " + partition.topic()
                : "a partition of a topic that you may not see";
        return new TrunklineException(
                ErrorCode.NO_OFFSET,
                "Group " + group + " has no offset in " + where
                        + ", from which it could be shifted; nothing was changed."
                        + " Name the partitions to shift, or reset it to a place.");
    }
}
