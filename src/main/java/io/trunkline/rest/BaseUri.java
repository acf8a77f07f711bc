package io.trunkline.rest;

import io.vertx.core.http.HttpServerRequest;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Where a client reaches this service, as proxies before it tell: by {@code Forwarded} (RFC 7239) or by
 * {@code X-Forwarded-Proto}, {@code -Host} and {@code -Port}; and with either by {@code X-Forwarded-Path}, the path that the
 * client has asked for, or {@code X-Forwarded-Prefix}, what stands before the path of this service. What is not of its form is
 * passed over. It is told back to the client only, and nothing depends on it.
 */
final class BaseUri {
    private static final Pattern SCHEME = Pattern.compile("https?", Pattern.CASE_INSENSITIVE);
    private static final Pattern HOST =
            Pattern.compile("([a-zA-Z0-9._-]{1,253}|\\[[0-9a-fA-F:.]{2,45}])(:[0-9]{1,5})?");
    private static final Pattern PORT = Pattern.compile("[0-9]{1,5}");
    private static final Pattern PATH = Pattern.compile("(/[a-zA-Z0-9._~%-]{1,800}){1,20}+/?");
    private static final Pattern FORWARDED_PAIR = Pattern.compile("(?i)(host|proto)=\"?([^\";, ]*)\"?");

    private BaseUri() {}

    /** Where the client finds a path as this service knows it, without a slash at the end. */
    static String of(HttpServerRequest request, String path) {
        return origin(request) + path(request).orElseGet(() -> prefix(request).orElse("") + path);
    }

    /** What stands before every path of this service, as proxies say; without a slash at the end, empty when nothing does. */
    static String basePath(HttpServerRequest request) {
        return path(request).or(() -> prefix(request)).orElse("");
    }

    /** As {@link #basePath}, for a request whose path is not that of the whole service. */
    static String prefixOf(HttpServerRequest request) {
        return prefix(request).orElse("");
    }

    private static Optional<String> path(HttpServerRequest request) {
        return first(PATH, request, "X-Forwarded-Path").map(BaseUri::withoutSlash);
    }

    private static Optional<String> prefix(HttpServerRequest request) {
        return first(PATH, request, "X-Forwarded-Prefix").map(BaseUri::withoutSlash);
    }

    private static String withoutSlash(String path) {
        return path.endsWith("/") ? path.substring(0, path.length() - 1) : path;
    }

    private static String origin(HttpServerRequest request) {
        String scheme = request.isSSL() ? "https" : "http";
        String host = legal(HOST, request.getHeader("Host")).orElse("localhost");
        String forwarded = request.getHeader("Forwarded");
        if (forwarded != null) {
            // The first element is that of the proxy which the client talked to.
            Matcher pairs = FORWARDED_PAIR.matcher(forwarded.split(",", 2)[0]);
            while (pairs.find()) {
                if (pairs.group(1).equalsIgnoreCase("host")) {
                    host = legal(HOST, pairs.group(2)).orElse(host);
                } else {
                    scheme = legal(SCHEME, pairs.group(2)).orElse(scheme);
                }
            }
        } else {
            scheme = first(SCHEME, request, "X-Forwarded-Proto").orElse(scheme);
            host = first(HOST, request, "X-Forwarded-Host").orElse(host);
            Optional<String> port = first(PORT, request, "X-Forwarded-Port");
            if (port.isPresent() && !host.matches(".*:[0-9]+") && !isDefault(scheme, port.get())) {
                host = host + ":" + port.get();
            }
        }
        return scheme.toLowerCase(Locale.ROOT) + "://" + host;
    }

    private static boolean isDefault(String scheme, String port) {
        return port.equals(scheme.equalsIgnoreCase("https") ? "443" : "80");
    }

    private static Optional<String> first(Pattern form, HttpServerRequest request, String header) {
        String value = request.getHeader(header);
        return value == null ? Optional.empty() : legal(form, value.split(",", 2)[0].strip());
    }

    private static Optional<String> legal(Pattern form, @Nullable String value) {
        return Optional.ofNullable(value).filter(v -> form.matcher(v).matches());
    }
}
