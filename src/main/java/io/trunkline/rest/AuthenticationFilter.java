package io.trunkline.rest;

import io.quarkus.vertx.http.runtime.filters.Filters;
import io.trunkline.access.Credentials;
import io.trunkline.edge.BrowserSession;
import io.trunkline.edge.ConsoleConfig;
import io.trunkline.edge.HttpCredentials;
import io.trunkline.edge.SecurityHeaders;
import io.trunkline.error.ErrorCode;
import io.trunkline.error.TrunklineException;
import io.vertx.core.Context;
import io.vertx.core.http.HttpHeaders;
import io.vertx.ext.web.RoutingContext;
import jakarta.enterprise.event.Observes;
import jakarta.inject.Singleton;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;

/** Where clients must prove who they are, finds out who makes a request, before anything is read of its body. */
@Singleton
class AuthenticationFilter {
    private static final String ASKED = ApiOperation.Asked.class.getName();
    private static final String CREDENTIALS = Credentials.class.getName();
    private static final String DOCUMENT = "/q/openapi";
    private static final String DOCUMENT_UI = "/q/swagger-ui";

    private final Callers callers;
    private final Attempts attempts;
    private final boolean console;

    AuthenticationFilter(Callers callers, Attempts attempts, ConsoleConfig console) {
        this.callers = callers;
        this.attempts = attempts;
        this.console = console.enabled();
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

    /** Whether a path is that of the description of the API or of the console's files, which everybody may read. */
    static boolean isOpen(String path) {
        return SecurityHeaders.isConsole(path)
                || path.equals(DOCUMENT)
                || path.startsWith(DOCUMENT + ".") // with the name of a format
                || path.equals(DOCUMENT_UI)
                || path.startsWith(DOCUMENT_UI + "/");
    }

    private void identify(RoutingContext context) {
        String path = context.normalizedPath();
        Optional<ApiOperation.Asked> asked = ApiOperation.of(context.request().method(), path);
        context.put(ASKED, asked);
        boolean open = asked.isPresent() ? asked.get().operation().need() == Need.NOTHING : isOpen(path);
        if (console && (!open || tellsWhoAsks(asked))) {
            BrowserSession.look(context);
        }
        if (open && !(tellsWhoAsks(asked) && HttpCredentials.areShown(context))) {
            Caller.NOBODY.isThatOf(context);
            context.next();
            return;
        }
        Optional<Proof> proof = Proof.of(context, callers);
        if (proof.isPresent()) {
            context.put(CREDENTIALS, proof.get().credentials());
            identified(context, proof.get().caller());
        } else {
            authenticate(context);
        }
    }

    /** Whether a request needs no credentials, and is about those that it has. */
    private static boolean tellsWhoAsks(Optional<ApiOperation.Asked> asked) {
        return asked.isPresent() && asked.get().operation() == ApiOperation.GET_SESSION;
    }

    private void authenticate(RoutingContext context) {
        long epoch = callers.epoch();
        Credentials credentials;
        CompletableFuture<Caller> caller;
        try {
            credentials = HttpCredentials.of(context);
            context.put(CREDENTIALS, credentials);
            caller = callers.identify(credentials);
        } catch (TrunklineException e) {
            forget(context, e);
            attempts.refuse(context, e);
            return;
        }
        if (caller.isDone()) {
            if (caller.isCompletedExceptionally()) {
                refuse(context, caller.exceptionNow());
            } else {
                Proof.keep(context, credentials, caller.resultNow(), epoch);
                identified(context, caller.resultNow());
            }
            return;
        }
        Context loop = context.vertx().getOrCreateContext();
        context.request().pause();
        caller.whenComplete((known, failure) -> loop.runOnContext(turn -> {
            if (context.response().closed()) {
                return; // nobody waits for it any more
            }
            if (failure == null) {
                identified(context, known);
            } else {
                refuse(context, failure);
            }
            context.request().resume();
        }));
    }

    private static void identified(RoutingContext context, Caller caller) {
        caller.isThatOf(context);
        context.next();
    }

    private void refuse(RoutingContext context, Throwable failure) {
        TrunklineException known = Errors.known(failure, context.request().path());
        Credentials shown = credentials(context);
        forget(context, known);
        if (known.code() == ErrorCode.AUTHENTICATION_REQUIRED
                && tellsWhoAsks(asked(context))
                && shown.bearer().isEmpty()
                && shown.password().isEmpty()) {
            identified(context, Caller.NOBODY); // its certificate is no proof here
        } else if (shown.isEmpty()) {
            Refusals.refuse(context, known); // nobody guesses like this
        } else {
            attempts.refuse(context, known);
        }
    }

    /** Removes a cookie that proves nothing, so that the browser does not go on with it. */
    private static void forget(RoutingContext context, TrunklineException failure) {
        if (failure.code() == ErrorCode.AUTHENTICATION_REQUIRED
                && BrowserSession.of(context).isPresent()) {
            context.response().putHeader(HttpHeaders.SET_COOKIE, BrowserSession.remove(context.request()));
        }
    }
}
