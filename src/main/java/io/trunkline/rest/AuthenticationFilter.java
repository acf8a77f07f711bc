package io.trunkline.rest;

import io.quarkus.vertx.http.runtime.filters.Filters;
import io.trunkline.access.Credentials;
import io.trunkline.edge.HttpCredentials;
import io.trunkline.error.ErrorCode;
import io.trunkline.error.TrunklineException;
import io.vertx.core.Context;
import io.vertx.ext.web.RoutingContext;
import jakarta.enterprise.event.Observes;
import jakarta.inject.Singleton;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/** Where clients must prove who they are, finds out who makes a request, before anything is read of its body. */
@Singleton
class AuthenticationFilter {
    private static final String ASKED = ApiOperation.Asked.class.getName();
    private static final String CREDENTIALS = Credentials.class.getName();
    private static final String DOCUMENT = "/q/openapi";
    private static final String DOCUMENT_UI = "/q/swagger-ui";

    private final Callers callers;
    private final Attempts attempts;

    AuthenticationFilter(Callers callers, Attempts attempts) {
        this.callers = callers;
        this.attempts = attempts;
    }

    void register(@Observes Filters filters) {
        if (callers.areKnown()) {
            filters.register(this::identify, FilterOrder.AUTHENTICATION);
        }
    }

    /** What a request asks for; empty for what is no operation, and where there is no access control. */
    static Optional<ApiOperation.Asked> asked(RoutingContext context) {
        Optional<ApiOperation.Asked> asked = context.get(ASKED);
        return asked == null ? Optional.empty() : asked;
    }

    /** What a request shows. */
    static Credentials credentials(RoutingContext context) {
        Credentials credentials = context.get(CREDENTIALS);
        return credentials == null ? Credentials.NONE : credentials;
    }

    /** Whether a path is that of the description of the API, which everybody may read. */
    static boolean isDescription(String path) {
        return path.equals(DOCUMENT) || path.equals(DOCUMENT_UI) || path.startsWith(DOCUMENT_UI + "/");
    }

    private void identify(RoutingContext context) {
        String path = context.normalizedPath();
        Optional<ApiOperation.Asked> asked = ApiOperation.of(context.request().method(), path);
        context.put(ASKED, asked);
        boolean open = asked.isPresent() ? asked.get().operation().need() == Need.NOTHING : isDescription(path);
        if (open) {
            Caller.NOBODY.isThatOf(context);
            context.next();
            return;
        }
        CompletableFuture<Caller> caller;
        try {
            Credentials credentials = HttpCredentials.of(context.request());
            context.put(CREDENTIALS, credentials);
            caller = callers.identify(credentials);
        } catch (TrunklineException e) {
            attempts.refuse(context, e);
            return;
        }
        if (caller.isDone()) {
            caller.whenComplete((known, failure) -> identified(context, known, failure));
            return;
        }
        Context loop = context.vertx().getOrCreateContext();
        context.request().pause();
        caller.whenComplete((known, failure) -> loop.runOnContext(turn -> {
            if (context.response().closed()) {
                return; // nobody waits for it any more
            }
            identified(context, known, failure);
            context.request().resume();
        }));
    }

    private void identified(RoutingContext context, @Nullable Caller caller, @Nullable Throwable failure) {
        if (caller == null) {
            Throwable cause = failure == null ? new IllegalStateException("no caller") : failure;
            TrunklineException known = Errors.known(cause, context.request().path());
            if (known.code() == ErrorCode.AUTHENTICATION_REQUIRED
                    && !credentials(context).isEmpty()) {
                attempts.refuse(context, known);
            } else {
                Refusals.refuse(context, known);
            }
        } else {
            caller.isThatOf(context);
            context.next();
        }
    }
}
