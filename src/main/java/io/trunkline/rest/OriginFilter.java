package io.trunkline.rest;

import io.quarkus.vertx.http.runtime.filters.Filters;
import io.trunkline.edge.SecurityHeaders;
import io.trunkline.error.ErrorCode;
import io.trunkline.error.TrunklineException;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.ext.web.RoutingContext;
import jakarta.enterprise.event.Observes;
import jakarta.inject.Singleton;
import java.net.URI;
import java.util.Arrays;
import java.util.Locale;
import java.util.stream.Stream;
import org.eclipse.microprofile.config.inject.ConfigProperty;
import org.jspecify.annotations.Nullable;

/**
 * Refuses requests that a browser makes for a page of another origin, unless CORS allows them: an image or a form in any page
 * could otherwise poll, produce and commit with whatever access the browser has (Fetch Metadata, W3C; RFC 6454).
 */
@Singleton
class OriginFilter {
    private final boolean cors;

    OriginFilter(@ConfigProperty(name = "quarkus.http.cors.enabled", defaultValue = "false") boolean cors) {
        this.cors = cors;
    }

    void register(@Observes Filters filters) {
        filters.register(this::check, FilterOrder.ORIGIN);
    }

    private void check(RoutingContext context) {
        if (isForeign(context.request())) {
            Refusals.refuse(
                    context,
                    new TrunklineException(
                            ErrorCode.ORIGIN_NOT_ALLOWED,
                            "A web page of another origin made this request; quarkus.http.cors.origins names those that"
                                    + " may."));
        } else {
            context.next();
        }
    }

    private boolean isForeign(HttpServerRequest request) {
        String origin = request.getHeader(HttpHeaders.ORIGIN);
        if (origin != null && cors) {
            return false;
        }
        String site = request.getHeader("Sec-Fetch-Site");
        if (site != null) {
            return !site.equals("same-origin") && !site.equals("none") && !isVisit(request);
        }
        return origin != null && !isOwn(origin, request);
    }

    /** Whether somebody follows a link to a page: the API has none that changes anything. */
    private static boolean isVisit(HttpServerRequest request) {
        return request.method() == HttpMethod.GET
                && "navigate".equals(request.getHeader("Sec-Fetch-Mode"))
                && "document".equals(request.getHeader("Sec-Fetch-Dest"))
                && isPage(request.path());
    }

    private static boolean isPage(String path) {
        return path.equals("/")
                || SecurityHeaders.isConsole(path)
                || path.equals("/session/callback") // an OpenID provider sends the browser there
                || path.startsWith("/q/swagger-ui");
    }

    /** Whether the origin is that of the service, as the client or the proxies before it name it. */
    private static boolean isOwn(String origin, HttpServerRequest request) {
        String own = authority(origin);
        return own != null
                && Stream.of(
                                request.getHeader(HttpHeaders.HOST),
                                request.authority() == null
                                        ? null
                                        : request.authority().toString(),
                                request.getHeader("X-Forwarded-Host"))
                        .anyMatch(host -> host != null
                                && Arrays.stream(host.split(","))
                                        .anyMatch(part ->
                                                withoutDefaultPort(part.strip()).equals(own)));
    }

    /** Host and port of an origin, without the port that is its scheme's; null for what is none, such as {@code null}. */
    private static @Nullable String authority(String origin) {
        try {
            String authority = URI.create(origin).getAuthority();
            return authority == null ? null : withoutDefaultPort(authority);
        } catch (IllegalArgumentException e) {
            return null;
        }
    }

    private static String withoutDefaultPort(String authority) {
        return authority.toLowerCase(Locale.ROOT).replaceFirst(":(80|443)$", "");
    }
}
