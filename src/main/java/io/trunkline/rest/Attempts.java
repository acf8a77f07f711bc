package io.trunkline.rest;

import io.trunkline.access.FailedAttempts;
import io.trunkline.edge.ClientNetwork;
import io.trunkline.error.ErrorCode;
import io.trunkline.error.TrunklineException;
import io.vertx.core.Context;
import io.vertx.ext.web.RoutingContext;
import jakarta.inject.Singleton;
import java.util.Optional;

/** Refuses requests whose credentials are not valid, the more slowly the more of them come from one address. */
@Singleton
class Attempts {
    private final FailedAttempts attempts;

    Attempts(FailedAttempts attempts) {
        this.attempts = attempts;
    }

    /** Refuses a request, now or in a moment; on its event loop. */
    void refuse(RoutingContext context, TrunklineException failure) {
        if (failure.code() != ErrorCode.AUTHENTICATION_REQUIRED) {
            Refusals.refuse(context, failure);
            return;
        }
        Optional<FailedAttempts.Held> held;
        try {
            held = attempts.failed(ClientNetwork.of(ClientNetwork.addressOf(context.request())));
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
