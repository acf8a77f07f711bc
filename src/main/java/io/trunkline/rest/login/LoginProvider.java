package io.trunkline.rest.login;

import com.fasterxml.jackson.databind.JsonNode;
import io.quarkus.runtime.ShutdownEvent;
import io.quarkus.runtime.StartupEvent;
import io.quarkus.runtime.configuration.ConfigurationException;
import io.quarkus.tls.TlsConfigurationRegistry;
import io.trunkline.access.OidcConfig;
import io.trunkline.error.ErrorCode;
import io.trunkline.error.TrunklineException;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpMethod;
import jakarta.annotation.Priority;
import jakarta.enterprise.event.Observes;
import jakarta.inject.Singleton;
import java.net.URI;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.StreamSupport;
import org.jboss.logging.Logger;
import org.jspecify.annotations.Nullable;

/**
 * The OpenID provider at which people log in: where it is, by discovery (OpenID Connect Discovery 1.0, RFC 8414), and the exchange of
 * its codes for tokens. Whether a token is valid is not asked here.
 */
@Singleton
public class LoginProvider {
    private static final Logger LOG = Logger.getLogger(LoginProvider.class);
    private static final String DISCOVERY = "/.well-known/openid-configuration";
    private static final long FRESH_NANOS = TimeUnit.HOURS.toNanos(1);
    private static final long PAUSE_NANOS = TimeUnit.SECONDS.toNanos(1);

    private final OidcConfig config;
    private final Vertx vertx;
    private final TlsConfigurationRegistry tls;
    private @Nullable ProviderCall calls;
    private volatile @Nullable Endpoints known;
    /** Guarded by this. */
    private @Nullable CompletableFuture<Endpoints> looking;
    /** When the last look began, in nanoseconds. Guarded by this. */
    private long lookedAt = System.nanoTime() - PAUSE_NANOS;

    LoginProvider(OidcConfig config, Vertx vertx, TlsConfigurationRegistry tls) {
        this.config = config;
        this.vertx = vertx;
        this.tls = tls;
    }

    /**
     * What the provider says of itself.
     *
     * @param namesItself whether each of its answers names it (RFC 9207)
     * @param secretInBody whether it takes the client's secret in a form only
     * @param at when it has said so, by the clock of {@link System#nanoTime}
     */
    private record Endpoints(URI authorization, URI token, boolean namesItself, boolean secretInBody, long at) {
        boolean isFresh() {
            return System.nanoTime() - at < FRESH_NANOS;
        }
    }

    void start(@Observes @Priority(61) StartupEvent event) {
        if (config.login().clientId().isEmpty()) {
            return;
        }
        String client = config.login().clientId().get();
        if (config.issuer().isEmpty()) {
            throw new ConfigurationException(
                    "trunkline.access.oidc.login.client-id is set, but trunkline.access.oidc.issuer is not.");
        }
        if (!config.audience().orElse(List.of()).contains(client)) {
            throw new ConfigurationException("trunkline.access.oidc.audience does not list " + client
                    + ", which trunkline.access.oidc.login.client-id is. Add it: the tokens of people who log in are meant"
                    + " for this audience.");
        }
        if (config.login()
                .url()
                .filter(url -> !url.matches("https?://[^/?#@\\s]+"))
                .isPresent()) {
            throw new ConfigurationException(
                    "trunkline.access.oidc.login.url is " + config.login().url().get()
                            + ", but must be a scheme and a host, such as https://trunkline.example.org.");
        }
        calls = new ProviderCall(vertx, tls, config.tlsConfigurationName());
    }

    void stop(@Observes ShutdownEvent event) {
        if (calls != null) {
            calls.close();
        }
    }

    /** Whether people can log in. */
    public boolean isEnabled() {
        return config.login().clientId().isPresent();
    }

    /** The name by which the provider knows the service. */
    public String clientId() {
        return config.login().clientId().orElseThrow();
    }

    /**
     * Where a browser goes to log in. Fails with {@code PROVIDER_UNAVAILABLE}.
     *
     * @param callback where the provider sends it back to
     */
    public CompletableFuture<String> address(LoginAttempt attempt, String callback) {
        return endpoints().thenApply(found -> {
            Map<String, String> parameters = new LinkedHashMap<>();
            parameters.put("response_type", "code");
            parameters.put("client_id", clientId());
            parameters.put("redirect_uri", callback);
            parameters.put("scope", String.join(" ", config.login().scopes()));
            parameters.put("state", attempt.state());
            parameters.put("nonce", attempt.nonce());
            parameters.put("code_challenge", attempt.challenge());
            parameters.put("code_challenge_method", "S256");
            String address = found.authorization().toString();
            return address + (address.indexOf('?') < 0 ? "?" : "&") + form(parameters);
        });
    }

    /**
     * Exchanges a code for the token that says who has logged in, which has not been checked. Fails with {@code LOGIN_REFUSED} where
     * the provider does not take the code, and with {@code PROVIDER_UNAVAILABLE}.
     *
     * @param issuer what the answer names as the provider; null for nothing
     * @param callback as it was given to {@link #address}
     */
    public CompletableFuture<String> exchange(
            LoginAttempt attempt, String code, @Nullable String issuer, String callback) {
        return endpoints().thenCompose(found -> {
            boolean itself = issuer == null
                    ? !found.namesItself()
                    : issuer.equals(config.issuer().orElseThrow());
            if (!itself) {
                return CompletableFuture.failedFuture(refused()); // an answer of another provider (RFC 9207)
            }
            Map<String, String> parameters = new LinkedHashMap<>();
            parameters.put("grant_type", "authorization_code");
            parameters.put("code", code);
            parameters.put("redirect_uri", callback);
            parameters.put("code_verifier", attempt.verifier());
            Map<String, String> headers = prove(found, parameters);
            return calls().send(HttpMethod.POST, found.token(), headers, form(parameters))
                    .thenApply(LoginProvider::idToken);
        });
    }

    /** Shows the provider which client the service is (RFC 6749, section 2.3.1). */
    private Map<String, String> prove(Endpoints found, Map<String, String> parameters) {
        Optional<String> secret = config.login().clientSecret();
        if (secret.isPresent() && !found.secretInBody()) {
            String both = encoded(clientId()) + ":" + encoded(secret.get());
            return Map.of(
                    "Authorization",
                    "Basic " + Base64.getEncoder().encodeToString(both.getBytes(StandardCharsets.US_ASCII)));
        }
        parameters.put("client_id", clientId());
        secret.ifPresent(text -> parameters.put("client_secret", text));
        return Map.of();
    }

    private static String idToken(ProviderCall.Answer answer) {
        String token = answer.body().path("id_token").asText("");
        if (answer.status() == 200 && !token.isEmpty()) {
            return token;
        }
        String error = answer.body().path("error").asText("");
        if (error.matches("[a-z_]{1,50}")) {
            LOG.infof("The OpenID provider takes no code status=%d error=%s", answer.status(), error);
        }
        throw answer.status() >= 400 && answer.status() < 500 ? refused() : ProviderCall.unavailable();
    }

    /** The failure of a login that the provider does not let happen. */
    public static TrunklineException refused() {
        return new TrunklineException(
                ErrorCode.LOGIN_REFUSED,
                "The OpenID provider has refused the login, or takes no notice of it any more.");
    }

    private CompletableFuture<Endpoints> endpoints() {
        Endpoints now = known;
        if (now != null && now.isFresh()) {
            return CompletableFuture.completedFuture(now);
        }
        return look().exceptionallyCompose(failure -> {
            Endpoints before = known;
            return before == null
                    ? CompletableFuture.failedFuture(failure)
                    : CompletableFuture.completedFuture(before); // it has hardly moved
        });
    }

    /** Asks the provider, at most once a second; all that come meanwhile wait for the same. */
    private synchronized CompletableFuture<Endpoints> look() {
        if (looking != null) {
            return looking;
        }
        long now = System.nanoTime();
        if (now - lookedAt < PAUSE_NANOS) {
            return CompletableFuture.failedFuture(ProviderCall.unavailable());
        }
        lookedAt = now;
        URI address = URI.create(
                withoutSlash(config.serverUrl().orElseGet(() -> config.issuer().orElseThrow())) + DISCOVERY);
        CompletableFuture<Endpoints> next = calls().send(HttpMethod.GET, address, Map.of(), "")
                .thenApply(answer -> endpoints(answer, address, now))
                .whenComplete((found, failure) -> looked(found));
        looking = next.isDone() ? null : next;
        return next;
    }

    private synchronized void looked(@Nullable Endpoints found) {
        looking = null;
        if (found != null) {
            known = found;
        }
    }

    private Endpoints endpoints(ProviderCall.Answer answer, URI asked, long now) {
        JsonNode body = answer.body();
        Optional<URI> authorization = endpoint(body, "authorization_endpoint", asked);
        Optional<URI> token = endpoint(body, "token_endpoint", asked);
        boolean itself = body.path("issuer").asText().equals(config.issuer().orElseThrow());
        if (answer.status() != 200 || !itself || authorization.isEmpty() || token.isEmpty()) {
            LOG.errorf(
                    "The OpenID provider's configuration is not usable for logins address=%s status=%d issuer=%s",
                    asked, answer.status(), itself ? "as configured" : "another");
            throw ProviderCall.unavailable();
        }
        JsonNode methods = body.path("token_endpoint_auth_methods_supported");
        List<String> names = StreamSupport.stream(methods.spliterator(), false)
                .map(JsonNode::asText)
                .toList();
        return new Endpoints(
                authorization.get(),
                token.get(),
                body.path("authorization_response_iss_parameter_supported").asBoolean(false),
                names.contains("client_secret_post") && !names.contains("client_secret_basic"),
                now);
    }

    /** No code and no secret goes over plain HTTP where the configuration did not come by it. */
    private static Optional<URI> endpoint(JsonNode body, String name, URI asked) {
        try {
            URI uri = URI.create(body.path(name).asText());
            boolean safe = "https".equals(uri.getScheme())
                    || "http".equals(uri.getScheme()) && "http".equals(asked.getScheme());
            return safe && uri.getHost() != null && uri.getFragment() == null ? Optional.of(uri) : Optional.empty();
        } catch (IllegalArgumentException e) {
            return Optional.empty();
        }
    }

    private ProviderCall calls() {
        ProviderCall current = calls;
        if (current == null) {
            throw new IllegalStateException("nobody logs in here");
        }
        return current;
    }

    private static String withoutSlash(String url) {
        return url.endsWith("/") ? url.substring(0, url.length() - 1) : url;
    }

    private static String form(Map<String, String> parameters) {
        return parameters.entrySet().stream()
                .map(parameter -> encoded(parameter.getKey()) + "=" + encoded(parameter.getValue()))
                .collect(Collectors.joining("&"));
    }

    private static String encoded(String text) {
        return URLEncoder.encode(text, StandardCharsets.UTF_8);
    }
}
