package io.trunkline.rest;

import static org.assertj.core.api.Assertions.assertThat;

import io.micrometer.core.instrument.Metrics;
import io.quarkus.test.junit.QuarkusTest;
import io.trunkline.edge.Exchange;
import io.trunkline.edge.ResponseBudget;
import io.trunkline.error.ErrorCode;
import io.trunkline.error.Failures;
import io.trunkline.log.Logs;
import io.trunkline.testing.Api;
import io.trunkline.testing.RawHttp;
import io.trunkline.testing.ServiceTestCase;
import io.trunkline.topic.Topic;
import io.trunkline.topic.TopicName;
import io.trunkline.topic.Topics;
import jakarta.inject.Inject;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What a stream of a topic takes from the log while there is little room for responses. */
@QuarkusTest
class TopicSourceTest extends ServiceTestCase {
    private static final Duration PATIENCE = Duration.ofSeconds(30);

    @Inject
    ParkedRequests requests;

    @Inject
    Logs logs;

    @Inject
    Topics topics;

    @Inject
    ResponseBudget budget;

    private RawHttp client;
    private RawHttp other;

    /** The stream's request, and one that takes the room of others. */
    private Exchange exchange;

    private Exchange hog;

    @BeforeEach
    void parkRequests() {
        Awaitility.await().atMost(PATIENCE).until(() -> budget.bytesInFlight() == 0);
        client = new RawHttp(base.getPort());
        other = new RawHttp(base.getPort());
        exchange = park(client);
        hog = park(other);
    }

    @AfterEach
    void endRequests() {
        client.close();
        other.close();
        Awaitility.await().atMost(PATIENCE).until(() -> budget.bytesInFlight() == 0);
    }

    @Test
    void partitionsForWhichThereIsNoRoomAreAddedWhenTheWatchSaysSoAgain() throws Exception {
        String name = api.newTopic(1);
        try (TopicSource source = source(topic(name))) {
            api.addPartitions(name, 2);
            api.writeNumbers(name, 1, 0, 1);
            List<Long> now = topic(name).partitionIds();
            ParkedRequests.fill(hog);

            assertThat(source.changed(now)).as("it knows").isFalse();
            hog.giveBack(hog.held());
            api.writeNumbers(name, 0, 0, 1);
            assertThat(get(source.next()).hasNext()).as("the others go on").isTrue();
            CompletableFuture<StreamPage> next = source.next();
            assertThat(next).isNotDone();
            assertThat(source.changed(now)).as("it knows").isTrue();

            assertThat(get(next).hasNext()).isTrue();
        }
    }

    @Test
    void pageForWhichThereIsNoRoomIsNotReadInVainAgain() throws Exception {
        String name = api.newTopic(1);
        api.writeNumbers(name, 0, 0, 100);
        try (TopicSource source = source(topic(name))) {
            ParkedRequests.fill(hog);
            assertRefused(source.next());
            long read = pagesRead();

            assertRefused(source.next());
            assertRefused(source.next());

            assertThat(pagesRead()).isEqualTo(read);
            hog.giveBack(hog.held());
            assertThat(get(source.next()).memory())
                    .isEqualTo(exchange.held() - held)
                    .isPositive();
        }
    }

    /** A client that does not read keeps what everybody else has let go, and the text that is being sent. */
    @Test
    void recordsThatOthersHaveTooAreCountedWithTheirText() throws Exception {
        String name = api.newTopic(1);
        String value = "x".repeat(500_000);
        try (TopicSource source = source(topic(name))) {
            CompletableFuture<StreamPage> page = source.next();
            api.write(name, 0, Api.TEXT, List.of("{\"value\":\"" + value + "\"}"));

            assertThat(get(page).memory()).isGreaterThan(3L * value.length());
            assertThat(exchange.held() - held).isEqualTo(get(page).memory());
        }
    }

    /** What the source holds without a page. */
    private long held;

    private TopicSource source(Topic topic) {
        TopicSource source = new TopicSource(
                new TopicSource.Start(topic, OptionalInt.empty(), Map.of(0, 0L), false),
                partition -> new RecordJson(topic.name(), partition, RecordFormat.JSON, true),
                new StreamFilter(Optional.empty(), 0, exchange, Optional.empty()),
                exchange,
                logs,
                topics,
                budget);
        held = exchange.held();
        return source;
    }

    private Topic topic(String name) {
        return topics.fresh(new TopicName(name)).join();
    }

    private Exchange park(RawHttp from) {
        String path = requests.newPath();
        from.send("GET " + path + " HTTP/1.1\r\nHost: localhost\r\n\r\n");
        return Exchange.of(requests.take(path).request());
    }

    private static void assertRefused(CompletableFuture<StreamPage> page) throws Exception {
        Throwable failure = page.handle((found, reason) -> reason).get(30, TimeUnit.SECONDS);
        assertThat(Failures.code(failure)).isEqualTo(ErrorCode.OVERLOADED);
    }

    /** From memory or from PostgreSQL. */
    private static long pagesRead() {
        return Metrics.globalRegistry.get("trunkline.fetch").timer().count();
    }

    private static StreamPage get(CompletableFuture<StreamPage> page)
            throws InterruptedException, ExecutionException, TimeoutException {
        return page.get(30, TimeUnit.SECONDS);
    }
}
