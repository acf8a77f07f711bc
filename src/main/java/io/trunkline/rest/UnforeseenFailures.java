package io.trunkline.rest;

import io.quarkus.security.AuthenticationException;
import io.vertx.core.http.HttpServerResponse;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;
import jakarta.enterprise.event.Observes;
import jakarta.inject.Singleton;

/**
 * Answers requests for which a filter has failed as nobody foresaw, in the shape of all errors. Quarkus' own handler would log
 * the URL with its query.
 */
@Singleton
class UnforeseenFailures {
    void register(@Observes Router router) {
        router.route().order(Integer.MIN_VALUE).failureHandler(UnforeseenFailures::answer);
    }

    private static void answer(RoutingContext context) {
        Throwable failure = context.failure();
        if (failure == null || failure instanceof AuthenticationException || failure instanceof SecurityException) {
            context.next(); // what has a status, and a handler of its own
            return;
        }
        HttpServerResponse response = context.response();
        if (response.ended() || response.closed()) {
            return; // the client has gone
        }
        if (response.headWritten()) {
            Errors.known(failure, context.request().path());
            response.reset();
        } else {
            Refusals.refuse(context, Errors.known(failure, context.request().path()));
        }
    }
}
