package io.trunkline.rest;

import static io.trunkline.testing.Failure.assertFailure;
import static org.assertj.core.api.Assertions.assertThat;

import io.quarkus.test.junit.QuarkusTest;
import io.trunkline.testing.Api;
import io.trunkline.testing.Consumer;
import io.trunkline.testing.EventStream;
import io.trunkline.testing.EventStream.Event;
import io.trunkline.testing.ServiceTestCase;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;

/** The stream of a consumer: what its polls would give, one after the other. */
@QuarkusTest
class ConsumerStreamTest extends ServiceTestCase {
    private static final Duration PATIENCE = Duration.ofSeconds(30);
    private static final String OPTIONS = "{\"format\":\"json\",\"auto.offset.reset\":\"earliest\"}";

    @Test
    void streamGivesEachRecordOnceAndGoesOnWhereTheLastOneEnded() {
        String topic = api.newTopic(2);
        Consumer consumer = group.consumer(OPTIONS);
        consumer.subscribe(topic);
        List<String> positions = new ArrayList<>();
        for (int round = 0; round < 5; round++) {
            api.writeNumbers(topic, 0, round * 10, round * 10 + 10);
            try (EventStream stream = EventStream.open(api, consumer.path() + "/records")) {
                stream.next(10).forEach(event -> positions.add(event.position()));
                api.writeNumbers(topic, 1, round, round + 1);
                Event last = stream.next();
                assertThat(last.id()).as("the service keeps the position").isEmpty();
                positions.add(last.position());
                // The position has moved, as far as the network took the events.
                Awaitility.await().atMost(PATIENCE).until(() -> stream.waiting() == 0);
            }
        }

        assertThat(positions)
                .filteredOn(position -> position.startsWith("0:"))
                .containsSequence(IntStream.range(0, 50).mapToObj(i -> "0:" + i).toList());
        assertThat(positions).contains("1:0", "1:1", "1:2", "1:3", "1:4");
    }

    @Test
    void partitionsGoToTheOtherStreamWhenOneOfTwoEnds() {
        String topic = api.newTopic(2);
        Consumer first = group.consumer(OPTIONS);
        first.subscribe(topic);
        Consumer second = group.consumer(OPTIONS);
        second.subscribe(topic);
        try (EventStream one = EventStream.open(api, first.path() + "/records");
                EventStream other = EventStream.open(api, second.path() + "/records")) {
            api.writeNumbers(topic, 0, 0, 1);
            api.writeNumbers(topic, 1, 0, 1);
            assertThat(List.of(one.next().position(), other.next().position())).containsExactlyInAnyOrder("0:0", "1:0");

            assertThat(api.delete(first.path()).status()).isEqualTo(204);

            assertThat(one.next().json().path("code").asText()).isEqualTo("CONSUMER_NOT_FOUND");
            assertThat(one.poll()).isEmpty();
            api.writeNumbers(topic, 0, 1, 2);
            api.writeNumbers(topic, 1, 1, 2);
            assertThat(other.next(2)).extracting(Event::position).contains("0:1", "1:1");
        }
    }

    @Test
    void linesSayTheSame() {
        String topic = api.newTopic(1);
        Consumer consumer = group.consumer(OPTIONS);
        consumer.subscribe(topic);
        api.writeNumbers(topic, 0, 0, 2);

        List<String> lines =
                api.firstLines(api.request(consumer.path() + "/records").header("Accept", "application/x-ndjson"), 3);

        assertThat(lines.get(0)).isEqualTo("{\"event\":\"open\"}");
        assertThat(lines.get(2)).contains("\"offset\":1").doesNotContain("cursor");
    }

    @Test
    void whatAPollRefusesIsRefusedBeforeTheStreamBegins() {
        Consumer consumer = group.consumer(OPTIONS);

        assertFailure(stream(consumer.path() + "/records"), 409, "NOT_SUBSCRIBED");
        assertFailure(stream(consumer.path() + "x/records"), 404, "CONSUMER_NOT_FOUND");
        assertFailure(stream(consumer.path() + "/records?timeout=1"), 400, "INVALID_PARAMETER");
    }

    private Api.Answer stream(String path) {
        return api.get(path, "text/event-stream");
    }
}
