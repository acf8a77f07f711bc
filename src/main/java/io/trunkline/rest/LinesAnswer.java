package io.trunkline.rest;

import io.trunkline.edge.Exchange;
import io.trunkline.error.TrunklineException;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpServerResponse;
import io.vertx.ext.web.RoutingContext;
import jakarta.ws.rs.core.HttpHeaders;

/** The one response to a streamed body. A client that has gone gets none. Used by the request's event loop only. */
final class LinesAnswer {
    private final String type;
    private final RoutingContext context;
    private final HttpServerResponse response;
    private boolean cut;

    /** @param type the media type of a response that is no failure */
    LinesAnswer(String type, RoutingContext context) {
        this.type = type;
        this.context = context;
        response = context.response();
    }

    /** Whether the client cannot get a response any more. */
    boolean isClosed() {
        return response.closed();
    }

    /** Gives the response when everything is written. */
    void give(byte[] body) {
        if (!response.closed()) {
            response.putHeader(HttpHeaders.CONTENT_TYPE, type).end(Buffer.buffer(body));
        }
    }

    /**
     * Gives a failure, with how far the body came.
     *
     * @param ends whether nothing more of the body should come
     */
    void fail(TrunklineException reason, byte[] body, boolean ends) {
        if (!response.closed()) {
            last(ends);
            Refusals.refuse(context, reason, body);
        }
    }

    /** Refuses a body of which nothing is written. */
    void refuse(TrunklineException reason, boolean ends) {
        if (!response.closed()) {
            last(ends);
            Refusals.refuse(context, reason);
        }
    }

    /** Tells of a failure that nobody foresaw, if nothing has been told yet. */
    void fail(TrunklineException unforeseen) {
        if (!response.closed() && !response.ended()) {
            Refusals.refuse(context, unforeseen);
        }
    }

    private void last(boolean closes) {
        if (closes) {
            response.putHeader("Connection", "close");
        }
    }

    /** Sees to it that no more of the body comes, once the client has had a moment to read the response. */
    void cut() {
        if (!cut) {
            cut = true;
            Exchange.of(context).closeSoon();
        }
    }
}
