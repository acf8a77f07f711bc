package io.trunkline.ops;

import io.quarkus.vertx.http.ManagementInterface;
import io.trunkline.access.AccessConfig;
import io.trunkline.access.Authenticator;
import io.trunkline.edge.HttpCredentials;
import io.trunkline.edge.Rejections;
import io.trunkline.error.ErrorCode;
import io.trunkline.error.Failures;
import io.trunkline.error.TrunklineException;
import io.vertx.core.Context;
import io.vertx.core.http.HttpServerResponse;
import io.vertx.ext.web.RoutingContext;
import jakarta.annotation.Priority;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Observes;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * Where {@code trunkline.access.metrics} says so, lets known clients only read what the management port has, whatever their rights
 * are; but everybody its health, since probes of Kubernetes have no credentials.
 */
@ApplicationScoped
class MetricsAccess {
    private static final int FIRST = -10_000;
    private static final int UNAUTHORIZED = 401;
    private static final int UNAVAILABLE = 503;

    private final Authenticator authenticator;
    private final boolean open;

    MetricsAccess(Authenticator authenticator, AccessConfig config) {
        this.authenticator = authenticator;
        open = config.metrics() == AccessConfig.Metrics.OPEN;
    }

    void register(@Observes @Priority(1) ManagementInterface management) {
        if (!open) {
            management.router().route().order(FIRST).handler(this::check);
        }
    }

    private static boolean isHealth(String path) {
        return path.equals("/healthy")
                || path.equals("/ready")
                || path.equals("/q/health")
                || path.startsWith("/q/health/");
    }

    private void check(RoutingContext context) {
        if (isHealth(context.normalizedPath())) {
            context.next();
            return;
        }
        CompletableFuture<Authenticator.Known> known;
        try {
            known = authenticator.authenticate(HttpCredentials.of(context.request()));
        } catch (TrunklineException e) {
            known = CompletableFuture.failedFuture(e);
        }
        Context loop = context.vertx().getOrCreateContext();
        known.whenComplete((client, failure) -> loop.runOnContext(turn -> {
            if (failure == null) {
                context.next();
            } else {
                refuse(context, failure);
            }
        }));
    }

    private static void refuse(RoutingContext context, @Nullable Throwable failure) {
        HttpServerResponse response = context.response();
        if (response.ended() || response.closed()) {
            return; // nobody waits for it any more
        }
        ErrorCode code = failure == null ? ErrorCode.INTERNAL : Failures.code(failure);
        boolean unknown = code == ErrorCode.AUTHENTICATION_REQUIRED;
        Rejections.count(code);
        if (unknown) {
            response.putHeader("WWW-Authenticate", "Bearer, Basic realm=\"trunkline\"");
        }
        int status = unknown ? UNAUTHORIZED : UNAVAILABLE;
        String message = unknown ? "The metrics need valid credentials." : "Nobody can be known now. Try again.";
        response.setStatusCode(status)
                .putHeader("Content-Type", "application/vnd.kafka.v2+json")
                .end("{\"error_code\":" + status + ",\"message\":\"" + message + "\",\"code\":\"" + code + "\"}");
    }
}
