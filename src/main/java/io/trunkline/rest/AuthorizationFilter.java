package io.trunkline.rest;

import io.quarkus.vertx.http.runtime.filters.Filters;
import io.trunkline.error.TrunklineException;
import io.vertx.ext.web.RoutingContext;
import jakarta.enterprise.event.Observes;
import jakarta.inject.Singleton;
import java.util.Optional;

/**
 * Where clients must prove who they are, refuses requests for what their client may not do, as far as the path tells, before
 * anything is read of the body. What only a body names is checked by the resources.
 */
@Singleton
class AuthorizationFilter {
    private final Callers callers;

    AuthorizationFilter(Callers callers) {
        this.callers = callers;
    }

    void register(@Observes Filters filters) {
        if (callers.areKnown()) {
            filters.register(AuthorizationFilter::check, FilterOrder.AUTHORIZATION);
        }
    }

    private static void check(RoutingContext context) {
        Optional<TrunklineException> refusal = refusal(context);
        if (refusal.isPresent()) {
            AuditFilter.denied(context);
            Refusals.refuse(context, refusal.get());
        } else {
            context.next();
        }
    }

    private static Optional<TrunklineException> refusal(RoutingContext context) {
        Optional<ApiOperation.Asked> asked = AuthenticationFilter.asked(context);
        if (asked.isPresent()) {
            return asked.get().refusal(Caller.of(context));
        }
        String path = context.normalizedPath();
        if (AuthenticationFilter.isOpen(path)) {
            return Optional.empty();
        }
        return Optional.of(
                ApiOperation.hasPath(path)
                        ? Errors.methodNotAllowed(context.request().method().name())
                        : Errors.pathNotFound());
    }
}
