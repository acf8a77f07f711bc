package io.trunkline.rest;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.PooledByteBufAllocator;
import io.trunkline.access.Quotas;
import io.trunkline.edge.Exchange;
import io.trunkline.edge.StreamConfig;
import io.trunkline.error.ErrorCode;
import io.trunkline.error.Failures;
import io.trunkline.error.TrunklineException;
import io.trunkline.json.JsonBuffer;
import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpServerResponse;
import io.vertx.core.http.HttpVersion;
import io.vertx.ext.web.RoutingContext;
import java.time.Duration;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.jboss.logging.Logger;
import org.jspecify.annotations.Nullable;

/**
 * A response without an end. It holds one page at most: the next one is asked for when the network has taken the last piece of
 * the one before, so that a slow client slows its reading of the log down, and nothing grows. Its own steps are on the request's
 * event loop; what others may call says so.
 */
final class RecordStream {
    private static final Logger LOG = Logger.getLogger(RecordStream.class);
    /** How often a source is told that its client may not read yet: several times in the shortest session of a consumer. */
    private static final long PAUSE_MILLIS = 500;
    /** How long a client that does not take what it was given may still take for the reason of the end. */
    private static final long LAST_MILLIS = 1_000;

    /** Why a response of HTTP/2 is broken off (RFC 9113, section 7). */
    private static final long INTERNAL_ERROR = 2;

    private static final long CANCEL = 8;

    private static final ThreadLocal<JsonBuffer> PIECES =
            ThreadLocal.withInitial(() -> new JsonBuffer(2 * StreamPage.PIECE));

    private final StreamFormat format;
    private final StreamSource source;
    private final RoutingContext context;
    private final HttpServerResponse response;
    private final Exchange exchange;
    private final Optional<Quotas.Account> account;
    private final StreamConfig config;
    /** Whether other streams may have the same connection. */
    private final boolean multiplexed;
    /** Completes when it has ended, whatever the reason. */
    private final CompletableFuture<End> over = new CompletableFuture<>();

    /** Null before it begins to write; then it does not change. Written under the lock of this. */
    private volatile @Nullable Context loop;
    /** When the network has taken something last, by {@link System#nanoTime}. */
    private volatile long takenAt = System.nanoTime();

    /** Whether the client has yet to take what it was given. */
    private volatile boolean writing;
    /** When it was given that, by {@link System#nanoTime}. */
    private volatile long givenAt;
    /** Whether a page has been asked for, or will be asked for later. */
    private boolean asking;

    private boolean silent;
    /** Whether the client has to be told where to go on, because that has changed without a record. */
    private boolean behind;

    private final Backoff backoff = new Backoff();

    private @Nullable StreamPage page;
    private volatile @Nullable TrunklineException reason;
    /** Whether the client is being told the reason, behind which nothing may be written. */
    private boolean ending;

    /** Why a stream has ended. */
    enum End {
        /** The client has gone, or was too slow. */
        CLIENT,
        /** The service has told it a reason. */
        TOLD,
        /** The service could not write it. */
        FAILED
    }

    RecordStream(StreamFormat format, StreamSource source, RoutingContext context, StreamConfig config) {
        this.format = format;
        this.source = source;
        this.context = context;
        this.config = config;
        response = context.response();
        multiplexed = context.request().version() == HttpVersion.HTTP_2;
        exchange = Exchange.of(context);
        account = QuotaFilter.account(context);
    }

    /** Completes when it has ended. */
    CompletableFuture<End> over() {
        return over;
    }

    /** Begins to write. */
    void start(Context on) {
        synchronized (this) {
            loop = on;
        }
        if (over.isDone()) {
            return;
        }
        guarded(() -> {
            exchange.streams(config.stallTimeout());
            response.setChunked(true);
            JsonBuffer out = piece();
            format.begin(out, config.retry(), source.cursor());
            write(out);
        });
    }

    /** The client has gone. Any thread may call. */
    void gone() {
        if (hasBegun()) {
            run(() -> end(End.CLIENT));
        } else {
            end(End.CLIENT);
        }
    }

    /** Ends it for a reason, which the client is told. Any thread may call. */
    void end(TrunklineException failure) {
        synchronized (this) {
            if (loop == null) {
                reason = failure;
                return;
            }
        }
        run(() -> tell(failure));
    }

    private synchronized boolean hasBegun() {
        return loop != null;
    }

    /**
     * Sends a sign where nothing has been sent for so long, and ends the stream of a client that has stalled. Any thread may call,
     * now and then.
     *
     * @param now by {@link System#nanoTime}
     */
    void heartbeat(long now, Duration after) {
        if (loop == null) {
            return;
        }
        if (isStalled(now)) {
            run(() -> {
                if (isStalled(now)) {
                    LOG.debugf(
                            "A client does not take a stream path=%s",
                            context.request().path());
                    cut(CANCEL, End.CLIENT);
                }
            });
        } else if (now - takenAt >= after.toNanos()) {
            run(() -> {
                silent = true;
                go();
            });
        }
    }

    /** Whether this is to end, and not the connection with all that others do on it. Where nobody else has it, its guard sees to that. */
    private boolean isStalled(long now) {
        return multiplexed && writing && now - givenAt > config.stallTimeout().toNanos();
    }

    private void run(Runnable what) {
        Objects.requireNonNull(loop).runOnContext(turn -> guarded(what));
    }

    /** Runs a step, all of which run within this: a page may have given away what was not sent, so nothing follows a failure. */
    private void guarded(Runnable step) {
        try {
            step.run();
        } catch (RuntimeException | Error e) {
            if (response.closed()) {
                LOG.debugf("A stream has ended reason=%s", e.getMessage());
                end(End.CLIENT);
            } else if (e instanceof TrunklineException known && Errors.isRetriable(known.code())) {
                // The client resumes behind the last event that it has got.
                LOG.debugf(
                        "A stream is broken off path=%s code=%s",
                        context.request().path(), known.code());
                cut(CANCEL, End.FAILED);
            } else {
                LOG.errorf(
                        e,
                        "A stream could not be written path=%s",
                        context.request().path());
                cut(INTERNAL_ERROR, End.FAILED);
            }
        }
    }

    /** Breaks the response off. It has no end then, so that the client does not take it for complete. */
    private void cut(long code, End how) {
        try {
            response.reset(code);
        } finally {
            end(how);
        }
    }

    /** Does what is to be done next, unless the client has yet to take what it was given. */
    private void go() {
        if (writing || ending || over.isDone()) {
            return;
        }
        TrunklineException failure = reason;
        if (failure != null) {
            last(failure);
            return;
        }
        StreamPage current = page;
        if (current != null && current.hasNext()) {
            next(current);
            return;
        }
        drop(true);
        if (silent) {
            JsonBuffer out = piece();
            format.heartbeat(out, behind ? source.cursor() : null);
            behind = false;
            write(out);
        }
        ask();
    }

    /** Writes the next piece of a page, whose text was counted with it, but for text that is full of control characters. */
    private void next(StreamPage current) {
        JsonBuffer out = piece();
        current.next(format, out);
        behind = current.isAhead();
        if (out.length() == 0) {
            goLater();
            return;
        }
        long more = Math.max(0, out.length() - current.nextSize());
        if (more > 0) {
            exchange.take(more);
        }
        write(out, more, this::goLater);
    }

    private void ask() {
        if (asking) {
            return;
        }
        long pause = account.map(Quotas.Account::readPauseNanos).orElse(0L);
        if (pause > 0) {
            later(Math.min(PAUSE_MILLIS, TimeUnit.NANOSECONDS.toMillis(pause) + 1));
            return;
        }
        asking = true;
        CompletableFuture<StreamPage> next;
        try {
            next = source.next();
        } catch (RuntimeException e) {
            next = CompletableFuture.failedFuture(e);
        }
        next.whenComplete((found, failure) -> run(() -> asked(found, failure)));
    }

    /** Asks after a time, in which the source hears now and then that it is not asked yet. */
    private void later(long millis) {
        asking = true;
        source.paused();
        long some = Math.min(PAUSE_MILLIS, millis);
        context.vertx()
                .setTimer(
                        some,
                        timer -> guarded(() -> {
                            if (over.isDone()) {
                                return;
                            }
                            if (some < millis) {
                                later(millis - some);
                            } else {
                                asking = false;
                                go();
                            }
                        }));
    }

    private void asked(@Nullable StreamPage found, @Nullable Throwable failure) {
        if (found != null) {
            asking = false;
            backoff.reset();
            page = found;
            if (over.isDone() || reason != null) {
                drop(false);
            }
            go();
            return;
        }
        if (over.isDone()) {
            return;
        }
        TrunklineException known = Errors.known(
                failure == null ? new IllegalStateException("no page") : Failures.unwrapped(failure),
                context.request().path());
        if (Errors.isRetriable(known.code())) {
            later(backoff.nextMillis());
        } else {
            tell(known);
        }
    }

    private void tell(TrunklineException failure) {
        if (reason != null || over.isDone()) {
            return;
        }
        reason = failure;
        if (writing) {
            context.vertx()
                    .setTimer(
                            LAST_MILLIS,
                            timer -> guarded(() -> {
                                if (!over.isDone()) {
                                    cut(CANCEL, End.CLIENT);
                                }
                            }));
        }
        go();
    }

    private void last(TrunklineException failure) {
        ending = true;
        // The network has taken what was written before.
        drop(page != null && !page.hasNext());
        JsonBuffer out = piece();
        format.notice(out, "error", ErrorView.of(failure).toJson(), null);
        write(
                out,
                0,
                () -> response.end().onComplete(ended -> {
                    if (context.request().version() == HttpVersion.HTTP_1_0) {
                        context.request().connection().close();
                    } else if (failure.code() == ErrorCode.REPLICA_STOPPING && !multiplexed) {
                        // Over the same connection the client would come back to this replica.
                        exchange.closeSoon();
                    }
                    end(End.TOLD);
                }));
    }

    private void drop(boolean taken) {
        StreamPage current = page;
        if (current != null) {
            page = null;
            exchange.giveBack(current.memory());
            current.ended(taken);
        }
    }

    private void end(End how) {
        if (over.complete(how)) {
            source.close();
            drop(false);
        }
    }

    private void write(JsonBuffer out) {
        write(out, 0, this::goLater);
    }

    /** Not at once, so that others have their turn even where the network takes everything. */
    private void goLater() {
        run(this::go);
    }

    /** @param counted how much has been counted for this text alone, in bytes, until the network has taken it */
    private void write(JsonBuffer out, long counted, Runnable then) {
        int size = out.length();
        if (out.capacity() > 4 * StreamPage.PIECE) {
            PIECES.remove();
        }
        ByteBuf bytes = PooledByteBufAllocator.DEFAULT.directBuffer(size);
        Future<Void> sent;
        try {
            out.writeTo(bytes);
            sent = response.write(Buffer.buffer(bytes));
        } catch (RuntimeException | Error e) {
            bytes.release();
            throw e;
        }
        givenAt = System.nanoTime();
        writing = true;
        silent = false;
        account.ifPresent(known -> known.read(size));
        exchange.giving(size);
        sent.onComplete(result -> {
            exchange.taken();
            exchange.giveBack(counted);
            bytes.release();
            writing = false;
            takenAt = System.nanoTime();
            if (result.succeeded()) {
                guarded(then);
            } else {
                end(End.CLIENT);
            }
        });
    }

    private static JsonBuffer piece() {
        JsonBuffer out = PIECES.get();
        out.clear();
        return out;
    }
}
