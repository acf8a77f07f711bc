package io.trunkline.rest;

import static org.assertj.core.api.Assertions.assertThat;

import io.quarkus.test.junit.QuarkusTest;
import io.trunkline.access.LimitedQuotas;
import io.trunkline.access.Quotas;
import io.trunkline.edge.Exchange;
import io.trunkline.edge.ResponseBudget;
import io.trunkline.edge.StreamConfig;
import io.trunkline.error.ErrorCode;
import io.trunkline.error.TrunklineException;
import io.trunkline.filter.Filter;
import io.trunkline.json.JsonBuffer;
import io.trunkline.log.FetchedBatch;
import io.trunkline.log.Search;
import io.trunkline.record.RecordBatch;
import io.trunkline.rest.ParkedRequests.Parked;
import io.trunkline.testing.RawHttp;
import io.trunkline.testing.RawHttp2;
import io.trunkline.testing.ServiceTestCase;
import io.trunkline.topic.Topic;
import io.trunkline.topic.TopicConfig;
import io.trunkline.topic.TopicName;
import io.vertx.core.Promise;
import io.vertx.core.http.HttpServerResponse;
import io.vertx.ext.web.RoutingContext;
import jakarta.inject.Inject;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Queue;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Supplier;
import java.util.regex.Pattern;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** How a stream is written: what becomes of it when something fails, and what it counts. */
@QuarkusTest
class RecordStreamTest extends ServiceTestCase {
    private static final Duration PATIENCE = Duration.ofSeconds(30);
    private static final Pattern ID = Pattern.compile("id: (\\S+)\n");
    /** The frame that ends the first stream of a connection because the service cancels it (RFC 9113, section 6.4). */
    private static final String RESET_OF_THE_FIRST = "\0\0\4\3\0\0\0\0\1\0\0\0\10";

    @Inject
    ParkedRequests requests;

    @Inject
    StreamConfig config;

    @Inject
    ResponseBudget budget;

    private final TopicName name = new TopicName("orders");
    private final Topic topic = new Topic(UUID.randomUUID(), name, List.of(1L), TopicConfig.DEFAULT);
    private final Cursor.Progress progress = new Cursor.Progress(topic, OptionalInt.empty());
    private final List<Boolean> taken = new CopyOnWriteArrayList<>();

    @BeforeEach
    void awaitNoResponses() {
        Awaitility.await().atMost(PATIENCE).until(() -> budget.bytesInFlight() == 0);
    }

    /** What had been taken out of the page for the piece is lost: a stream that went on would have a hole there. */
    @Test
    void pieceThatCannotBeWrittenBreaksTheStreamOff() {
        AtomicInteger pieces = new AtomicInteger();
        Pages source = new Pages(new StreamPage(List.of(records(3, StreamPage.PIECE)), progress, taken::add) {
            @Override
            void next(StreamFormat format, JsonBuffer out) {
                super.next(format, out);
                if (pieces.incrementAndGet() == 2) {
                    throw new OutOfMemoryError("no room for the text");
                }
            }
        });
        try (RawHttp client = new RawHttp(base.getPort())) {
            RecordStream stream = start(client, source);

            String all = client.readAll();

            assertThat(all).contains("\"offset\":0").doesNotContain("\"offset\":1,", "\"offset\":2,", "event: error");
            assertThat(all).as("it has no end").doesNotContain("\r\n0\r\n");
            String last =
                    ID.matcher(all).results().reduce((a, b) -> b).orElseThrow().group(1);
            assertThat(Cursor.parse(last).offset(0))
                    .as("where the client goes on")
                    .isEqualTo(1);
            assertThat(stream.over().join()).isEqualTo(RecordStream.End.FAILED);
            // Both follow the end, on the event loop.
            Awaitility.await().atMost(PATIENCE).until(() -> taken.equals(List.of(false)) && source.closed);
        }
    }

    @Test
    void sourceThatThrowsEndsTheStreamWithAnError() {
        Pages source = new Pages() {
            @Override
            public CompletableFuture<StreamPage> next() {
                throw new IllegalStateException("a bug");
            }
        };
        try (RawHttp client = new RawHttp(base.getPort())) {
            RecordStream stream = start(client, source);

            assertThat(client.readUntil("event: error")).contains(": open");
            assertThat(stream.over().join()).isEqualTo(RecordStream.End.TOLD);
        }
    }

    /** Each of these characters becomes six, more than is counted with the page. */
    @Test
    void textOfControlCharactersIsCountedToo() {
        byte[] value = new byte[2 << 20];
        Arrays.fill(value, (byte) 1);
        StreamPage page = new StreamPage(List.of(records(1, RecordFormat.TEXT, value)), progress, taken::add);
        long more = 6L * value.length - page.nextSize();
        try (RawHttp client = new RawHttp(base.getPort())) {
            start(client, new Pages(page));

            Awaitility.await().atMost(PATIENCE).until(() -> budget.bytesInFlight() > more);
            assertThat(taken).isEmpty();
        }
        Awaitility.await().atMost(PATIENCE).until(() -> budget.bytesInFlight() == 0 && taken.equals(List.of(false)));
    }

    @Test
    void streamOfHttp2WhoseClientStallsEndsWithoutItsConnection() {
        int window = 16 * 1024;
        try (RawHttp connection = new RawHttp(base.getPort())) {
            RawHttp2 http2 = new RawHttp2(connection, window);
            Parked first = park(http2);
            Parked second = park(http2);
            RecordStream reads = begin(second, new Pages());
            connection.readUntil(": open\n\n");
            AtomicBoolean begun = new AtomicBoolean();
            StreamPage large = new StreamPage(List.of(records(1, 8 * window)), progress, taken::add) {
                @Override
                void next(StreamFormat format, JsonBuffer out) {
                    super.next(format, out);
                    begun.set(true);
                }
            };
            RecordStream stalls = begin(first, new Pages(large));
            Awaitility.await().atMost(PATIENCE).untilTrue(begun);

            Awaitility.await().atMost(PATIENCE).until(() -> {
                long later = System.nanoTime() + config.stallTimeout().toNanos() + 1;
                stalls.heartbeat(later, config.heartbeat());
                return stalls.over().isDone();
            });

            assertThat(stalls.over().join()).isEqualTo(RecordStream.End.CLIENT);
            connection.readUntil(RESET_OF_THE_FIRST);
            Awaitility.await().atMost(PATIENCE).until(() -> taken.equals(List.of(false)));
            reads.heartbeat(System.nanoTime() + config.heartbeat().toNanos(), config.heartbeat());
            connection.readUntil(": heartbeat\n\n");
            assertThat(reads.over()).isNotDone();
        }
    }

    @Test
    void sourceHearsThatItsClientMayNotReadYetForAsLongAsThatIsSo() {
        AtomicLong now = new AtomicLong();
        Quotas.Account account = LimitedQuotas.ofBytesRead(1_000, now::get);
        account.read(1_000_000);
        Pages source = new Pages(new StreamPage(List.of(records(1, 10)), progress, taken::add));
        try (RawHttp client = new RawHttp(base.getPort())) {
            Parked parked = park(client);
            parked.request().put(QuotaFilter.class.getName(), account);
            begin(parked, source);

            Awaitility.await().atMost(PATIENCE).until(() -> source.pauses.get() >= 3);
            assertThat(taken).isEmpty();

            now.set(TimeUnit.HOURS.toNanos(1));
            client.readUntil("\"offset\":0");
        }
    }

    /** A consumer is heard of in no other way. */
    @Test
    void sourceHearsThatItIsAskedLaterWhereThereIsNoRoomForItsPage() {
        AtomicBoolean full = new AtomicBoolean(true);
        Pages source = new Pages(new StreamPage(List.of(records(1, 10)), progress, taken::add)) {
            @Override
            public CompletableFuture<StreamPage> next() {
                return full.get()
                        ? CompletableFuture.failedFuture(new TrunklineException(ErrorCode.OVERLOADED, "No room."))
                        : super.next();
            }
        };
        try (RawHttp client = new RawHttp(base.getPort())) {
            start(client, source);

            Awaitility.await().atMost(PATIENCE).until(() -> source.pauses.get() >= 4);
            full.set(false);

            client.readUntil("\"offset\":0");
        }
    }

    @Test
    void pageIsTakenWhereTheStreamIsToEndWhileTheClientTakesTheLastOfIt() {
        CompletableFuture<StreamPage> page = new CompletableFuture<>();
        try (RawHttp client = new RawHttp(base.getPort())) {
            RecordStream stream = start(client, new Pages(page));
            page.complete(new StreamPage(List.of(records(1, 10)), progress, taken::add) {
                @Override
                void next(StreamFormat format, JsonBuffer out) {
                    super.next(format, out);
                    stream.end(new TrunklineException(ErrorCode.REPLICA_STOPPING, "This replica stops."));
                }
            });

            assertThat(client.readAll()).contains("\"offset\":0", "REPLICA_STOPPING");
            assertThat(taken).containsExactly(true);
        }
    }

    @Test
    void pageIsNotTakenWhereTheStreamEndsBeforeTheLastOfIt() {
        CompletableFuture<StreamPage> page = new CompletableFuture<>();
        try (RawHttp client = new RawHttp(base.getPort())) {
            RecordStream stream = start(client, new Pages(page));
            page.complete(new StreamPage(List.of(records(2, StreamPage.PIECE)), progress, taken::add) {
                @Override
                void next(StreamFormat format, JsonBuffer out) {
                    super.next(format, out);
                    stream.end(new TrunklineException(ErrorCode.REPLICA_STOPPING, "This replica stops."));
                }
            });

            assertThat(client.readAll())
                    .contains("\"offset\":0", "REPLICA_STOPPING")
                    .doesNotContain("\"offset\":1");
            assertThat(taken).containsExactly(false);
        }
    }

    @Test
    void nothingFollowsTheReasonOfTheEnd() {
        CompletableFuture<StreamPage> page = new CompletableFuture<>();
        Promise<Void> ended = Promise.promise();
        try (RawHttp client = new RawHttp(base.getPort())) {
            Parked parked = park(client);
            HttpServerResponse response = parked.request().response();
            AtomicInteger ends = new AtomicInteger();
            HttpServerResponse slow = with(HttpServerResponse.class, response, "end", () -> {
                ends.incrementAndGet();
                return ended.future();
            });
            RoutingContext request = with(RoutingContext.class, parked.request(), "response", () -> slow);
            Pages source = new Pages(page);
            RecordStream stream = begin(new Parked(request, parked.loop()), source);
            Awaitility.await().atMost(PATIENCE).until(() -> source.asked.get() == 1);
            stream.end(new TrunklineException(ErrorCode.REPLICA_STOPPING, "This replica stops."));
            Awaitility.await().atMost(PATIENCE).until(() -> ends.get() == 1);

            page.complete(new StreamPage(List.of(records(1, 10)), progress, taken::add));
            stream.heartbeat(System.nanoTime() + config.heartbeat().toNanos(), config.heartbeat());
            parked.loop().runOnContext(turn -> response.end().onComplete(ended));

            assertThat(client.readAll())
                    .containsOnlyOnce("event: error")
                    .doesNotContain("\"offset\":0", ": heartbeat")
                    .endsWith("\r\n0\r\n\r\n");
            assertThat(stream.over().join()).isEqualTo(RecordStream.End.TOLD);
            assertThat(ends).hasValue(1);
            assertThat(taken).containsExactly(false);
        }
    }

    /** That there is no room is no fault of the service. */
    @Test
    void textForWhichThereIsNoRoomCancelsTheStream() {
        byte[] value = new byte[1 << 20];
        Arrays.fill(value, (byte) 1);
        try (RawHttp other = new RawHttp(base.getPort());
                RawHttp connection = new RawHttp(base.getPort())) {
            ParkedRequests.fill(Exchange.of(park(other).request()));
            Parked parked = park(new RawHttp2(connection, 16 * 1024));

            RecordStream stream = begin(
                    parked,
                    new Pages(new StreamPage(List.of(records(1, RecordFormat.TEXT, value)), progress, taken::add)));

            connection.readUntil(RESET_OF_THE_FIRST);
            assertThat(stream.over().join()).isEqualTo(RecordStream.End.FAILED);
            Awaitility.await().atMost(PATIENCE).until(() -> taken.equals(List.of(false)));
        }
    }

    /** The target, but for what one of its methods without parameters returns. */
    private static <T> T with(Class<T> type, T target, String method, Supplier<Object> instead) {
        return type.cast(Proxy.newProxyInstance(
                type.getClassLoader(), new Class<?>[] {type}, (proxy, called, given) -> {
                    try {
                        return given == null && called.getName().equals(method)
                                ? instead.get()
                                : called.invoke(target, given);
                    } catch (InvocationTargetException e) {
                        throw e.getCause();
                    }
                }));
    }

    /** A client whose connection is lost does not begin before what was passed over for hours. */
    @Test
    void heartbeatSaysWhereToGoOnWhereThatHasChangedWithoutARecord() {
        StreamPage passed = new StreamPage(List.of(new StreamPage.Part.Passed(0, 500)), progress, taken::add);
        try (RawHttp client = new RawHttp(base.getPort())) {
            RecordStream stream = start(client, new Pages(passed));
            client.readUntil(": open\n\n");
            Awaitility.await().atMost(PATIENCE).until(() -> taken.equals(List.of(true)));

            stream.heartbeat(System.nanoTime() + config.heartbeat().toNanos(), config.heartbeat());
            String first = client.readUntil(": heartbeat\n\n");
            stream.heartbeat(System.nanoTime() + 2 * config.heartbeat().toNanos(), config.heartbeat());
            String second = client.readUntil(": heartbeat\n\n");

            assertThat(ID.matcher(first)
                            .results()
                            .map(id -> Cursor.parse(id.group(1)).offset(0)))
                    .containsExactly(500L);
            assertThat(second).doesNotContain("id: ");
        }
    }

    @Test
    void heartbeatSaysWhereToGoOnWhereSomethingWasPassedOverBehindTheLastEvent() {
        StreamPage page =
                new StreamPage(List.of(records(1, 10), new StreamPage.Part.Passed(0, 500)), progress, taken::add);
        try (RawHttp client = new RawHttp(base.getPort())) {
            RecordStream stream = start(client, new Pages(page));
            client.readUntil("\"offset\":0");
            Awaitility.await().atMost(PATIENCE).until(() -> taken.equals(List.of(true)));

            stream.heartbeat(System.nanoTime() + config.heartbeat().toNanos(), config.heartbeat());

            assertThat(ID.matcher(client.readUntil(": heartbeat\n\n"))
                            .results()
                            .map(id -> Cursor.parse(id.group(1)).offset(0)))
                    .endsWith(500L);
        }
    }

    @Test
    void searchesOfAStreamThatHasEndedAreOver() {
        try (RawHttp client = new RawHttp(base.getPort())) {
            StreamFilter filter = new StreamFilter(
                    Optional.of(Filter.parse("filter", "exists(key)")),
                    1_000,
                    Exchange.of(park(client).request()),
                    Optional.empty());
            Search before = filter.begin().orElseThrow();
            assertThat(before.isOver()).isFalse();

            filter.stop();

            assertThat(before.isOver()).isTrue();
            assertThat(filter.begin().orElseThrow().isOver()).isTrue();
        }
    }

    /** Clients and balancers keep connections, and would come back to the same replica. */
    @Test
    void connectionEndsWithAStreamOfAReplicaThatStops() {
        try (RawHttp client = new RawHttp(base.getPort())) {
            RecordStream stream = start(client, new Pages());
            client.readUntil(": open\n\n");

            stream.end(new TrunklineException(ErrorCode.REPLICA_STOPPING, "This replica stops."));

            assertThat(client.readAll())
                    .contains("event: error", "REPLICA_STOPPING")
                    .endsWith("\r\n0\r\n\r\n");
            assertThat(stream.over().join()).isEqualTo(RecordStream.End.TOLD);
        }
    }

    private Parked park(RawHttp2 http2) {
        String path = requests.newPath();
        http2.request("GET", path, true, Map.of());
        return requests.take(path);
    }

    private Parked park(RawHttp client) {
        String path = requests.newPath();
        client.send("GET " + path + " HTTP/1.1\r\nHost: localhost\r\n\r\n");
        return requests.take(path);
    }

    private RecordStream start(RawHttp client, StreamSource source) {
        return begin(park(client), source);
    }

    private RecordStream begin(Parked parked, StreamSource source) {
        RecordStream stream = new RecordStream(StreamFormat.EVENTS, source, parked.request(), config);
        parked.request().addEndHandler(end -> stream.gone());
        parked.loop().runOnContext(turn -> stream.start(parked.loop()));
        return stream;
    }

    /** Records of the partition from offset 0 on, each a JSON string of so many characters. */
    private StreamPage.Part.Records records(int count, int size) {
        return records(count, RecordFormat.JSON, ("\"" + "x".repeat(size) + "\"").getBytes(StandardCharsets.US_ASCII));
    }

    private StreamPage.Part.Records records(int count, RecordFormat format, byte[] value) {
        RecordBatch.Builder builder = new RecordBatch.Builder(count, count * value.length);
        for (int i = 0; i < count; i++) {
            builder.add(0, value, 0, value.length);
        }
        RecordJson json = new RecordJson(name, 0, format, true);
        return new StreamPage.Part.Records(0, json, List.of(new FetchedBatch(0, builder.build())), builder.count());
    }

    /** Gives these pages, and waits when it has none. */
    private class Pages implements StreamSource {
        private final Queue<CompletableFuture<StreamPage>> pages;
        private final AtomicInteger pauses = new AtomicInteger();
        private final AtomicInteger asked = new AtomicInteger();
        private volatile boolean closed;

        Pages(StreamPage... pages) {
            this.pages = new ConcurrentLinkedQueue<>(
                    Arrays.stream(pages).map(CompletableFuture::completedFuture).toList());
        }

        Pages(CompletableFuture<StreamPage> page) {
            pages = new ConcurrentLinkedQueue<>(List.of(page));
        }

        @Override
        public CompletableFuture<StreamPage> next() {
            asked.incrementAndGet();
            CompletableFuture<StreamPage> page = pages.poll();
            return page == null ? new CompletableFuture<>() : page;
        }

        @Override
        public byte[] cursor() {
            return progress.text();
        }

        @Override
        public void paused() {
            pauses.incrementAndGet();
        }

        @Override
        public void close() {
            closed = true;
        }
    }
}
