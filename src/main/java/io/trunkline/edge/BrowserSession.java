package io.trunkline.edge;

import io.trunkline.access.Credentials;
import io.trunkline.error.TrunklineException;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.ext.web.RoutingContext;
import java.net.URI;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The cookie in which a browser keeps the credential of whoever uses the console, and the header that the console's scripts send.
 * The service keeps nothing of a session: every replica takes the credential as it takes one in {@code Authorization}, and it ends
 * when that is revoked.
 *
 * <p>A browser sends its cookies for pages of other origins too. So a cookie counts only where the request shows nothing else, and
 * comes from no page of another origin, whatever CORS allows.
 */
public final class BrowserSession {
    /**
     * What requests of the console's scripts have. No image, form or link of a page can give it, and a page of another origin may
     * not: that makes a browser ask first (CORS), which is always refused.
     */
    public static final String HEADER = "Trunkline-Console";

    /** The longest credential that a cookie holds, in characters: browsers drop cookies of more than 4,096 bytes. */
    public static final int LONGEST = 3_800;

    private static final String KEY = BrowserSession.class.getName();
    /** Of several cookies of one name nobody knows who has set which. */
    private static final String AMBIGUOUS = "";
    /** Browsers take it over TLS only, and from this very host only (RFC 6265bis, section 4.1.3.2). */
    private static final String HOST_PREFIX = "__Host-";

    private static final String NAME = "trunkline";
    private static final String HTTPS = "https";
    private static final Pattern TOKEN = Pattern.compile("[A-Za-z0-9._~+/-]+=*");

    private BrowserSession() {}

    /** Looks for the credential of a request's cookie, and keeps it for {@link #of} where it counts. */
    public static void look(RoutingContext context) {
        HttpServerRequest request = context.request();
        if (request.headers().contains(HttpHeaders.AUTHORIZATION)
                || !request.headers().contains(HttpHeaders.COOKIE)
                || !isOfOwnPage(request)) {
            return;
        }
        List<String> values = values(request, name(request, NAME));
        if (values.size() > 1) {
            context.put(KEY, AMBIGUOUS);
        } else if (!values.isEmpty() && !values.getFirst().isEmpty()) {
            context.put(KEY, values.getFirst());
        }
    }

    /**
     * The credential that a request's cookie shows; empty where it has none, or none that counts. An empty text stands for several
     * cookies.
     */
    public static Optional<String> of(RoutingContext context) {
        return Optional.ofNullable(context.get(KEY));
    }

    /** Whether the console's scripts have made a request. */
    public static boolean isOfConsole(HttpServerRequest request) {
        return request.headers().contains(HEADER);
    }

    /**
     * Whether a request comes from no page of another origin, by headers that no page can set: {@code Sec-Fetch-Site} (Fetch
     * Metadata, W3C), or else {@code Origin} (RFC 6454), which is compared with what the client has asked for, and never with what
     * {@code X-Forwarded-Host} says unless a trusted proxy has said it.
     */
    public static boolean isOfOwnPage(HttpServerRequest request) {
        String site = request.getHeader("Sec-Fetch-Site");
        if (site != null) {
            return site.equals("same-origin") || site.equals("none");
        }
        String origin = request.getHeader(HttpHeaders.ORIGIN);
        return origin == null || isOwn(origin, request);
    }

    private static boolean isOwn(String origin, HttpServerRequest request) {
        URI uri;
        try {
            uri = URI.create(origin);
        } catch (IllegalArgumentException e) {
            return false;
        }
        String authority = uri.getAuthority();
        if (authority == null || isSecure(request) && !HTTPS.equalsIgnoreCase(uri.getScheme())) {
            return false;
        }
        String own = withoutDefaultPort(authority);
        String host = request.getHeader(HttpHeaders.HOST);
        String asked = request.authority() == null ? null : request.authority().toString();
        return host != null && withoutDefaultPort(host).equals(own)
                || asked != null && withoutDefaultPort(asked).equals(own);
    }

    private static String withoutDefaultPort(String authority) {
        return authority.toLowerCase(Locale.ROOT).replaceFirst(":(80|443)$", "");
    }

    /** Whether the client has come over TLS, as the service sees it or a proxy says that it trusts. */
    private static boolean isSecure(HttpServerRequest request) {
        return HTTPS.equals(request.scheme());
    }

    /**
     * Sets the cookie of a session until the browser ends, as a value of {@code Set-Cookie}.
     *
     * @throws TrunklineException {@code AUTHENTICATION_REQUIRED} for what is no token by its characters (RFC 6750), and would be
     *     more than the value of a cookie
     */
    public static String set(HttpServerRequest request, String credential) {
        return cookie(request, NAME, checked(credential), "Path=/; HttpOnly; SameSite=Strict");
    }

    static String checked(String credential) {
        if (!TOKEN.matcher(credential).matches()) {
            throw Credentials.invalid();
        }
        return credential;
    }

    /** Removes the cookie of a session, as a value of {@code Set-Cookie}. */
    public static String remove(HttpServerRequest request) {
        return cookie(request, NAME, "", "Path=/; HttpOnly; SameSite=Strict; Max-Age=0");
    }

    /**
     * A cookie that only this service can set and read, as a value of {@code Set-Cookie}.
     *
     * @param name over HTTP; over HTTPS, browsers know by what stands before it that no other host has set it
     * @param value of the characters of cookies
     * @param attributes which have to have {@code Path=/} over HTTPS
     */
    public static String cookie(HttpServerRequest request, String name, String value, String attributes) {
        return name(request, name) + "=" + value + "; " + attributes + (isSecure(request) ? "; Secure" : "");
    }

    /** The value of a cookie that {@link #cookie} has set; empty where there is none, or several. */
    public static Optional<String> value(HttpServerRequest request, String name) {
        List<String> values = values(request, name(request, name));
        return values.size() == 1 ? Optional.of(values.getFirst()) : Optional.empty();
    }

    private static String name(HttpServerRequest request, String name) {
        return isSecure(request) ? HOST_PREFIX + name : name;
    }

    /** In HTTP/2, each cookie may have a header of its own. */
    private static List<String> values(HttpServerRequest request, String name) {
        List<String> values = new ArrayList<>();
        for (String header : request.headers().getAll(HttpHeaders.COOKIE)) {
            for (String pair : header.split(";")) {
                @Nullable String value = value(pair.strip(), name);
                if (value != null) {
                    values.add(value);
                }
            }
        }
        return values;
    }

    private static @Nullable String value(String pair, String name) {
        int end = name.length();
        return pair.length() > end && pair.charAt(end) == '=' && pair.startsWith(name) ? pair.substring(end + 1) : null;
    }
}
