package io.trunkline.rest;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.quarkus.test.junit.QuarkusTest;
import io.trunkline.testing.Api;
import io.trunkline.testing.Consumer;
import io.trunkline.testing.Group;
import io.trunkline.testing.ServiceTestCase;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Stream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** How the members of a group share its partitions out, and what they read when that changes. */
@QuarkusTest
class SharedGroupApiTest extends ServiceTestCase {
    private static final Duration PATIENCE = Duration.ofSeconds(60);

    @Test
    void membersHaveEqualSharesAndKeepWhatTheyCan() {
        String topic = api.newTopic(6);
        Consumer first = group.consumer().subscribe(topic);
        assertThat(first.partitionsOf(topic)).containsExactlyInAnyOrder(0, 1, 2, 3, 4, 5);

        Consumer second = group.consumer().subscribe(topic);
        List<Integer> firstOfTwo = first.partitionsOf(topic);
        List<Integer> secondOfTwo = second.partitionsOf(topic);
        Consumer third = group.consumer().subscribe(topic);
        List<Integer> firstOfThree = first.partitionsOf(topic);
        List<Integer> secondOfThree = second.partitionsOf(topic);
        List<Integer> thirdOfThree = third.partitionsOf(topic);
        second.delete();
        List<Integer> firstAtLast = first.partitionsOf(topic);
        List<Integer> thirdAtLast = third.partitionsOf(topic);

        assertThat(firstOfTwo).hasSize(3);
        assertThat(secondOfTwo).hasSize(3);
        assertAllOf(6, List.of(firstOfTwo, secondOfTwo));
        assertThat(firstOfThree).hasSize(2).isSubsetOf(firstOfTwo);
        assertThat(secondOfThree).hasSize(2).isSubsetOf(secondOfTwo);
        assertThat(thirdOfThree).hasSize(2);
        assertAllOf(6, List.of(firstOfThree, secondOfThree, thirdOfThree));
        assertThat(firstAtLast).hasSize(3).containsAll(firstOfThree);
        assertThat(thirdAtLast).hasSize(3).containsAll(thirdOfThree);
        assertAllOf(6, List.of(firstAtLast, thirdAtLast));
    }

    @Test
    void sharesDifferByOneAtMost() {
        String topic = api.newTopic(7);
        List<Consumer> members = new ArrayList<>();
        for (int i = 0; i < 4; i++) {
            members.add(group.consumer().subscribe(topic));
        }

        List<List<Integer>> shares =
                members.stream().map(member -> member.partitionsOf(topic)).toList();

        assertThat(shares).extracting(List::size).containsExactlyInAnyOrder(1, 2, 2, 2);
        assertAllOf(7, shares);
    }

    @Test
    void memberThatUnsubscribesGivesItsPartitionsUp() {
        String topic = api.newTopic(4);
        Consumer first = group.consumer().subscribe(topic);
        Consumer second = group.consumer().subscribe(topic);

        second.unsubscribe();

        assertThat(first.partitionsOf(topic)).containsExactlyInAnyOrder(0, 1, 2, 3);
        assertThat(second.subscription().path("partitions")).isEmpty();
    }

    @Test
    void memberForWhomNoPartitionIsLeftPollsNothingUntilOneIs() {
        String topic = api.newTopic(1);
        Consumer first = group.consumer().subscribe(topic);
        Consumer second = group.consumer().subscribe(topic);
        api.writeNumbers(topic, 0, 0, 1);

        List<JsonNode> spare = second.poll("timeout=300");
        first.delete();

        assertThat(spare).isEmpty();
        assertThat(second.partitionsOf(topic)).containsExactly(0);
        assertThat(Consumer.offsets(second.poll())).containsExactly(0L);
    }

    @Test
    void pollThatWaitsGoesOnWithThePartitionsThatItsMemberGets() {
        String topic = api.newTopic(1);
        Consumer first = group.consumer().subscribe(topic);
        Consumer second = group.consumer().subscribe(topic);
        CompletableFuture<Api.Answer> poll = second.pollLater("timeout=50000");

        first.delete();
        api.writeNumbers(topic, 0, 0, 1);

        assertThat(poll)
                .succeedsWithin(Duration.ofSeconds(20))
                .satisfies(answer ->
                        assertThat(Consumer.offsets(Consumer.records(answer))).containsExactly(0L));
    }

    @Test
    void membersWithDifferentTopicsReadEachTheirOwn() {
        String one = api.newTopic(2);
        String two = api.newTopic(2);
        Consumer first = group.consumer().subscribe(one);

        Consumer second = group.consumer().subscribe(two);
        Consumer third = group.consumer().subscribePattern(two);

        assertThat(first.partitionsOf(one)).containsExactlyInAnyOrder(0, 1);
        assertThat(first.partitionsOf(two)).isEmpty();
        assertThat(second.partitionsOf(one)).isEmpty();
        assertThat(second.partitionsOf(two)).hasSize(1);
        assertAllOf(2, List.of(second.partitionsOf(two), third.partitionsOf(two)));
    }

    @Test
    void groupsReadTheSameRecordsEachForItself() {
        String topic = api.newTopic(1);
        api.writeNumbers(topic, 0, 0, 3);
        Consumer here = group.consumer().subscribe(topic);
        Consumer there = new Group(api).consumer().subscribe(topic);

        assertThat(Consumer.offsets(here.pollUntil(3))).containsExactly(0L, 1L, 2L);
        assertThat(Consumer.offsets(there.pollUntil(3))).containsExactly(0L, 1L, 2L);
    }

    /** There is no rebalance to wait for, and none that a poll has to take part in. */
    @Test
    void firstPollOfEveryMemberGivesRecords() {
        String topic = api.newTopic(4);
        for (int partition = 0; partition < 4; partition++) {
            api.writeNumbers(topic, partition, 0, 5);
        }
        Consumer first = group.consumer().subscribe(topic);
        Consumer second = group.consumer().subscribe(topic);

        List<JsonNode> firstPage = first.poll("");
        List<JsonNode> secondPage = second.poll("");

        assertThat(firstPage).isNotEmpty();
        assertThat(secondPage).isNotEmpty();
        List<JsonNode> all = new ArrayList<>(firstPage);
        all.addAll(secondPage);
        all.addAll(first.pollUntil(10 - firstPage.size()));
        all.addAll(second.pollUntil(10 - secondPage.size()));
        assertThat(Consumer.places(all)).hasSize(20).doesNotHaveDuplicates();
    }

    @Test
    void firstPollAfterAnotherJoinedOrLeftGivesRecordsToo() {
        String topic = api.newTopic(4);
        Consumer first = group.consumer().subscribe(topic);
        writeToAll(topic, 4, 0, 2);
        first.pollUntil(8);
        first.commit();

        Consumer second = group.consumer().subscribe(topic);
        writeToAll(topic, 4, 2, 4);
        List<JsonNode> ofFirst = first.poll("");
        List<JsonNode> ofSecond = second.poll("");
        List<JsonNode> all = new ArrayList<>(ofFirst);
        all.addAll(ofSecond);
        all.addAll(first.pollUntil(4 - ofFirst.size()));
        all.addAll(second.pollUntil(4 - ofSecond.size()));
        first.commit();
        second.commit();
        first.delete();
        writeToAll(topic, 4, 4, 6);
        List<JsonNode> ofTheLast = second.poll("");
        all.addAll(ofTheLast);
        all.addAll(second.pollUntil(8 - ofTheLast.size()));

        assertThat(ofFirst).isNotEmpty();
        assertThat(ofSecond).isNotEmpty();
        assertThat(ofTheLast).isNotEmpty();
        assertThat(Consumer.places(all)).hasSize(16).doesNotHaveDuplicates();
        assertThat(Consumer.offsets(all)).allMatch(offset -> offset >= 2);
    }

    @ParameterizedTest
    @ValueSource(ints = {2, 5})
    void membersWhoSubscribeAtOnceEndWithOneAssignment(int count) {
        String topic = api.newTopic(10);
        List<Consumer> members = Stream.generate(group::consumer).limit(count).toList();

        List<CompletableFuture<Api.Answer>> calls = members.stream()
                .map(m -> api.postLater(m.path() + "/subscription", Api.CONTROL, Consumer.topics(topic)))
                .toList();

        assertThat(calls).allSatisfy(call -> assertThat(call.join().status()).isEqualTo(204));
        List<List<Integer>> shares =
                members.stream().map(member -> member.partitionsOf(topic)).toList();
        assertThat(shares).allSatisfy(share -> assertThat(share).hasSize(10 / count));
        assertAllOf(10, shares);
    }

    @Test
    void generationGrowsWithTheMembersAndEveryPollTellsIt() {
        String topic = api.newTopic(2);
        Consumer first = group.consumer().subscribe(topic);
        long alone = Long.parseLong(first.pollAnswer("timeout=0").header("Trunkline-Generation"));

        Consumer second = group.consumer().subscribe(topic);

        long together = Long.parseLong(first.pollAnswer("timeout=0").header("Trunkline-Generation"));
        assertThat(together).isGreaterThan(alone);
        assertThat(second.pollAnswer("timeout=0").header("Trunkline-Generation"))
                .isEqualTo(Long.toString(together));
        assertThat(group.describe().path("generation").asLong()).isEqualTo(together);
    }

    /** Invariant 8: while members come and go, no record is skipped, and none is given twice in one generation. */
    @Test
    void recordsAreGivenOnceInAGenerationAndNoneIsLostWhileMembersComeAndGo() throws Exception {
        String topic = api.newTopic(4);
        Queue<String> given = new ConcurrentLinkedQueue<>();
        Set<String> places = ConcurrentHashMap.newKeySet();
        try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            List<Member> members = new ArrayList<>();
            try {
                for (int round = 0; round < 4; round++) {
                    members.add(new Member(group.consumer().subscribe(topic), given, places, threads));
                    writeToAll(topic, 4, round * 50, round * 50 + 50);
                }
                members.remove(1).leave();
                writeToAll(topic, 4, 200, 250);
                members.removeFirst().leave();
                writeToAll(topic, 4, 250, 300);

                Awaitility.await().atMost(PATIENCE).until(() -> places.size() == 4 * 300);
            } finally {
                members.forEach(Member::stop);
            }
            for (Member member : members) {
                member.ended();
            }
        }

        assertThat(given).doesNotHaveDuplicates();
    }

    /** A member that polls in small pieces until it is told to stop. */
    private static final class Member {
        private final AtomicBoolean polling = new AtomicBoolean(true);
        private final Consumer consumer;
        private final Future<?> loop;

        Member(Consumer consumer, Queue<String> given, Set<String> places, ExecutorService threads) {
            this.consumer = consumer;
            loop = threads.submit(() -> {
                while (polling.get()) {
                    Api.Answer answer = consumer.pollAnswer("timeout=100&max_bytes=700");
                    for (String place : Consumer.places(Consumer.records(answer))) {
                        given.add(place + " in " + answer.header("Trunkline-Generation"));
                        places.add(place);
                    }
                }
            });
        }

        void stop() {
            polling.set(false);
        }

        void ended() throws Exception {
            loop.get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
        }

        void leave() throws Exception {
            stop();
            ended();
            consumer.delete();
        }
    }

    private void writeToAll(String topic, int partitions, int from, int to) {
        for (int partition = 0; partition < partitions; partition++) {
            api.writeNumbers(topic, partition, from, to);
        }
    }

    private static void assertAllOf(int count, List<List<Integer>> shares) {
        List<Integer> all = new ArrayList<>();
        for (List<Integer> share : shares) {
            all.addAll(share);
        }
        assertThat(all).hasSize(count);
        assertThat(new HashSet<>(all)).hasSize(count);
    }
}
