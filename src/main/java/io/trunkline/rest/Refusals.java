package io.trunkline.rest;

import io.trunkline.edge.Rejections;
import io.trunkline.error.ErrorCode;
import io.trunkline.error.TrunklineException;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpServerResponse;
import io.vertx.ext.web.RoutingContext;
import jakarta.ws.rs.core.HttpHeaders;

/** Answers requests that do not come to a resource, in the shape that all errors have. */
final class Refusals {
    private Refusals() {}

    static void refuse(RoutingContext context, TrunklineException failure) {
        refuse(context, failure, ErrorView.of(failure).toJson());
    }

    /** @param body the failure in the shape of all errors, with what else there is to tell */
    static void refuse(RoutingContext context, TrunklineException failure, byte[] body) {
        Rejections.count(failure.code());
        AuditFilter.failed(context, failure.code());
        HttpServerResponse response = context.response();
        response.setStatusCode(ErrorStatus.of(failure.code())).putHeader(HttpHeaders.CONTENT_TYPE, MediaTypes.CONTROL);
        if (failure.code() == ErrorCode.AUTHENTICATION_REQUIRED) {
            response.putHeader(HttpHeaders.WWW_AUTHENTICATE, Errors.challenge(context));
        }
        Errors.retryAfter(failure).ifPresent(seconds -> response.putHeader(HttpHeaders.RETRY_AFTER, seconds));
        response.end(Buffer.buffer(body));
    }
}
