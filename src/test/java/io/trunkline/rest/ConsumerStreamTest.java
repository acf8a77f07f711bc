package io.trunkline.rest;

import static io.trunkline.testing.Failure.assertFailure;
import static org.assertj.core.api.Assertions.assertThat;

import io.quarkus.test.junit.QuarkusTest;
import io.trunkline.consumer.Consumers;
import io.trunkline.edge.Exchange;
import io.trunkline.edge.ResponseBudget;
import io.trunkline.edge.StreamConfig;
import io.trunkline.error.ErrorCode;
import io.trunkline.error.Failures;
import io.trunkline.error.TrunklineException;
import io.trunkline.group.ConsumerRef;
import io.trunkline.group.GroupName;
import io.trunkline.group.MemberName;
import io.trunkline.rest.ParkedRequests.Parked;
import io.trunkline.testing.Api;
import io.trunkline.testing.Consumer;
import io.trunkline.testing.EventStream;
import io.trunkline.testing.EventStream.Event;
import io.trunkline.testing.RawHttp;
import io.trunkline.testing.RawHttp2;
import io.trunkline.testing.ServiceTestCase;
import io.trunkline.testing.TestDatabase;
import jakarta.inject.Inject;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.awaitility.Awaitility;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** The stream of a consumer: what its polls would give, one after the other. */
@QuarkusTest
class ConsumerStreamTest extends ServiceTestCase {
    private static final Duration PATIENCE = Duration.ofSeconds(30);

    @Inject
    ParkedRequests requests;

    @Inject
    Consumers consumers;

    @Inject
    ResponseBudget budget;

    @Inject
    StreamConfig config;

    private static final String TEXTS = "{\"format\":\"text\",\"auto.offset.reset\":\"earliest\"}";
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

    /** While a client has read too much in too little time, there is no poll that would show it. */
    @Test
    void consumerWhoseStreamPausesStaysAliveAndHasItsOffsetsCommitted() throws Exception {
        String topic = api.newTopic(1);
        api.writeNumbers(topic, 0, 0, 3);
        Consumer consumer = group.consumer(OPTIONS).subscribe(topic);
        ConsumerRef ref =
                new ConsumerRef(GroupName.parse(group.id()), new MemberName(consumer.name()), Optional.empty());
        try (RawHttp client = new RawHttp(base.getPort())) {
            Exchange exchange = Exchange.of(park(client).request());
            try (StreamSource source = ConsumerSource.open(
                            consumers,
                            ref,
                            new LongCalls.Watched(),
                            Duration.ofMinutes(1),
                            Duration.ofMinutes(5),
                            new StreamFilter(Optional.empty(), 0, exchange, Optional.empty()),
                            budget,
                            exchange)
                    .get(30, TimeUnit.SECONDS)) {
                source.next().get(30, TimeUnit.SECONDS).ended(true);
                makeOld(consumer.name());

                source.paused();

                Awaitility.await()
                        .atMost(PATIENCE)
                        .untilAsserted(
                                () -> assertThat(silence(consumer.name())).isLessThan(Duration.ofMinutes(2)));
                Awaitility.await()
                        .atMost(PATIENCE)
                        .until(() -> group.committed(topic, 0).equals(OptionalLong.of(3)));
            }
        }
    }

    /** A client of HTTP/2 that never takes anything. */
    @Test
    void firstPageIsCountedBeforeTheClientTakesAnything() {
        String topic = api.newTopic(1);
        String value = "x".repeat(200_000);
        api.write(topic, 0, Api.TEXT, List.of("{\"value\":\"" + value + "\"}"));
        Consumer consumer = group.consumer(TEXTS).subscribe(topic);
        awaitNoResponses();
        try (RawHttp connection = new RawHttp(base.getPort())) {
            RawHttp2 http2 = new RawHttp2(connection, 0);
            http2.request("GET", consumer.path() + "/records", true, Map.of("accept", "text/event-stream"));

            Awaitility.await().atMost(PATIENCE).until(() -> budget.bytesInFlight() > value.length());
        }
        awaitNoResponses();
        assertThat(consumer.pollUntil(1, "timeout=15000"))
                .as("it was not taken")
                .hasSize(1);
    }

    @Test
    void streamIsRefusedWhereThereIsNoRoomForItsFirstPage() {
        String topic = api.newTopic(1);
        api.write(topic, 0, Api.TEXT, List.of("{\"value\":\"" + "x".repeat(200_000) + "\"}"));
        Consumer consumer = group.consumer(TEXTS).subscribe(topic);
        awaitNoResponses();
        try (RawHttp client = new RawHttp(base.getPort())) {
            Exchange hog = Exchange.of(park(client).request());
            ParkedRequests.fill(hog);
            hog.giveBack(ResponseBudget.SMALL);

            assertFailure(stream(consumer.path() + "/records"), 503, "OVERLOADED");
        }
        awaitNoResponses();
        assertThat(consumer.pollUntil(1, "timeout=15000"))
                .as("it was not taken")
                .hasSize(1);
    }

    /** Its page is not even read then, so that there is no poll that would show it. */
    @Test
    void consumerForWhosePagesThereIsNoRoomStaysAlive() throws Exception {
        String topic = api.newTopic(1);
        Consumer consumer = group.consumer(OPTIONS).subscribe(topic);
        awaitNoResponses();
        try (RawHttp client = new RawHttp(base.getPort());
                RawHttp other = new RawHttp(base.getPort())) {
            Exchange hog = Exchange.of(park(other).request());
            Parked parked = park(client);
            AtomicInteger refusals = new AtomicInteger();
            StreamSource source = open(consumer, Duration.ofSeconds(5), Duration.ofSeconds(5), parked);
            RecordStream stream =
                    new RecordStream(StreamFormat.EVENTS, refusals(source, refusals), parked.request(), config);
            parked.request().addEndHandler(end -> stream.gone());
            api.writeNumbers(topic, 0, 0, 1);
            ParkedRequests.fill(hog);
            parked.loop().runOnContext(turn -> stream.start(parked.loop()));
            Awaitility.await().atMost(PATIENCE).until(() -> refusals.get() >= 2);

            makeOld(consumer.name());

            Awaitility.await()
                    .atMost(PATIENCE)
                    .untilAsserted(() -> assertThat(silence(consumer.name())).isLessThan(Duration.ofMinutes(2)));
            assertThat(refusals).hasValueGreaterThan(2);
            hog.giveBack(hog.held());
            client.readUntil("\"offset\":0");
        }
    }

    /** Where other requests may not wait, either, since then the service would do nothing but poll. */
    @Test
    void pollOfAStreamWaitsWhateverOthersMay() throws Exception {
        Consumer consumer = group.consumer(OPTIONS).subscribe(api.newTopic(1));
        try (RawHttp client = new RawHttp(base.getPort());
                StreamSource source = open(consumer, Duration.ZERO, Duration.ofMinutes(5), park(client))) {
            assertThat(source.next().get(30, TimeUnit.SECONDS).hasNext()).isFalse();
            long start = System.nanoTime();

            assertThat(source.next().get(30, TimeUnit.SECONDS).hasNext()).isFalse();

            assertThat(Duration.ofNanos(System.nanoTime() - start)).isGreaterThan(Duration.ofMillis(900));
        }
    }

    private void awaitNoResponses() {
        Awaitility.await().atMost(PATIENCE).until(() -> budget.bytesInFlight() == 0);
    }

    private Parked park(RawHttp client) {
        String path = requests.newPath();
        client.send("GET " + path + " HTTP/1.1\r\nHost: localhost\r\n\r\n");
        return requests.take(path);
    }

    private StreamSource open(Consumer consumer, Duration mostWait, Duration sessionTimeout, Parked parked)
            throws Exception {
        return ConsumerSource.open(
                        consumers,
                        new ConsumerRef(GroupName.parse(group.id()), new MemberName(consumer.name()), Optional.empty()),
                        new LongCalls.Watched(),
                        mostWait,
                        sessionTimeout,
                        new StreamFilter(Optional.empty(), 0, Exchange.of(parked.request()), Optional.empty()),
                        budget,
                        Exchange.of(parked.request()))
                .get(30, TimeUnit.SECONDS);
    }

    /** A source whose refusals are counted. */
    private static StreamSource refusals(StreamSource source, AtomicInteger count) {
        return new StreamSource() {
            @Override
            public CompletableFuture<StreamPage> next() {
                try {
                    return source.next().whenComplete((page, failure) -> count(failure));
                } catch (TrunklineException e) {
                    count(e);
                    throw e;
                }
            }

            private void count(@Nullable Throwable failure) {
                if (failure != null) {
                    assertThat(Failures.code(failure)).isEqualTo(ErrorCode.OVERLOADED);
                    count.incrementAndGet();
                }
            }

            @Override
            public byte @Nullable [] cursor() {
                return source.cursor();
            }

            @Override
            public void paused() {
                source.paused();
            }

            @Override
            public void close() {
                source.close();
            }
        };
    }

    /** Older than a consumer shows itself to be alive, and not so old that it is removed. */
    private static void makeOld(String name) throws SQLException {
        try (Connection owner = TestDatabase.asOwner();
                PreparedStatement update = owner.prepareStatement(
                        "UPDATE trunkline.group_member SET last_seen = clock_timestamp() - interval '3 minutes'"
                                + " WHERE name = ?")) {
            update.setString(1, name);
            assertThat(update.executeUpdate()).isEqualTo(1);
        }
    }

    private static Duration silence(String name) throws SQLException {
        try (Connection owner = TestDatabase.asOwner();
                PreparedStatement select = owner.prepareStatement(
                        "SELECT extract(epoch FROM clock_timestamp() - last_seen) FROM trunkline.group_member"
                                + " WHERE name = ?")) {
            select.setString(1, name);
            try (ResultSet row = select.executeQuery()) {
                assertThat(row.next()).isTrue();
                return Duration.ofSeconds(row.getLong(1));
            }
        }
    }

    private Api.Answer stream(String path) {
        return api.get(path, "text/event-stream");
    }
}
