package io.trunkline.ops;

import io.quarkus.vertx.http.ManagementInterface;
import io.smallrye.health.SmallRyeHealth;
import io.smallrye.health.SmallRyeHealthReporter;
import io.smallrye.mutiny.Uni;
import io.trunkline.edge.SecurityHeaders;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Observes;
import java.util.function.Supplier;
import org.jboss.logging.Logger;

/** Health and metrics under the paths and with the statuses that the bridge has. */
@ApplicationScoped
class ManagementRoutes {
    private static final Logger LOG = Logger.getLogger(ManagementRoutes.class);
    private static final int FIRST = -20_000;
    private static final int OK = 200;
    private static final int NOT_OK = 500;

    private final SmallRyeHealthReporter reporter;

    ManagementRoutes(SmallRyeHealthReporter reporter) {
        this.reporter = reporter;
    }

    void register(@Observes ManagementInterface management) {
        Router router = management.router();
        router.route().order(FIRST).handler(context -> {
            SecurityHeaders.set(context);
            context.next();
        });
        router.get("/healthy").handler(context -> answer(context, reporter::getLivenessAsync));
        router.get("/ready").handler(context -> answer(context, reporter::getReadinessAsync));
        router.get("/metrics").handler(ManagementRoutes::metrics);
    }

    /** The text format where the client names none, as the bridge gives it. */
    private static void metrics(RoutingContext context) {
        String accept = context.request().getHeader("Accept");
        if (accept == null || accept.strip().equals("*/*")) {
            context.request().headers().set("Accept", "text/plain");
        }
        context.reroute("/q/metrics");
    }

    private static void answer(RoutingContext context, Supplier<Uni<SmallRyeHealth>> check) {
        check.get()
                .subscribe()
                .with(
                        health -> {
                            context.response()
                                    .setStatusCode(health.isDown() ? NOT_OK : OK)
                                    .putHeader("Content-Type", "application/json")
                                    .end(health.getPayload().toString());
                        },
                        failure -> {
                            LOG.errorf(
                                    failure,
                                    "Health check failed path=%s",
                                    context.request().path());
                            context.response().setStatusCode(NOT_OK).end();
                        });
    }
}
