package io.trunkline.edge;

import io.netty.channel.ChannelDuplexHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.socket.DuplexChannel;
import io.netty.handler.codec.http2.Http2Connection;
import io.netty.handler.codec.http2.Http2ConnectionAdapter;
import io.netty.handler.codec.http2.Http2ConnectionHandler;
import io.netty.handler.codec.http2.Http2Stream;
import io.netty.util.ReferenceCountUtil;
import java.util.ArrayDeque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.LongPredicate;
import org.jspecify.annotations.Nullable;

/**
 * Watches one connection, whatever is spoken on it: counts what its client makes the service hold, and closes it when the client
 * is too slow or wants too much. Used by the connection's event loop only, unless a method says otherwise.
 */
final class ConnectionGuard extends ChannelDuplexHandler {
    /** Bytes of heads that are not counted: every connection may have one small request. */
    private static final int FREE_HEAD_BYTES = 4 * 1024;

    /** Bytes of heads that one connection may have at once, whatever room there is. */
    private static final int MOST_HEAD_BYTES = 64 * 1024;

    private static final long LINGER_MILLIS = 2_000;

    private final ClientLimits limits;
    private @Nullable ChannelHandlerContext context;
    private boolean open;
    private boolean closing;
    private @Nullable Http2Connection http2;

    /** Bytes of a head that has not come whole, and since when it comes in nanoseconds, 0 when none does. */
    private long partial;

    private long partialSince;
    /** What the heads of the requests cost that have not been answered, the oldest first. */
    private final ArrayDeque<Integer> heads = new ArrayDeque<>();

    private long headBytes;
    private long counted;

    private int requests;
    private boolean served;

    /** Since when there is no request, in nanoseconds. */
    private long idleSince = System.nanoTime();

    /** Bytes that were given to the network since the beginning, and that it has taken. */
    private long given;

    private long taken;
    private final ArrayDeque<Mark> marks = new ArrayDeque<>();
    private final ArrayDeque<Response> responses = new ArrayDeque<>();
    private final Map<Integer, Stream> streams = new HashMap<>();
    /** Whether the client takes the oldest response of HTTP/1 too slowly, where that has no end; null where it has. */
    private @Nullable LongPredicate streaming;

    private @Nullable Object remembered;

    /** What is done when the network has taken so many bytes since the beginning. */
    private record Mark(long at, Runnable then) {}

    /** A response of HTTP/1 that the network has not taken whole, with how much had been given before it. */
    private record Response(long since, long before) {}

    /** A request of HTTP/2 that has not ended. */
    private record Stream(LongPredicate isOverdue, Runnable release) {}

    /** @param begun whether requests have been read before */
    ConnectionGuard(ClientLimits limits, boolean begun) {
        this.limits = limits;
        partialSince = begun ? 0 : System.nanoTime();
    }

    /** As {@link Exchange#remembered}. */
    <T> Optional<T> remembered(Class<T> type) {
        return type.isInstance(remembered) ? Optional.of(type.cast(remembered)) : Optional.empty();
    }

    /** As {@link Exchange#remember}. */
    void remember(Object value) {
        remembered = value;
    }

    /** Does something on the connection's event loop, at once where that is where this is called. Used by any thread. */
    void inLoop(Runnable what) {
        ChannelHandlerContext current = context;
        if (current == null || current.executor().inEventLoop()) {
            what.run();
        } else {
            current.executor().execute(what);
        }
    }

    @Override
    public void handlerAdded(ChannelHandlerContext added) {
        context = added;
        if (added.channel().isActive()) {
            opened(added);
        }
    }

    @Override
    public void channelActive(ChannelHandlerContext active) {
        opened(active);
        active.fireChannelActive();
    }

    private void opened(ChannelHandlerContext of) {
        if (open || closing) {
            return;
        }
        if (!limits.opened(of.channel())) {
            cut(CloseReason.TOO_MANY);
            return;
        }
        open = true;
        scheduleCheck(of);
    }

    @Override
    public void channelInactive(ChannelHandlerContext inactive) {
        if (open) {
            open = false;
            limits.ended(inactive.channel());
        }
        partial = 0;
        heads.clear();
        headBytes = 0;
        count();
        responses.clear();
        while (!marks.isEmpty()) {
            marks.remove().then().run();
        }
        List.copyOf(streams.values()).forEach(stream -> stream.release().run());
        streams.clear();
        inactive.fireChannelInactive();
    }

    @Override
    public void channelRead(ChannelHandlerContext reader, Object message) {
        if (closing) {
            ReferenceCountUtil.release(message);
        } else {
            reader.fireChannelRead(message);
        }
    }

    void gives(long bytes) {
        given += bytes;
    }

    /** The network has taken so many bytes, or the connection is gone. */
    void took(long bytes) {
        taken += bytes;
        while (!marks.isEmpty() && marks.element().at() <= taken) {
            marks.remove().then().run();
        }
    }

    /** Bytes that the network has not taken yet. */
    long pendingBytes() {
        return given - taken;
    }

    /** Does something when the network has taken all that it has been given until now, or the connection is gone. */
    void whenTaken(Runnable then) {
        if (pendingBytes() == 0 || !open) {
            then.run();
        } else {
            marks.add(new Mark(given, then));
        }
    }

    /** Whether nothing that comes is to be read any more. */
    boolean isClosing() {
        return closing;
    }

    /** Bytes come, or the next turn of the event loop does. */
    void turnBegins() {
        served = false;
    }

    /** Whether a request of this connection was served in this turn already; if not, one is from now on. */
    boolean hadItsTurn() {
        boolean before = served;
        served = true;
        return before;
    }

    /** Bytes of a head have come, of which nothing more is known. Returns whether there is room for them. */
    boolean partOfHead(int bytes) {
        if (partialSince == 0) {
            partialSince = System.nanoTime();
        }
        partial += bytes;
        return hasRoom();
    }

    /** A head of HTTP/1 has come whole, at a cost of so many bytes. Returns whether there is room for it. */
    boolean headBegins(int cost) {
        partial = 0;
        partialSince = 0;
        heads.add(cost);
        headBytes += cost;
        return hasRoom();
    }

    void requestBegins() {
        requests++;
    }

    void requestEnds() {
        requests--;
        idleSince = System.nanoTime();
    }

    /** A response of HTTP/1 begins. */
    void responseBegins() {
        responses.add(new Response(System.nanoTime(), given));
    }

    /** The response of HTTP/1 that has begun has no end of its own, and tells itself whether its client is too slow. */
    void responseStreams(LongPredicate isOverdue) {
        streaming = isOverdue;
    }

    /** The oldest request of HTTP/1 has been answered, and the network has been given all of the response. */
    void responseEnds() {
        Integer cost = heads.poll();
        headBytes -= cost == null ? 0 : cost;
        count();
        streaming = null;
        whenTaken(() -> {
            responses.poll();
            idleSince = System.nanoTime();
        });
    }

    void speaksHttp2(Http2Connection connection) {
        http2 = connection;
        partial = 0;
        partialSince = 0;
        count();
        connection.addListener(new Http2ConnectionAdapter() {
            @Override
            public void onStreamClosed(Http2Stream stream) {
                Stream ended = streams.remove(stream.id());
                if (ended != null) {
                    ended.release().run();
                }
            }
        });
    }

    /**
     * A request of HTTP/2 begins.
     *
     * @param isOverdue whether its client takes the response too slowly, at a time in nanoseconds
     * @param release what is done when its stream is closed
     */
    void streamBegins(int id, LongPredicate isOverdue, Runnable release) {
        if (http2 == null && context != null) {
            Http2ConnectionHandler handler = context.pipeline().get(Http2ConnectionHandler.class);
            if (handler != null) {
                speaksHttp2(handler.connection());
            }
        }
        streams.put(id, new Stream(isOverdue, release));
    }

    boolean isStreamClosed(int id) {
        return http2 == null || http2.stream(id) == null;
    }

    /** Closes the connection at once. */
    void cut(CloseReason reason) {
        ChannelHandlerContext current = context;
        if (!closing && current != null) {
            closing = true;
            limits.closed(reason);
        }
        if (current != null) {
            current.close();
        }
    }

    /** Closes the connection when what was given has been taken and the client has had a moment to read it. */
    void closeSoon() {
        ChannelHandlerContext current = context;
        if (current == null || closing) {
            return;
        }
        closing = true;
        whenTaken(() -> {
            // What still comes is read and thrown away: closing over it would reset the connection, and the response
            // with it.
            if (current.channel() instanceof DuplexChannel channel) {
                channel.shutdownOutput();
            }
            current.executor().schedule(() -> current.close(), LINGER_MILLIS, TimeUnit.MILLISECONDS);
        });
        current.executor()
                .schedule(() -> current.close(), limits.responseTimeout().toMillis(), TimeUnit.MILLISECONDS);
    }

    private boolean hasRoom() {
        return count() && partial + headBytes <= MOST_HEAD_BYTES;
    }

    /** Returns false where there is no room for what has come last, which is not kept then: the connection is cut. */
    private boolean count() {
        long now = Math.max(0, partial + headBytes - FREE_HEAD_BYTES);
        if (now > counted && !limits.takeForHeads(now - counted)) {
            return false;
        }
        if (now < counted) {
            limits.giveBackFromHeads(counted - now);
        }
        counted = now;
        return true;
    }

    private void scheduleCheck(ChannelHandlerContext of) {
        of.executor().schedule(() -> check(of), limits.checkInterval().toMillis(), TimeUnit.MILLISECONDS);
    }

    private void check(ChannelHandlerContext of) {
        if (!open || closing) {
            return;
        }
        long now = System.nanoTime();
        if (requests > 0 || !heads.isEmpty() || !responses.isEmpty()) {
            idleSince = now;
        }
        if (partialSince != 0 && now - partialSince > limits.requestTimeout().toNanos()) {
            cut(CloseReason.SLOW_REQUEST);
        } else if (isOverdue(now)) {
            cut(CloseReason.SLOW_RESPONSE);
        } else if (now - idleSince > limits.idleTimeout().toNanos()) {
            cut(CloseReason.IDLE);
        } else {
            scheduleCheck(of);
        }
    }

    private boolean isOverdue(long now) {
        Response oldest = responses.peek();
        LongPredicate endless = streaming;
        return endless != null && endless.test(now)
                || endless == null
                        && oldest != null
                        && pendingBytes() > 0
                        && now - oldest.since() > limits.responseNanos(given - oldest.before())
                || streams.values().stream()
                        .anyMatch(stream -> stream.isOverdue().test(now));
    }
}
