package io.trunkline.bench;

import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.util.ByteProcessor;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * One HTTP/1.1 connection, kept alive, with one request under way at a time. Parses by hand only what the benchmark looks
 * at: status, length or chunks, {@code Trunkline-Next-Offset}, and the body. Belongs to the event loop.
 */
final class HttpConnection extends ChannelInboundHandlerAdapter {
    private static final byte[] CONTENT_LENGTH = "content-length:".getBytes(StandardCharsets.US_ASCII);
    private static final byte[] TRANSFER_ENCODING = "transfer-encoding:".getBytes(StandardCharsets.US_ASCII);
    private static final byte[] NEXT_OFFSET = "trunkline-next-offset:".getBytes(StandardCharsets.US_ASCII);
    private static final int LONGEST_LINE = 16 * 1024;

    private enum Part {
        STATUS,
        HEADERS,
        BODY,
        CHUNK_SIZE,
        CHUNK,
        CHUNK_END,
        TRAILERS
    }

    /** Who uses the connection. */
    interface User {
        void answered(HttpConnection connection);

        void failed(Throwable cause);

        /** A chunk of a body that has no end has come. Answers whether it is done with: then the next one takes its place. */
        default boolean takes(HttpConnection connection) {
            return false;
        }
    }

    private final User user;
    private final int number;
    private final Channel channel;
    private Part part = Part.STATUS;
    private final byte[] line = new byte[LONGEST_LINE];
    private int lineLength;
    private long remaining;
    private boolean chunked;
    private int status;
    private long nextOffset;
    private byte[] body = new byte[8 * 1024];
    private int bodyLength;
    private long intended;
    private boolean closing;

    HttpConnection(User user, int number, Channel channel) {
        this.user = user;
        this.number = number;
        this.channel = channel;
    }

    /** The number that the user gave it. */
    int number() {
        return number;
    }

    /** When the request under way was to be sent. */
    long intended() {
        return intended;
    }

    int status() {
        return status;
    }

    /** The header of that name, or -1. */
    long nextOffset() {
        return nextOffset;
    }

    /** The body of the last answer, up to {@link #bodyLength}; overwritten by the next one. */
    byte[] body() {
        return body;
    }

    int bodyLength() {
        return bodyLength;
    }

    String bodyText() {
        return new String(body, 0, Math.min(bodyLength, 1000), StandardCharsets.UTF_8);
    }

    /** Sends a whole request, and releases it. */
    void send(ByteBuf request, long intendedNanos) {
        intended = intendedNanos;
        var unused = channel.writeAndFlush(request, channel.voidPromise());
    }

    ByteBuf buffer(int capacity) {
        return channel.alloc().directBuffer(capacity);
    }

    void close() {
        channel.eventLoop().execute(() -> {
            closing = true;
            var unused = channel.close();
        });
    }

    @Override
    public void channelRead(ChannelHandlerContext context, Object message) throws IOException {
        ByteBuf in = (ByteBuf) message;
        try {
            while (in.isReadable()) {
                switch (part) {
                    case BODY, CHUNK -> readBody(in);
                    case STATUS, HEADERS, CHUNK_SIZE, CHUNK_END, TRAILERS -> {
                        if (readLine(in)) {
                            line();
                            lineLength = 0;
                        }
                    }
                }
            }
        } finally {
            in.release();
        }
    }

    private void readBody(ByteBuf in) {
        int n = (int) Math.min(remaining, in.readableBytes());
        if (bodyLength + n > body.length) {
            body = Arrays.copyOf(body, Math.max(body.length * 2, bodyLength + n));
        }
        in.readBytes(body, bodyLength, n);
        bodyLength += n;
        remaining -= n;
        if (remaining == 0) {
            if (part == Part.BODY) {
                complete();
            } else {
                part = Part.CHUNK_END;
                if (user.takes(this)) {
                    bodyLength = 0;
                }
            }
        }
    }

    private boolean readLine(ByteBuf in) throws IOException {
        int end = in.forEachByte(ByteProcessor.FIND_LF);
        int n = (end < 0 ? in.writerIndex() : end) - in.readerIndex();
        if (lineLength + n > line.length) {
            throw new IOException("a line of the answer is longer than " + line.length);
        }
        in.readBytes(line, lineLength, n);
        lineLength += n;
        if (end < 0) {
            return false;
        }
        in.skipBytes(1);
        if (lineLength > 0 && line[lineLength - 1] == '\r') {
            lineLength--;
        }
        return true;
    }

    private void line() throws IOException {
        switch (part) {
            case STATUS -> {
                status = (int) number(9, 10);
                remaining = 0;
                chunked = false;
                nextOffset = -1;
                bodyLength = 0;
                part = Part.HEADERS;
            }
            case HEADERS -> {
                if (lineLength == 0) {
                    part = chunked ? Part.CHUNK_SIZE : Part.BODY;
                    if (!chunked && remaining == 0) {
                        complete();
                    }
                } else if (is(CONTENT_LENGTH)) {
                    remaining = number(CONTENT_LENGTH.length, 10);
                } else if (is(NEXT_OFFSET)) {
                    nextOffset = number(NEXT_OFFSET.length, 10);
                } else if (is(TRANSFER_ENCODING)) {
                    chunked = true;
                }
            }
            case CHUNK_SIZE -> {
                remaining = number(0, 16);
                part = remaining == 0 ? Part.TRAILERS : Part.CHUNK;
            }
            case CHUNK_END -> part = Part.CHUNK_SIZE;
            case TRAILERS -> {
                if (lineLength == 0) {
                    complete();
                }
            }
            case BODY, CHUNK -> throw new IllegalStateException(part.name());
        }
    }

    private void complete() {
        part = Part.STATUS;
        user.answered(this);
    }

    private boolean is(byte[] name) {
        if (lineLength < name.length) {
            return false;
        }
        for (int i = 0; i < name.length; i++) {
            if ((line[i] | 0x20) != name[i]) {
                return false;
            }
        }
        return true;
    }

    private long number(int from, int radix) throws IOException {
        int i = from;
        while (i < lineLength && line[i] == ' ') {
            i++;
        }
        long number = 0;
        int start = i;
        for (; i < lineLength; i++) {
            int digit = Character.digit(line[i], radix);
            if (digit < 0) {
                break;
            }
            number = number * radix + digit;
        }
        if (i == start) {
            throw new IOException("no HTTP: " + new String(line, 0, lineLength, StandardCharsets.ISO_8859_1));
        }
        return number;
    }

    @Override
    public void channelInactive(ChannelHandlerContext context) {
        if (!closing) {
            user.failed(new IOException("the service closed a connection"));
        }
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
        user.failed(cause);
        var unused = context.close();
    }
}
