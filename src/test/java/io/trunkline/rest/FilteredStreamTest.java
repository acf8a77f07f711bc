package io.trunkline.rest;

import static io.trunkline.testing.Failure.assertFailure;
import static org.assertj.core.api.Assertions.assertThat;

import io.quarkus.test.junit.QuarkusTest;
import io.trunkline.testing.Api;
import io.trunkline.testing.Consumer;
import io.trunkline.testing.EventStream;
import io.trunkline.testing.EventStream.Event;
import io.trunkline.testing.ServiceTestCase;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Streams that want only some records. */
@QuarkusTest
class FilteredStreamTest extends ServiceTestCase {
    private static final Duration PATIENCE = Duration.ofSeconds(30);

    private final List<EventStream> open = new ArrayList<>();

    @AfterEach
    void closeStreams() {
        open.forEach(EventStream::close);
    }

    @Test
    void aStreamGivesWhatMatchesOfWhatIsThereAndOfWhatIsAppended() {
        String topic = api.newTopic(3);
        for (int partition = 0; partition < 3; partition++) {
            write(topic, partition, 0, 10);
        }
        EventStream stream = open("/topics/" + topic + "/records?filter=" + encoded("value.third = true"), "");

        List<String> first = positions(stream.next(12));
        for (int partition = 0; partition < 3; partition++) {
            write(topic, partition, 10, 20);
        }
        List<String> more = positions(stream.next(9));

        assertThat(first)
                .containsExactlyInAnyOrder(
                        "0:0", "0:3", "0:6", "0:9", "1:0", "1:3", "1:6", "1:9", "2:0", "2:3", "2:6", "2:9");
        assertThat(more)
                .containsExactlyInAnyOrder("0:12", "0:15", "0:18", "1:12", "1:15", "1:18", "2:12", "2:15", "2:18");
        assertThat(stream.waiting()).isZero();
    }

    @Test
    void aStreamGoesOnBehindEachEvent() {
        String topic = api.newTopic(2);
        write(topic, 0, 0, 20);
        write(topic, 1, 0, 20);
        String path = "/topics/" + topic + "/records?filter=" + encoded("value.third = true");
        List<Event> all = open(path, "").next(14);

        for (int seen = 0; seen < all.size(); seen++) {
            EventStream rest = open(path, all.get(seen).id());
            assertThat(positions(rest.next(13 - seen)))
                    .containsExactlyInAnyOrderElementsOf(positions(all.subList(seen + 1, 14)));
            assertThat(rest.waiting()).isZero();
            rest.close();
        }
    }

    /** The id of the last event of a page lies behind what follows it in vain. */
    @Test
    void theLastIdLiesBehindWhatWasPassedOver() {
        String topic = api.newTopic(1);
        write(topic, 0, 0, 20);
        Event last = open("/topics/" + topic + "/records?filter=" + encoded("value.n = 5"), "")
                .next();

        EventStream rest = open("/topics/" + topic + "/records", last.id());
        write(topic, 0, 20, 21);

        assertThat(rest.next().position()).isEqualTo("0:20");
    }

    @Test
    void aStreamOfOnePartitionMovesOnThroughManyRecordsInVain() {
        String topic = api.newTopic(1);
        String record = "{\"value\":1}";
        String body = "{\"records\":[" + record + ("," + record).repeat(49_999) + "]}";
        for (int i = 0; i < 400_000; i += 50_000) {
            assertThat(api.post("/topics/" + topic + "/partitions/0", Api.JSON, body)
                            .status())
                    .isEqualTo(200);
        }
        write(topic, 0, 0, 1);

        EventStream stream =
                open("/topics/" + topic + "/partitions/0/records?filter=" + encoded("exists(value.n)"), "");

        assertThat(stream.next().position()).isEqualTo("0:400000");
    }

    @Test
    void aConsumersStreamMovesItsPositionPastWhatDoesNotMatch() {
        String topic = api.newTopic(1);
        write(topic, 0, 0, 10);
        Consumer consumer = group.consumer().subscribe(topic);
        EventStream stream = open(consumer.path() + "/records?filter=" + encoded("value.third = true"), "");
        assertThat(positions(stream.next(4))).containsExactly("0:0", "0:3", "0:6", "0:9");

        write(topic, 0, 10, 12);
        write(topic, 0, 12, 14);

        assertThat(stream.next().position()).isEqualTo("0:12");
        stream.close();
        Awaitility.await()
                .atMost(PATIENCE)
                .until(() -> consumer.pollAnswer("timeout=0").status() == 200);
        write(topic, 0, 20, 21);
        List<Long> left = new ArrayList<>();
        Awaitility.await().atMost(PATIENCE).until(() -> {
            left.addAll(Consumer.offsets(consumer.poll("timeout=100")));
            return left.contains(14L);
        });
        assertThat(left).allSatisfy(offset -> assertThat(offset).isGreaterThanOrEqualTo(12L));
    }

    @ParameterizedTest
    @ValueSource(strings = {"filter=key", "order=desc", "order=asc"})
    void badParametersAreRefused(String query) {
        String topic = api.newTopic(1);
        Consumer consumer = group.consumer().subscribe(topic);

        for (String path : List.of(
                "/topics/" + topic + "/records",
                "/topics/" + topic + "/partitions/0/records",
                consumer.path() + "/records")) {
            assertFailure(
                    api.send(api.request(path + "?" + query)
                            .header("Accept", "text/event-stream")
                            .GET()),
                    400,
                    "INVALID_PARAMETER");
        }
    }

    private EventStream open(String path, String lastId) {
        EventStream stream = lastId.isEmpty() ? EventStream.open(api, path) : EventStream.open(api, path, lastId);
        open.add(stream);
        return stream;
    }

    private static List<String> positions(List<Event> events) {
        return events.stream().map(Event::position).toList();
    }

    private void write(String topic, int partition, int from, int to) {
        List<String> records = new ArrayList<>();
        for (int n = from; n < to; n++) {
            records.add("{\"value\":{\"n\":" + n + ",\"third\":" + (n % 3 == 0) + "}}");
        }
        api.write(topic, partition, Api.JSON, records);
    }

    private static String encoded(String filter) {
        return URLEncoder.encode(filter, StandardCharsets.UTF_8);
    }
}
