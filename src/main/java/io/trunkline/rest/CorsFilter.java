package io.trunkline.rest;

import io.quarkus.vertx.http.runtime.cors.CORSFilter;
import io.quarkus.vertx.http.runtime.filters.Filters;
import io.trunkline.edge.BrowserSession;
import io.trunkline.error.ErrorCode;
import io.trunkline.error.TrunklineException;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.ext.web.RoutingContext;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Observes;
import java.net.URI;
import java.net.URISyntaxException;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Pattern;
import org.eclipse.microprofile.config.inject.ConfigProperty;

/**
 * Where CORS is on, refuses requests of other origins in the shape that errors have, and lets preflight requests be answered
 * with 204: Quarkus' own filter, which comes next and sets the headers, refuses without a body and answers with 200.
 */
@ApplicationScoped
class CorsFilter {
    private static final String CONSOLE = BrowserSession.HEADER.toLowerCase(Locale.ROOT);

    private final boolean enabled;
    private final List<String> origins;
    private final List<Pattern> patterns;
    private final List<String> methods;

    CorsFilter(
            @ConfigProperty(name = "quarkus.http.cors.enabled", defaultValue = "false") boolean enabled,
            @ConfigProperty(name = "quarkus.http.cors.origins") Optional<List<String>> origins,
            @ConfigProperty(name = "quarkus.http.cors.methods") Optional<List<String>> methods) {
        this.enabled = enabled;
        this.origins = origins.orElse(List.of());
        this.methods = methods.orElse(List.of());
        patterns = CORSFilter.parseAllowedOriginsRegex(origins);
    }

    void register(@Observes Filters filters) {
        if (enabled) {
            filters.register(this::judge, FilterOrder.CORS);
        }
    }

    private void judge(RoutingContext context) {
        HttpServerRequest request = context.request();
        String origin = request.getHeader("Origin");
        if (origin == null) {
            context.next();
            return;
        }
        if (!allows(request, origin)) {
            refuse(context, "quarkus.http.cors.origins does not list the origin of the request; nothing was done.");
            return;
        }
        boolean preflight = request.method() == HttpMethod.OPTIONS
                && (request.getHeader("Access-Control-Request-Method") != null
                        || request.getHeader("Access-Control-Request-Headers") != null);
        if (preflight && asksForConsole(request) && !isSame(request, origin)) {
            refuse(
                    context,
                    "The header " + BrowserSession.HEADER + " is for the service's own console, whatever"
                            + " quarkus.http.cors.headers allows; nothing was done.");
            return;
        }
        if (preflight) {
            context.response().setStatusCode(204);
        } else if (!methods.isEmpty()
                && !methods.equals(List.of("*"))
                && !methods.contains(request.method().name())) {
            refuse(context, "quarkus.http.cors.methods does not list the method of the request; nothing was done.");
            return;
        }
        context.next();
    }

    private static boolean asksForConsole(HttpServerRequest request) {
        return request.headers().getAll("Access-Control-Request-Headers").stream()
                .anyMatch(names -> names.toLowerCase(Locale.ROOT).contains(CONSOLE));
    }

    private boolean allows(HttpServerRequest request, String origin) {
        return origins.equals(List.of("*"))
                || origins.contains(origin)
                || CORSFilter.isOriginAllowedByRegex(patterns, origin)
                || isSame(request, origin);
    }

    /** Whether a page of this service itself makes the request. */
    private static boolean isSame(HttpServerRequest request, String text) {
        try {
            URI origin = new URI(text);
            return request.scheme().equals(origin.getScheme())
                    && request.authority() != null
                    && request.authority().host().equalsIgnoreCase(origin.getHost())
                    && port(request.scheme(), request.authority().port()) == port(request.scheme(), origin.getPort());
        } catch (URISyntaxException e) {
            return false; // such as null, the origin of pages that have none
        }
    }

    private static int port(String scheme, int port) {
        if (port > 0) {
            return port;
        }
        return scheme.equals("https") ? 443 : 80;
    }

    private static void refuse(RoutingContext context, String message) {
        Refusals.refuse(context, new TrunklineException(ErrorCode.ORIGIN_NOT_ALLOWED, message));
    }
}
