package io.trunkline.group;

import io.trunkline.access.Principal;
import io.trunkline.error.ErrorCode;
import io.trunkline.error.TrunklineException;
import io.trunkline.group.GroupLookups.Start;
import io.trunkline.group.GroupState.Event;
import io.trunkline.jdbc.Transactions;
import java.time.Duration;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Function;
import org.jboss.logging.Logger;
import org.jspecify.annotations.Nullable;

/**
 * Changes of who has which partition of a group. Each is one transaction that locks the group's row, asks {@link GroupState}
 * what is to become of it, and writes that. While the row is locked, nothing is waited for but the statements that do so.
 * Every method blocks: call it from a worker thread.
 */
final class Rebalancer {
    private static final Logger LOG = Logger.getLogger(Rebalancer.class);
    private static final int MOST_ATTEMPTS = 5;

    private final GroupRepository groups;
    private final MemberRepository members;
    private final MembershipStore store;
    private final Transactions transactions;
    private final GroupLookups lookups;
    private final GroupMetrics metrics;

    Rebalancer(
            GroupRepository groups,
            MemberRepository members,
            MembershipStore store,
            Transactions transactions,
            GroupLookups lookups,
            GroupMetrics metrics) {
        this.groups = groups;
        this.members = members;
        this.store = store;
        this.transactions = transactions;
        this.lookups = lookups;
        this.metrics = metrics;
    }

    /**
     * Looks up what the change needs while nothing is locked, and does it under the lock if that is still what it needs: in
     * between, another change of the group may have come first.
     *
     * @param event what happens to the group as it is, where it exists; empty where nothing does
     */
    void share(GroupName name, Function<Optional<GroupRows>, Optional<? extends Event>> event) {
        for (int attempt = 1; attempt <= MOST_ATTEMPTS; attempt++) {
            Optional<GroupRows> seen =
                    transactions.read(() -> groups.named(name).map(this::rows));
            Optional<? extends Event> expected = event.apply(seen);
            if (expected.isEmpty()) {
                return;
            }
            LookedUp known = lookUp(seen.orElseThrow(), expected.get());
            boolean done = transactions.write(() -> {
                Optional<GroupRows> rows = groups.namedForUpdate(name).map(this::rows);
                Optional<? extends Event> now = event.apply(rows);
                return now.isEmpty() || apply(rows.orElseThrow(), now.get(), known);
            });
            if (done) {
                return;
            }
        }
        throw new TrunklineException(
                ErrorCode.OVERLOADED,
                "Group " + name + " is being changed again and again; nothing was done. Try again.");
    }

    private GroupRows rows(GroupEntity group) {
        // Only who holds the group's lock gives and takes partitions; where members stand may change meanwhile.
        Map<Long, SortedMap<Long, OptionalLong>> partitions = store.partitions(group.id);
        Map<Long, Duration> sinceLastHeartbeat = store.sinceLastHeartbeat(group.id);
        Map<Long, MemberEntity> byId = new LinkedHashMap<>();
        SortedMap<Long, GroupState.Member> states = new TreeMap<>();
        for (MemberEntity member : members.of(group)) {
            byId.put(member.id(), member);
            states.put(
                    member.id(),
                    new GroupState.Member(
                            member.id(),
                            member.subscription(),
                            member.owner(),
                            member.enableAutoCommit,
                            sinceLastHeartbeat.getOrDefault(member.id(), Duration.ZERO),
                            partitions.getOrDefault(member.id(), new TreeMap<>())));
        }
        return new GroupRows(group, byId, new GroupState(group.generation, states));
    }

    /**
     * What was looked up for a change.
     *
     * @param subscriptions those of the group before the change and after it
     * @param topics what they come to
     * @param groupVersion the version of topics that the group had, before they were looked up: they are not older
     * @param starts where the group begins in partitions that are granted and that it has not had before
     * @param offsets of those starts; without those of partitions that are gone
     */
    private record LookedUp(
            Set<Subscription> subscriptions,
            SubscribedTopics topics,
            long groupVersion,
            Set<Start> starts,
            Map<Start, OptionalLong> offsets) {
        /** Whether the topics are all that the group reads, and not older than what it has been shared out by. */
        boolean covers(Set<Subscription> wanted, Set<Principal> readers, long version) {
            return subscriptions.containsAll(wanted)
                    && topics.readers().know(readers)
                    && (version == groupVersion || version <= topics.catalog().version());
        }
    }

    private LookedUp lookUp(GroupRows rows, Event event) {
        Set<Subscription> subscriptions = subscriptions(rows, event);
        boolean goes = event instanceof Event.Left || event instanceof Event.Expired;
        SubscribedTopics topics = lookups.topics(subscriptions, readers(rows, event), goes);
        Set<Start> starts = starts(rows, rows.state().on(event, topics));
        return new LookedUp(subscriptions, topics, rows.group().topicVersion, starts, lookups.offsets(starts));
    }

    private static Set<Subscription> subscriptions(GroupRows rows, Event event) {
        Set<Subscription> subscriptions = new HashSet<>();
        rows.state().members().values().forEach(member -> subscriptions.add(member.subscription()));
        if (event instanceof Event.Subscribed subscribed) {
            subscriptions.add(subscribed.subscription());
        }
        return subscriptions;
    }

    private static Set<Principal> readers(GroupRows rows, Event event) {
        Set<Principal> readers = new HashSet<>();
        rows.state().members().values().forEach(member -> member.reader().ifPresent(readers::add));
        if (event instanceof Event.Subscribed subscribed) {
            subscribed.reader().ifPresent(readers::add);
        }
        return readers;
    }

    /** Where the group begins in partitions that it gets and has not had before. */
    private Set<Start> starts(GroupRows rows, GroupState.Change change) {
        Set<Long> unknown = new HashSet<>();
        change.granted().forEach(grant -> unknown.add(grant.partitionId()));
        if (!unknown.isEmpty()) {
            unknown.removeAll(store.offsets(rows.group().id, unknown).keySet());
        }
        Set<Start> starts = new LinkedHashSet<>();
        for (GroupState.Grant grant : change.granted()) {
            MemberEntity member = rows.members().get(grant.memberId());
            if (member != null && unknown.contains(grant.partitionId())) {
                starts.add(new Start(grant.partitionId(), member.reset(), grant.fromStart()));
            }
        }
        return starts;
    }

    /** Writes what an event makes of the group; false, and nothing is written, where something else has to be looked up. */
    private boolean apply(GroupRows rows, Event event, LookedUp known) {
        GroupEntity group = rows.group();
        GroupState before = rows.state();
        if (!known.covers(subscriptions(rows, event), readers(rows, event), group.topicVersion)) {
            return false;
        }
        GroupState.Change change = before.on(event, known.topics());
        Set<Start> starts = starts(rows, change);
        if (!known.starts().containsAll(starts)) {
            return false;
        }
        begin(group, starts, known.offsets());
        write(group, rows.members(), change);
        long version = known.topics().catalog().version();
        if (version > group.topicVersion) {
            store.forgetGonePartitions(group.id);
            group.topicVersion = version;
        } else if (version == GroupLookups.UNKNOWN) {
            group.topicVersion = GroupLookups.UNKNOWN;
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
        return true;
    }

    private void begin(GroupEntity group, Set<Start> starts, Map<Start, OptionalLong> offsets) {
        SortedMap<Long, @Nullable Long> begins = new TreeMap<>();
        for (Start start : starts) {
            OptionalLong offset = offsets.get(start);
            if (offset != null) {
                begins.put(start.partitionId(), offset.isPresent() ? (Long) offset.getAsLong() : null);
            }
        }
        store.begin(group.id, begins);
    }

    private void write(GroupEntity group, Map<Long, MemberEntity> byId, GroupState.Change change) {
        // From here on rows are locked for which polls and commits of others may wait.
        store.revoke(group.id, change.revoked());
        change.next().members().forEach((id, state) -> {
            MemberEntity member = byId.get(id);
            if (member != null) {
                member.subscribe(state.subscription());
                state.reader().ifPresent(member::belongTo);
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
}
