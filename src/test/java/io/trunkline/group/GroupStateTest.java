package io.trunkline.group;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import io.trunkline.access.Grants;
import io.trunkline.access.Principal;
import io.trunkline.access.Rights;
import io.trunkline.group.GroupState.Change;
import io.trunkline.group.GroupState.Event;
import io.trunkline.group.GroupState.Member;
import io.trunkline.topic.TopicCatalog;
import io.trunkline.topic.TopicName;
import io.trunkline.topic.TopicPartition;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.IntStream;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import org.junit.jupiter.api.Test;

/** The state machine of a group, over sequences of whatever may happen to it. */
class GroupStateTest {
    private static final TopicName A = new TopicName("a");
    private static final TopicName B = new TopicName("b");
    private static final int MOST_MEMBERS = 6;
    private static final Duration TIMEOUT = Duration.ofMinutes(5);

    /** Something that happens, with the topics as they are then. */
    record Step(Event event, Map<TopicName, Integer> partitionCounts) {
        SubscribedTopics topics() {
            Map<TopicName, List<Long>> ids = new HashMap<>();
            partitionCounts.forEach((topic, count) -> {
                long base = 1000L * (topic.value().charAt(0) - 'a');
                ids.put(topic, IntStream.range(0, count).mapToObj(i -> base + i).toList());
            });
            return new SubscribedTopics(
                    new TopicCatalog(1, ids),
                    Map.of(
                            "[ab]", Set.of(A, B),
                            "b|c", Set.of(B, new TopicName("c"))),
                    Readers.ALL);
        }
    }

    @Provide
    Arbitrary<List<Step>> steps() {
        Arbitrary<Long> member = Arbitraries.longs().between(1, MOST_MEMBERS);
        Arbitrary<Subscription> subscription = Arbitraries.of(
                new Subscription.Topics(Set.of(A)),
                new Subscription.Topics(Set.of(A, B)),
                new Subscription.Matching("[ab]"),
                new Subscription.Matching("b|c"),
                assigned(new TopicPartition(A, 0), new TopicPartition(B, 1)),
                new Subscription.None());
        Arbitrary<Event> event = Arbitraries.oneOf(
                Combinators.combine(member, subscription).as(GroupStateTest::subscribed),
                Combinators.combine(member, subscription).as(GroupStateTest::subscribed),
                member.map(Event.Left::new),
                Arbitraries.just(new Event.Expired(TIMEOUT)),
                Arbitraries.just(new Event.TopicsChanged()));
        Arbitrary<Map<TopicName, Integer>> counts = Arbitraries.maps(
                        Arbitraries.of("a", "b", "c").map(TopicName::new),
                        Arbitraries.integers().between(1, 12))
                .ofMaxSize(3);
        return Combinators.combine(event, counts).as(Step::new).list().ofMaxSize(25);
    }

    @Property(tries = 500)
    void everyPartitionOfEverySubscribedTopicHasOneMemberWhoWantsIt(@ForAll("steps") List<Step> steps) {
        GroupState state = start();
        for (Step step : steps) {
            state = state.on(step.event(), step.topics()).next();

            Map<Long, Integer> owners = new HashMap<>();
            Set<Long> wanted = new HashSet<>();
            for (Member member : state.members().values()) {
                Set<Long> mine = wantedBy(member, step.topics());
                wanted.addAll(mine);
                if (member.subscription().shares()) {
                    assertThat(mine).containsAll(member.positions().keySet());
                    member.positions().keySet().forEach(id -> owners.merge(id, 1, Integer::sum));
                }
            }
            assertThat(owners.keySet()).isEqualTo(wanted);
            assertThat(owners.values()).allMatch(count -> count == 1);
        }
    }

    @Property(tries = 500)
    void whatIsGrantedAndRevokedLeadsFromOneStateToTheNext(@ForAll("steps") List<Step> steps) {
        GroupState state = start();
        for (Step step : steps) {
            Change change = state.on(step.event(), step.topics());
            Map<Long, Set<Long>> expected = holdings(state);
            change.revoked()
                    .forEach(r -> assertThat(
                                    requireNonNull(expected.get(r.memberId())).remove(r.partitionId()))
                            .isTrue());
            change.removed().forEach(id -> assertThat(expected.remove(id)).isEmpty());
            change.granted()
                    .forEach(g -> assertThat(
                                    requireNonNull(expected.get(g.memberId())).add(g.partitionId()))
                            .isTrue());

            assertThat(holdings(change.next())).isEqualTo(expected);
            boolean moved = !change.granted().isEmpty()
                    || !change.revoked().isEmpty()
                    || !change.removed().isEmpty();
            if (moved) {
                assertThat(change.next().generation()).isEqualTo(state.generation() + 1);
            }
            state = change.next();
        }
    }

    @Test
    void generationBeginsAgainAfterTheLast() {
        SubscribedTopics topics = new Step(new Event.TopicsChanged(), Map.of(A, 1)).topics();
        GroupState last = new GroupState(Integer.MAX_VALUE, start().members());

        Change change = last.on(subscribed(1, new Subscription.Topics(Set.of(A))), topics);

        assertThat(change.granted()).hasSize(1);
        assertThat(change.next().generation()).isZero();
    }

    @Property(tries = 300)
    void whenNothingHasHappenedNothingChanges(@ForAll("steps") List<Step> steps) {
        GroupState state = start();
        SubscribedTopics topics = new Step(new Event.TopicsChanged(), Map.of()).topics();
        for (Step step : steps) {
            state = state.on(step.event(), step.topics()).next();
            topics = step.topics();
        }

        Change change = state.on(new Event.TopicsChanged(), topics);

        assertThat(change.next()).isEqualTo(state);
        assertThat(change.granted()).isEmpty();
        assertThat(change.revoked()).isEmpty();
    }

    @Property(tries = 300)
    void memberKeepsItsPositionInWhatItKeeps(@ForAll("steps") List<Step> steps) {
        GroupState state = start();
        for (Step step : steps) {
            GroupState before = withPositions(state);
            Change change = before.on(step.event(), step.topics());

            change.next()
                    .members()
                    .forEach((id, member) -> member.positions().forEach((partitionId, position) -> {
                        OptionalLong had = requireNonNull(before.members().get(id))
                                .positions()
                                .get(partitionId);
                        assertThat(position).isEqualTo(had == null ? OptionalLong.empty() : had);
                    }));
            state = change.next();
        }
    }

    @Property(tries = 300)
    void onlyLivingMembersWithAutoCommitCommitWhatWasDelivered(@ForAll("steps") List<Step> steps) {
        GroupState state = start();
        for (Step step : steps) {
            GroupState before = withPositions(state);
            Change change = before.on(step.event(), step.topics());

            change.revoked().forEach(revocation -> {
                Member member = requireNonNull(before.members().get(revocation.memberId()));
                boolean dead = step.event() instanceof Event.Expired;
                boolean removed = change.removed().contains(member.id());
                OptionalLong expected = member.autoCommit() && !(dead && removed)
                        ? member.positions().get(revocation.partitionId())
                        : OptionalLong.empty();
                assertThat(revocation.commit()).isEqualTo(expected);
            });
            state = change.next();
        }
    }

    @Test
    void partitionThatCameAfterTheSubscriptionIsReadFromItsStart() {
        GroupState state = start().on(
                        subscribed(1, new Subscription.Topics(Set.of(A))),
                        new Step(new Event.TopicsChanged(), Map.of(A, 2)).topics())
                .next();

        Change change = state.on(new Event.TopicsChanged(), new Step(new Event.TopicsChanged(), Map.of(A, 3)).topics());

        assertThat(change.granted()).containsExactly(new GroupState.Grant(1, 2, true, true));
    }

    @Test
    void partitionThatIsThereAtTheSubscriptionIsNotNew() {
        Change change = start().on(
                        subscribed(1, new Subscription.Topics(Set.of(A))),
                        new Step(new Event.TopicsChanged(), Map.of(A, 1)).topics());

        assertThat(change.granted()).containsExactly(new GroupState.Grant(1, 0, true, false));
    }

    @Test
    void partitionThatWasHandedOnIsNotNew() {
        SubscribedTopics topics = new Step(new Event.TopicsChanged(), Map.of(A, 1)).topics();
        Subscription subscription = new Subscription.Topics(Set.of(A));
        GroupState state = start().on(subscribed(1, subscription), topics)
                .next()
                .on(subscribed(2, subscription), topics)
                .next();

        Change change = state.on(new Event.Left(1), topics);

        assertThat(change.granted()).containsExactly(new GroupState.Grant(2, 0, true, false));
        assertThat(change.removed()).containsExactly(1L);
    }

    @Test
    void assignedPartitionIsGrantedWhenItComesAndIsReadFromItsStart() {
        Subscription subscription = assigned(new TopicPartition(A, 0), new TopicPartition(A, 1));
        Change first =
                start().on(subscribed(1, subscription), new Step(new Event.TopicsChanged(), Map.of(A, 1)).topics());

        Change second =
                first.next().on(new Event.TopicsChanged(), new Step(new Event.TopicsChanged(), Map.of(A, 2)).topics());

        assertThat(first.granted()).containsExactly(new GroupState.Grant(1, 0, false, false));
        assertThat(second.granted()).containsExactly(new GroupState.Grant(1, 1, false, true));
    }

    @Test
    void anotherAssignmentTakesAwayWhatItDoesNotName() {
        SubscribedTopics catalog = new Step(new Event.TopicsChanged(), Map.of(A, 2)).topics();
        GroupState state = start().on(subscribed(1, assigned(new TopicPartition(A, 0))), catalog)
                .next();

        Change change = state.on(subscribed(1, assigned(new TopicPartition(A, 1))), catalog);

        assertThat(change.revoked())
                .extracting(GroupState.Revocation::partitionId)
                .containsExactly(0L);
        assertThat(change.granted()).containsExactly(new GroupState.Grant(1, 1, false, false));
    }

    /** Rows of the version before do not say what was assigned, only what the member has. */
    @Test
    void memberKeepsWhatItHasWhereNobodyKnowsWhatWasAssigned() {
        SortedMap<Long, Member> members = new TreeMap<>();
        members.put(
                1L,
                new Member(
                        1,
                        assigned(),
                        Optional.empty(),
                        true,
                        Duration.ZERO,
                        new TreeMap<>(Map.of(0L, OptionalLong.of(5)))));

        Change change = new GroupState(3, members)
                .on(new Event.TopicsChanged(), new Step(new Event.TopicsChanged(), Map.of(A, 2)).topics());

        assertThat(change.granted()).isEmpty();
        assertThat(change.revoked()).isEmpty();
    }

    private static Subscription assigned(TopicPartition... partitions) {
        return new Subscription.Partitions(new TreeSet<>(List.of(partitions)));
    }

    @Test
    void memberIsDeadOnlyAfterTheTimeout() {
        SortedMap<Long, Member> members = new TreeMap<>();
        members.put(1L, silent(1, TIMEOUT));
        members.put(2L, silent(2, TIMEOUT.plusMillis(1)));

        Change change = new GroupState(3, members)
                .on(new Event.Expired(TIMEOUT), new Step(new Event.TopicsChanged(), Map.of()).topics());

        assertThat(change.removed()).containsExactly(2L);
        assertThat(change.next().generation()).isEqualTo(4);
    }

    @Test
    void subscribingTheSameAgainChangesNothing() {
        SubscribedTopics topics = new Step(new Event.TopicsChanged(), Map.of(A, 4)).topics();
        Event again = subscribed(1, new Subscription.Topics(Set.of(A)));
        GroupState state = start().on(again, topics).next();

        assertThat(state.on(again, topics).next()).isEqualTo(state);
    }

    @Test
    void membersGetWhatTheirPrincipalsMayRead() {
        SubscribedTopics topics = readable(Map.of(ANN, rights(A, B), BOB, rights(B)));
        GroupState state = start().on(new Event.Subscribed(1, BOTH, Optional.of(ANN)), topics)
                .next()
                .on(new Event.Subscribed(2, BOTH, Optional.of(BOB)), topics)
                .next()
                .on(subscribed(3, BOTH), topics)
                .next();

        Set<Long> all = new HashSet<>(requireNonNull(holdings(state).get(1L)));
        all.addAll(requireNonNull(holdings(state).get(2L)));
        assertThat(all).containsExactlyInAnyOrder(0L, 1L, 1000L, 1001L);
        assertThat(holdings(state).get(1L)).contains(0L, 1L);
        assertThat(holdings(state).get(2L)).isNotEmpty().isSubsetOf(1000L, 1001L);
        assertThat(holdings(state).get(3L)).isEmpty();
    }

    @Test
    void topicThatMayNoLongerBeReadIsTakenAwayAndWhereTheMemberStoodCommitted() {
        GroupState state = withPositions(start().on(
                        new Event.Subscribed(1, BOTH, Optional.of(ANN)), readable(Map.of(ANN, rights(A, B))))
                .next());

        Change change = state.on(new Event.TopicsChanged(), readable(Map.of(ANN, rights(A))));

        assertThat(change.granted()).isEmpty();
        assertThat(change.revoked())
                .containsExactlyInAnyOrder(
                        new GroupState.Revocation(1, 1000, OptionalLong.of(1100)),
                        new GroupState.Revocation(1, 1001, OptionalLong.of(1101)));
        assertThat(change.next().generation()).isEqualTo(state.generation() + 1);
    }

    @Test
    void partitionsAssignedByHandAreHiddenToo() {
        Subscription byHand = assigned(new TopicPartition(A, 0), new TopicPartition(B, 0));
        SubscribedTopics before = readable(Map.of(ANN, rights(A, B)));
        GroupState state = start().on(new Event.Subscribed(1, byHand, Optional.of(ANN)), before)
                .next();

        GroupState after = state.on(new Event.TopicsChanged(), readable(Map.of(ANN, rights(B))))
                .next();
        GroupState again = after.on(new Event.TopicsChanged(), before).next();

        assertThat(holdings(state).get(1L)).containsExactlyInAnyOrder(0L, 1000L);
        assertThat(holdings(after).get(1L)).containsExactly(1000L);
        assertThat(holdings(again).get(1L)).containsExactlyInAnyOrder(0L, 1000L);
    }

    @Test
    void subscriptionOfAMemberRenewsForWhomItReads() {
        Principal reader = new Principal("ann", Set.of("reader"));
        SubscribedTopics topics = readable(Map.of(ANN, rights(), reader, rights(A, B)));
        GroupState state = start().on(new Event.Subscribed(1, BOTH, Optional.of(ANN)), topics)
                .next();

        GroupState after = state.on(new Event.Subscribed(1, BOTH, Optional.of(reader)), topics)
                .next();

        assertThat(holdings(state).get(1L)).isEmpty();
        assertThat(holdings(after).get(1L)).hasSize(4);
        assertThat(requireNonNull(after.members().get(1L)).reader()).contains(reader);
    }

    private static final Principal ANN = new Principal("ann", Set.of());
    private static final Principal BOB = new Principal("bob", Set.of());
    private static final Subscription BOTH = new Subscription.Topics(Set.of(A, B));

    /** Two topics of two partitions, where there is access control. */
    private static SubscribedTopics readable(Map<Principal, Rights> rights) {
        SubscribedTopics all = new Step(new Event.TopicsChanged(), Map.of(A, 2, B, 2)).topics();
        return new SubscribedTopics(all.catalog(), all.matching(), new Readers(true, rights));
    }

    private static Rights rights(TopicName... names) {
        return Grants.toRead(Arrays.stream(names).map(TopicName::value).toList());
    }

    private static Event subscribed(long memberId, Subscription subscription) {
        return new Event.Subscribed(memberId, subscription, Optional.empty());
    }

    private static Member silent(long id, Duration sinceLastHeartbeat) {
        return new Member(id, new Subscription.None(), Optional.empty(), true, sinceLastHeartbeat, new TreeMap<>());
    }

    /** Members 1 to 6, who read nothing; the odd ones commit by themselves, and the last has been silent for long. */
    private static GroupState start() {
        SortedMap<Long, Member> members = new TreeMap<>();
        for (long id = 1; id <= MOST_MEMBERS; id++) {
            Duration sinceLastHeartbeat = id == MOST_MEMBERS ? TIMEOUT.multipliedBy(2) : Duration.ZERO;
            members.put(
                    id,
                    new Member(
                            id,
                            new Subscription.None(),
                            Optional.empty(),
                            id % 2 == 1,
                            sinceLastHeartbeat,
                            new TreeMap<>()));
        }
        return new GroupState(0, members);
    }

    /** The same, with everybody's positions known. */
    private static GroupState withPositions(GroupState state) {
        SortedMap<Long, Member> members = new TreeMap<>();
        state.members().forEach((id, member) -> {
            SortedMap<Long, OptionalLong> positions = new TreeMap<>();
            member.positions()
                    .keySet()
                    .forEach(partitionId -> positions.put(partitionId, OptionalLong.of(100 * id + partitionId)));
            members.put(
                    id,
                    new Member(
                            id,
                            member.subscription(),
                            member.reader(),
                            member.autoCommit(),
                            member.sinceLastHeartbeat(),
                            positions));
        });
        return new GroupState(state.generation(), members);
    }

    private static Map<Long, Set<Long>> holdings(GroupState state) {
        Map<Long, Set<Long>> holdings = new HashMap<>();
        state.members()
                .forEach((id, member) ->
                        holdings.put(id, new HashSet<>(member.positions().keySet())));
        return holdings;
    }

    private static Set<Long> wantedBy(Member member, SubscribedTopics topics) {
        List<Long> wanted = new ArrayList<>();
        topics.catalog().partitionIds().forEach((topic, ids) -> {
            if (reads(member.subscription(), topic)) {
                wanted.addAll(ids);
            }
        });
        return new HashSet<>(wanted);
    }

    private static boolean reads(Subscription subscription, TopicName topic) {
        return switch (subscription) {
            case Subscription.Topics byName -> byName.names().contains(topic);
            case Subscription.Matching matching -> topic.value().matches(matching.pattern());
            case Subscription.None none -> false;
            case Subscription.Partitions partitions -> false;
        };
    }
}
