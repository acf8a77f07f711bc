package io.trunkline.edge;

import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelDuplexHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelPromise;
import io.netty.handler.codec.TooLongFrameException;
import io.netty.handler.codec.http.DefaultFullHttpResponse;
import io.netty.handler.codec.http.HttpContent;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaderValues;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpResponse;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpStatusClass;
import io.netty.handler.codec.http.HttpUtil;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.handler.codec.http.LastHttpContent;
import io.netty.handler.codec.http.TooLongHttpLineException;
import io.netty.util.ReferenceCountUtil;
import io.trunkline.error.ErrorCode;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Watches the messages of one connection of HTTP/1, between the decoder and the service: what a request costs before it is
 * answered, and whether its head is one that the service and every proxy before it read alike (RFC 9112, sections 3.2 and 6.1).
 */
final class HttpGuard extends ChannelDuplexHandler {
    /** What the objects of a request cost beside its text. */
    private static final int REQUEST_COST = 1024;

    private static final int HEADER_COST = 64;
    private static final Pattern BROKEN_ESCAPE = Pattern.compile("%(?![0-9a-fA-F]{2})");
    private static final String CONTROL = "application/vnd.kafka.v2+json";

    private final ConnectionGuard guard;
    private int unanswered;
    private long bodyBytes;
    private boolean chunked;
    /** Whether the response that is written is only a word in between, such as 100. */
    private boolean informational;

    private boolean refused;

    HttpGuard(ConnectionGuard guard) {
        this.guard = guard;
    }

    /** Bytes of the present body that are still to come, 0 between messages and where the head does not tell. */
    long bodyBytes() {
        return bodyBytes;
    }

    boolean isChunked() {
        return chunked;
    }

    @Override
    public void channelRead(ChannelHandlerContext context, Object message) {
        if (refused) {
            ReferenceCountUtil.release(message);
            return;
        }
        if (message instanceof HttpRequest request && !begins(context, request)) {
            ReferenceCountUtil.release(message);
            return;
        }
        if (message instanceof HttpContent content) {
            bodyBytes -= Math.min(bodyBytes, content.content().readableBytes());
            if (content instanceof LastHttpContent) {
                bodyBytes = 0;
                chunked = false;
            }
        }
        context.fireChannelRead(message);
    }

    private boolean begins(ChannelHandlerContext context, HttpRequest request) {
        boolean room = guard.headBegins(cost(request));
        unanswered++;
        if (!room) {
            refused = true;
            guard.cut(CloseReason.TOO_LARGE);
            return false;
        }
        @Nullable Problem problem = problem(request);
        if (problem != null) {
            refuse(context, problem);
            return false;
        }
        // No change of protocol within a connection: clients of HTTP/2 begin with it.
        request.headers().remove(HttpHeaderNames.UPGRADE);
        chunked = HttpUtil.isTransferEncodingChunked(request);
        bodyBytes = chunked ? 0 : Math.max(0, HttpUtil.getContentLength(request, 0L));
        return true;
    }

    private static int cost(HttpRequest request) {
        int cost = REQUEST_COST + request.uri().length();
        for (Map.Entry<String, String> header : request.headers()) {
            cost += HEADER_COST + header.getKey().length() + header.getValue().length();
        }
        return cost;
    }

    /** Why a request cannot be served. */
    private record Problem(HttpResponseStatus status, ErrorCode code, String message) {
        static Problem malformed(String message) {
            return new Problem(HttpResponseStatus.BAD_REQUEST, ErrorCode.INVALID_REQUEST, message);
        }
    }

    private static @Nullable Problem problem(HttpRequest request) {
        if (request.decoderResult().isFailure()) {
            return switch (request.decoderResult().cause()) {
                case TooLongHttpLineException e ->
                    new Problem(
                            HttpResponseStatus.REQUEST_URI_TOO_LONG,
                            ErrorCode.URI_TOO_LONG,
                            "The request line is too long (quarkus.http.limits.max-initial-line-length).");
                case TooLongFrameException e ->
                    new Problem(
                            HttpResponseStatus.REQUEST_HEADER_FIELDS_TOO_LARGE,
                            ErrorCode.HEADERS_TOO_LARGE,
                            "The headers are too large (quarkus.http.limits.max-header-size).");
                default -> Problem.malformed("The request is not HTTP.");
            };
        }
        if (!request.uri().startsWith("/") && !request.uri().matches("(?i)https?://.*")) {
            return Problem.malformed("The target of the request is not a path.");
        }
        if (request.uri().indexOf('%') >= 0
                && BROKEN_ESCAPE.matcher(request.uri()).find()) {
            return Problem.malformed("The path or query has a % that is not followed by two hex digits.");
        }
        HttpHeaders headers = request.headers();
        List<String> hosts = headers.getAll(HttpHeaderNames.HOST);
        if (hosts.size() > 1) {
            return Problem.malformed("The request has more than one Host header.");
        }
        if (hosts.isEmpty()) {
            if (!HttpVersion.HTTP_1_0.equals(request.protocolVersion())) {
                return Problem.malformed("The request has no Host header.");
            }
            headers.set(HttpHeaderNames.HOST, "localhost");
        } else if (!isAuthority(hosts.getFirst())) {
            return Problem.malformed("The Host header is not a host and a port.");
        }
        List<String> codings = headers.getAll(HttpHeaderNames.TRANSFER_ENCODING);
        if (!codings.isEmpty()
                && !(codings.size() == 1 && codings.getFirst().strip().equalsIgnoreCase("chunked"))) {
            return Problem.malformed("The Transfer-Encoding is not chunked.");
        }
        return null;
    }

    /** Whether a text can be a host with or without a port: no user, path, space or control character. */
    private static boolean isAuthority(String host) {
        for (int i = 0; i < host.length(); i++) {
            char c = host.charAt(i);
            if (c <= ' ' || c >= 0x7f || "/?#@\\\"<>^`{|}".indexOf(c) >= 0) {
                return false;
            }
        }
        return !host.isEmpty();
    }

    /** Answers in the shape of all errors, where no earlier request still waits for its response, and closes. */
    private void refuse(ChannelHandlerContext context, Problem problem) {
        refused = true;
        if (unanswered > 1) {
            guard.cut(CloseReason.MALFORMED);
            return;
        }
        byte[] body = ("{\"error_code\":" + problem.status().code() + ",\"message\":\"" + problem.message()
                        + "\",\"code\":\"" + problem.code() + "\"}")
                .getBytes(StandardCharsets.US_ASCII);
        DefaultFullHttpResponse response =
                new DefaultFullHttpResponse(HttpVersion.HTTP_1_1, problem.status(), Unpooled.wrappedBuffer(body));
        response.headers()
                .set(HttpHeaderNames.CONTENT_TYPE, CONTROL)
                .set(HttpHeaderNames.CONTENT_LENGTH, body.length)
                .set(HttpHeaderNames.CONNECTION, HttpHeaderValues.CLOSE)
                .set("X-Content-Type-Options", "nosniff");
        Rejections.count(problem.code());
        ChannelPromise sent = context.newPromise();
        write(context, response, sent);
        context.flush();
        guard.closeSoon();
    }

    @Override
    public void write(ChannelHandlerContext context, Object message, ChannelPromise promise) {
        if (message instanceof HttpResponse response) {
            informational = response.status().codeClass() == HttpStatusClass.INFORMATIONAL;
            if (!informational) {
                guard.responseBegins();
            }
        }
        boolean ends = message instanceof LastHttpContent && !informational;
        context.write(message, promise);
        if (ends) {
            unanswered--;
            guard.responseEnds();
        }
    }
}
