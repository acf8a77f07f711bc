package io.trunkline.rest;

import io.quarkus.vertx.http.runtime.filters.Filters;
import io.trunkline.edge.Exchange;
import io.trunkline.edge.HttpConfig;
import io.trunkline.edge.RequestBudget;
import io.trunkline.error.ErrorCode;
import io.trunkline.error.TrunklineException;
import io.trunkline.rest.event.EventHeaders;
import io.vertx.core.Context;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.ext.web.RoutingContext;
import jakarta.enterprise.event.Observes;
import jakarta.inject.Singleton;
import jakarta.ws.rs.core.HttpHeaders;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Arrays;
import java.util.Locale;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Reads request bodies without holding a thread, before the resources: bounded one by one and all together, so that
 * neither a large body nor many can take the memory.
 */
@Singleton
class BodyFilter {
    private static final String BODY = BodyFilter.class.getName();
    private static final int TICK_MILLIS = 500;
    /** A body that comes more slowly, in bytes a second, keeps no others out by what it has announced. */
    private static final long LEAST_RATE = 64 * 1024;

    /** How much of a refused body is read and thrown away so that the client gets to see the answer. */
    private static final int DISCARDED_TIMES = 8;

    /** A body that is read of somebody who has not proven anything, in bytes: it has a token. */
    private static final int LARGEST_OF_STRANGERS = 16 * 1024;

    /** Room is made for so much at least where a body does not tell its length. */
    private static final int LEAST_ROOM = 4 * 1024;

    private final Vertx vertx;
    private final RequestBudget budget;
    /** Bodies on their way in. They share a timer: most are there at once, and need none. */
    private final Set<Reading> coming = ConcurrentHashMap.newKeySet();

    private final int maxBodySize;
    private final long mostMillis;

    BodyFilter(Vertx vertx, HttpConfig config, RequestBudget budget) {
        this.vertx = vertx;
        this.budget = budget;
        maxBodySize = (int) Math.min(Integer.MAX_VALUE - 8, config.maxBodySize().asLongValue());
        mostMillis = config.requestTimeout().toMillis();
    }

    static boolean isEmpty(RoutingContext context) {
        return bytes(context).get().limit() == 0;
    }

    /**
     * The body of a request as it lies in memory, from the beginning of an array; empty when it has none, and when it has
     * been released. May be asked by any thread.
     */
    static Supplier<ByteBuffer> bytes(RoutingContext context) {
        Reading reading = context.get(BODY);
        return reading == null ? () -> ByteBuffer.allocate(0) : reading::bytes;
    }

    /** What to do when the body of a request has been read and nobody needs it any more; may be done by any thread. */
    static Runnable release(RoutingContext context) {
        Reading reading = context.get(BODY);
        return reading == null ? () -> {} : reading::release;
    }

    void register(@Observes Filters filters) {
        filters.register(this::read, FilterOrder.BODY);
        vertx.setPeriodic(TICK_MILLIS, tick -> coming.forEach(Reading::tick));
    }

    private void read(RoutingContext context) {
        HttpServerRequest request = context.request();
        boolean mayHaveBody = request.method() == HttpMethod.POST
                || request.method() == HttpMethod.PUT
                || request.method() == HttpMethod.PATCH
                || request.method() == HttpMethod.DELETE;
        if (!mayHaveBody) {
            context.next();
            return;
        }
        new Reading(context).start();
    }

    /** One body on its way in. Read by the request's event loop only; released by anybody. */
    private final class Reading {
        private final RoutingContext context;
        private final HttpServerRequest request;
        private final RequestBudget.Body counted = budget.body();
        /** How large it may be, in bytes. */
        private final int most;

        private byte[] bytes = {};
        private int length;
        private long announced;
        private long discarded;
        private final long start = System.nanoTime();
        private final Context loop = vertx.getOrCreateContext();
        private boolean refused;
        private volatile boolean released;

        Reading(RoutingContext context) {
            this.context = context;
            request = context.request();
            most = ApiOperation.isLogin(request.method(), context.normalizedPath())
                    ? Math.min(maxBodySize, LARGEST_OF_STRANGERS)
                    : maxBodySize;
        }

        void start() {
            context.addEndHandler(end -> release());
            request.handler(this::take);
            request.endHandler(end -> ended());
            request.exceptionHandler(failure -> {
                coming.remove(this);
                release();
            });
            coming.add(this);
            announced = BodyFilter.announced(request);
            try {
                checkEncoding(request);
                if (announced > most) {
                    throw tooLarge();
                }
                QuotaFilter.account(context).ifPresent(account -> account.write(announced));
                counted.announce(announced);
            } catch (TrunklineException e) {
                refuse(e);
                return;
            }
            if (waitsToSend(request)) {
                request.response().writeContinue();
            }
        }

        private void tick() {
            loop.runOnContext(turn -> {
                if (coming.contains(this)) {
                    check(Duration.ofNanos(System.nanoTime() - start).toMillis());
                }
            });
        }

        /** A slow body holds no room but what it has filled, and has to arrive in time. */
        private void check(long millis) {
            if (context.response().closed()) {
                coming.remove(this);
                return;
            }
            if (millis >= TICK_MILLIS && length < LEAST_RATE * millis / 1_000) {
                withdraw();
            }
            if (millis < mostMillis) {
                return;
            }
            coming.remove(this);
            if (!refused) {
                request.response().putHeader("Connection", "close");
                refuse(new TrunklineException(
                        ErrorCode.REQUEST_TIMEOUT,
                        "The request body did not arrive within " + mostMillis / 1000
                                + " s (trunkline.http.request-timeout); nothing was done."));
            }
            Exchange.of(context).closeSoon();
        }

        private void take(Buffer chunk) {
            if (refused || released) {
                discard(chunk.length());
                return;
            }
            try {
                room(chunk.length());
            } catch (TrunklineException e) {
                refuse(e);
                return;
            }
            chunk.getBytes(bytes, length);
            length += chunk.length();
        }

        /** Makes room as bytes come, twice as much each time, and counts it before. */
        private synchronized void room(int more) {
            long needed = (long) length + more;
            if (needed > most) {
                throw tooLarge();
            }
            if (needed <= bytes.length) {
                return;
            }
            long room = announced > 0 ? Math.max(announced, needed) : most;
            int capacity = (int) Math.min(room, Math.max(Math.max(needed, 2L * bytes.length), LEAST_ROOM));
            counted.take(capacity - bytes.length);
            bytes = Arrays.copyOf(bytes, capacity);
        }

        private void ended() {
            coming.remove(this);
            withdraw();
            if (!refused && isCharged()) {
                context.put(BODY, this);
                context.next();
            }
        }

        /** Counts the bytes of a body that has not announced them, or refuses it. */
        private boolean isCharged() {
            if (announced > 0 || length == 0) {
                return true;
            }
            try {
                QuotaFilter.account(context).ifPresent(account -> account.write(length));
                return true;
            } catch (TrunklineException e) {
                refuse(e);
                return false;
            }
        }

        synchronized ByteBuffer bytes() {
            return ByteBuffer.wrap(bytes, 0, length);
        }

        private void refuse(TrunklineException failure) {
            refused = true;
            release();
            if (request.getHeader("Expect") != null) {
                // The client will not send the body, so the connection must not be taken for waiting for it.
                request.response().putHeader("Connection", "close");
            }
            Refusals.refuse(context, failure);
        }

        /** A client that sends on and on is cut off. */
        private void discard(int size) {
            discarded += size;
            if (discarded > DISCARDED_TIMES * (long) most) {
                Exchange.of(context).closeSoon();
            }
        }

        private synchronized void withdraw() {
            if (!released) {
                counted.withdraw();
            }
        }

        private synchronized void release() {
            if (!released) {
                released = true;
                counted.release();
                bytes = new byte[0];
                length = 0;
            }
        }

        private TrunklineException tooLarge() {
            return new TrunklineException(
                    ErrorCode.BODY_TOO_LARGE,
                    "The request body is larger than " + most
                            + (most < maxBodySize
                                    ? " bytes; nothing was done."
                                    : " bytes (trunkline.http.max-body-size); nothing was done. Send fewer records at once."));
        }
    }

    /** The bytes that the body of a request will have, 0 where its head does not tell. */
    static long announced(HttpServerRequest request) {
        String text = request.getHeader(HttpHeaders.CONTENT_LENGTH);
        try {
            return text == null ? 0 : Math.max(0, Long.parseLong(text));
        } catch (NumberFormatException e) {
            return Long.MAX_VALUE; // beyond any limit, or nonsense
        }
    }

    /** Whether the client sends its body when it is told to only. */
    static boolean waitsToSend(HttpServerRequest request) {
        return "100-continue".equalsIgnoreCase(request.getHeader("Expect"));
    }

    /**
     * A body that is compressed, or text in another charset, would be taken for something else. What the data of a CloudEvent are
     * is not looked at.
     *
     * @throws TrunklineException {@code UNSUPPORTED_MEDIA_TYPE}
     */
    static void checkEncoding(HttpServerRequest request) {
        String encoding = request.getHeader(HttpHeaders.CONTENT_ENCODING);
        if (encoding != null && !encoding.strip().equalsIgnoreCase("identity")) {
            throw new TrunklineException(
                    ErrorCode.UNSUPPORTED_MEDIA_TYPE, "Content-Encoding is not supported: send the body as it is.");
        }
        String type = request.getHeader(HttpHeaders.CONTENT_TYPE);
        String charset = charset(type);
        if (charset != null
                && !EventHeaders.areMeant(request.headers(), MediaTypes.name(type))
                && !charset.equals("utf-8")
                && !charset.equals("us-ascii")) {
            throw new TrunklineException(
                    ErrorCode.UNSUPPORTED_MEDIA_TYPE, "The charset is not supported: send the body in UTF-8.");
        }
    }

    /** The charset that a media type names, in lower case, or null. */
    private static @Nullable String charset(@Nullable String contentType) {
        if (contentType == null || contentType.indexOf(';') < 0) {
            return null;
        }
        String[] parts = contentType.split(";");
        for (int i = 1; i < parts.length; i++) {
            String[] parameter = parts[i].split("=", 2);
            if (parameter.length == 2 && parameter[0].strip().equalsIgnoreCase("charset")) {
                return parameter[1].strip().replace("\"", "").toLowerCase(Locale.ROOT);
            }
        }
        return null;
    }
}
