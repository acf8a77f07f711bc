package io.trunkline.group;

import io.trunkline.topic.TopicName;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.Comparator;
import java.util.Deque;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Spreads partitions over the members of a group: sticky as KIP-54 has it, and as even as the subscriptions allow.
 *
 * <p>Even means an optimal semi-matching (Harvey, Ladner, Lovász, Tamir: Semi-matchings for bipartite graphs and load
 * balancing, 2006): there is no chain of moves, a partition of one member to a second, one of the second to a third,
 * that leads from a member to one with at least two partitions less. Topics with the same subscribers are one
 * {@link Audience}, and chains are looked for over members and audiences, so that the number of partitions hardly
 * matters. Only how many partitions of an audience a member has is moved about; which ones is settled at the end, so
 * that a member keeps as many of its own as it may.
 */
final class Assignor {
    /** In the order of their ids. */
    private final List<Member> members = new ArrayList<>();

    /** Those with the fewest members first. */
    private final List<Audience> audiences;

    private Assignor(Map<Long, Set<TopicName>> subscriptions, Map<TopicName, List<Long>> partitions) {
        Map<TopicName, BitSet> subscribers = new HashMap<>();
        partitions.keySet().forEach(topic -> subscribers.put(topic, new BitSet(subscriptions.size())));
        new TreeMap<>(subscriptions).forEach((id, topics) -> {
            Member member = new Member(members.size(), id);
            members.add(member);
            for (TopicName topic : topics) {
                BitSet who = subscribers.get(topic);
                if (who != null) {
                    who.set(member.index);
                }
            }
        });
        audiences = audiences(subscribers, partitions);
    }

    /**
     * Gives every partition of every topic that has a subscriber to exactly one of them. Who has a partition and may
     * have it keeps it, unless the loads would be less even. Where all subscribe the same, no assignment that is as even
     * takes fewer partitions away.
     *
     * @param subscriptions which topics each member reads, by member id; of equal members the older one, whose id is
     *     smaller, is preferred
     * @param partitions the partitions of each topic that exists, by ids that are unique over all topics; subscribed
     *     topics may be missing
     * @param current who has which partition now; may name members, partitions and subscriptions that are gone
     * @return who has which partition from now on; the same for the same arguments
     */
    static SortedMap<Long, Long> assign(
            Map<Long, Set<TopicName>> subscriptions, Map<TopicName, List<Long>> partitions, Map<Long, Long> current) {
        Assignor assignor = new Assignor(subscriptions, partitions);
        assignor.keep(current);
        assignor.giveOutTheRest();
        assignor.balance();
        return assignor.result();
    }

    private static List<Audience> audiences(Map<TopicName, BitSet> subscribers, Map<TopicName, List<Long>> partitions) {
        Map<BitSet, List<Long>> bySubscribers = new LinkedHashMap<>();
        subscribers.entrySet().stream()
                .sorted(Map.Entry.comparingByKey(Comparator.comparing(TopicName::value)))
                .forEach(topic -> bySubscribers
                        .computeIfAbsent(topic.getValue(), s -> new ArrayList<>())
                        .addAll(partitions.getOrDefault(topic.getKey(), List.of())));
        List<BitSet> smallestFirst = new ArrayList<>(bySubscribers.keySet());
        smallestFirst.sort(Comparator.comparingInt(BitSet::cardinality));
        List<Audience> audiences = new ArrayList<>();
        for (BitSet who : smallestFirst) {
            List<Long> what = bySubscribers.getOrDefault(who, List.of());
            if (!who.isEmpty() && !what.isEmpty()) {
                audiences.add(new Audience(audiences.size(), who, what));
            }
        }
        return audiences;
    }

    private void keep(Map<Long, Long> current) {
        Map<Long, Member> byId = new HashMap<>();
        members.forEach(member -> byId.put(member.id, member));
        for (Audience audience : audiences) {
            for (long partition : audience.partitions) {
                Long owner = current.get(partition);
                Member member = owner == null ? null : byId.get(owner);
                if (member != null && audience.members.get(member.index)) {
                    member.add(partition, audience);
                    member.holding(audience).kept++;
                } else {
                    audience.unassigned.add(partition);
                }
            }
        }
    }

    private void giveOutTheRest() {
        for (Audience audience : audiences) {
            while (!audience.unassigned.isEmpty()) {
                leastLoaded(audience).add(audience.unassigned.remove(), audience);
            }
        }
    }

    private Member leastLoaded(Audience audience) {
        Member least = members.get(audience.members.nextSetBit(0));
        for (int i = audience.members.nextSetBit(0); i >= 0; i = audience.members.nextSetBit(i + 1)) {
            if (members.get(i).load < least.load) {
                least = members.get(i);
            }
        }
        return least;
    }

    /**
     * Relieves the most loaded member as long as a chain leads from it to one with at least two partitions less. When
     * none does, all that can be reached from it are as even as they can be, and nobody else can change that: they have
     * at most one partition less than the most loaded one, and whoever reaches them has no more than that one.
     */
    private void balance() {
        BitSet open = new BitSet(members.size());
        audiences.forEach(audience -> open.or(audience.members));
        while (!open.isEmpty()) {
            Member most = members.get(open.nextSetBit(0));
            int lowest = most.load;
            for (int i = most.index; i >= 0; i = open.nextSetBit(i + 1)) {
                Member member = members.get(i);
                lowest = Math.min(lowest, member.load);
                if (member.load >= most.load) {
                    most = member;
                }
            }
            if (most.load - lowest < 2) {
                return;
            }
            Search search = new Search(most, open, lowest);
            if (most.load - search.least().load < 2) {
                open.and(search.unreached());
            } else {
                search.move();
            }
        }
    }

    /** Everybody keeps what they have first, up to what they may have now; the others get what is left over. */
    private SortedMap<Long, Long> result() {
        SortedMap<Long, Long> owners = new TreeMap<>();
        for (Member member : members) {
            member.holdings.values().forEach(holding -> {
                for (int i = 0; i < holding.partitions.size(); i++) {
                    if (i < holding.count) {
                        owners.put(holding.partitions.get(i), member.id);
                    } else {
                        holding.audience.unassigned.add(holding.partitions.get(i));
                    }
                }
            });
        }
        for (Member member : members) {
            member.holdings.values().forEach(holding -> {
                for (int i = holding.partitions.size(); i < holding.count; i++) {
                    owners.put(holding.audience.unassigned.remove(), member.id);
                }
            });
        }
        return owners;
    }

    /** All topics with the same subscribers. */
    private static final class Audience {
        final int index;
        final BitSet members;
        final List<Long> partitions;
        final Deque<Long> unassigned = new ArrayDeque<>();

        Audience(int index, BitSet members, List<Long> partitions) {
            this.index = index;
            this.members = members;
            this.partitions = partitions;
        }
    }

    private static final class Member {
        final int index;
        final long id;
        /** By the index of the audience. */
        final SortedMap<Integer, Holding> holdings = new TreeMap<>();

        int load;

        Member(int index, long id) {
            this.index = index;
            this.id = id;
        }

        Holding holding(Audience audience) {
            return holdings.computeIfAbsent(audience.index, i -> new Holding(this, audience));
        }

        void add(long partition, Audience audience) {
            Holding holding = holding(audience);
            holding.partitions.add(partition);
            holding.count++;
            load++;
        }
    }

    /** What a member has of an audience; as a link of a chain, that it can hand on some of it to anybody there. */
    private static final class Holding {
        final Member member;
        final Audience audience;
        /** Those that it had before, then those that were given to it. */
        final List<Long> partitions = new ArrayList<>();

        /** How many it had before. */
        int kept;
        /** How many it shall have. */
        int count;

        Holding(Member member, Audience audience) {
            this.member = member;
            this.audience = audience;
        }
    }

    /**
     * Looks for the chain from a member to the least loaded one that takes the fewest partitions from those who had
     * them before; breadth-first, with links that take none of these in front.
     */
    private final class Search {
        private final BitSet unreached;
        private final BitSet crossed = new BitSet(audiences.size());
        private final @Nullable Holding[] arrivals = new Holding[members.size()];
        private final Deque<Holding> frontier = new ArrayDeque<>();
        private final int lowest;
        private Member least;

        /**
         * @param open who may be part of the chain
         * @param lowest the load at which there is nothing better to be found
         */
        Search(Member source, BitSet open, int lowest) {
            this.unreached = (BitSet) open.clone();
            this.lowest = lowest;
            this.least = source;
            unreached.clear(source.index);
            expand(source);
            while (least.load > lowest && !frontier.isEmpty()) {
                cross(frontier.remove());
            }
        }

        Member least() {
            return least;
        }

        /** Who cannot be reached; known only if the search did not end at the lowest load. */
        BitSet unreached() {
            return unreached;
        }

        private void cross(Holding link) {
            Audience audience = link.audience;
            if (crossed.get(audience.index)) {
                return;
            }
            crossed.set(audience.index);
            if (!audience.members.intersects(unreached)) {
                return;
            }
            BitSet found = (BitSet) audience.members.clone();
            found.and(unreached);
            unreached.andNot(found);
            for (int i = found.nextSetBit(0); i >= 0; i = found.nextSetBit(i + 1)) {
                arrivals[i] = link;
                if (members.get(i).load < least.load) {
                    least = members.get(i);
                }
            }
            for (int i = found.nextSetBit(0); i >= 0 && least.load > lowest; i = found.nextSetBit(i + 1)) {
                expand(members.get(i));
            }
        }

        private void expand(Member member) {
            for (Holding holding : member.holdings.values()) {
                if (holding.count > holding.kept) {
                    frontier.addFirst(holding);
                } else if (holding.count > 0) {
                    frontier.addLast(holding);
                }
            }
        }

        /** Moves one partition along the chain. */
        void move() {
            Member to = least;
            to.load++;
            for (Holding link = arrivals[to.index]; link != null; link = arrivals[to.index]) {
                to.holding(link.audience).count++;
                link.count--;
                to = link.member;
            }
            to.load--;
        }
    }
}
