package io.trunkline.access;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import io.quarkus.runtime.ShutdownEvent;
import io.quarkus.runtime.StartupEvent;
import io.quarkus.runtime.configuration.ConfigurationException;
import io.trunkline.async.WorkerPool;
import io.trunkline.error.ErrorCode;
import io.trunkline.error.TrunklineException;
import jakarta.annotation.Priority;
import jakarta.enterprise.event.Observes;
import jakarta.inject.Singleton;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * Who clients are by the bearer tokens of an OpenID provider: signed JWTs. A token that is valid counts until it expires, and its
 * signature is checked again once a minute while it is used, so that a token of a key that the provider has withdrawn ends too.
 */
@Singleton
public class BearerTokens {
    /** How long a checked signature counts. */
    static final Duration CHECKED_EVERY = Duration.ofMinutes(1);
    /** How long a token stays refused without another look at its signature. */
    static final Duration REFUSED_FOR = Duration.ofSeconds(1);

    private static final int MOST_TOKENS = 10_000;
    private static final int THREADS = 1;
    private static final int QUEUE = 1_000;
    private static final Duration MOST_CLOCK_SKEW = Duration.ofMinutes(5);

    private final OidcConfig config;
    private final Clock clock;
    private final WorkerPool pool = new WorkerPool("access-tokens", THREADS, QUEUE);
    private final @Nullable TokenChecks checks;
    private final SignatureCheck signatures;
    private final Cache<ByteBuffer, Valid> valid = Caffeine.newBuilder()
            .maximumSize(MOST_TOKENS)
            .expireAfterWrite(CHECKED_EVERY)
            .build();
    private final Cache<ByteBuffer, Boolean> refused = Caffeine.newBuilder()
            .maximumSize(MOST_TOKENS)
            .expireAfterWrite(REFUSED_FOR)
            .build();

    BearerTokens(OidcConfig config, SignatureCheck provider, Clock clock) {
        this.config = config;
        this.clock = clock;
        boolean on = config.issuer().isPresent() && config.audience().isPresent();
        checks = on ? new TokenChecks(config, clock) : null;
        signatures = checks != null && config.jwksFile().isPresent()
                ? new KeyFile(config.jwksFile().get(), checks.algorithms(), clock)
                : provider;
    }

    private record Valid(Principal principal, Instant expiresAt) {}

    void start(@Observes @Priority(60) StartupEvent event) {
        if (config.issuer().isEmpty()) {
            return;
        }
        if (config.audience().isEmpty()) {
            throw new ConfigurationException(
                    "trunkline.access.oidc.audience is not set, but trunkline.access.oidc.issuer is."
                            + " Set the audience that tokens for this service have, such as trunkline: without it, every token of"
                            + " the provider would be valid here, whatever it was issued for.");
        }
        if (config.clockSkew().isNegative() || config.clockSkew().compareTo(MOST_CLOCK_SKEW) > 0) {
            throw new ConfigurationException("trunkline.access.oidc.clock-skew is " + config.clockSkew()
                    + ", but must be 0 to " + MOST_CLOCK_SKEW + ".");
        }
        if (signatures instanceof KeyFile file && !file.isReadable()) {
            throw new ConfigurationException("trunkline.access.oidc.jwks-file is "
                    + config.jwksFile().orElseThrow()
                    + ", which is not a JSON Web Key Set with a public key. The service log has the reason.");
        }
    }

    void stop(@Observes @Priority(10) ShutdownEvent event) {
        pool.close();
    }

    /** Whether a provider is configured. */
    public boolean enabled() {
        return checks != null;
    }

    /**
     * The principal of a token. Fails with {@code AUTHENTICATION_REQUIRED} for one that is not valid, for whatever reason, and with
     * {@code OVERLOADED} where it cannot be told now, because the provider's keys are not known.
     */
    public CompletableFuture<Principal> authenticate(String token) {
        if (checks == null || token.length() > TokenChecks.MOST_LENGTH) {
            return refusal();
        }
        ByteBuffer hash = hash(token);
        Valid known = valid.getIfPresent(hash);
        if (known != null) {
            return known.expiresAt().isAfter(clock.instant())
                    ? CompletableFuture.completedFuture(known.principal())
                    : refusal();
        }
        if (refused.getIfPresent(hash) != null) {
            return refusal();
        }
        Optional<TokenChecks.Unverified> read = checks.read(token);
        return read.isEmpty() ? refusal() : verify(hash, read.get());
    }

    /**
     * As {@link #authenticate(String)}, of an ID token that somebody has just got who logs in (OpenID Connect Core 1.0, section
     * 3.1.3.7).
     *
     * @param clientId for whom the provider has to have issued it
     * @param nonce what it has to repeat
     */
    public CompletableFuture<Principal> authenticate(String token, String clientId, String nonce) {
        return authenticate(token).thenApply(principal -> {
            if (checks == null || !checks.isOfLogin(token, clientId, nonce)) {
                throw Credentials.invalid();
            }
            return principal;
        });
    }

    /** Until when a token counts that was valid a moment ago; empty where that is not known. */
    Optional<Instant> expiry(String token) {
        return Optional.ofNullable(valid.getIfPresent(hash(token))).map(Valid::expiresAt);
    }

    private CompletableFuture<Principal> verify(ByteBuffer hash, TokenChecks.Unverified token) {
        return pool.call(() -> signatures.check(token.context()))
                .thenCompose(outcome -> outcome)
                .thenCompose(outcome -> switch (outcome) {
                    case SIGNED -> {
                        valid.put(hash, new Valid(token.principal(), token.expiresAt()));
                        yield CompletableFuture.completedFuture(token.principal());
                    }
                    case NOT_SIGNED -> {
                        refused.put(hash, true);
                        yield refusal();
                    }
                    case UNKNOWN ->
                        CompletableFuture.failedFuture(new TrunklineException(
                                ErrorCode.OVERLOADED,
                                "The credentials cannot be checked now: the keys of the OpenID provider are not"
                                        + " available. Try again later."));
                });
    }

    private static CompletableFuture<Principal> refusal() {
        return CompletableFuture.failedFuture(Credentials.invalid());
    }

    private static ByteBuffer hash(String token) {
        return ByteBuffer.wrap(ApiToken.sha256(token.getBytes(StandardCharsets.UTF_8)));
    }
}
