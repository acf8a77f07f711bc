package io.trunkline.edge;

import io.trunkline.access.Credentials;
import io.trunkline.error.TrunklineException;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.ext.web.RoutingContext;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.security.cert.Certificate;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import javax.net.ssl.SSLPeerUnverifiedException;

/**
 * What a request shows to prove who its client is: the {@code Authorization} header (RFC 9110) with a token of the scheme
 * {@code Bearer} (RFC 6750) or a user and token of the scheme {@code Basic} (RFC 7617), and the certificate of its connection; and
 * in a browser, instead of the header, the cookie of a {@link BrowserSession}.
 */
public final class HttpCredentials {
    private static final String BEARER = "bearer";
    private static final String BASIC = "basic";
    /** No token is longer; heads are bounded in any case. */
    private static final int LONGEST = 12 * 1024;

    /** What no header begins with. */
    private static final String OF_COOKIE = "\0";

    private HttpCredentials() {}

    /**
     * Reads the credentials of a request.
     *
     * @throws TrunklineException {@code AUTHENTICATION_REQUIRED} for a header that cannot be read, or several of them
     */
    public static Credentials of(HttpServerRequest request) {
        List<String> headers = request.headers().getAll(HttpHeaders.AUTHORIZATION);
        List<Certificate> certificates = certificates(request);
        return headers.isEmpty()
                ? certificates.isEmpty()
                        ? Credentials.NONE
                        : new Credentials(Optional.empty(), Optional.empty(), certificates)
                : of(headers, certificates);
    }

    /**
     * As {@link #of(HttpServerRequest)}, with the cookie that {@link BrowserSession#look} has found.
     *
     * @throws TrunklineException {@code AUTHENTICATION_REQUIRED} for a header that cannot be read, or several of them or of cookies
     */
    public static Credentials of(RoutingContext context) {
        Optional<String> cookie = BrowserSession.of(context);
        if (cookie.isEmpty()) {
            return of(context.request());
        }
        if (cookie.get().isEmpty()) {
            throw Credentials.invalid();
        }
        return bearer(context.request(), cookie.get());
    }

    /** A token that a client shows in another way than by a header, beside the certificate of its connection. */
    public static Credentials bearer(HttpServerRequest request, String token) {
        return new Credentials(Optional.of(token), Optional.empty(), certificates(request));
    }

    /** Whether a request shows anything, valid or not. */
    public static boolean areShown(RoutingContext context) {
        return context.request().headers().contains(HttpHeaders.AUTHORIZATION)
                || BrowserSession.of(context).isPresent()
                || !certificates(context.request()).isEmpty();
    }

    /**
     * The text that has the credentials of a request, which is another one in a header than in a cookie; empty where there is none, or
     * several.
     */
    public static Optional<String> text(RoutingContext context) {
        List<String> headers = context.request().headers().getAll(HttpHeaders.AUTHORIZATION);
        if (headers.isEmpty()) {
            return BrowserSession.of(context).map(token -> OF_COOKIE + token);
        }
        return headers.size() == 1 ? Optional.of(headers.getFirst()) : Optional.empty();
    }

    static Credentials of(List<String> headers, List<Certificate> certificates) {
        String header = headers.size() == 1 ? headers.getFirst() : "";
        int space = header.indexOf(' ');
        if (space < 0 || header.length() > LONGEST) {
            throw Credentials.invalid();
        }
        String rest = header.substring(space + 1).strip();
        if (header.regionMatches(true, 0, BEARER, 0, BEARER.length()) && space == BEARER.length() && !rest.isEmpty()) {
            return new Credentials(Optional.of(rest), Optional.empty(), certificates);
        }
        if (header.regionMatches(true, 0, BASIC, 0, BASIC.length()) && space == BASIC.length()) {
            return new Credentials(Optional.empty(), Optional.of(password(rest)), certificates);
        }
        throw Credentials.invalid();
    }

    private static Credentials.Password password(String encoded) {
        String text;
        try {
            text = StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(Base64.getDecoder().decode(encoded)))
                    .toString();
        } catch (IllegalArgumentException | CharacterCodingException e) {
            throw Credentials.invalid();
        }
        int colon = text.indexOf(':');
        if (colon < 0) {
            throw Credentials.invalid();
        }
        return new Credentials.Password(text.substring(0, colon), text.substring(colon + 1));
    }

    /** Those of the connection itself: what a proxy says of the client's own connection is no proof. */
    private static List<Certificate> certificates(HttpServerRequest request) {
        if (!request.connection().isSsl()) {
            return List.of();
        }
        try {
            List<Certificate> shown = request.connection().peerCertificates();
            return shown == null ? List.of() : shown;
        } catch (SSLPeerUnverifiedException e) {
            return List.of(); // the client shows none
        }
    }
}
