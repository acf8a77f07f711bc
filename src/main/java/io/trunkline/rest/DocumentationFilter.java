package io.trunkline.rest;

import io.quarkus.vertx.http.runtime.filters.Filters;
import io.trunkline.edge.HttpConfig;
import io.trunkline.error.ErrorCode;
import io.trunkline.error.TrunklineException;
import io.vertx.ext.web.RoutingContext;
import jakarta.enterprise.event.Observes;
import jakarta.inject.Singleton;
import java.util.stream.Stream;

/** Hides the OpenAPI document and Swagger UI where they are switched off. */
@Singleton
class DocumentationFilter {
    private final boolean shown;

    DocumentationFilter(HttpConfig config) {
        shown = config.documentation();
    }

    void register(@Observes Filters filters) {
        if (!shown) {
            filters.register(DocumentationFilter::hide, FilterOrder.DOCUMENTATION);
        }
    }

    private static void hide(RoutingContext context) {
        String path = context.normalizedPath();
        if (Stream.of("/openapi", "/q/openapi", "/q/swagger-ui").anyMatch(path::startsWith)) {
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
