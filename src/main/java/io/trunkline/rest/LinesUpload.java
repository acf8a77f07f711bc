package io.trunkline.rest;

import io.trunkline.access.Quotas;
import io.trunkline.edge.RequestBudget;
import io.trunkline.error.ErrorCode;
import io.trunkline.error.Failures;
import io.trunkline.error.TrunklineException;
import io.trunkline.topic.Topic;
import io.vertx.core.Context;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpConnection;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpVersion;
import io.vertx.ext.web.RoutingContext;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * One streamed body on its way in. While some of its lines are written the next ones are read, and the network waits when there is
 * no room for more. Used by the request's event loop only.
 */
final class LinesUpload {
    /** What a stream of HTTP/2 may have sent before it is read, in bytes (RFC 9113, section 6.5.2). */
    private static final int STREAM_WINDOW = 65_535;

    private final long announced;
    private final RoutingContext context;
    private final HttpServerRequest request;
    private final Context loop;
    private final LinesAnswer answer;
    private final Limits limits;
    private final LinesPace pace;
    private final boolean multiplexed;
    /** By how much the window of the connection is wider for this body. */
    private int wider;

    private final Optional<Quotas.Account> account;
    private final CompletableFuture<Void> ended = new CompletableFuture<>();

    private final LinesBuffer buffer;
    private @Nullable LinesWriter writer;
    private boolean writing;
    private boolean paused;
    private long received;
    /** As much of it as had come when it was last looked at. */
    private long seen;

    private long discarded;

    /** Whether the whole body has come, or its end will not. */
    private boolean cameWhole;

    private boolean gone;
    /** Whether the service has ended the upload, so that the rest of the body is of no use. */
    private boolean halted;
    /** Why no more is read; whole lines before it are written. */
    private @Nullable TrunklineException stop;

    /** When the request was responded to, or its client was found to be gone, in nanoseconds; 0 before. */
    private long doneAt;

    /**
     * What a body may be.
     *
     * @param mostBytes of the body
     * @param mostDiscarded bytes that are read of one that has been refused, so that its client gets to see why
     * @param millis over which time it has to come at the least rate
     * @param leastRate in bytes a second
     */
    record Limits(long mostBytes, long mostDiscarded, long millis, long leastRate) {}

    /** @param type the media type of the response */
    LinesUpload(String type, RoutingContext context, RequestBudget budget, Limits limits) {
        this.context = context;
        this.limits = limits;
        request = context.request();
        loop = context.vertx().getOrCreateContext();
        answer = new LinesAnswer(type, context);
        pace = new LinesPace(limits.millis(), limits.leastRate(), System.nanoTime());
        announced = BodyFilter.announced(request);
        account = QuotaFilter.account(context);
        multiplexed = request.version() == HttpVersion.HTTP_2;
        buffer = new LinesBuffer(budget.body(), announced);
    }

    /**
     * Begins to read, and to write when the topic is known.
     *
     * @param topic looks it up
     * @param writers gives what writes to it
     * @param longCalls sees to it that the client still may
     */
    void start(Supplier<CompletableFuture<Topic>> topic, Function<Topic, LinesWriter> writers, LongCalls longCalls) {
        context.addEndHandler(end -> ended.complete(null));
        listen();
        guarded(() -> open(topic, writers, longCalls));
    }

    private void open(
            Supplier<CompletableFuture<Topic>> topic, Function<Topic, LinesWriter> writers, LongCalls longCalls) {
        try {
            if (announced > limits.mostBytes()) {
                throw tooLarge();
            }
            buffer.open(multiplexed ? STREAM_WINDOW : 0);
            widen(multiplexed ? 2 * STREAM_WINDOW : 0);
        } catch (TrunklineException e) {
            refuse(e);
            return;
        }
        LongCalls.Watched watched = longCalls.watch(context, ended);
        ended.whenComplete((end, failure) -> watched.result(CompletableFuture.completedFuture(true), nothing -> {})
                .whenComplete((allowed, refusal) -> {
                    if (refusal != null) {
                        onLoop(() -> halt(Failures.known(refusal)));
                    }
                }));
        topic.get().whenComplete((found, failure) -> onLoop(() -> begin(found, failure, writers)));
    }

    /** Begins with a refusal. */
    void startRefused(TrunklineException reason) {
        listen();
        refuse(reason);
    }

    private void listen() {
        paused = true;
        request.pause();
        request.handler(chunk -> guarded(() -> take(chunk)));
        request.endHandler(end -> guarded(() -> {
            cameWhole = true;
            next();
        }));
        request.exceptionHandler(failure -> guarded(() -> {
            gone = true;
            next();
        }));
    }

    private void onLoop(Runnable what) {
        loop.runOnContext(turn -> guarded(what));
    }

    /** Whatever fails ends the request: its client would wait for ever otherwise, and its memory would stay counted. */
    private void guarded(Runnable step) {
        try {
            step.run();
        } catch (Throwable e) {
            TrunklineException known = Errors.known(e, request.path());
            LinesWriter current = writer;
            if (current != null) {
                current.halt(known);
            }
            if (!isDone()) {
                try {
                    answer.fail(known);
                } finally {
                    done(false);
                }
            }
        }
    }

    private void begin(@Nullable Topic topic, @Nullable Throwable failure, Function<Topic, LinesWriter> writers) {
        if (isDone()) {
            return;
        }
        if (topic == null) {
            Throwable reason = failure == null ? new IllegalStateException("no topic") : failure;
            refuse(Errors.known(reason, request.path()));
            return;
        }
        writer = writers.apply(topic);
        if (BodyFilter.waitsToSend(request)) {
            request.response().writeContinue();
        }
        regulate();
        next();
    }

    /** Writes nothing more, and tells how far it came. */
    void halt(TrunklineException reason) {
        LinesWriter current = writer;
        if (isDone()) {
            return;
        }
        halted = true;
        if (current == null) {
            refuse(reason);
        } else {
            current.halt(reason);
            next();
        }
    }

    /** Looks whether the body comes fast enough, from time to time. Returns whether there is nothing more to look at. */
    boolean check(long now) {
        boolean slow = pace.isTooSlow(!paused && !isDone() && stop == null, now);
        if (answer.isClosed()) {
            gone = true;
            next();
        }
        if (cameWhole || gone) {
            return isDone();
        }
        if (isDone()) {
            boolean overdue = now - doneAt > limits.millis() * 1_000_000;
            if (overdue) {
                answer.cut();
            }
            return overdue;
        }
        if (received == seen) {
            buffer.shrink();
        }
        seen = received;
        if (slow) {
            stop(new TrunklineException(
                    ErrorCode.REQUEST_TIMEOUT,
                    "The request body arrived at less than " + limits.leastRate() + " bytes a second over "
                            + limits.millis() / 1_000
                            + " s (trunkline.http.min-transfer-rate, trunkline.http.request-timeout)."));
        }
        return false;
    }

    private void take(Buffer chunk) {
        int size = chunk.length();
        if (isDone()) {
            discard(size);
            return;
        }
        if (stop != null) {
            return;
        }
        received += size;
        pace.brought(size);
        if (received > limits.mostBytes()) {
            stop(tooLarge());
            return;
        }
        buffer.put(chunk);
        regulate();
        next();
    }

    /** Throws away what comes of a body that has been responded to; a client that sends on and on is cut off. */
    private void discard(int size) {
        discarded += size;
        boolean allowed = discarded <= limits.mostDiscarded();
        try {
            account.ifPresent(client -> client.write(size));
        } catch (TrunklineException e) {
            allowed = false;
        }
        if (!allowed) {
            answer.cut();
        }
    }

    /** Lets the network go on or wait, as there is room, and finds a line that will have none. */
    private void regulate() {
        LinesWriter current = writer;
        TrunklineException full = buffer.refusal();
        if (current != null && stop == null) {
            if (buffer.begun() > (long) current.largest() + LinesBuffer.SLACK) {
                stop = current.tooLong();
            } else if (full != null && !writing && buffer.whole() == 0) {
                stop = full; // nothing that is written will make room
            }
        }
        boolean waits = full != null || current == null || buffer.isNearlyFull() && buffer.whole() > 0;
        if (waits && !isDone()) {
            paused = true;
            request.pause();
        } else if (paused) {
            paused = false;
            request.resume();
        }
    }

    /** Reads nothing more, and responds when what has come whole is written. */
    private void stop(TrunklineException reason) {
        stop = reason;
        next();
    }

    /** Goes on with what is to be done next. */
    private void next() {
        LinesWriter current = writer;
        if (isDone() || writing) {
            return;
        }
        if (current == null) {
            if (gone) {
                done(false);
            }
            return;
        }
        @Nullable TrunklineException failure = current.failure();
        if (failure != null) {
            fail(current, failure);
        } else if (buffer.whole() > 0) {
            write(current, buffer.whole());
        } else if (stop != null) {
            fail(current, stop);
        } else if (cameWhole && buffer.length() > 0) {
            write(current, buffer.length());
        } else if (cameWhole) {
            answer(current.response(), body -> {
                answer.give(body);
                done(false);
            });
        } else if (gone) {
            done(false); // what has come of the last line may be half of it
        }
    }

    /** Writes what has come until here, and goes on reading meanwhile. */
    private void write(LinesWriter current, int end) {
        writing = true;
        current.write(
                buffer.lend(end),
                end,
                () -> guarded(() -> {
                    writing = false;
                    buffer.written();
                    regulate();
                    next();
                }));
        regulate();
    }

    private void fail(LinesWriter current, TrunklineException reason) {
        boolean ends = halted || reason.code() == ErrorCode.REQUEST_TIMEOUT;
        answer(current.response(reason), body -> {
            answer.fail(reason, body, ends);
            done(ends);
        });
    }

    /** Gives the response when it is made; nothing else is done meanwhile. */
    private void answer(CompletableFuture<byte[]> made, Consumer<byte[]> give) {
        writing = true;
        made.whenComplete((body, failure) -> onLoop(() -> {
            if (failure != null) {
                throw new IllegalStateException(failure);
            }
            if (!isDone()) {
                give.accept(body);
            }
        }));
    }

    private void refuse(TrunklineException reason) {
        // A client that waits to be told does not send the body: its connection must not be taken for waiting for it.
        boolean ends = halted || request.getHeader("Expect") != null;
        answer.refuse(reason, ends);
        done(ends);
    }

    private boolean isDone() {
        return doneAt != 0;
    }

    /**
     * What still comes is read and thrown away.
     *
     * @param cut whether nothing more should come
     */
    private void done(boolean cut) {
        doneAt = System.nanoTime() | 1;
        buffer.close();
        regulate();
        widen(-wider);
        if (cut) {
            answer.cut();
        }
    }

    /**
     * Changes what all streams of the connection together may have sent before it is read. It is as much as for one stream, so that
     * one which waits would stop all others. Room is given anew when half of it has been read: so each that waits needs it twice.
     */
    private void widen(int bytes) {
        if (bytes != 0) {
            HttpConnection connection = request.connection();
            connection.setWindowSize(connection.getWindowSize() + bytes);
            wider += bytes;
        }
    }

    private TrunklineException tooLarge() {
        return new TrunklineException(
                ErrorCode.BODY_TOO_LARGE,
                "The request body is larger than " + limits.mostBytes()
                        + " bytes (trunkline.http.max-streamed-body-size).");
    }
}
