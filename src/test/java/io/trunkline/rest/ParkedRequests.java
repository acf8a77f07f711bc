package io.trunkline.rest;

import io.quarkus.vertx.http.runtime.filters.Filters;
import io.trunkline.edge.Exchange;
import io.trunkline.edge.ResponseBudget;
import io.trunkline.error.TrunklineException;
import io.vertx.core.Context;
import io.vertx.core.Vertx;
import io.vertx.ext.web.RoutingContext;
import jakarta.enterprise.event.Observes;
import jakarta.inject.Singleton;
import java.util.Map;
import java.util.Objects;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;

/** Requests that the service counts as any other, and to which a test responds in its place. */
@Singleton
class ParkedRequests {
    private static final String PREFIX = "/parked/";

    private final Map<String, CompletableFuture<Parked>> parked = new ConcurrentHashMap<>();

    /** A request, with the context on which its response is written. */
    record Parked(RoutingContext request, Context loop) {}

    void register(@Observes Filters filters) {
        // Counted by then, and known to nobody yet.
        filters.register(this::park, FilterOrder.DOCUMENTATION + 1);
    }

    /** The path of a request that will be parked. */
    String newPath() {
        return PREFIX + UUID.randomUUID();
    }

    /** The request of this path, which has to come. */
    Parked take(String path) {
        try {
            return of(path).get(30, TimeUnit.SECONDS);
        } catch (Exception e) {
            throw new AssertionError("no request has come", e);
        } finally {
            parked.remove(path);
        }
    }

    /** Counts for a request what room there is for responses, to the last byte. */
    static void fill(Exchange request) {
        for (long size = ResponseBudget.SMALL; size > 0; ) {
            try {
                request.take(size);
            } catch (TrunklineException e) {
                size /= 2;
            }
        }
    }

    private CompletableFuture<Parked> of(String path) {
        return parked.computeIfAbsent(path, none -> new CompletableFuture<>());
    }

    private void park(RoutingContext context) {
        String path = context.normalizedPath();
        if (path.startsWith(PREFIX)) {
            of(path).complete(new Parked(context, Objects.requireNonNull(Vertx.currentContext())));
        } else {
            context.next();
        }
    }
}
