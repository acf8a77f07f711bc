package io.trunkline.testing;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.URLDecoder;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Base64;
import java.util.Collections;
import java.util.HashMap;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * An OpenID provider at which people log in at once, on a port of this machine. It takes nothing that it should not take: codes count
 * once, for their client, its secret, its redirect URI, and whoever has the verifier (PKCE). What it gives can be made wrong.
 */
public final class LoginServer implements AutoCloseable {
    private static final String CALLBACK = "/session/callback";

    private final String issuer;
    private final String clientId;
    private final String clientSecret;
    private final TokenIssuer tokens;
    private final HttpServer server;
    private final ExecutorService threads = Executors.newCachedThreadPool();
    private final Map<String, Map<String, String>> codes = new ConcurrentHashMap<>();
    private final CountDownLatch end = new CountDownLatch(1);
    private final AtomicInteger exchanges = new AtomicInteger();
    private volatile UnaryOperator<TokenIssuer.Token> change = UnaryOperator.identity();
    private volatile @Nullable String answer;
    private volatile boolean silent;

    /** Starts on a port. */
    public LoginServer(int port, String clientId, String clientSecret) {
        issuer = "http://localhost:" + port;
        this.clientId = clientId;
        this.clientSecret = clientSecret;
        tokens = new TokenIssuer(issuer, clientId);
        try {
            server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), 0);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        server.setExecutor(threads);
        server.createContext("/.well-known/openid-configuration", exchange -> respond(exchange, 200, configuration()));
        server.createContext("/keys", exchange -> respond(exchange, 200, tokens.publicKeys()));
        server.createContext("/authorize", this::authorize);
        server.createContext("/token", this::exchange);
        server.start();
    }

    /** Everything as it should be. */
    public void behave() {
        change = UnaryOperator.identity();
        answer = null;
        silent = false;
    }

    /** Changes the tokens that it issues from now on. */
    public void issue(UnaryOperator<TokenIssuer.Token> to) {
        change = to;
    }

    /** Answers every exchange with this, whatever it is. */
    public void answer(String body) {
        answer = body;
    }

    /** Takes exchanges, and answers none. */
    public void fallSilent() {
        silent = true;
    }

    /** How many exchanges have come. */
    public int exchanges() {
        return exchanges.get();
    }

    /** The parameters of an address. */
    public static Map<String, String> parameters(@Nullable String query) {
        Map<String, String> parameters = new HashMap<>();
        for (String pair : query == null ? new String[0] : query.split("&")) {
            String[] parts = pair.split("=", 2);
            if (parameters.put(decoded(parts[0]), decoded(parts[1])) != null) {
                throw new AssertionError("repeated " + parts[0]);
            }
        }
        return parameters;
    }

    private static String decoded(String text) {
        return URLDecoder.decode(text, StandardCharsets.UTF_8);
    }

    private static String encoded(String text) {
        return URLEncoder.encode(text, StandardCharsets.UTF_8);
    }

    private String configuration() {
        return "{\"issuer\":\"" + issuer + "\",\"authorization_endpoint\":\"" + issuer + "/authorize?tenant=1\","
                + "\"token_endpoint\":\"" + issuer + "/token\",\"jwks_uri\":\"" + issuer + "/keys\","
                + "\"response_types_supported\":[\"code\"],\"subject_types_supported\":[\"public\"],"
                + "\"id_token_signing_alg_values_supported\":[\"RS256\"],"
                + "\"authorization_response_iss_parameter_supported\":true}";
    }

    private void authorize(HttpExchange exchange) throws IOException {
        Map<String, String> asked = parameters(exchange.getRequestURI().getRawQuery());
        boolean right = clientId.equals(asked.getOrDefault("client_id", ""))
                && "code".equals(asked.getOrDefault("response_type", ""))
                && "S256".equals(asked.getOrDefault("code_challenge_method", ""))
                && asked.getOrDefault("scope", "").contains("openid")
                && asked.getOrDefault("redirect_uri", "").endsWith(CALLBACK);
        if (!right) {
            respond(exchange, 400, "{}");
            return;
        }
        String code = UUID.randomUUID().toString();
        codes.put(code, asked);
        exchange.getResponseHeaders()
                .set(
                        "Location",
                        asked.getOrDefault("redirect_uri", "") + "?code=" + code + "&state="
                                + encoded(asked.getOrDefault("state", "")) + "&iss=" + encoded(issuer));
        exchange.sendResponseHeaders(302, -1);
        exchange.close();
    }

    private void exchange(HttpExchange exchange) throws IOException {
        exchanges.incrementAndGet();
        String body = new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8);
        if (silent) {
            try {
                end.await();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
            exchange.close();
            return;
        }
        Map<String, String> shown = parameters(body);
        Map<String, String> asked = codes.remove(shown.getOrDefault("code", ""));
        String basic = "Basic "
                + Base64.getEncoder()
                        .encodeToString(
                                (encoded(clientId) + ":" + encoded(clientSecret)).getBytes(StandardCharsets.US_ASCII));
        boolean right = asked != null
                && basic.equals(exchange.getRequestHeaders().getFirst("Authorization"))
                && "authorization_code".equals(shown.get("grant_type"))
                && asked.getOrDefault("redirect_uri", "").equals(shown.get("redirect_uri"))
                && asked.getOrDefault("code_challenge", "").equals(challenge(shown.getOrDefault("code_verifier", "")));
        String given = answer;
        if (!right) {
            respond(exchange, 400, "{\"error\":\"invalid_grant\"}");
        } else if (given != null) {
            respond(exchange, 200, given);
        } else {
            String token = change.apply(tokens.token("ann")
                            .claim("aud", clientId)
                            .claim("nonce", asked.getOrDefault("nonce", ""))
                            .claim("groups", Collections.singletonList("reader")))
                    .signed();
            respond(
                    exchange,
                    200,
                    "{\"access_token\":\"opaque\",\"token_type\":\"Bearer\",\"id_token\":\"" + token + "\"}");
        }
    }

    private static String challenge(String verifier) {
        try {
            return Base64.getUrlEncoder()
                    .withoutPadding()
                    .encodeToString(
                            MessageDigest.getInstance("SHA-256").digest(verifier.getBytes(StandardCharsets.US_ASCII)));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }

    private static void respond(HttpExchange exchange, int status, String text) throws IOException {
        byte[] body = text.getBytes(StandardCharsets.UTF_8);
        exchange.getResponseHeaders().set("Content-Type", "application/json");
        exchange.sendResponseHeaders(status, body.length);
        try (exchange) {
            exchange.getResponseBody().write(body);
        } catch (IOException e) {
            exchange.close(); // the client has left
        }
    }

    /** Where it is; also its name. */
    public URI address() {
        return URI.create(issuer);
    }

    @Override
    public void close() {
        end.countDown();
        server.stop(0);
        threads.shutdownNow();
    }
}
