package io.trunkline.rest;

import static org.assertj.core.api.Assertions.assertThat;

import io.trunkline.error.ErrorCode;
import io.trunkline.error.TrunklineException;
import io.trunkline.topic.TopicName;
import io.vertx.core.Vertx;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** How a body of lines is written part by part, whatever becomes of the parts. */
class LinesWriterTest {
    private static final int LARGEST = 100;
    private static final TrunklineException OVERLOADED = new TrunklineException(ErrorCode.OVERLOADED, "No room.");
    private static final TrunklineException UNKNOWN = new TrunklineException(ErrorCode.OUTCOME_UNKNOWN, "Who knows?");

    private final Vertx vertx = Vertx.vertx();
    private final Parsing parsing = new Parsing(1, 10);
    private final List<String> written = new ArrayList<>();
    private final AtomicLong charged = new AtomicLong();
    private final AtomicLong room = new AtomicLong();
    private Clock clock = Clock.systemUTC();

    @AfterEach
    void stop() {
        parsing.close();
        vertx.close().toCompletionStage().toCompletableFuture().join();
    }

    /** A record gets headers on its way, which the parser does not know of. */
    @Test
    void recordThatGetsTooLargeOnItsWayIsFoundAmongTheOthers() {
        String large = "\"" + "x".repeat(LARGEST - 2) + "\"\n";
        for (int before = 0; before < 9; before++) {
            written.clear();
            charged.set(0);
            room.set(0);
            String text = "1\n".repeat(before) + large + "2\n3\n";

            LinesWriter writer = write(text, this::sendShortOnes);

            assertThat(code(writer)).isEqualTo(ErrorCode.RECORD_TOO_LARGE);
            assertThat(writer.lines()).isEqualTo(before);
            assertThat(writer.at()).isEqualTo(2L * before);
            assertThat(written).hasSize(before).doesNotContain("2");
            assertThat(text(writer.response().join())).startsWith("{\"records\":" + before);
            // Once, however often they are looked at.
            assertThat(charged).hasValue(text.length());
            assertThat(room).hasValue(160 + 96L * (before + 3));
        }
    }

    @Test
    void manyAreReadAtOnceAgainAfterwards() {
        List<Integer> counts = new ArrayList<>();

        LinesWriter writer = write("1\n".repeat(15_000), records -> {
            counts.add(records.records().count());
            return counts.size() == 1
                    ? CompletableFuture.failedFuture(new TrunklineException(ErrorCode.RECORD_TOO_LARGE, "Too large."))
                    : send(records);
        });

        assertThat(writer.failure()).isNull();
        assertThat(counts).containsExactly(10_000, 5_000, 10_000);
    }

    @Test
    void doubtIsToldBeforeWhatIsKnown() {
        LinesWriter writer = write("1\n2\n", records -> answer(OVERLOADED, UNKNOWN));

        assertThat(code(writer)).isEqualTo(ErrorCode.OUTCOME_UNKNOWN);
        assertThat(writer.lines()).isZero();
    }

    @Test
    void whatIsWrittenBehindAFailureIsCounted() {
        LinesWriter writer = write("1\n2\n3\n", records -> answer(null, OVERLOADED, null));

        assertThat(code(writer)).isEqualTo(ErrorCode.OVERLOADED);
        assertThat(writer.lines()).isEqualTo(1);
        assertThat(text(writer.response(OVERLOADED).join()))
                .contains("\"line\":2,\"byte\":2,\"records_behind\":1,\"records\":2");
    }

    @Test
    void recordsForWhichThereIsNoRoomAreSentAgain() {
        AtomicLong calls = new AtomicLong();

        LinesWriter writer = write(
                "1\n2\n", records -> calls.incrementAndGet() < 3 ? answer(OVERLOADED, OVERLOADED) : send(records));

        assertThat(writer.failure()).isNull();
        assertThat(writer.lines()).isEqualTo(2);
        assertThat(written).containsExactly("1", "2");
        assertThat(charged).hasValue(4);
    }

    @Test
    void errorOfASenderIsToldAndNotWaitedFor() {
        LinesWriter writer = write("1\n", records -> {
            throw new StackOverflowError("of a test");
        });

        assertThat(code(writer)).isEqualTo(ErrorCode.INTERNAL);
    }

    @Test
    void errorBetweenTwoPartsIsToldAndNotWaitedFor() {
        AtomicLong calls = new AtomicLong();
        clock = new Clock() {
            @Override
            public ZoneId getZone() {
                return ZoneOffset.UTC;
            }

            @Override
            public Clock withZone(ZoneId zone) {
                return this;
            }

            @Override
            public Instant instant() {
                if (calls.incrementAndGet() > 1) {
                    throw new IllegalStateException("of a test");
                }
                return Instant.EPOCH;
            }
        };

        LinesWriter writer = write("1\n".repeat(15_000), this::send);

        assertThat(code(writer)).isEqualTo(ErrorCode.INTERNAL);
        assertThat(writer.lines()).isEqualTo(10_000);
    }

    @Test
    void linesWithoutARecordAreChargedToo() {
        LinesWriter blank = write("\n \n\r\n", this::send);
        assertThat(blank.failure()).isNull();
        assertThat(blank.lines()).isEqualTo(3);
        assertThat(charged).hasValue(5);

        charged.set(0);
        assertThat(code(write("\n\nx\n", this::send))).isEqualTo(ErrorCode.INVALID_JSON);
        assertThat(charged).hasValue(2);
        assertThat(written).isEmpty();
    }

    @Test
    void largeResponsesAreNotMadeByTheEventLoop() {
        LinesWriter writer = write("1\n".repeat(5_000), this::send);
        String here = Thread.currentThread().getName();
        CompletableFuture<String> maker = writer.response().thenApply(body -> text(body));

        assertThat(maker.join()).contains("{\"line\":5000,\"partition\":0,\"offset\":0}]}");
        assertThat(parsing.make(() -> Thread.currentThread().getName()).join()).isNotEqualTo(here);
        parsing.close();
        // Where no thread has time for it, it is made all the same.
        assertThat(text(writer.response().join())).endsWith("\"offset\":0}]}");
    }

    private static String text(byte[] body) {
        return new String(body, StandardCharsets.UTF_8);
    }

    /** Writes lines to the end, or to the first failure. */
    private LinesWriter write(String text, LinesWriter.Sender sender) {
        byte[] lines = text.getBytes(StandardCharsets.US_ASCII);
        io.vertx.core.Context loop = vertx.getOrCreateContext();
        LinesWriter writer = new LinesWriter(
                new LinesWriter.Services(parsing, LinesBufferTest.budget("100M"), clock),
                new LinesCall(TopicName.parse("orders"), OptionalInt.empty(), Optional.empty(), true, Optional.empty()),
                new LinesWriter.Request(loop, room::addAndGet, charged::addAndGet),
                new LinesWriter.Target(LARGEST, 1, sender));
        CompletableFuture<Void> ended = new CompletableFuture<>();
        loop.runOnContext(turn -> writer.write(lines, lines.length, () -> ended.complete(null)));
        ended.orTimeout(20, TimeUnit.SECONDS).join();
        return writer;
    }

    private CompletableFuture<ProduceResult> send(ProduceRequest request) {
        int count = request.records().count();
        for (int i = 0; i < count; i++) {
            written.add(new String(Objects.requireNonNull(request.records().value(i)), StandardCharsets.US_ASCII));
        }
        return CompletableFuture.completedFuture(new ProduceResult(
                new int[count], new long[count], new TrunklineException[count], false, Optional.empty()));
    }

    /** As a topic does that takes less than the parser thinks. */
    private CompletableFuture<ProduceResult> sendShortOnes(ProduceRequest request) {
        for (int i = 0; i < request.records().count(); i++) {
            if (request.records().sizeOf(i) > LARGEST / 2) {
                return CompletableFuture.failedFuture(new TrunklineException(ErrorCode.RECORD_TOO_LARGE, "Too large."));
            }
        }
        return send(request);
    }

    private static CompletableFuture<ProduceResult> answer(@Nullable TrunklineException... failures) {
        return CompletableFuture.completedFuture(new ProduceResult(
                new int[failures.length],
                new long[failures.length],
                Arrays.copyOf(failures, failures.length),
                false,
                Optional.empty()));
    }

    private static ErrorCode code(LinesWriter writer) {
        return Objects.requireNonNull(writer.failure()).code();
    }
}
