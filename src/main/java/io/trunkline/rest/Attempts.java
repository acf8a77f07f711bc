package io.trunkline.rest;

import io.trunkline.access.FailedAttempts;
import io.trunkline.edge.ClientNetwork;
import io.trunkline.error.ErrorCode;
import io.trunkline.error.Failures;
import io.trunkline.error.TrunklineException;
import io.vertx.core.Context;
import io.vertx.ext.web.RoutingContext;
import jakarta.inject.Singleton;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;

/** Refuses requests whose credentials are not valid, the more slowly the more of them come from one address. */
@Singleton
class Attempts {
    private final FailedAttempts attempts;

    Attempts(FailedAttempts attempts) {
        this.attempts = attempts;
    }

    /**
     * A call by which somebody proves who it is. It fails as it does, but where that counts as a failed attempt not before that may be
     * told; and with {@code TOO_MANY_ATTEMPTS}.
     *
     * @param codes of failures that count
     */
    <T> CompletableFuture<T> count(RoutingContext context, Set<ErrorCode> codes, CompletableFuture<T> call) {
        return call.exceptionallyCompose(failure -> codes.contains(Failures.code(failure))
                ? hold(context).thenCompose(told -> CompletableFuture.failedFuture(failure))
                : CompletableFuture.failedFuture(failure));
    }

    private CompletableFuture<Void> hold(RoutingContext context) {
        Optional<FailedAttempts.Held> held = attempts.failed(network(context));
        CompletableFuture<Void> told = new CompletableFuture<>();
        if (held.isEmpty()) {
            told.complete(null);
        } else {
            context.vertx().setTimer(FailedAttempts.HOLD.toMillis(), timer -> {
                held.get().end();
                told.complete(null);
            });
        }
        return told;
    }

    private static String network(RoutingContext context) {
        return ClientNetwork.of(ClientNetwork.addressOf(context.request()));
    }

    /** Refuses a request, now or in a moment; on its event loop. */
    void refuse(RoutingContext context, TrunklineException failure) {
        if (failure.code() != ErrorCode.AUTHENTICATION_REQUIRED) {
            Refusals.refuse(context, failure);
            return;
        }
        Optional<FailedAttempts.Held> held;
        try {
            held = attempts.failed(network(context));
        } catch (TrunklineException e) {
            // What the client has sent behind it is not read: guessing on takes another connection.
            context.response().putHeader("Connection", "close");
            Refusals.refuse(context, e);
            return;
        }
        if (held.isEmpty()) {
            Refusals.refuse(context, failure);
            return;
        }
        Context loop = context.vertx().getOrCreateContext();
        // A client that leaves does not make room: it would only come again.
        context.vertx()
                .setTimer(
                        FailedAttempts.HOLD.toMillis(),
                        timer -> loop.runOnContext(turn -> {
                            held.get().end();
                            if (!context.response().closed()
                                    && !context.response().ended()) {
                                Refusals.refuse(context, failure);
                            }
                        }));
    }
}
