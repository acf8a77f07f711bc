package io.trunkline.rest;

import io.quarkus.vertx.http.runtime.filters.Filters;
import io.trunkline.edge.HttpConfig;
import io.trunkline.error.ErrorCode;
import io.trunkline.error.TrunklineException;
import io.vertx.ext.web.RoutingContext;
import jakarta.enterprise.event.Observes;
import jakarta.inject.Singleton;
import java.util.stream.Stream;

/**
 * Hides the OpenAPI document and Swagger UI where they are switched off; and always what libraries of browsers bring, which Quarkus
 * would serve: the console serves what it needs of them itself.
 */
@Singleton
class DocumentationFilter {
    private static final String LIBRARIES = "/webjars";

    private final boolean shown;

    DocumentationFilter(HttpConfig config) {
        shown = config.documentation();
    }

    void register(@Observes Filters filters) {
        filters.register(this::hide, FilterOrder.DOCUMENTATION);
    }

    private void hide(RoutingContext context) {
        String path = context.normalizedPath();
        if (path.startsWith(LIBRARIES)) {
            Refusals.refuse(context, Errors.pathNotFound());
        } else if (!shown
                && Stream.of("/openapi", "/q/openapi", "/q/swagger-ui").anyMatch(path::startsWith)) {
            Refusals.refuse(
                    context,
                    new TrunklineException(
                            ErrorCode.PATH_NOT_FOUND,
                            "The service does not show its documentation (trunkline.http.documentation)."));
        } else {
            context.next();
        }
    }
}
