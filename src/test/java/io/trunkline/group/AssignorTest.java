package io.trunkline.group;

import static org.assertj.core.api.Assertions.assertThat;

import io.trunkline.topic.TopicName;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.Collection;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.IntFunction;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;

class AssignorTest {
    @Property
    void everyPartitionThatIsSubscribedHasOneMemberThatSubscribesIt(@ForAll("groups") Group group) {
        SortedMap<Long, Long> owners = group.assign();

        group.assertEntitled(owners);
    }

    @Property
    void noChainOfMovesMakesTheLoadsMoreEven(@ForAll("groups") Group group) {
        SortedMap<Long, Long> owners = group.assign();

        group.assertNoChain(owners);
    }

    @Property
    void loadsAreThoseOfTheMostEvenAssignmentThereIs(@ForAll("smallGroups") Group group) {
        SortedMap<Long, Long> owners = group.assign();

        assertThat(highestFirst(group.loads(owners).values())).isEqualTo(group.mostEvenLoads());
    }

    @Property
    void loadsDifferByAtMostOneWhenAllSubscribeTheSame(@ForAll("equalGroups") Group group) {
        SortedMap<Long, Long> owners = group.assign();

        Collection<Integer> loads = group.loads(owners).values();
        assertThat(Collections.max(loads) - Collections.min(loads)).isLessThanOrEqualTo(1);
    }

    @Property
    void noMorePartitionsThanNeededAreTakenAwayWhenAllSubscribeTheSame(@ForAll("equalGroups") Group group) {
        SortedMap<Long, Long> owners = group.assign();

        assertThat(group.taken(owners)).isEqualTo(group.leastToTake());
    }

    @Property
    void assigningAgainChangesNothing(@ForAll("groups") Group group) {
        SortedMap<Long, Long> owners = group.assign();

        SortedMap<Long, Long> again = group.with(owners).assign();

        assertThat(again).isEqualTo(owners);
    }

    @Property
    void orderOfTheArgumentsDoesNotMatter(@ForAll("groups") Group group) {
        SortedMap<Long, Long> owners = group.assign();

        SortedMap<Long, Long> reversed =
                Assignor.assign(reversed(group.subscriptions), reversed(group.partitions), reversed(group.current));

        assertThat(reversed).isEqualTo(owners);
    }

    @Property
    void memberThatJoinsIsTheOnlyOneThatGetsPartitions(@ForAll("equalGroups") Group group) {
        SortedMap<Long, Long> before = group.assign();
        long newcomer = group.subscriptions.size() + 1L;

        SortedMap<Long, Long> after = group.with(before)
                .joinedBy(newcomer, group.subscriptions.getOrDefault(1L, Set.of()))
                .assign();

        assertThat(after).allSatisfy((partition, owner) -> assertThat(owner).isIn(newcomer, before.get(partition)));
    }

    @Property
    void memberThatLeavesIsTheOnlyOneThatLosesPartitions(
            @ForAll("equalGroups") Group group, @ForAll("members") long leaver) {
        SortedMap<Long, Long> before = group.assign();

        SortedMap<Long, Long> after = group.with(before).leftBy(leaver).assign();

        before.values().removeIf(owner -> owner == leaver);
        assertThat(after)
                .containsAllEntriesOf(group.leftBy(leaver).subscriptions.isEmpty() ? Map.of() : before);
    }

    @Property
    void topicIsSpreadOverTheMembersWhenItIsAssignedAfresh(@ForAll("equalGroups") Group group) {
        SortedMap<Long, Long> owners = group.with(Map.of()).assign();

        group.subscribed().forEach((partition, topic) -> {
            List<Long> siblings = group.partitions.getOrDefault(topic, List.of());
            long ofOwner = siblings.stream()
                    .filter(sibling -> Objects.equals(owners.get(sibling), owners.get(partition)))
                    .count();
            assertThat(ofOwner).isLessThanOrEqualTo(Math.ceilDiv(siblings.size(), group.subscriptions.size()));
        });
    }

    @Example
    void chainLeadsOverMembersWhoseLoadStaysTheSame() {
        Group group = new Group(
                Map.of(1L, topics(0), 2L, topics(0, 1), 3L, topics(1, 2)),
                Map.of(topic(0), List.of(0L, 1L, 2L), topic(1), List.of(3L, 4L), topic(2), List.of(5L)),
                Map.of(0L, 1L, 1L, 1L, 2L, 1L, 3L, 2L, 4L, 2L, 5L, 3L));

        SortedMap<Long, Long> owners = group.assign();

        assertThat(group.loads(owners)).isEqualTo(Map.of(1L, 2, 2L, 2, 3L, 2));
        assertThat(group.taken(owners)).isEqualTo(2);
    }

    @Example
    void partitionsThatNobodyHadAreMovedBeforeThoseThatSomebodyHad() {
        Group few = handingOn(topics(1, 2, 4), topics(2, 4));
        Group many = handingOn(topics(0, 1, 2, 4), topics(0, 2, 4));

        SortedMap<Long, Long> ofFew = few.assign();
        SortedMap<Long, Long> ofMany = many.assign();

        assertThat(few.loads(ofFew)).isEqualTo(Map.of(1L, 2, 2L, 2, 3L, 3, 4L, 3));
        assertThat(many.loads(ofMany)).isEqualTo(Map.of(1L, 2, 2L, 2, 3L, 3, 4L, 3));
        assertThat(few.taken(ofFew)).isZero();
        assertThat(many.taken(ofMany)).isZero();
    }

    /** Member 1 has partition 0, is the first to get 1 and 2, and must then hand on 0 or 1 to member 2. */
    private static Group handingOn(Set<TopicName> topicsOf3, Set<TopicName> topicsOf4) {
        return new Group(
                Map.of(1L, topics(0, 1, 2), 2L, topics(0, 1, 3), 3L, topicsOf3, 4L, topicsOf4),
                Map.of(
                        topic(0), List.of(0L),
                        topic(1), List.of(1L),
                        topic(2), List.of(2L),
                        topic(3), List.of(3L),
                        topic(4), List.of(4L, 5L, 6L, 7L, 8L, 9L)),
                Map.of(0L, 1L, 3L, 2L, 4L, 3L, 5L, 3L, 6L, 3L, 7L, 4L, 8L, 4L, 9L, 4L));
    }

    @Example
    void partitionsAreGivenOutInTheOrderOfTheNamesOfTheirTopics() {
        Group group = new Group(
                Map.of(1L, topics(1, 10), 2L, topics(1, 10)),
                Map.of(topic(1), List.of(0L), topic(10), List.of(1L, 2L)),
                Map.of());

        SortedMap<Long, Long> owners = group.assign();

        assertThat(owners).isEqualTo(Map.of(0L, 1L, 1L, 2L, 2L, 1L));
    }

    @Example
    void nobodyGetsAnythingWhenNobodySubscribesAnything() {
        Group group = new Group(Map.of(1L, Set.of()), Map.of(topic(0), List.of(0L, 1L)), Map.of(0L, 1L));

        SortedMap<Long, Long> owners = group.assign();

        assertThat(owners).isEmpty();
    }

    @Example
    void tenThousandPartitionsAreSpreadOverAThousandMembers() {
        Group group = large(1_000, member -> IntStream.range(0, 1_000));

        SortedMap<Long, Long> owners = group.assign();

        group.assertEntitled(owners);
        assertThat(group.loads(owners).values()).containsOnly(10);
        assertThat(group.taken(owners)).isEqualTo(group.leastToTake());
    }

    @Example
    void tenThousandPartitionsAreSpreadOverMembersThatSubscribeDifferently() {
        Random random = new Random(42);
        Group group = large(100, member -> random.ints(10 + 5 * member, 0, 1_000));

        SortedMap<Long, Long> owners = group.assign();

        group.assertEntitled(owners);
        group.assertNoChain(owners);
        assertThat(group.with(owners).assign()).isEqualTo(owners);
    }

    /** A thousand topics of ten partitions, all of a topic with its first subscriber. */
    private static Group large(int members, IntFunction<IntStream> subscriptions) {
        Map<Long, Set<TopicName>> subscribed = new TreeMap<>();
        Map<TopicName, List<Long>> partitions = new HashMap<>();
        Map<Long, Long> current = new HashMap<>();
        for (int topic = 0; topic < 1_000; topic++) {
            partitions.put(
                    topic(topic),
                    LongStream.range(topic * 10L, topic * 10L + 10).boxed().toList());
        }
        for (int i = 0; i < members; i++) {
            long member = i + 1L;
            Set<TopicName> topics = topics(subscriptions.apply(i).toArray());
            subscribed.put(member, topics);
            topics.forEach(topic -> partitions
                    .getOrDefault(topic, List.of())
                    .forEach(partition -> current.putIfAbsent(partition, member)));
        }
        return new Group(subscribed, partitions, current);
    }

    @Provide
    Arbitrary<Group> groups() {
        return groups(8, 6);
    }

    @Provide
    Arbitrary<Group> smallGroups() {
        return groups(4, 3);
    }

    @Provide
    Arbitrary<Group> equalGroups() {
        return Combinators.combine(
                        Arbitraries.integers().between(1, 8),
                        Arbitraries.integers().between(0, 6).set().ofMaxSize(7),
                        sizes(6),
                        owners())
                .as((members, topics, sizes, current) ->
                        Group.of(Collections.nCopies(members, topics), sizes, current));
    }

    @Provide
    Arbitrary<Long> members() {
        return Arbitraries.longs().between(1, 8);
    }

    private static Arbitrary<Group> groups(int members, int topics) {
        return Combinators.combine(
                        // the last topic does not exist
                        Arbitraries.integers()
                                .between(0, topics)
                                .set()
                                .ofMaxSize(topics + 1)
                                .list()
                                .ofMinSize(1)
                                .ofMaxSize(members),
                        sizes(topics),
                        owners())
                .as(Group::of);
    }

    private static Arbitrary<List<Integer>> sizes(int topics) {
        return Arbitraries.integers().between(0, 5).list().ofSize(topics);
    }

    /** Some of the members and the partitions do not exist. */
    private static Arbitrary<Map<Long, Long>> owners() {
        return Arbitraries.maps(
                        Arbitraries.longs().between(0, 35), Arbitraries.longs().between(0, 10))
                .ofMaxSize(36);
    }

    private static TopicName topic(int number) {
        return new TopicName("t" + number);
    }

    private static Set<TopicName> topics(int... numbers) {
        return Arrays.stream(numbers).mapToObj(AssignorTest::topic).collect(Collectors.toSet());
    }

    private static List<Integer> highestFirst(Collection<Integer> loads) {
        return loads.stream().sorted(Comparator.reverseOrder()).toList();
    }

    private static <K, V> Map<K, V> reversed(Map<K, V> map) {
        Map<K, V> reversed = new LinkedHashMap<>();
        List<Map.Entry<K, V>> entries = new ArrayList<>(map.entrySet());
        Collections.reverse(entries);
        entries.forEach(entry -> reversed.put(entry.getKey(), entry.getValue()));
        return reversed;
    }

    /** Arguments of the assignor, and what can be said of its answer without it. */
    private record Group(
            Map<Long, Set<TopicName>> subscriptions, Map<TopicName, List<Long>> partitions, Map<Long, Long> current) {

        static Group of(List<Set<Integer>> topics, List<Integer> sizes, Map<Long, Long> current) {
            Map<Long, Set<TopicName>> subscriptions = new LinkedHashMap<>();
            topics.forEach(numbers -> subscriptions.put(
                    subscriptions.size() + 1L,
                    topics(numbers.stream().mapToInt(Integer::intValue).toArray())));
            Map<TopicName, List<Long>> partitions = new LinkedHashMap<>();
            int next = 0;
            for (int size : sizes) {
                partitions.put(
                        topic(partitions.size()),
                        LongStream.range(next, next + size).boxed().toList());
                next += size;
            }
            return new Group(subscriptions, partitions, current);
        }

        SortedMap<Long, Long> assign() {
            return Assignor.assign(subscriptions, partitions, current);
        }

        Group with(Map<Long, Long> owners) {
            return new Group(subscriptions, partitions, new HashMap<>(owners));
        }

        Group joinedBy(long member, Set<TopicName> topics) {
            Map<Long, Set<TopicName>> more = new HashMap<>(subscriptions);
            more.put(member, topics);
            return new Group(more, partitions, current);
        }

        Group leftBy(long member) {
            Map<Long, Set<TopicName>> fewer = new HashMap<>(subscriptions);
            fewer.remove(member);
            return new Group(fewer, partitions, current);
        }

        /** The partitions that somebody shall have, and their topics. */
        Map<Long, TopicName> subscribed() {
            Map<Long, TopicName> subscribed = new TreeMap<>();
            partitions.forEach((topic, ids) -> {
                if (subscriptions.values().stream().anyMatch(topics -> topics.contains(topic))) {
                    ids.forEach(id -> subscribed.put(id, topic));
                }
            });
            return subscribed;
        }

        boolean mayHave(long member, TopicName topic) {
            return subscriptions.getOrDefault(member, Set.of()).contains(topic);
        }

        void assertEntitled(SortedMap<Long, Long> owners) {
            Map<Long, TopicName> subscribed = subscribed();
            assertThat(owners.keySet()).isEqualTo(subscribed.keySet());
            assertThat(owners)
                    .allSatisfy((partition, owner) -> assertThat(subscriptions.getOrDefault(owner, Set.of()))
                            .contains(subscribed.get(partition)));
        }

        Map<Long, Integer> loads(SortedMap<Long, Long> owners) {
            Map<Long, Integer> loads = new TreeMap<>();
            subscriptions.keySet().forEach(member -> loads.put(member, 0));
            owners.values().forEach(owner -> loads.merge(owner, 1, Integer::sum));
            return loads;
        }

        /** Who had it and may have it. */
        Map<Long, Long> entitledBefore() {
            Map<Long, Long> before = new TreeMap<>();
            subscribed().forEach((partition, topic) -> {
                Long owner = current.get(partition);
                if (owner != null && mayHave(owner, topic)) {
                    before.put(partition, owner);
                }
            });
            return before;
        }

        long taken(SortedMap<Long, Long> owners) {
            return entitledBefore().entrySet().stream()
                    .filter(before -> !before.getValue().equals(owners.get(before.getKey())))
                    .count();
        }

        /** For equal subscriptions: who has the most may have the quota that is rounded up, as far as there are any. */
        long leastToTake() {
            List<Integer> had =
                    highestFirst(loads(new TreeMap<>(entitledBefore())).values());
            int all = subscribed().size();
            long least = 0;
            for (int i = 0; i < had.size(); i++) {
                int quota = all / had.size() + (i < all % had.size() ? 1 : 0);
                least += Math.max(0, had.get(i) - quota);
            }
            return least;
        }

        /** Of all loads that any assignment can have, the most even ones, highest first. */
        List<Integer> mostEvenLoads() {
            Set<List<Integer>> attainable = Set.of(Collections.nCopies(subscriptions.size(), 0));
            for (TopicName topic : subscribed().values()) {
                Set<List<Integer>> next = new HashSet<>();
                for (List<Integer> loads : attainable) {
                    for (int i = 0; i < loads.size(); i++) {
                        if (mayHave(i + 1L, topic)) {
                            List<Integer> more = new ArrayList<>(loads);
                            more.set(i, loads.get(i) + 1);
                            next.add(more);
                        }
                    }
                }
                attainable = next;
            }
            return attainable.stream()
                    .map(AssignorTest::highestFirst)
                    .min(Comparator.comparing(
                            loads -> loads.stream().mapToInt(n -> n * n).sum()))
                    .orElseThrow();
        }

        void assertNoChain(SortedMap<Long, Long> owners) {
            Map<Long, Integer> loads = loads(owners);
            Map<TopicName, BitSet> readers = new HashMap<>();
            subscriptions.forEach((member, topics) -> topics.forEach(
                    topic -> readers.computeIfAbsent(topic, t -> new BitSet()).set(member.intValue())));
            Map<Long, BitSet> canGiveTo = new HashMap<>();
            subscribed()
                    .forEach((partition, topic) -> canGiveTo
                            .computeIfAbsent(owners.getOrDefault(partition, 0L), owner -> new BitSet())
                            .or(readers.getOrDefault(topic, new BitSet())));
            canGiveTo.forEach((member, others) -> {
                BitSet reach = (BitSet) others.clone();
                for (int before = 0; before < reach.cardinality(); ) {
                    before = reach.cardinality();
                    for (int i : reach.stream().toArray()) {
                        reach.or(canGiveTo.getOrDefault((long) i, new BitSet()));
                    }
                }
                assertThat(reach.stream().map(i -> loads.getOrDefault((long) i, 0)))
                        .allSatisfy(load -> assertThat(load).isGreaterThanOrEqualTo(loads.getOrDefault(member, 0) - 1));
            });
        }
    }
}
