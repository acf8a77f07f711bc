package io.trunkline.rest;

import io.vertx.ext.web.Router;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Observes;

/** The OpenAPI document under the paths that clients of the bridge know, as JSON. */
@ApplicationScoped
class OpenApiRoutes {
    private static final String DOCUMENT = "/q/openapi?format=json";

    void register(@Observes Router router) {
        router.get("/openapi").handler(context -> context.reroute(DOCUMENT));
        router.get("/openapi/v3").handler(context -> context.reroute(DOCUMENT));
    }
}
