package io.trunkline.edge;

import io.trunkline.error.TrunklineException;
import io.vertx.core.Context;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpVersion;
import io.vertx.ext.web.RoutingContext;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * One request and its response, until the network has taken the response or the client is gone: what it holds of the budget of
 * responses, and how long the client takes. Memory may be counted by any thread; everything else is for the event loop.
 */
public final class Exchange {
    private static final String KEY = Exchange.class.getName();
    /** What a response takes beside its body: objects, headers, its place in queues. */
    private static final int OVERHEAD = 1024;
    /** What of a head of HTTP/2 is not counted, in bytes. Heads of HTTP/1 are counted with their connection. */
    private static final int FREE_HEAD_BYTES = 4 * 1024;
    /** What a header takes beside its text, in bytes. */
    private static final int HEADER_BYTES = 64;

    /** The code for a stream that ends because nothing more is needed. */
    private static final long NO_ERROR = 0;

    private final RoutingContext context;
    private final ConnectionGuard guard;
    private final ClientLimits limits;
    private final ResponseBudget budget;
    private final boolean multiplexed;
    private long held;
    private boolean released;
    private boolean admitted = true;
    /** What is counted for the head of the request, in bytes, and whether there was room for it. */
    private long head;

    private boolean headFits = true;

    /** Since when the client has something to take, in nanoseconds, and how much it has been given since the beginning. */
    private long since;

    private long given;
    private boolean pending;
    /** How long the client may take for each part of a response without an end, in nanoseconds; 0 for one with an end. */
    private long stallNanos;

    Exchange(RoutingContext context, ConnectionGuard guard, ClientLimits limits, ResponseBudget budget) {
        this.context = context;
        this.guard = guard;
        this.limits = limits;
        this.budget = budget;
        multiplexed = context.request().version() == HttpVersion.HTTP_2;
    }

    public static Exchange of(RoutingContext context) {
        Exchange exchange = context.get(KEY);
        if (exchange == null) {
            throw new IllegalStateException("a request that nobody counted");
        }
        return exchange;
    }

    /** What was last given to {@link #remember} by a request of the same connection, if it is of this type. On the event loop. */
    public <T> Optional<T> remembered(Class<T> type) {
        return guard.remembered(type);
    }

    /** Keeps something for the next requests of the same connection, until the next call or the connection's end. On the event loop. */
    public void remember(Object value) {
        guard.remember(value);
    }

    void begin() {
        context.put(KEY, this);
        admitted = limits.requestBegan();
        guard.requestBegins();
        if (multiplexed) {
            takeHead();
            guard.streamBegins(context.request().streamId(), this::isOverdue, this::release);
        }
        context.addHeadersEndHandler(head -> answers());
        context.addEndHandler(end -> guard.inLoop(this::ended));
    }

    private void takeHead() {
        String uri = context.request().uri();
        long size = uri == null ? 0 : uri.length();
        for (Map.Entry<String, String> header : context.request().headers()) {
            size += HEADER_BYTES + header.getKey().length() + header.getValue().length();
        }
        long counted = Math.max(0, size - FREE_HEAD_BYTES);
        headFits = limits.takeForHeads(counted);
        head = headFits ? counted : 0;
    }

    /**
     * Refuses the request where too many are under way, or their heads take too much. It is counted all the same, until the client has taken the refusal.
     *
     * @throws TrunklineException {@code OVERLOADED}
     */
    public void admit() {
        if (!admitted) {
            throw ClientLimits.tooMany();
        }
        if (!headFits) {
            throw ClientLimits.tooLarge();
        }
    }

    /**
     * Serves the request when it is its connection's turn: when the client has taken most of what it was given before, and one
     * after the other with the requests of other connections, however many have come at once on this one.
     */
    public void whenItsTurn(Runnable serve) {
        if (multiplexed) {
            serve.run();
        } else if (guard.pendingBytes() > ResponseBudget.SMALL) {
            later(serve, guard::whenTaken);
        } else if (guard.hadItsTurn()) {
            later(serve, Runnable::run);
        } else {
            serve.run();
        }
    }

    /** Serves the request in a later turn of its event loop, on the context on which Vert.x and Quarkus go on. */
    private void later(Runnable serve, Consumer<Runnable> when) {
        Context own = context.vertx().getOrCreateContext();
        context.request().pause();
        when.accept(() -> own.runOnContext(turn -> {
            if (context.response().closed()) {
                return; // nobody waits for it any more
            }
            guard.turnBegins();
            guard.hadItsTurn();
            serve.run();
            context.request().resume();
        }));
    }

    /**
     * Counts memory of the response before it is made, in bytes.
     *
     * @throws TrunklineException {@code OVERLOADED} when too much is under way
     */
    public void take(long bytes) {
        budget.take(bytes);
        hold(bytes);
    }

    public synchronized void giveBack(long bytes) {
        long some = Math.min(held, bytes);
        held -= some;
        budget.giveBack(some);
    }

    /** Bytes that are counted for this response. */
    public synchronized long held() {
        return held;
    }

    /**
     * The response has no end of its own: what counts is how long the client takes for each part of it. Of HTTP/2, whoever writes the
     * response ends it after that time, since others share the connection; that is closed after twice the time only, if nothing else
     * helps.
     */
    public void streams(Duration stall) {
        stallNanos = Math.max(1, stall.toNanos()) * (multiplexed ? 2 : 1);
        if (!multiplexed) {
            guard.responseStreams(this::isOverdue);
        }
    }

    /** The client is given a part of the response, in bytes, and nothing more before {@link #taken()}. */
    public void giving(int bytes) {
        given += bytes;
        pending = true;
        if (stallNanos > 0) {
            since = System.nanoTime();
        }
    }

    public void taken() {
        pending = false;
    }

    /**
     * Sees to it that no more of the request comes, whose response has been given: closes the connection once the client has had a
     * moment to read it. Of a connection that carries others too, only the stream is ended (RFC 9113, section 8.1).
     */
    public void closeSoon() {
        if (multiplexed) {
            context.response().reset(NO_ERROR);
        } else {
            guard.inLoop(guard::closeSoon);
        }
    }

    /** Whether the client takes the response too slowly. */
    private boolean isOverdue(long now) {
        return pending && now - since > (stallNanos > 0 ? stallNanos : limits.responseNanos(given));
    }

    /** The head is about to be sent: what nobody has counted yet is counted now. */
    private void answers() {
        since = System.nanoTime();
        if (multiplexed) {
            context.response().headers().remove(HttpHeaders.CONNECTION); // malformed there (RFC 9113, section 8.2.2)
        }
        String length = context.response().headers().get(HttpHeaders.CONTENT_LENGTH);
        long size = length == null ? 0 : Long.parseLong(length);
        given = size;
        pending = true;
        long missing = Math.max(0, size + OVERHEAD - held());
        if (budget.force(missing)) {
            hold(missing);
        } else {
            guard.cut(CloseReason.TOO_LARGE);
        }
    }

    private void ended() {
        if (!multiplexed) {
            guard.whenTaken(this::release);
        } else if (guard.isStreamClosed(context.request().streamId())) {
            release();
        }
    }

    /** The network has taken the response, or the client is gone. */
    private void release() {
        long rest;
        synchronized (this) {
            if (released) {
                return;
            }
            released = true;
            rest = held;
            held = 0;
        }
        pending = false;
        budget.giveBack(rest);
        limits.giveBackFromHeads(head);
        guard.requestEnds();
        limits.requestEnded();
    }

    private void hold(long bytes) {
        synchronized (this) {
            if (!released) {
                held += bytes;
                return;
            }
        }
        budget.giveBack(bytes);
    }
}
