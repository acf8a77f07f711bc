package io.trunkline.rest;

import io.trunkline.edge.RequestBudget;
import io.trunkline.error.ErrorCode;
import io.trunkline.error.Failures;
import io.trunkline.error.TrunklineException;
import io.vertx.core.Context;
import java.nio.ByteBuffer;
import java.time.Clock;
import java.util.concurrent.CompletableFuture;
import java.util.function.LongConsumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Writes the lines of one streamed body in their order, some thousands at a time: the next ones are appended when those before
 * them are durable. Where the log or a quota has no room, it waits for it, for a bounded time. Used by one event loop only.
 */
final class LinesWriter {
    /** How long an append is tried again while there is no room for it, and how soon at first and later. */
    private static final long PATIENCE_NANOS = 30_000_000_000L;

    private static final long SOON_MILLIS = 20;
    private static final long LATER_MILLIS = 500;

    private final Parsing parsing;
    private final Clock clock;
    private final LinesCall call;
    private final LineParser parser;
    private final Request request;
    private final Context loop;
    private final Sender sender;
    private final LinesResult result;

    /** What a batch takes beside the buffer, where a line in it is so long that it matters. */
    private final RequestBudget.Body batch;

    private byte[] bytes = {};
    private int from;
    private int to;
    private Runnable then = () -> {};
    /** When the present step was first tried, in nanoseconds, and how long to wait before it is tried again. */
    private long since;

    private long delay;

    /** Lines and bytes that are done with: the next line is the first that may not be written. */
    private long lines;

    private long at;

    /** How many bytes are charged to the quota: those of a batch that is read again are not charged twice. */
    private long charged;

    /** For how many records from the next line on there is room in the response. */
    private int granted;

    /** Records that are read at once, fewer while one that is too large is looked for. */
    private int atOnce = LineParser.MOST_RECORDS;

    private @Nullable TrunklineException failure;

    LinesWriter(Services services, LinesCall call, Request request, Target target) {
        parsing = services.parsing();
        clock = services.clock();
        batch = services.budget().body();
        this.call = call;
        this.request = request;
        loop = request.loop();
        sender = target.sender();
        parser = new LineParser(call.key(), target.largest());
        result = new LinesResult(call.each(), target.partitions());
    }

    /** What all writers use. */
    record Services(Parsing parsing, RequestBudget budget, Clock clock) {}

    /**
     * The request of the body.
     *
     * @param room counts bytes of the response before they are made; throws without room
     * @param written counts bytes of the body before they are written; throws where the client may not write them now
     */
    record Request(Context loop, LongConsumer room, LongConsumer written) {}

    /**
     * Where the records go.
     *
     * @param largest bytes that a record may have
     * @param partitions how many there are, about
     */
    record Target(int largest, int partitions, Sender sender) {}

    /** Sends records, all of them or none, but for partitions that fail. */
    interface Sender {
        CompletableFuture<ProduceResult> send(ProduceRequest records);
    }

    /** Bytes that a line may have, with the record in it. */
    int largest() {
        return parser.largest();
    }

    TrunklineException tooLong() {
        return parser.tooLong();
    }

    /** The response when everything is written. */
    CompletableFuture<byte[]> response() {
        return made(result::toJson);
    }

    /** The response when the next line, or a part of a line, is not written for this reason. */
    CompletableFuture<byte[]> response(TrunklineException reason) {
        long line = lines + 1;
        long place = at;
        return made(() -> result.toJson(reason, line, place));
    }

    /** Makes a response that is large where it takes no time of the event loop, if there is a thread for it. */
    private CompletableFuture<byte[]> made(Supplier<byte[]> response) {
        return result.isLarge()
                ? parsing.make(response).exceptionally(failure -> response.get())
                : CompletableFuture.completedFuture(response.get());
    }

    /** How many lines are written, or empty. */
    long lines() {
        return lines;
    }

    /** How many bytes they have. */
    long at() {
        return at;
    }

    /** Why the next line is not written; null where nothing has failed. */
    @Nullable
    TrunklineException failure() {
        return failure;
    }

    /** Sees to it that nothing more is written than what is being appended. */
    void halt(TrunklineException reason) {
        if (failure == null) {
            failure = reason;
        }
    }

    /**
     * Writes lines.
     *
     * @param source begins with the first of them, and is not changed until they are written
     * @param end where the last one ends
     * @param after is called when they are written, or one of them has failed
     */
    void write(byte[] source, int end, Runnable after) {
        bytes = source;
        from = 0;
        to = end;
        then = after;
        next();
    }

    private void next() {
        batch.release();
        if (failure != null || from == to) {
            bytes = new byte[0];
            Runnable after = then;
            then = () -> {};
            after.run();
        } else {
            begin(this::parse);
        }
    }

    private void begin(Runnable step) {
        since = System.nanoTime();
        delay = SOON_MILLIS;
        step.run();
    }

    private void parse() {
        byte[] source = bytes;
        int begin = from;
        int end = to;
        long now = clock.millis();
        int most = result.room();
        int few = atOnce;
        on(
                () -> {
                    if (end - begin > LinesBuffer.SHARE) {
                        batch.takeStreamed((call.key().isPresent() ? 2L : 1L) * (end - begin));
                    }
                    return parsing.parse(
                            () -> ByteBuffer.wrap(source, 0, end - begin),
                            unused -> parser.parse(source, begin, end, most, few, now));
                },
                () -> {
                    batch.release();
                    parse();
                },
                found -> {
                    if (found.records().count() > 0) {
                        begin(() -> makeRoom(found));
                    } else if (found.next() > from) {
                        begin(() -> charge(found)); // lines without a record cost time too
                    } else {
                        done(found);
                    }
                });
    }

    /** Counts what the response will hold of the lines, before they are written: a refusal afterwards would be a lie. */
    private void makeRoom(LineParser.Lines found) {
        int more = found.records().count() - granted;
        if (more <= 0) {
            begin(() -> charge(found));
            return;
        }
        on(
                () -> {
                    request.room().accept(result.cost(more));
                    return CompletableFuture.completedFuture(true);
                },
                () -> makeRoom(found),
                taken -> {
                    granted += more;
                    result.granted(granted);
                    begin(() -> charge(found));
                });
    }

    private void charge(LineParser.Lines found) {
        long end = at + found.next() - from;
        on(
                () -> {
                    if (end > charged) {
                        request.written().accept(end - charged);
                        charged = end;
                    }
                    return CompletableFuture.completedFuture(true);
                },
                () -> charge(found),
                paid -> {
                    if (found.records().count() == 0) {
                        done(found);
                    } else {
                        begin(() -> append(found));
                    }
                });
    }

    private void append(LineParser.Lines found) {
        ProduceRequest records = ProduceRequest.anywhere(found.records());
        on(
                () -> sender.send(records).exceptionallyCompose(thrown -> refused(found, thrown)),
                () -> append(found),
                written -> {
                    if (written.count() == 0) {
                        parseLess(found);
                    } else {
                        appended(found, written);
                    }
                });
    }

    /**
     * The parser does not know everything: the topic may take less than when the body began. Which record is too large is found by
     * trying fewer: nothing has been written, and nothing stands for that here.
     */
    private static CompletableFuture<ProduceResult> refused(LineParser.Lines found, Throwable thrown) {
        return Failures.known(thrown).code() == ErrorCode.RECORD_TOO_LARGE
                        && found.records().count() > 1
                ? CompletableFuture.completedFuture(ProduceResult.NOTHING)
                : CompletableFuture.failedFuture(thrown);
    }

    private void parseLess(LineParser.Lines found) {
        atOnce = Math.max(1, found.records().count() / 2);
        next();
    }

    /** Does a step that has changed nothing where it fails; tries it again later where that may help. */
    private <T> void on(Step<T> step, Runnable again, Step.Then<T> and) {
        if (failure != null) {
            next();
            return;
        }
        CompletableFuture<T> ends;
        try {
            ends = step.begin();
        } catch (Throwable e) {
            ends = CompletableFuture.failedFuture(e);
        }
        ends.whenComplete((value, thrown) -> loop.runOnContext(turn -> safely(() -> {
            if (thrown == null) {
                and.run(value);
            } else if (!triesAgain(Failures.known(thrown), again)) {
                failed(thrown);
            }
        })));
    }

    /** Whatever fails is told to the client, who would wait for ever otherwise. */
    private void safely(Runnable step) {
        try {
            step.run();
        } catch (Throwable e) {
            failed(e);
        }
    }

    /** One step of writing, which ends at some time on some thread. */
    private interface Step<T> {
        CompletableFuture<T> begin();

        /** What comes after it, on the event loop. */
        interface Then<T> {
            void run(T value);
        }
    }

    private boolean triesAgain(TrunklineException reason, Runnable again) {
        if (reason.code() != ErrorCode.OVERLOADED && reason.code() != ErrorCode.QUOTA_EXCEEDED) {
            return false;
        }
        long wait = Math.max(delay, 1_000 * reason.retryAfterSeconds().orElse(0));
        delay = Math.min(LATER_MILLIS, 2 * delay);
        if (System.nanoTime() - since + wait * 1_000_000 > PATIENCE_NANOS) {
            return false;
        }
        loop.owner().setTimer(wait, timer -> loop.runOnContext(turn -> safely(again)));
        return true;
    }

    private void failed(Throwable thrown) {
        failure = Errors.known(thrown, "/topics/" + call.topic());
        next();
    }

    private void appended(LineParser.Lines found, ProduceResult written) {
        @Nullable TrunklineException reason = written.failure();
        if (reason != null && written.isAllRefused() && triesAgain(reason, () -> append(found))) {
            return;
        }
        int first = written.firstFailure();
        for (int i = 0; i < written.count(); i++) {
            if (written.failure(i) == null) {
                result.add(
                        lines + found.lines()[i] + 1, written.partition(i), written.offset(i), first >= 0 && i > first);
            }
        }
        granted -= written.count();
        atOnce = LineParser.MOST_RECORDS;
        if (reason == null) {
            done(found);
            return;
        }
        failure = reason;
        move(found.lines()[first], found.starts()[first]);
        next();
    }

    private void done(LineParser.Lines found) {
        move(found.read(), found.next());
        if (failure == null) {
            failure = found.fault().orElse(null);
        }
        next();
    }

    private void move(int read, int place) {
        lines += read;
        at += place - from;
        from = place;
    }
}
