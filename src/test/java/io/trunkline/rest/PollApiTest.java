package io.trunkline.rest;

import static io.trunkline.testing.Failure.assertFailure;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.quarkus.test.junit.QuarkusTest;
import io.trunkline.testing.Api;
import io.trunkline.testing.Consumer;
import io.trunkline.testing.Group;
import io.trunkline.testing.ServiceTestCase;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.function.Supplier;
import java.util.stream.LongStream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Which records a poll gives, how many, and when. */
@QuarkusTest
class PollApiTest extends ServiceTestCase {
    private static final Duration SOON = Duration.ofSeconds(15);
    private static final Duration A_WHILE = Duration.ofMillis(400);
    /** A poll that would not come back in time if it waited to its end. */
    private static final String LONG = "timeout=50000";

    private static final String NONE = "{\"format\":\"json\",\"auto.offset.reset\":\"none\"}";
    private static final String LATEST = "{\"format\":\"json\"}";
    private static final String TEXT = "{\"format\":\"text\",\"auto.offset.reset\":\"earliest\"}";

    // Where reading begins

    @Test
    void earliestBeginsWithTheFirstRecord() {
        String topic = api.newTopic(1);
        api.writeNumbers(topic, 0, 0, 3);

        Consumer consumer = group.consumer().subscribe(topic);

        assertThat(Consumer.offsets(consumer.pollUntil(3))).containsExactly(0L, 1L, 2L);
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void latestBeginsWithTheFirstRecordAfterTheSubscriptionAndNotAfterTheFirstPoll(boolean bySubscription) {
        String topic = api.newTopic(1);
        api.writeNumbers(topic, 0, 0, 3);
        Consumer consumer = group.consumer(LATEST);
        if (bySubscription) {
            consumer.subscribe(topic);
        } else {
            consumer.assign(topic, 0);
        }

        api.writeNumbers(topic, 0, 3, 5);

        assertThat(Consumer.offsets(consumer.pollUntil(2))).containsExactly(3L, 4L);
    }

    @Test
    void latestIsTheDefault() {
        String topic = api.newTopic(1);
        api.writeNumbers(topic, 0, 0, 3);

        Consumer consumer = group.consumer("{}").subscribe(topic);

        assertThat(consumer.poll("timeout=300")).isEmpty();
    }

    @Test
    void noneIsAConflictWhereNothingIsCommittedUntilTheClientChooses() {
        String topic = api.newTopic(1);
        api.writeNumbers(topic, 0, 0, 3);
        Consumer consumer = group.consumer(NONE).subscribe(topic);

        Api.Answer answer = consumer.pollAnswer("timeout=0");
        Api.Answer seek = consumer.post("/positions/beginning", Consumer.partitions(topic, 0));

        assertFailure(answer, 409, "NO_OFFSET");
        assertThat(seek.status()).isEqualTo(204);
        assertThat(Consumer.offsets(consumer.pollUntil(3))).containsExactly(0L, 1L, 2L);
    }

    @Test
    void noneGoesOnFromWhatIsCommitted() {
        String topic = api.newTopic(1);
        api.writeNumbers(topic, 0, 0, 3);
        Consumer before = group.manualConsumer().subscribe(topic);
        before.commit(topic, 0, 2);
        before.delete();

        Consumer consumer = group.consumer(NONE).subscribe(topic);

        assertThat(Consumer.offsets(consumer.poll())).containsExactly(2L);
    }

    @Test
    void pollWithoutASubscriptionIsAConflict() {
        assertFailure(group.consumer().pollAnswer("timeout=0"), 409, "NOT_SUBSCRIBED");
    }

    // How much

    @ParameterizedTest
    @CsvSource({"1,1", "1063,1", "2127,1", "2128,2", "5320,5", "100000,10"})
    void pageEndsAtTheLastRecordThatFitsAndHasAtLeastOne(int maxBytes, int count) {
        String topic = api.newTopic(1);
        api.write(topic, 0, Api.TEXT, Collections.nCopies(10, "{\"value\":\"" + "x".repeat(1000) + "\"}"));
        Consumer consumer = group.consumer(TEXT).subscribe(topic);

        List<JsonNode> first = consumer.poll("max_bytes=" + maxBytes + "&timeout=15000");

        assertThat(first).hasSize(count);
        assertThat(Consumer.offsets(first)).isEqualTo(offsets(0, count));
    }

    @Test
    void recordLargerThanAnyPageIsGivenAlone() {
        String topic = api.newTopic(1, "{\"max.message.bytes\":\"5000000\"}");
        api.write(topic, 0, Api.TEXT, List.of("{\"value\":\"" + "x".repeat(3_000_000) + "\"}"));
        api.write(topic, 0, Api.TEXT, List.of("{\"value\":\"small\"}"));
        Consumer consumer = group.consumer(TEXT).subscribe(topic);

        List<JsonNode> first = consumer.poll("timeout=15000");
        List<JsonNode> second = consumer.poll("timeout=15000");

        assertThat(Consumer.offsets(first)).containsExactly(0L);
        assertThat(first.getFirst().path("value").asText()).hasSize(3_000_000);
        assertThat(Consumer.offsets(second)).containsExactly(1L);
    }

    @Test
    void pageHasAMebibyteWhereNothingIsSaid() {
        String topic = api.newTopic(1);
        List<String> records = Collections.nCopies(20, "{\"value\":\"" + "x".repeat(99_936) + "\"}"); // 100,000 each
        api.write(topic, 0, Api.TEXT, records);
        Consumer consumer = group.consumer(TEXT).subscribe(topic);

        assertThat(consumer.poll()).hasSize(10);
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 200, 700, 5000})
    void pagesOfAnySizeGiveEveryRecordOnceAndEachPartitionInOrder(int maxBytes) {
        String one = api.newTopic(3);
        String two = api.newTopic(2);
        for (int i = 0; i < 24; i += 6) {
            for (int partition = 0; partition < 3; partition++) {
                api.writeNumbers(one, partition, i, i + 6);
            }
            for (int partition = 0; partition < 2; partition++) {
                api.writeNumbers(two, partition, i, i + 6);
            }
        }
        Consumer consumer = group.consumer().subscribe(one, two);

        List<JsonNode> records = consumer.pollUntil(5 * 24, "timeout=15000&max_bytes=" + maxBytes);

        assertThat(Consumer.places(records)).hasSize(5 * 24).doesNotHaveDuplicates();
        assertInOrder(records, one, 3);
        assertInOrder(records, two, 2);
        assertThat(consumer.poll("timeout=300")).isEmpty();
    }

    @Test
    void largeBacklogOfOnePartitionKeepsNoOtherWaiting() {
        String topic = api.newTopic(4);
        List<String> backlog = Collections.nCopies(500, "{\"value\":\"" + "x".repeat(936) + "\"}"); // 1,000 each
        for (int partition = 0; partition < 4; partition++) {
            api.write(topic, partition, Api.TEXT, backlog);
        }
        Consumer consumer = group.consumer(TEXT).subscribe(topic);

        Set<Integer> firstPolls = new HashSet<>();
        List<JsonNode> all = new ArrayList<>();
        for (int i = 0; i < 16; i++) {
            List<JsonNode> page = consumer.poll("timeout=15000&max_bytes=100000");
            all.addAll(page);
            if (i < 4) {
                firstPolls.addAll(Consumer.offsetsByPartition(page).keySet());
            }
        }

        assertThat(firstPolls).containsExactlyInAnyOrder(0, 1, 2, 3);
        assertThat(Consumer.offsetsByPartition(all).values())
                .allSatisfy(offsets -> assertThat(offsets).hasSizeGreaterThan(200));
    }

    @Test
    void littleOfOnePartitionComesSoonBesideTheBacklogOfAnother() {
        String topic = api.newTopic(2);
        api.write(topic, 0, Api.TEXT, Collections.nCopies(1000, "{\"value\":\"" + "x".repeat(936) + "\"}"));
        Consumer consumer = group.consumer(TEXT).subscribe(topic);
        consumer.poll("timeout=15000&max_bytes=50000");

        api.write(topic, 1, Api.TEXT, List.of("{\"value\":\"little\"}"));

        List<JsonNode> next = new ArrayList<>();
        for (int i = 0; i < 4; i++) {
            next.addAll(consumer.poll("timeout=15000&max_bytes=50000"));
        }
        assertThat(Consumer.places(next)).contains(topic + "/1@0");
    }

    // When

    @Test
    void longPollAnswersAsSoonAsThereIsARecord() {
        String topic = api.newTopic(3);
        Consumer consumer = group.consumer().subscribe(topic);
        CompletableFuture<Api.Answer> poll = consumer.pollLater(LONG);
        assertWaits(poll);

        api.writeNumbers(topic, 2, 0, 1);

        assertThat(poll)
                .succeedsWithin(SOON)
                .satisfies(answer ->
                        assertThat(Consumer.places(Consumer.records(answer))).containsExactly(topic + "/2@0"));
    }

    @Test
    void pollEndsWithItsTimeoutAndNoRecords() {
        Consumer consumer = group.consumer().subscribe(api.newTopic(1));

        Timed poll = timed(() -> consumer.pollAnswer("timeout=700"));

        assertThat(poll.answer().status()).isEqualTo(200);
        assertThat(poll.answer().body()).isEqualTo("[]");
        assertThat(poll.time()).isBetween(Duration.ofMillis(650), SOON);
    }

    @Test
    void pollWithoutATimeoutWaitsAsLongAsTheConsumersOptionSays() {
        String topic = api.newTopic(1);
        Consumer patient =
                group.consumer("{\"consumer.request.timeout.ms\":700}").subscribe(topic);
        Consumer usual = new Group(api).consumer("{}").subscribe(topic);

        Timed ofPatient = timed(() -> patient.pollAnswer(""));
        Timed ofUsual = timed(() -> usual.pollAnswer(""));
        Timed overruled = timed(() -> patient.pollAnswer("timeout=1500"));

        assertThat(ofPatient.time()).isBetween(Duration.ofMillis(650), SOON);
        assertThat(ofUsual.time()).isBetween(Duration.ofMillis(80), SOON);
        assertThat(overruled.time()).isBetween(Duration.ofMillis(1450), SOON);
    }

    @Test
    void pollWaitsForTheBytesThatTheConsumerWantsAtLeast() {
        String topic = api.newTopic(2);
        Consumer consumer = group.consumer(
                        "{\"format\":\"text\",\"auto.offset.reset\":\"earliest\",\"fetch.min.bytes\":5000}")
                .subscribe(topic);
        CompletableFuture<Api.Answer> poll = consumer.pollLater(LONG);
        api.write(topic, 0, Api.TEXT, List.of("{\"value\":\"little\"}"));
        assertWaits(poll);

        api.write(topic, 1, Api.TEXT, List.of("{\"value\":\"" + "x".repeat(6000) + "\"}"));

        assertThat(poll)
                .succeedsWithin(SOON)
                .satisfies(answer -> assertThat(Consumer.places(Consumer.records(answer)))
                        .containsExactlyInAnyOrder(topic + "/0@0", topic + "/1@0"));
    }

    @Test
    void pollGivesLessThanIsWantedWhenItsTimeIsOver() {
        String topic = api.newTopic(1);
        api.write(topic, 0, Api.TEXT, List.of("{\"value\":\"little\"}"));
        Consumer consumer = group.consumer(
                        "{\"format\":\"text\",\"auto.offset.reset\":\"earliest\",\"fetch.min.bytes\":5000}")
                .subscribe(topic);

        Timed poll = timed(() -> consumer.pollAnswer("timeout=700"));

        assertThat(Consumer.offsets(Consumer.records(poll.answer()))).containsExactly(0L);
        assertThat(poll.time()).isBetween(Duration.ofMillis(650), SOON);
    }

    @Test
    void pageThatIsFullNeedNotBeWhatIsWantedAtLeast() {
        String topic = api.newTopic(1);
        api.write(topic, 0, Api.TEXT, Collections.nCopies(10, "{\"value\":\"" + "x".repeat(1000) + "\"}"));
        Consumer consumer = group.consumer(
                        "{\"format\":\"text\",\"auto.offset.reset\":\"earliest\",\"fetch.min.bytes\":100000}")
                .subscribe(topic);

        CompletableFuture<Api.Answer> poll = consumer.pollLater(LONG + "&max_bytes=3000");

        assertThat(poll)
                .succeedsWithin(SOON)
                .satisfies(answer -> assertThat(Consumer.records(answer)).hasSize(2));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "timeout=99999999999",
                "timeout=9223372036854775807",
                "max_bytes=99999999999",
                "max_bytes=9223372036854775807",
                "timeout=99999999999&max_bytes=99999999999"
            })
    void moreThanTheServerGivesIsCutAndNotRefused(String query) {
        String topic = api.newTopic(1);
        api.writeNumbers(topic, 0, 0, 3);
        Consumer consumer = group.consumer().subscribe(topic);

        CompletableFuture<Api.Answer> poll = consumer.pollLater(query);

        assertThat(poll)
                .succeedsWithin(SOON)
                .satisfies(answer -> assertThat(Consumer.records(answer)).hasSize(3));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "timeout=soon",
                "timeout=-1",
                "timeout=1.5",
                "timeout=1e3",
                "max_bytes=all",
                "max_bytes=-1",
                "max_bytes=0x10"
            })
    void garbageInParametersIsABadRequestThatGivesNothing(String query) {
        String topic = api.newTopic(1);
        api.writeNumbers(topic, 0, 0, 3);
        Consumer consumer = group.consumer().subscribe(topic);

        Api.Answer answer = consumer.pollAnswer(query);

        assertFailure(answer, 400, "INVALID_PARAMETER");
        assertThat(Consumer.offsets(consumer.poll())).containsExactly(0L, 1L, 2L);
    }

    private static void assertWaits(CompletableFuture<Api.Answer> poll) {
        Awaitility.await().during(A_WHILE).atMost(SOON).until(() -> !poll.isDone());
    }

    private static void assertInOrder(List<JsonNode> records, String topic, int partitions) {
        Map<Integer, List<Long>> byPartition = Consumer.offsetsByPartition(records.stream()
                .filter(r -> r.path("topic").asText().equals(topic))
                .toList());
        assertThat(byPartition).hasSize(partitions);
        assertThat(byPartition.values()).allSatisfy(found -> assertThat(found).isEqualTo(offsets(0, 24)));
    }

    private static List<Long> offsets(int from, int to) {
        return LongStream.range(from, to).boxed().toList();
    }

    private record Timed(Api.Answer answer, Duration time) {}

    private static Timed timed(Supplier<Api.Answer> call) {
        long start = System.nanoTime();
        Api.Answer answer = call.get();
        return new Timed(answer, Duration.ofNanos(System.nanoTime() - start));
    }
}
