package io.trunkline.testing;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import no.nav.security.mock.oauth2.MockOAuth2Server;
import no.nav.security.mock.oauth2.http.OAuth2HttpRequest;
import no.nav.security.mock.oauth2.http.OAuth2HttpResponse;
import no.nav.security.mock.oauth2.http.Route;
import okhttp3.Headers;
import org.jspecify.annotations.Nullable;

/** An OpenID provider on a port of this machine: it has keys and issues tokens over HTTP, and it can go away and come back. */
public final class OpenIdProvider implements AutoCloseable {
    private static final String PATH = "/company";

    private final int port;
    private final AtomicInteger keyRequests = new AtomicInteger();
    private volatile @Nullable TokenIssuer rotated;
    private @Nullable MockOAuth2Server server;

    public OpenIdProvider(int port) {
        this.port = port;
    }

    /** Its name in tokens, which is also its address. */
    public String issuer() {
        return "http://localhost:" + port + PATH;
    }

    /** Comes up, with the keys that it had. */
    public void start() {
        MockOAuth2Server next = new MockOAuth2Server(new Keys());
        next.start(port);
        server = next;
    }

    /** Goes away. */
    @Override
    public void close() {
        MockOAuth2Server present = server;
        server = null;
        if (present != null) {
            present.shutdown();
        }
    }

    /** How often somebody has fetched its keys. */
    public int keyRequests() {
        return keyRequests.get();
    }

    /** From now on its keys are those of an issuer. */
    public void rotateTo(TokenIssuer issuer) {
        rotated = issuer;
    }

    /** A token that it issues to a client over HTTP, for an audience. */
    public String token(String client, String audience) throws IOException, InterruptedException {
        HttpResponse<String> response;
        try (HttpClient http = HttpClient.newHttpClient()) {
            response = http.send(
                    HttpRequest.newBuilder(URI.create(issuer() + "/token"))
                            .header("Content-Type", "application/x-www-form-urlencoded")
                            .POST(HttpRequest.BodyPublishers.ofString("grant_type=client_credentials&scope=" + audience
                                    + "&client_id=" + client + "&client_secret=secret"))
                            .build(),
                    HttpResponse.BodyHandlers.ofString());
        }
        return response.body().replaceFirst("(?s).*\"access_token\"\\s*:\\s*\"([^\"]+)\".*", "$1");
    }

    /** Counts requests for keys, and answers them with the rotated ones. */
    private final class Keys implements Route {
        @Override
        public boolean match(OAuth2HttpRequest request) {
            boolean forKeys = request.getUrl().encodedPath().equals(PATH + "/jwks");
            if (forKeys) {
                keyRequests.incrementAndGet();
            }
            return forKeys && rotated != null;
        }

        @Override
        public OAuth2HttpResponse invoke(OAuth2HttpRequest request) {
            TokenIssuer current = rotated;
            return new OAuth2HttpResponse(
                    Headers.of(Map.of("Content-Type", "application/json")),
                    200,
                    current == null ? "" : current.publicKeys(),
                    null);
        }
    }
}
