package io.trunkline.rest;

import static io.trunkline.testing.Failure.assertFailure;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.quarkus.test.junit.QuarkusTest;
import io.trunkline.testing.Api;
import io.trunkline.testing.Consumer;
import io.trunkline.testing.ServiceTestCase;
import io.trunkline.testing.TestDatabase;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What a consumer reads: by topics, by a pattern, or by partitions that it names itself. */
@QuarkusTest
class SubscriptionApiTest extends ServiceTestCase {
    private static final Duration PATIENCE = Duration.ofSeconds(30);
    private static final String LATEST = "{\"format\":\"json\"}";

    @Test
    void subscriptionNamesTopicsAndThePartitionsThatAreTheInstances() {
        String topic = api.newTopic(2);

        Consumer consumer = group.consumer().subscribe(topic);

        JsonNode subscription = consumer.subscription();
        assertThat(subscription.properties()).hasSize(2);
        assertThat(subscription.path("topics")).extracting(JsonNode::asText).containsExactly(topic);
        assertThat(subscription.path("partitions").toString()).isEqualTo("[{\"" + topic + "\":[0,1]}]");
    }

    @Test
    void severalTopicsAreReadAtOnce() {
        String one = api.newTopic(1);
        String two = api.newTopic(2);
        api.writeNumbers(one, 0, 0, 2);
        api.writeNumbers(two, 1, 0, 2);

        Consumer consumer = group.consumer().subscribe(one, two);

        assertThat(consumer.subscription().path("topics"))
                .extracting(JsonNode::asText)
                .containsExactlyInAnyOrder(one, two);
        assertThat(consumer.subscription().path("partitions")).hasSize(2);
        assertThat(consumer.partitionsOf(one)).containsExactly(0);
        assertThat(consumer.partitionsOf(two)).containsExactly(0, 1);
        assertThat(Consumer.places(consumer.pollUntil(4)))
                .containsExactlyInAnyOrder(one + "/0@0", one + "/0@1", two + "/1@0", two + "/1@1");
    }

    @Test
    void instanceThatHasNotSubscribedHasEmptyLists() {
        Consumer consumer = group.consumer();

        assertThat(consumer.subscription().toString()).isEqualTo("{\"topics\":[],\"partitions\":[]}");
    }

    @Test
    void eachCallReplacesTheTopicsBefore() {
        String one = api.newTopic(1);
        String two = api.newTopic(1);
        Consumer consumer = group.consumer().subscribe(one);

        consumer.subscribe(two);

        assertThat(consumer.partitionsOf(one)).isEmpty();
        assertThat(consumer.partitionsOf(two)).containsExactly(0);
        api.writeNumbers(one, 0, 0, 1);
        api.writeNumbers(two, 0, 0, 1);
        assertThat(Consumer.places(consumer.poll())).containsExactly(two + "/0@0");
        assertThat(consumer.poll("timeout=300")).isEmpty();
    }

    @Test
    void aTopicThatStaysKeepsItsPositionWhenAnotherIsAdded() {
        String one = api.newTopic(1);
        String two = api.newTopic(1);
        api.writeNumbers(one, 0, 0, 3);
        api.writeNumbers(two, 0, 0, 1);
        Consumer consumer = group.consumer().subscribe(one);
        consumer.pollUntil(3);
        consumer.commit();

        consumer.subscribe(one, two);

        assertThat(Consumer.places(consumer.poll())).containsExactly(two + "/0@0");
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void withoutASubscriptionThereIsNothingToPollAndEveryKindMayFollow(boolean byDelete) {
        String topic = api.newTopic(2);
        Consumer consumer = group.consumer().subscribe(topic);

        if (byDelete) {
            consumer.unsubscribe();
        } else {
            consumer.subscribe();
        }

        assertThat(consumer.subscription().path("topics")).isEmpty();
        assertThat(consumer.subscription().path("partitions")).isEmpty();
        assertFailure(consumer.pollAnswer("timeout=0"), 409, "NOT_SUBSCRIBED");
        assertThat(group.members()).hasSize(1);
        consumer.assign(topic, 1);
        assertThat(consumer.partitionsOf(topic)).containsExactly(1);
    }

    @Test
    void unsubscribingTwiceIsNoFailure() {
        Consumer consumer = group.consumer();

        consumer.unsubscribe();
        consumer.subscribe();
        consumer.unsubscribe();

        assertThat(consumer.subscription().path("topics")).isEmpty();
    }

    @Test
    void topicThatIsNotThereYetIsReadFromItsStartOnceItIs() {
        String topic = "later-" + UUID.randomUUID();
        Consumer consumer = group.consumer(LATEST).subscribe(topic);
        assertThat(consumer.poll("timeout=0")).isEmpty();

        api.createTopic(topic, 2);
        api.writeNumbers(topic, 0, 0, 3);
        api.writeNumbers(topic, 1, 0, 3);

        assertThat(Consumer.offsetsByPartition(awaitRecords(consumer, 6)))
                .containsEntry(0, List.of(0L, 1L, 2L))
                .containsEntry(1, List.of(0L, 1L, 2L));
        assertThat(consumer.partitionsOf(topic)).containsExactlyInAnyOrder(0, 1);
    }

    @Test
    void partitionsThatATopicGetsLaterAreReadFromTheirStart() {
        String topic = api.newTopic(1);
        Consumer consumer = group.consumer(LATEST).subscribe(topic);

        api.addPartitions(topic, 3);
        api.writeNumbers(topic, 1, 0, 2);
        api.writeNumbers(topic, 2, 0, 2);

        assertThat(Consumer.places(awaitRecords(consumer, 4)))
                .containsExactlyInAnyOrder(topic + "/1@0", topic + "/1@1", topic + "/2@0", topic + "/2@1");
        assertThat(consumer.partitionsOf(topic)).containsExactlyInAnyOrder(0, 1, 2);
    }

    @Test
    void patternMatchesWholeNamesOfTopicsThatAreAndOfThoseThatCome() {
        String prefix = "p-" + UUID.randomUUID();
        api.createTopic(prefix + "-a", 1);
        api.createTopic("x" + prefix + "-a", 1);
        api.createTopic(prefix, 1);
        Consumer consumer = group.consumer(LATEST).subscribePattern(prefix + "-[ab]");
        assertThat(consumer.partitionsOf(prefix + "-a")).containsExactly(0);
        assertThat(consumer.subscription().path("partitions")).hasSize(1);

        api.createTopic(prefix + "-b", 1);
        api.createTopic(prefix + "-bb", 1);
        for (String topic : List.of(prefix, "x" + prefix + "-a", prefix + "-bb", prefix + "-a", prefix + "-b")) {
            api.writeNumbers(topic, 0, 0, 1);
        }

        assertThat(Consumer.places(awaitRecords(consumer, 2)))
                .containsExactlyInAnyOrder(prefix + "-a/0@0", prefix + "-b/0@0");
        assertThat(consumer.poll("timeout=300")).isEmpty();
        assertThat(consumer.subscription().path("partitions")).hasSize(2);
    }

    @Test
    void patternThatMatchesNothingYetIsASubscription() {
        String prefix = "p-" + UUID.randomUUID();

        Consumer consumer = group.consumer().subscribePattern(prefix + ".*");

        assertThat(consumer.poll("timeout=0")).isEmpty();
        assertThat(consumer.subscription().path("partitions")).isEmpty();
    }

    @Test
    void eachPatternReplacesTheOneBefore() {
        String one = api.newTopic(1);
        String two = api.newTopic(1);
        Consumer consumer = group.consumer().subscribePattern(one);

        consumer.subscribePattern(two);

        assertThat(consumer.partitionsOf(one)).isEmpty();
        assertThat(consumer.partitionsOf(two)).containsExactly(0);
    }

    @Test
    void topicThatIsDeletedLeavesTheOthersToRead() {
        String one = api.newTopic(1);
        String two = api.newTopic(1);
        Consumer consumer = group.consumer().subscribe(one, two);
        api.writeNumbers(one, 0, 0, 5);
        consumer.pollUntil(5);

        api.delete("/topics/" + one);
        api.writeNumbers(two, 0, 0, 5);

        assertThat(Consumer.places(awaitRecords(consumer, 5))).allMatch(place -> place.startsWith(two));
        Awaitility.await().atMost(PATIENCE).untilAsserted(() -> {
            consumer.poll("timeout=0");
            assertThat(consumer.partitionsOf(one)).isEmpty();
        });
    }

    @ParameterizedTest
    @ValueSource(strings = {"topics", "pattern", "partitions"})
    void deletionOfTheLastTopicEndsTheWaitOfAPoll(String kind) {
        String topic = api.newTopic(2);
        Consumer consumer = group.consumer();
        assertThat(subscribe(consumer, kind, topic).status()).isEqualTo(204);
        consumer.poll("timeout=0");
        CompletableFuture<Api.Answer> waiting = consumer.pollLater("timeout=50000");
        Awaitility.await().during(Duration.ofMillis(300)).atMost(PATIENCE).until(() -> !waiting.isDone());

        api.delete("/topics/" + topic);

        assertThat(waiting)
                .succeedsWithin(Duration.ofSeconds(10))
                .satisfies(answer -> assertThat(Consumer.records(answer)).isEmpty());
    }

    @Test
    void pollOnATopicThatWasDeletedBeforeDoesNotWait() {
        String topic = api.newTopic(1);
        Consumer consumer = group.consumer().subscribe(topic);
        consumer.poll("timeout=0");
        api.delete("/topics/" + topic);

        CompletableFuture<Api.Answer> poll = consumer.pollLater("timeout=50000");

        assertThat(poll)
                .succeedsWithin(Duration.ofSeconds(10))
                .satisfies(answer -> assertThat(Consumer.records(answer)).isEmpty());
    }

    @Test
    void deletionOfOneOfTwoTopicsDoesNotEndTheWaitForTheOther() {
        String one = api.newTopic(1);
        String two = api.newTopic(1);
        Consumer consumer = group.consumer().subscribe(one, two);
        consumer.poll("timeout=0");
        CompletableFuture<Api.Answer> waiting = consumer.pollLater("timeout=50000");

        api.delete("/topics/" + one);

        Awaitility.await().during(Duration.ofSeconds(1)).atMost(PATIENCE).until(() -> !waiting.isDone());
        api.writeNumbers(two, 0, 0, 1);
        assertThat(waiting)
                .succeedsWithin(PATIENCE)
                .satisfies(answer ->
                        assertThat(Consumer.places(Consumer.records(answer))).containsExactly(two + "/0@0"));
    }

    @Test
    void consumerWhosePartitionsGoToAnotherWaitsOn() {
        String topic = api.newTopic(1);
        Consumer first = group.consumer().subscribe(topic);
        Consumer second = group.consumer().subscribe(topic);
        CompletableFuture<Api.Answer> waiting = second.pollLater("timeout=50000");
        Awaitility.await().during(Duration.ofMillis(500)).atMost(PATIENCE).until(() -> !waiting.isDone());

        first.delete();
        api.writeNumbers(topic, 0, 0, 1);

        assertThat(waiting)
                .succeedsWithin(PATIENCE)
                .satisfies(answer -> assertThat(Consumer.records(answer)).hasSize(1));
    }

    @Test
    void topicOfADeletedOnesNameIsAnotherTopicAndReadFromItsStart() {
        String topic = api.newTopic(1);
        Consumer consumer = group.consumer().subscribe(topic);
        api.writeNumbers(topic, 0, 0, 5);
        consumer.pollUntil(5);
        consumer.commit();

        api.delete("/topics/" + topic);
        api.createTopic(topic, 1);
        api.writeNumbers(topic, 0, 0, 3);

        assertThat(Consumer.offsets(awaitRecords(consumer, 3))).containsExactly(0L, 1L, 2L);
    }

    @ParameterizedTest
    @CsvSource({
        "topics,pattern",
        "topics,partitions",
        "pattern,topics",
        "pattern,partitions",
        "partitions,topics",
        "partitions,pattern"
    })
    void kindsOfSubscriptionExcludeEachOtherUntilUnsubscribed(String first, String second) {
        String topic = api.newTopic(2);
        Consumer consumer = group.consumer();
        assertThat(subscribe(consumer, first, topic).status()).isEqualTo(204);
        List<Integer> before = consumer.partitionsOf(topic);

        Api.Answer refused = subscribe(consumer, second, topic);

        assertFailure(refused, 409, "SUBSCRIPTION_CONFLICT");
        assertThat(consumer.partitionsOf(topic)).isEqualTo(before);
        consumer.unsubscribe();
        assertThat(subscribe(consumer, second, topic).status()).isEqualTo(204);
    }

    @Test
    void topicsAndAPatternTogetherAreAConflict() {
        String topic = api.newTopic(1);
        Consumer consumer = group.consumer();

        Api.Answer answer =
                consumer.post("/subscription", "{\"topics\":[\"" + topic + "\"],\"topic_pattern\":\"" + topic + "\"}");

        assertFailure(answer, 409, "SUBSCRIPTION_CONFLICT");
        assertFailure(consumer.pollAnswer("timeout=0"), 409, "NOT_SUBSCRIBED");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "{}|422|INVALID_SUBSCRIPTION",
                "{\"topic_pattern\":\"(\"}|422|INVALID_SUBSCRIPTION",
                "{\"topic_pattern\":\"[z-a]\"}|422|INVALID_SUBSCRIPTION",
                "{\"topic_pattern\":\"*\"}|422|INVALID_SUBSCRIPTION",
                "{\"topic_pattern\":\"(a)\\\\1\"}|422|INVALID_SUBSCRIPTION",
                "{\"topic_pattern\":\"a(?=b)\"}|422|INVALID_SUBSCRIPTION",
                "{\"topic_pattern\":\"((x{1000}){1000}){1000}\"}|422|INVALID_SUBSCRIPTION",
                "{\"topic_pattern\":\"((a{100}){100}){40}\"}|422|INVALID_SUBSCRIPTION",
                "{\"topics\":[\"a b\"]}|422|INVALID_SUBSCRIPTION",
                "{\"topics\":[\"\"]}|422|INVALID_SUBSCRIPTION",
                "{\"topics\":[\"fine\",\"..\"]}|422|INVALID_SUBSCRIPTION",
                "{\"topics\":\"t\"}|400|INVALID_REQUEST",
                "{\"topics\":[7]}|400|INVALID_REQUEST",
                "{\"topics\":[null]}|400|INVALID_REQUEST",
                "{\"topics\":{}}|400|INVALID_REQUEST",
                "{\"topic_pattern\":7}|400|INVALID_REQUEST",
                "{\"topics\":[\"t\"],\"color\":1}|400|INVALID_REQUEST",
                "[\"t\"]|400|INVALID_REQUEST",
                "{\"topics\":[\"t\"]|400|INVALID_JSON"
            })
    void badSubscriptionIsRefusedAndTheOneBeforeStays(String body, int status, String code) {
        String topic = api.newTopic(1);
        Consumer consumer = group.consumer().subscribe(topic);

        Api.Answer answer = consumer.post("/subscription", body);

        assertFailure(answer, status, code);
        assertThat(consumer.partitionsOf(topic)).containsExactly(0);
    }

    @Test
    void patternThatWouldTakeABacktrackingEngineForEverIsAnsweredAtOnce() {
        Consumer consumer = group.consumer();
        api.createTopic("a".repeat(60) + "-" + UUID.randomUUID(), 1);
        long start = System.nanoTime();

        Api.Answer answer = consumer.post("/subscription", Consumer.pattern("(a+)+(a+)+(a+)+b"));

        assertThat(answer.status()).isEqualTo(204);
        assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(Duration.ofSeconds(10));
    }

    @Test
    void assignedPartitionsAreReadAndNoOthers() {
        String topic = api.newTopic(3);
        for (int partition = 0; partition < 3; partition++) {
            api.writeNumbers(topic, partition, 0, 2);
        }

        Consumer consumer = group.consumer().assign(topic, 0, 2);

        assertThat(consumer.partitionsOf(topic)).containsExactlyInAnyOrder(0, 2);
        assertThat(Consumer.places(consumer.pollUntil(4)))
                .containsExactlyInAnyOrder(topic + "/0@0", topic + "/0@1", topic + "/2@0", topic + "/2@1");
        assertThat(consumer.poll("timeout=300")).isEmpty();
    }

    @Test
    void eachAssignmentReplacesTheOneBeforeAndAnEmptyOneEndsIt() {
        String topic = api.newTopic(3);
        Consumer consumer = group.consumer().assign(topic, 0, 1);

        consumer.assign(topic, 2);
        List<Integer> second = consumer.partitionsOf(topic);
        consumer.assign(topic);

        assertThat(second).containsExactly(2);
        assertThat(consumer.subscription().path("partitions")).isEmpty();
        assertFailure(consumer.pollAnswer("timeout=0"), 409, "NOT_SUBSCRIBED");
        consumer.subscribe(topic);
        assertThat(consumer.partitionsOf(topic)).containsExactly(0, 1, 2);
    }

    @Test
    void assignedPartitionsThatDoNotExistYetAreReadFromTheirStartWhenTheyDo() {
        String topic = api.newTopic(1);
        String later = "later-" + UUID.randomUUID();
        Consumer consumer = group.consumer("{\"format\":\"json\"}");

        Api.Answer assigned = consumer.post(
                "/assignments",
                "{\"partitions\":[{\"topic\":\"" + topic + "\",\"partition\":1},{\"topic\":\"" + later
                        + "\",\"partition\":0}]}");
        List<JsonNode> before = consumer.poll("timeout=0");
        JsonNode subscription = consumer.subscription();
        api.addPartitions(topic, 2);
        api.createTopic(later, 1);
        api.writeNumbers(topic, 1, 0, 1);
        api.writeNumbers(later, 0, 0, 1);

        assertThat(assigned.status()).isEqualTo(204);
        assertThat(before).isEmpty();
        assertThat(subscription.path("topics")).extracting(JsonNode::asText).containsExactlyInAnyOrder(topic, later);
        assertThat(subscription.path("partitions")).hasSize(2);
        assertThat(Consumer.places(awaitRecords(consumer, 2)))
                .containsExactlyInAnyOrder(topic + "/1@0", later + "/0@0");
    }

    @Test
    void waitingPollGetsTheRecordsOfAnAssignedPartitionThatIsCreatedMeanwhile() {
        String later = "later-" + UUID.randomUUID();
        Consumer consumer = group.consumer().assign(later, 0);

        CompletableFuture<Api.Answer> poll = consumer.pollLater("timeout=20000");
        api.createTopic(later, 1);
        api.writeNumbers(later, 0, 0, 1);

        assertThat(Consumer.places(Consumer.records(poll.join()))).containsExactly(later + "/0@0");
    }

    @Test
    void subscriptionListsTheTopicsOfAssignedPartitions() {
        String topic = api.newTopic(2);
        Consumer consumer = group.consumer().assign(topic, 1);

        assertThat(consumer.subscription().toString())
                .isEqualTo("{\"topics\":[\"" + topic + "\"],\"partitions\":[{\"" + topic + "\":[1]}]}");
    }

    /** As a replica of the version before writes it. */
    @Test
    void assignmentWithoutNamesIsReadAndListed() throws Exception {
        String topic = api.newTopic(2);
        api.writeNumbers(topic, 1, 0, 1);
        Consumer consumer = group.consumer().assign(topic, 1);
        TestDatabase.execute(
                "UPDATE trunkline.group_member SET assigned = NULL WHERE name = '" + consumer.name() + "'");
        api.newTopic(1);

        assertThat(consumer.subscription().toString())
                .isEqualTo("{\"topics\":[\"" + topic + "\"],\"partitions\":[{\"" + topic + "\":[1]}]}");
        assertThat(Consumer.places(consumer.poll())).containsExactly(topic + "/1@0");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "{}|INVALID_REQUEST",
                "{\"partitions\":{}}|INVALID_REQUEST",
                "{\"partitions\":[7]}|INVALID_REQUEST",
                "{\"partitions\":[{\"topic\":\"t\"}]}|INVALID_REQUEST",
                "{\"partitions\":[{\"partition\":0}]}|INVALID_REQUEST",
                "{\"partitions\":[{\"topic\":7,\"partition\":0}]}|INVALID_REQUEST",
                "{\"partitions\":[{\"topic\":\"t\",\"partition\":\"0\"}]}|INVALID_REQUEST",
                "{\"partitions\":[{\"topic\":\"t\",\"partition\":0,\"offset\":1}]}|INVALID_REQUEST",
                "{\"partitions\":[],\"color\":1}|INVALID_REQUEST",
                "[]|INVALID_REQUEST",
                "{\"partitions\":[|INVALID_JSON"
            })
    void badAssignmentIsABadRequest(String body, String code) {
        assertFailure(group.consumer().post("/assignments", body), 400, code);
    }

    private static Api.Answer subscribe(Consumer consumer, String kind, String topic) {
        return switch (kind) {
            case "topics" -> consumer.post("/subscription", Consumer.topics(topic));
            case "pattern" -> consumer.post("/subscription", Consumer.pattern(topic));
            default -> consumer.post("/assignments", Consumer.partitions(topic, 1));
        };
    }

    /** Polls until so many records have come: what is new in topics is seen by one of the next polls. */
    private static List<JsonNode> awaitRecords(Consumer consumer, int count) {
        List<JsonNode> records = new ArrayList<>();
        Awaitility.await().atMost(PATIENCE).until(() -> {
            records.addAll(consumer.poll("timeout=200"));
            return records.size() >= count;
        });
        return records;
    }
}
