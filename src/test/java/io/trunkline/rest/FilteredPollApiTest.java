package io.trunkline.rest;

import static io.trunkline.testing.Failure.assertFailure;
import static org.assertj.core.api.Assertions.assertThat;

import io.quarkus.test.junit.QuarkusTest;
import io.trunkline.testing.Api;
import io.trunkline.testing.Consumer;
import io.trunkline.testing.ServiceTestCase;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;

/** Polls that want only some records. */
@QuarkusTest
class FilteredPollApiTest extends ServiceTestCase {
    private static final Duration SOON = Duration.ofSeconds(15);
    private static final Duration A_WHILE = Duration.ofMillis(400);
    private static final String EVEN = "&filter=" + encoded("value.even = true");
    private static final String NONE = "&filter=" + encoded("value.even = 'maybe'");

    @Test
    void onlyRecordsThatMatchAreGivenOfAllPartitions() {
        String topic = api.newTopic(3);
        for (int partition = 0; partition < 3; partition++) {
            write(topic, partition, 0, 10);
        }
        Consumer consumer = group.consumer().subscribe(topic);

        Api.Answer answer = consumer.pollAnswer("timeout=10000" + EVEN);

        assertThat(Consumer.offsetsByPartition(Consumer.records(answer)).values())
                .hasSize(3)
                .allSatisfy(offsets -> assertThat(offsets).containsExactly(0L, 2L, 4L, 6L, 8L));
        assertThat(answer.header("Trunkline-Passed-Records")).isEqualTo("15");
        assertThat(consumer.poll("timeout=0")).isEmpty();
    }

    @Test
    void smallPollsGiveEveryMatchOnce() {
        String topic = api.newTopic(2);
        for (int i = 0; i < 60; i += 20) {
            write(topic, 0, i, i + 20);
            write(topic, 1, i, i + 20);
        }
        Consumer consumer = group.consumer().subscribe(topic);

        List<String> places = new ArrayList<>();
        for (int poll = 0; poll < 60 && places.size() < 60; poll++) {
            places.addAll(Consumer.places(consumer.poll("timeout=1000&max_bytes=250" + EVEN)));
        }

        assertThat(places).hasSize(60).doesNotHaveDuplicates();
        assertThat(consumer.poll("timeout=200" + EVEN)).isEmpty();
    }

    @Test
    void positionsMovePastWhatDoesNotMatchThoughNothingIsGiven() {
        String topic = api.newTopic(1);
        write(topic, 0, 0, 10);
        Consumer consumer = group.manualConsumer().subscribe(topic);

        Api.Answer none = consumer.pollAnswer("timeout=300" + NONE);
        consumer.commit();

        assertThat(Consumer.records(none)).isEmpty();
        assertThat(none.header("Trunkline-Passed-Records")).isEqualTo("10");
        assertThat(group.partition(topic, 0).path("committed_offset").asLong(-1))
                .isEqualTo(10);
        assertThat(consumer.poll("timeout=100")).isEmpty();
    }

    /** However short the wait is, what was looked at is not looked at again and again. */
    @Test
    void pollsThatDoNotWaitMoveOnToo() {
        String topic = api.newTopic(1);
        write(topic, 0, 0, 10);
        Consumer consumer = group.consumer().subscribe(topic);

        Awaitility.await()
                .atMost(SOON)
                .until(() -> consumer.pollAnswer("timeout=1" + NONE)
                        .header("Trunkline-Passed-Records")
                        .equals("0"));

        assertThat(consumer.poll("timeout=100")).isEmpty();
    }

    @Test
    void aConsumerThatCommitsByItselfCommitsWhatWasPassedOver() {
        String topic = api.newTopic(1);
        write(topic, 0, 0, 10);
        Consumer consumer = group.consumer().subscribe(topic);

        assertThat(consumer.poll("timeout=300" + NONE)).isEmpty();
        assertThat(consumer.poll("timeout=300" + NONE)).isEmpty();

        assertThat(group.partition(topic, 0).path("committed_offset").asLong(-1))
                .isEqualTo(10);
    }

    @Test
    void whatWasPassedOverIsNotCommittedBeforeTheClientSaysSo() {
        String topic = api.newTopic(1);
        write(topic, 0, 0, 10);
        Consumer first = group.manualConsumer().subscribe(topic);
        assertThat(Consumer.offsets(first.poll("timeout=1000&max_bytes=70" + EVEN)))
                .containsExactly(0L);
        assertThat(first.poll("timeout=300" + NONE)).isEmpty();
        first.delete();

        Consumer second = group.manualConsumer().subscribe(topic);

        assertThat(Consumer.offsets(second.poll("timeout=10000")))
                .startsWith(0L)
                .hasSize(10);
    }

    @Test
    void aWaitEndsWithAMatchOnly() {
        String topic = api.newTopic(2);
        write(topic, 0, 0, 10);
        Consumer consumer = group.consumer().subscribe(topic);
        CompletableFuture<Api.Answer> poll = consumer.pollLater("timeout=50000&filter=" + encoded("value.n = 100"));
        for (int i = 10; i < 50; i += 5) {
            write(topic, i / 5 % 2, i, i + 5);
        }
        Awaitility.await().during(A_WHILE).atMost(SOON).until(() -> !poll.isDone());

        write(topic, 1, 100, 101);

        assertThat(poll).succeedsWithin(SOON).satisfies(answer -> {
            assertThat(Consumer.records(answer)).hasSize(1);
            assertThat(answer.json().get(0).path("value").path("n").asInt()).isEqualTo(100);
            assertThat(answer.header("Trunkline-Passed-Records")).isEqualTo("50");
        });
        assertThat(consumer.poll("timeout=100")).isEmpty();
    }

    @Test
    void bytesThatAConsumerWantsAtLeastAreNotWaitedFor() {
        String topic = api.newTopic(1);
        write(topic, 0, 0, 4);
        Consumer consumer = group.consumer(
                        "{\"format\":\"json\",\"auto.offset.reset\":\"earliest\",\"fetch.min.bytes\":100000}")
                .subscribe(topic);

        CompletableFuture<Api.Answer> poll = consumer.pollLater("timeout=50000" + EVEN);

        assertThat(poll)
                .succeedsWithin(SOON)
                .satisfies(answer -> assertThat(Consumer.records(answer)).hasSize(2));
    }

    /** A poll that would wait for long comes back when it has looked at enough, and the next one goes on from there. */
    @Test
    void aPollLooksAtABoundedNumberOfRecords() {
        String topic = api.newTopic(2);
        String record = "{\"value\":1}";
        String body = "{\"records\":[" + record + ("," + record).repeat(49_999) + "]}";
        for (int i = 0; i < 4; i++) {
            assertThat(api.post("/topics/" + topic + "/partitions/0", Api.JSON, body)
                            .status())
                    .isEqualTo(200);
            assertThat(api.post("/topics/" + topic + "/partitions/1", Api.JSON, body)
                            .status())
                    .isEqualTo(200);
        }
        Consumer consumer = group.consumer().subscribe(topic);

        CompletableFuture<Api.Answer> first = consumer.pollLater("timeout=50000" + NONE);
        assertThat(first).succeedsWithin(Duration.ofSeconds(40));
        long passed = Long.parseLong(first.join().header("Trunkline-Passed-Records"));
        Api.Answer second = consumer.pollAnswer("timeout=2000" + NONE);

        assertThat(Consumer.records(first.join())).isEmpty();
        assertThat(passed).isBetween(100_000L, 399_999L);
        assertThat(Consumer.records(second)).isEmpty();
        assertThat(passed + Long.parseLong(second.header("Trunkline-Passed-Records")))
                .isEqualTo(400_000);
        assertThat(consumer.poll("timeout=100")).isEmpty();
    }

    @Test
    void aPollGoesOnWhereRetentionHasOvertakenWhatItPassedOver() {
        String topic = api.newTopic(1);
        write(topic, 0, 0, 10);
        Consumer consumer = group.consumer().subscribe(topic);
        CompletableFuture<Api.Answer> poll = consumer.pollLater("timeout=50000&filter=" + encoded("value.n = 100"));
        Awaitility.await().during(A_WHILE).atMost(SOON).until(() -> !poll.isDone());
        assertThat(api.delete("/topics/" + topic + "/partitions/0/records?before=10")
                        .status())
                .isLessThan(300);

        write(topic, 0, 100, 101);

        assertThat(poll)
                .succeedsWithin(SOON)
                .satisfies(answer ->
                        assertThat(Consumer.offsets(Consumer.records(answer))).containsExactly(10L));
    }

    @Test
    void whatIsNoFilterIsRefused() {
        String topic = api.newTopic(1);
        Consumer consumer = group.consumer().subscribe(topic);

        assertFailure(consumer.pollAnswer("filter=key"), 400, "INVALID_PARAMETER");
    }

    private void write(String topic, int partition, int from, int to) {
        List<String> records = new ArrayList<>();
        for (int n = from; n < to; n++) {
            records.add("{\"value\":{\"n\":" + n + ",\"even\":" + (n % 2 == 0) + "}}");
        }
        api.write(topic, partition, Api.JSON, records);
    }

    private static String encoded(String filter) {
        return URLEncoder.encode(filter, StandardCharsets.UTF_8);
    }
}
