package io.trunkline.edge;

import io.vertx.core.MultiMap;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.ext.web.RoutingContext;

/**
 * The headers that keep browsers from doing more with a response than the service means (OWASP's list for HTTP APIs). Names and
 * values are made once; a response that no browser shows has one of them.
 */
public final class SecurityHeaders {
    /** Where pages for people are. */
    private static final String DOCUMENTATION = "/q/swagger-ui";

    private static final String CONSOLE = "/console";

    private static final CharSequence CONTENT_TYPE_OPTIONS = text("X-Content-Type-Options");
    private static final CharSequence NOSNIFF = text("nosniff");
    private static final CharSequence TRANSPORT_SECURITY = text("Strict-Transport-Security");
    private static final CharSequence A_YEAR = text("max-age=31536000");
    private static final CharSequence REFERRER_POLICY = text("Referrer-Policy");
    private static final CharSequence NO_REFERRER = text("no-referrer");
    private static final CharSequence FRAME_OPTIONS = text("X-Frame-Options");
    private static final CharSequence DENY = text("DENY");
    private static final CharSequence CONTENT_POLICY = text("Content-Security-Policy");
    private static final CharSequence NOTHING = text("default-src 'none'; frame-ancestors 'none'");
    private static final CharSequence OWN_FILES = text("default-src 'none'; script-src 'self' 'unsafe-inline';"
            + " style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self'; connect-src 'self';"
            + " base-uri 'none'; form-action 'none'; frame-ancestors 'none'");
    /** No script or style in a page itself, so that nothing that comes into one can run. */
    private static final CharSequence CONSOLE_FILES =
            text("default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'");

    private static final CharSequence OPENER_POLICY = text("Cross-Origin-Opener-Policy");
    private static final CharSequence RESOURCE_POLICY = text("Cross-Origin-Resource-Policy");
    private static final CharSequence SAME_ORIGIN = text("same-origin");
    private static final CharSequence CACHE_CONTROL = text("Cache-Control");
    private static final CharSequence NO_STORE = text("no-store");

    private SecurityHeaders() {}

    /** Whether a path is that of the console's page or one of its files. */
    public static boolean isConsole(String path) {
        return path.equals(CONSOLE) || path.startsWith(CONSOLE + "/");
    }

    private static CharSequence text(String text) {
        return HttpHeaders.createOptimized(text);
    }

    /** Sets them on the response to a request, before anybody else sets headers. Who responds says whether it may be kept. */
    public static void set(RoutingContext context) {
        HttpServerRequest request = context.request();
        MultiMap headers = context.response().headers();
        headers.set(CONTENT_TYPE_OPTIONS, NOSNIFF);
        if ("https".equals(request.scheme())) {
            headers.set(TRANSPORT_SECURITY, A_YEAR);
        }
        if (request.method() == HttpMethod.GET || request.method() == HttpMethod.HEAD) {
            String path = context.normalizedPath();
            boolean page = path.startsWith(DOCUMENTATION);
            boolean console = isConsole(path);
            headers.set(REFERRER_POLICY, NO_REFERRER)
                    .set(FRAME_OPTIONS, DENY)
                    .set(CONTENT_POLICY, page ? OWN_FILES : console ? CONSOLE_FILES : NOTHING);
            if (console) {
                headers.set(OPENER_POLICY, SAME_ORIGIN).set(RESOURCE_POLICY, SAME_ORIGIN);
            }
            if (!page) {
                context.addHeadersEndHandler(head -> {
                    if (!headers.contains(CACHE_CONTROL)) {
                        headers.set(CACHE_CONTROL, NO_STORE);
                    }
                });
            }
        }
    }
}
