package io.trunkline.group;

import io.trunkline.access.Principal;
import io.trunkline.topic.TopicName;
import io.trunkline.topic.TopicPartition;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * A consumer group, and what becomes of it: a state machine without a clock or a database. What a {@link Change} says is
 * to be written in the transaction that read the state and has locked the group.
 *
 * @param generation grows with every change of members, subscriptions or partitions
 * @param members by their ids, which grow with age
 */
record GroupState(int generation, SortedMap<Long, Member> members) {
    GroupState {
        members = Collections.unmodifiableSortedMap(new TreeMap<>(members));
    }

    /**
     * A consumer.
     *
     * @param reader the principal for which it reads, with the roles that it had; empty where there was no access control
     * @param sinceLastHeartbeat how long ago its last request was noted
     * @param positions the next offset to deliver of each partition that it has, by id; empty where that is unknown
     */
    record Member(
            long id,
            Subscription subscription,
            Optional<Principal> reader,
            boolean autoCommit,
            Duration sinceLastHeartbeat,
            SortedMap<Long, OptionalLong> positions) {
        Member {
            positions = Collections.unmodifiableSortedMap(new TreeMap<>(positions));
        }
    }

    /** What happened. */
    sealed interface Event {
        /** A consumer wants to read something else from now on. */
        record Subscribed(long memberId, Subscription subscription, Optional<Principal> reader) implements Event {}

        /** A consumer says that it is done. */
        record Left(long memberId) implements Event {}

        /** Consumers of which nothing was noted for so long are taken for dead. */
        record Expired(Duration timeout) implements Event {}

        /** Topics or partitions may have come or gone. */
        record TopicsChanged() implements Event {}
    }

    /**
     * A member gets a partition.
     *
     * @param shared whether nobody else of the group has it; not so for one that was assigned by hand
     * @param fromStart whether the partition came into being after the group had subscribed its topic, so that all of its
     *     records are of interest even to those who begin at the latest
     */
    record Grant(long memberId, long partitionId, boolean shared, boolean fromStart) {}

    /** A member loses a partition, and where it stood is committed if an offset is given. */
    record Revocation(long memberId, long partitionId, OptionalLong commit) {}

    /**
     * What an event makes of a group.
     *
     * @param next the group afterwards; positions of partitions that were granted are not known yet
     * @param removed members that are no more
     */
    record Change(GroupState next, List<Grant> granted, List<Revocation> revoked, Set<Long> removed) {
        Change {
            granted = List.copyOf(granted);
            revoked = List.copyOf(revoked);
            removed = Set.copyOf(removed);
        }
    }

    /**
     * What an event makes of the group.
     *
     * @param topics those that are subscribed, before the event and after it
     */
    Change on(Event event, SubscribedTopics topics) {
        SortedMap<Long, Member> left = new TreeMap<>(members);
        Set<Long> dead = new HashSet<>();
        switch (event) {
            case Event.Subscribed(long memberId, Subscription subscription, Optional<Principal> reader) ->
                left.computeIfPresent(
                        memberId,
                        (id, m) -> new Member(
                                id, subscription, reader, m.autoCommit(), m.sinceLastHeartbeat(), m.positions()));
            case Event.Left(long memberId) -> left.remove(memberId);
            case Event.Expired(Duration timeout) -> {
                left.values().removeIf(member -> member.sinceLastHeartbeat().compareTo(timeout) > 0);
                dead.addAll(members.keySet());
                dead.removeAll(left.keySet());
            }
            case Event.TopicsChanged() -> {}
        }

        SortedMap<Long, SortedMap<Long, OptionalLong>> had = new TreeMap<>();
        members.forEach((id, member) -> had.put(id, member.positions()));
        Set<Long> anew = event instanceof Event.Subscribed subscribed ? Set.of(subscribed.memberId()) : Set.of();
        Set<Long> wantedBefore = new HashSet<>();
        members.values().stream()
                .map(Reading::of)
                .distinct()
                .forEach(reading -> topics.of(reading.subscription(), reading.reader())
                        .forEach(topic -> wantedBefore.addAll(
                                topics.catalog().partitionIds().getOrDefault(topic, List.of()))));
        Map<Long, TopicPartition> names = new HashMap<>();
        topics.catalog().partitionIds().forEach((topic, ids) -> {
            for (int i = 0; i < ids.size(); i++) {
                names.put(ids.get(i), new TopicPartition(topic, i));
            }
        });
        Map<Long, Set<Long>> have = partitionsOf(left, anew, topics, names);
        Set<Long> sharedBefore = new HashSet<>();
        members.values().stream()
                .filter(member -> member.subscription().shares())
                .forEach(member -> sharedBefore.addAll(member.positions().keySet()));

        List<Grant> granted = new ArrayList<>();
        List<Revocation> revoked = new ArrayList<>();
        SortedMap<Long, Member> after = new TreeMap<>();
        left.forEach((id, member) -> {
            SortedMap<Long, OptionalLong> positions = new TreeMap<>();
            boolean shares = member.subscription().shares();
            for (Long partitionId : Objects.requireNonNull(have.get(id))) {
                OptionalLong position = member.positions().get(partitionId);
                if (position == null) {
                    TopicPartition name = names.get(partitionId);
                    boolean isNew = !sharedBefore.contains(partitionId)
                            && (shares ? wantedBefore.contains(partitionId) : name != null && assignedBefore(id, name));
                    granted.add(new Grant(id, partitionId, shares, isNew));
                    position = OptionalLong.empty();
                }
                positions.put(partitionId, position);
            }
            after.put(
                    id,
                    new Member(
                            id,
                            member.subscription(),
                            member.reader(),
                            member.autoCommit(),
                            member.sinceLastHeartbeat(),
                            positions));
        });
        members.forEach((id, member) -> member.positions().forEach((partitionId, position) -> {
            Member now = after.get(id);
            if (now == null || !now.positions().containsKey(partitionId)) {
                boolean commits = member.autoCommit() && !dead.contains(id);
                revoked.add(new Revocation(id, partitionId, commits ? position : OptionalLong.empty()));
            }
        }));
        Set<Long> removed = new HashSet<>(members.keySet());
        removed.removeAll(after.keySet());
        boolean changed = !granted.isEmpty()
                || !revoked.isEmpty()
                || !removed.isEmpty()
                || after.values().stream()
                        .anyMatch(now -> !now.subscription()
                                .equals(Objects.requireNonNull(members.get(now.id()))
                                        .subscription()));
        int next = generation == Integer.MAX_VALUE ? 0 : generation + 1;
        return new Change(new GroupState(changed ? next : generation, after), granted, revoked, removed);
    }

    /** Whether a partition was assigned to a member by hand before the event. */
    private boolean assignedBefore(long memberId, TopicPartition partition) {
        Member before = members.get(memberId);
        return before != null
                && before.subscription() instanceof Subscription.Partitions assigned
                && assigned.named().contains(partition);
    }

    /** What is read, and for whom. */
    private record Reading(Subscription subscription, Optional<Principal> reader) {
        static Reading of(Member member) {
            return new Reading(member.subscription(), member.reader());
        }
    }

    /**
     * Which partitions each member shall have.
     *
     * @param anew members that have said just now what they read
     * @param names of the partitions of the topics
     */
    private static Map<Long, Set<Long>> partitionsOf(
            SortedMap<Long, Member> members, Set<Long> anew, SubscribedTopics topics, Map<Long, TopicPartition> names) {
        Map<Long, Set<Long>> partitions = new HashMap<>();
        Map<Reading, Set<TopicName>> wanted = new HashMap<>();
        SortedMap<Long, Set<TopicName>> subscriptions = new TreeMap<>();
        Map<Long, Long> current = new HashMap<>();
        members.forEach((id, member) -> {
            Set<Long> byHand = new HashSet<>();
            if (member.subscription() instanceof Subscription.Partitions manual) {
                if (!anew.contains(id)) {
                    // What is gone is removed with its topic, and rows of the version before have no names.
                    byHand.addAll(member.positions().keySet());
                    byHand.removeIf(held -> topics.isHidden(names.get(held), member.reader()));
                }
                for (TopicPartition partition : manual.named()) {
                    List<Long> ids = topics.catalog().partitionIds().getOrDefault(partition.topic(), List.of());
                    if (partition.partition() < ids.size() && !topics.isHidden(partition, member.reader())) {
                        byHand.add(ids.get(partition.partition()));
                    }
                }
            } else if (member.subscription().shares()) {
                subscriptions.put(
                        id,
                        wanted.computeIfAbsent(
                                Reading.of(member), reading -> topics.of(reading.subscription(), reading.reader())));
                member.positions().keySet().forEach(partitionId -> current.put(partitionId, id));
            }
            partitions.put(id, byHand);
        });
        Assignor.assign(subscriptions, topics.catalog().partitionIds(), current)
                .forEach((partitionId, id) ->
                        Objects.requireNonNull(partitions.get(id)).add(partitionId));
        return partitions;
    }
}
