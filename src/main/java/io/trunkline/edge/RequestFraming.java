package io.trunkline.edge;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufHolder;
import io.netty.channel.Channel;
import io.netty.channel.ChannelDuplexHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelPromise;
import io.netty.channel.FileRegion;
import io.netty.handler.codec.http.HttpRequestDecoder;
import io.netty.handler.codec.http2.Http2ConnectionHandler;
import io.netty.handler.ssl.AbstractSniHandler;
import io.netty.handler.ssl.SslHandler;
import io.netty.util.AttributeKey;
import org.jspecify.annotations.Nullable;

/**
 * Sees the plain bytes of a connection. What comes is passed on in pieces of which each ends at most one message of HTTP/1, so
 * that a connection's requests are counted before they are all decoded: a request of 18 bytes becomes a thousand as objects. What
 * goes is counted until the network has taken it.
 */
final class RequestFraming extends ChannelDuplexHandler {
    private static final AttributeKey<ConnectionGuard> GUARD = AttributeKey.valueOf(RequestFraming.class, "guard");

    private final ConnectionGuard guard;
    private @Nullable HttpGuard http;
    private boolean multiplexed;
    private boolean placed;
    /** Whether the line that comes has had nothing yet that counts, over all pieces. */
    private boolean lineIsEmpty = true;

    /** @param begun whether requests have been read before, so that it is too late to see where each begins */
    private RequestFraming(ConnectionGuard guard, boolean begun) {
        this.guard = guard;
        multiplexed = begun;
        placed = begun;
    }

    static void install(Channel channel, ClientLimits limits) {
        install(channel, limits, false);
    }

    /** The guard of a connection, which is guarded from now on if it was not. */
    static ConnectionGuard guardOf(Channel channel, ClientLimits limits) {
        ConnectionGuard guard = channel.attr(GUARD).get();
        return guard == null ? install(channel, limits, true) : guard;
    }

    private static ConnectionGuard install(Channel channel, ClientLimits limits, boolean begun) {
        ConnectionGuard guard = new ConnectionGuard(limits, begun);
        channel.attr(GUARD).set(guard);
        channel.pipeline().addFirst(new RequestFraming(guard, begun)).addFirst(guard);
        return guard;
    }

    @Override
    public void channelRead(ChannelHandlerContext context, Object message) {
        guard.turnBegins();
        if (!placed) {
            if (context.pipeline().context(AbstractSniHandler.class) != null) {
                // The host that the client names chooses the certificate, and the decryption comes with it.
                context.fireChannelRead(message);
                return;
            }
            placed = true;
            ChannelHandlerContext tls = context.pipeline().context(SslHandler.class);
            if (tls != null) {
                // What comes here is encrypted: the one behind the decryption sees what is meant.
                context.pipeline().addAfter(tls.name(), null, behindTls());
                context.fireChannelRead(message);
                context.pipeline().remove(this);
                return;
            }
        }
        if (!(message instanceof ByteBuf bytes) || multiplexed) {
            context.fireChannelRead(message);
            return;
        }
        try {
            while (bytes.isReadable() && !guard.isClosing()) {
                pass(context, bytes);
            }
        } finally {
            bytes.release();
        }
    }

    private RequestFraming behindTls() {
        RequestFraming framing = new RequestFraming(guard, false);
        framing.placed = true;
        return framing;
    }

    private void pass(ChannelHandlerContext context, ByteBuf bytes) {
        if (multiplexed) {
            context.fireChannelRead(bytes.readRetainedSlice(bytes.readableBytes()));
            return;
        }
        HttpGuard decoded = http;
        if (decoded == null) {
            decoded = find(context);
        }
        if (multiplexed) {
            return;
        }
        if (decoded == null) {
            // Byte by byte until it is known what is spoken: the handlers for it come with the byte that tells.
            if (guard.partOfHead(1)) {
                endOfMessage(bytes, 1);
                context.fireChannelRead(bytes.readRetainedSlice(1));
            } else {
                guard.cut(CloseReason.TOO_LARGE);
            }
            return;
        }
        if (decoded.bodyBytes() > 0) {
            int some = (int) Math.min(decoded.bodyBytes(), bytes.readableBytes());
            context.fireChannelRead(bytes.readRetainedSlice(some));
            return;
        }
        int some = endOfMessage(bytes, bytes.readableBytes());
        if (!decoded.isChunked() && !guard.partOfHead(some)) {
            guard.cut(CloseReason.TOO_LARGE);
            return;
        }
        context.fireChannelRead(bytes.readRetainedSlice(some));
    }

    /** How many of so many bytes there are up to the next empty line and with it, or all. */
    private int endOfMessage(ByteBuf bytes, int most) {
        int first = bytes.readerIndex();
        int end = first + most;
        int from = first;
        while (from < end) {
            int newline = bytes.indexOf(from, end, (byte) '\n');
            lineIsEmpty &= isEmpty(bytes, from, newline < 0 ? end : newline);
            if (newline < 0) {
                return most;
            }
            from = newline + 1;
            if (lineIsEmpty) {
                return from - first;
            }
            lineIsEmpty = true;
        }
        return most;
    }

    /** Whether there are carriage returns only, if anything. */
    private static boolean isEmpty(ByteBuf bytes, int from, int end) {
        for (int i = from; i < end; i++) {
            if (bytes.getByte(i) != '\r') {
                return false;
            }
        }
        return true;
    }

    @Override
    public void write(ChannelHandlerContext context, Object message, ChannelPromise promise) {
        long size = size(message);
        if (size == 0) {
            context.write(message, promise);
            return;
        }
        guard.gives(size);
        context.write(message, promise.unvoid().addListener(sent -> guard.took(size)));
    }

    private static long size(Object message) {
        return switch (message) {
            case ByteBuf buffer -> buffer.readableBytes();
            case ByteBufHolder holder -> holder.content().readableBytes();
            case FileRegion region -> region.count();
            default -> 0;
        };
    }

    private @Nullable HttpGuard find(ChannelHandlerContext context) {
        Http2ConnectionHandler http2 = context.pipeline().get(Http2ConnectionHandler.class);
        ChannelHandlerContext decoder = context.pipeline().context(HttpRequestDecoder.class);
        if (http2 != null) {
            multiplexed = true;
            guard.speaksHttp2(http2.connection());
        } else if (decoder != null) {
            ChannelHandlerContext encoder = context.pipeline().context("httpEncoder");
            http = new HttpGuard(guard);
            context.pipeline().addAfter(encoder == null ? decoder.name() : encoder.name(), null, http);
        }
        return http;
    }
}
