package io.trunkline.rest;

import io.quarkus.vertx.http.runtime.filters.Filters;
import io.trunkline.edge.SecurityHeaders;
import io.vertx.ext.web.RoutingContext;
import jakarta.enterprise.event.Observes;
import jakarta.inject.Singleton;

/** Gives every response the headers that protect it in browsers. */
@Singleton
class HeadersFilter {
    void register(@Observes Filters filters) {
        filters.register(HeadersFilter::protect, FilterOrder.HEADERS);
    }

    private static void protect(RoutingContext context) {
        SecurityHeaders.set(context);
        context.next();
    }
}
