package io.trunkline.rest;

import io.quarkus.vertx.http.runtime.filters.Filters;
import io.trunkline.error.ErrorCode;
import io.trunkline.error.TrunklineException;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpServerResponse;
import io.vertx.ext.web.RoutingContext;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Observes;
import jakarta.ws.rs.core.HttpHeaders;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Reads request bodies without holding a thread, before the resources: bounded one by one and all together, so that
 * neither a large body nor many can take the memory.
 */
@ApplicationScoped
class BodyFilter {
    private static final String BODY = BodyFilter.class.getName();
    /** After the CORS filter, whose headers a refusal needs too. */
    private static final int PRIORITY = 250;

    private static final long MOST_MILLIS = 60_000;
    /** How much of a refused body is read and thrown away so that the client gets to see the answer. */
    private static final int DISCARDED_TIMES = 8;

    /** Room is made for so much when it is announced; for more when it comes. */
    private static final int MOST_EXPECTED = 256 * 1024;

    private final long maxBodySize;
    private final long maxInFlight;
    private final AtomicLong inFlight = new AtomicLong();

    BodyFilter(HttpConfig config) {
        maxBodySize = config.maxBodySize().asLongValue();
        maxInFlight = config.maxBodyBytesInFlight().asLongValue();
    }

    /** The body of a request, empty when it has none. */
    static byte[] body(RoutingContext context) {
        Buffer body = context.get(BODY);
        return body == null ? new byte[0] : body.getBytes();
    }

    void register(@Observes Filters filters) {
        filters.register(this::read, PRIORITY);
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

    /** One body on its way in. Used by the request's event loop only. */
    private final class Reading {
        private final RoutingContext context;
        private final HttpServerRequest request;
        private Buffer body = Buffer.buffer();
        private long held;
        private long discarded;
        private boolean refused;
        private long timer;

        Reading(RoutingContext context) {
            this.context = context;
            request = context.request();
        }

        void start() {
            context.addEndHandler(end -> release());
            timer = context.vertx().setTimer(MOST_MILLIS, late -> {
                if (!refused) {
                    refuse(new TrunklineException(
                            ErrorCode.REQUEST_TIMEOUT,
                            "The request body did not come within " + MOST_MILLIS / 1000 + " s; nothing was done."));
                }
                request.connection().close();
            });
            request.handler(this::take);
            request.endHandler(end -> {
                context.vertx().cancelTimer(timer);
                if (!refused) {
                    context.put(BODY, body);
                    context.next();
                }
            });
            request.exceptionHandler(failure -> {
                context.vertx().cancelTimer(timer);
                release();
            });
            long announced = announced();
            if (announced > maxBodySize) {
                refuse(tooLarge());
                return;
            }
            if (announced > 0 && announced <= MOST_EXPECTED) {
                body = Buffer.buffer((int) announced);
            }
            if ("100-continue".equalsIgnoreCase(request.getHeader("Expect"))) {
                request.response().writeContinue();
            }
        }

        private void take(Buffer chunk) {
            if (refused) {
                discard(chunk.length());
                return;
            }
            if (body.length() + (long) chunk.length() > maxBodySize) {
                refuse(tooLarge());
                return;
            }
            held += chunk.length();
            if (inFlight.addAndGet(chunk.length()) > maxInFlight) {
                refuse(new TrunklineException(
                        ErrorCode.OVERLOADED,
                        "Too many request bodies are held (trunkline.http.max-body-bytes-in-flight); nothing was done."
                                + " Try again."));
                return;
            }
            body.appendBuffer(chunk);
        }

        private void refuse(TrunklineException failure) {
            refused = true;
            release();
            Rejections.count(failure.code());
            HttpServerResponse response = request.response();
            response.setStatusCode(ErrorStatus.of(failure.code()))
                    .putHeader(HttpHeaders.CONTENT_TYPE, MediaTypes.CONTROL);
            if (Errors.isRetriable(failure.code())) {
                response.putHeader(HttpHeaders.RETRY_AFTER, "1");
            }
            boolean waitsToSend = request.getHeader("Expect") != null;
            if (waitsToSend) {
                // The client will not send the body, so the connection must not be taken for waiting for it.
                response.putHeader("Connection", "close");
            }
            response.end(Buffer.buffer(ErrorView.of(failure).toJson()));
        }

        /** A client that sends on and on is cut off. */
        private void discard(int length) {
            discarded += length;
            if (discarded > DISCARDED_TIMES * maxBodySize) {
                request.connection().close();
            }
        }

        private void release() {
            inFlight.addAndGet(-held);
            held = 0;
        }

        private long announced() {
            String length = request.getHeader(HttpHeaders.CONTENT_LENGTH);
            try {
                return length == null ? 0 : Long.parseLong(length);
            } catch (NumberFormatException e) {
                return Long.MAX_VALUE; // beyond any limit, or nonsense
            }
        }

        private TrunklineException tooLarge() {
            return new TrunklineException(
                    ErrorCode.BODY_TOO_LARGE,
                    "The request body is larger than " + maxBodySize
                            + " bytes (trunkline.http.max-body-size); nothing was done. Send fewer records at once.");
        }
    }
}
