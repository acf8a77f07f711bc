package io.trunkline.console;

import io.trunkline.edge.ConsoleConfig;
import io.trunkline.edge.Exchange;
import io.vertx.core.MultiMap;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpServerResponse;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;
import jakarta.enterprise.event.Observes;
import jakarta.inject.Singleton;
import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Serves the console: its page at every path below {@code /console/}, since views are made in the browser, and the files that the
 * page uses under paths that name their version. No file holds a secret, so nobody has to prove who they are.
 */
@Singleton
class ConsoleRoutes {
    /** With a weight above 0, which has at most three decimals: more of them would be looked at again and again. */
    private static final Pattern WEIGHTED_GZIP = Pattern.compile("gzip;q=(1(\\.0{0,3})?|0\\.(?!0+$)[0-9]{1,3})");

    private static final String ROOT = "/console";
    /** A replica of another version has another page. */
    private static final String ASK_AGAIN = "no-cache";

    private static final String FOR_EVER = "public, max-age=31536000, immutable";

    private final boolean enabled;

    ConsoleRoutes(ConsoleConfig config) {
        enabled = config.enabled();
    }

    void register(@Observes Router router) {
        if (enabled) {
            ConsoleFiles files = ConsoleFiles.load();
            router.route(ROOT + "/*").handler(context -> serve(context, files));
        }
    }

    /** Whatever is not served here is served by nobody, and gets the response that all such paths have. */
    private static void serve(RoutingContext context, ConsoleFiles files) {
        HttpMethod method = context.request().method();
        String path = context.normalizedPath();
        if (method != HttpMethod.GET && method != HttpMethod.HEAD) {
            context.next();
        } else if (path.equals(ROOT)) {
            redirect(context);
        } else if ((path + "/").startsWith(ConsoleFiles.ASSETS)) {
            Optional<ConsoleFile> asset = files.asset(path);
            if (asset.isPresent()) {
                send(context, asset.get(), FOR_EVER);
            } else {
                context.next();
            }
        } else {
            send(context, files.index(), ASK_AGAIN);
        }
    }

    /** Relative, so that it is right behind a proxy that puts something before all paths. */
    private static void redirect(RoutingContext context) {
        String query = context.request().query();
        context.response()
                .setStatusCode(303)
                .putHeader(HttpHeaders.LOCATION, "console/" + (query == null ? "" : "?" + query))
                .end();
    }

    private static void send(RoutingContext context, ConsoleFile file, String cacheControl) {
        HttpServerRequest request = context.request();
        HttpServerResponse response = context.response();
        boolean compressed = file.isSmallerCompressed() && takesGzip(request.getHeader(HttpHeaders.ACCEPT_ENCODING));
        byte[] body = compressed ? file.compressed() : file.plain();
        String tag = "\"" + file.hash() + (compressed ? "-gzip" : "") + "\"";
        boolean known = isIn(request.getHeader(HttpHeaders.IF_NONE_MATCH), tag);
        boolean whole = !known && request.method() == HttpMethod.GET;
        if (whole) {
            Exchange.of(context).take(body.length);
        }
        MultiMap headers = response.headers()
                .set(HttpHeaders.ETAG, tag)
                .set(HttpHeaders.CACHE_CONTROL, cacheControl)
                .set(HttpHeaders.VARY, HttpHeaders.ACCEPT_ENCODING);
        if (known) {
            response.setStatusCode(304).end();
            return;
        }
        headers.set(HttpHeaders.CONTENT_TYPE, file.mediaType())
                .set(HttpHeaders.CONTENT_LENGTH, Integer.toString(body.length));
        if (compressed) {
            headers.set(HttpHeaders.CONTENT_ENCODING, "gzip");
        }
        if (whole) {
            response.end(Buffer.buffer(body));
        } else {
            response.end();
        }
    }

    /** Whether an Accept-Encoding header allows gzip (RFC 9110, section 12.5.3). */
    static boolean takesGzip(@Nullable String acceptEncoding) {
        return acceptEncoding != null
                && Arrays.stream(acceptEncoding.toLowerCase(Locale.ROOT).split(","))
                        .map(coding -> coding.replace(" ", ""))
                        .anyMatch(coding -> coding.equals("gzip")
                                || WEIGHTED_GZIP.matcher(coding).matches());
    }

    /** Whether a client has the content of a tag: it may list several, and call them weak. */
    private static boolean isIn(@Nullable String ifNoneMatch, String tag) {
        return ifNoneMatch != null
                && Arrays.stream(ifNoneMatch.split(","))
                        .map(listed -> listed.strip().replaceFirst("^W/", ""))
                        .anyMatch(listed -> listed.equals(tag) || listed.equals("*"));
    }
}
