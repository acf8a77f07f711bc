package io.trunkline.access;

import io.quarkus.oidc.AccessTokenCredential;
import io.quarkus.oidc.Oidc;
import io.quarkus.oidc.OidcTenantConfig;
import io.quarkus.oidc.TenantIdentityProvider;
import io.quarkus.oidc.runtime.OidcTenantConfig.ApplicationType;
import io.quarkus.security.AuthenticationFailedException;
import io.trunkline.error.Failures;
import jakarta.enterprise.event.Observes;
import jakarta.enterprise.inject.Instance;
import jakarta.inject.Singleton;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.jboss.logging.Logger;
import org.jose4j.jwt.consumer.InvalidJwtException;
import org.jose4j.jwt.consumer.JwtContext;
import org.jose4j.lang.UnresolvableKeyException;
import org.jspecify.annotations.Nullable;

/**
 * The public keys of a provider, which Quarkus discovers and fetches. A token whose key is unknown makes it fetch them again, at
 * most every ten seconds, however many such tokens come; so does, every five minutes, one that nobody has signed, so that keys
 * that the provider has withdrawn are forgotten. Before the provider has been reached, one attempt a second is made at most.
 */
@Singleton
class ProviderKeys implements SignatureCheck {
    private static final Duration CONNECTION_TIMEOUT = Duration.ofSeconds(5);
    private static final Duration REFRESHED_AT_MOST_EVERY = Duration.ofSeconds(10);
    private static final long REFRESH_NANOS = TimeUnit.MINUTES.toNanos(5);
    private static final long RETRY_NANOS = TimeUnit.SECONDS.toNanos(1);

    private static final Logger LOG = Logger.getLogger(ProviderKeys.class);
    private static final int MOST_CAUSES = 10;

    /** A token of a key that no provider has. */
    private static final String OF_NO_KEY =
            part("{\"alg\":\"RS256\",\"kid\":\"trunkline-fetches-the-keys\"}") + "." + part("{}") + "." + part("none");

    private final OidcConfig config;
    private final Instance<TenantIdentityProvider> provider;
    /** Known from the first question on: Quarkus has it only when the tenant is made. */
    private volatile @Nullable TenantIdentityProvider known;

    private volatile boolean reached;
    /** Since when the keys may be older than the provider's, in nanoseconds; 0 while they are not. */
    private volatile long staleSince;
    /** Guarded by this. */
    private @Nullable CompletableFuture<Outcome> reaching;
    /** Written under this. */
    private volatile long askedAt = System.nanoTime() - RETRY_NANOS;

    ProviderKeys(OidcConfig config, Instance<TenantIdentityProvider> provider) {
        this.config = config;
        this.provider = provider;
    }

    private static String part(String text) {
        return Base64.getUrlEncoder().withoutPadding().encodeToString(text.getBytes(StandardCharsets.UTF_8));
    }

    void configure(@Observes Oidc oidc) {
        if (config.issuer().isEmpty()
                || config.audience().isEmpty()
                || config.jwksFile().isPresent()) {
            return;
        }
        String issuer = config.issuer().get();
        var tenant = OidcTenantConfig.authServerUrl(config.serverUrl().orElse(issuer))
                .applicationType(ApplicationType.SERVICE)
                .connectionTimeout(CONNECTION_TIMEOUT)
                .token()
                .issuer(issuer)
                .audience(config.audience().get())
                .lifespanGrace((int) config.clockSkew().toSeconds())
                .forcedJwkRefreshInterval(REFRESHED_AT_MOST_EVERY)
                .allowJwtIntrospection(false)
                .allowOpaqueTokenIntrospection(false)
                .end();
        config.tlsConfigurationName().ifPresent(tenant::tlsConfigurationName);
        oidc.create(tenant.build());
    }

    @Override
    public CompletableFuture<Outcome> check(JwtContext token) {
        if (!reached) {
            return reach().thenCompose(outcome ->
                    outcome == Outcome.UNKNOWN ? CompletableFuture.completedFuture(outcome) : ask(token.getJwt()));
        }
        refreshNowAndThen();
        return ask(token.getJwt());
    }

    private CompletableFuture<Outcome> ask(String token) {
        return provider()
                .authenticate(new AccessTokenCredential(token))
                .subscribeAsCompletionStage()
                .handle((identity, failure) -> failure == null ? Outcome.SIGNED : outcome(Failures.unwrapped(failure)));
    }

    private TenantIdentityProvider provider() {
        TenantIdentityProvider current = known;
        if (current == null) {
            current = provider.get();
            known = current;
        }
        return current;
    }

    private Outcome outcome(Throwable failure) {
        List<Throwable> causes = causes(failure);
        boolean noKey = causes.stream().anyMatch(UnresolvableKeyException.class::isInstance);
        boolean invalid = causes.stream().anyMatch(InvalidJwtException.class::isInstance);
        if (noKey) {
            return isStale() ? Outcome.UNKNOWN : Outcome.NOT_SIGNED;
        }
        if (invalid || failure instanceof AuthenticationFailedException && failure.getCause() == null) {
            return Outcome.NOT_SIGNED;
        }
        staleSince = Math.max(1, System.nanoTime());
        return Outcome.UNKNOWN;
    }

    private static List<Throwable> causes(Throwable failure) {
        List<Throwable> causes = new ArrayList<>();
        for (Throwable t = failure; t != null && causes.size() < MOST_CAUSES; t = t.getCause()) {
            causes.add(t);
        }
        return causes;
    }

    private boolean isStale() {
        return staleSince != 0 && System.nanoTime() - staleSince < REFRESHED_AT_MOST_EVERY.toNanos();
    }

    /** Makes the first contact; all that come meanwhile wait for the same. */
    private synchronized CompletableFuture<Outcome> reach() {
        if (reached) {
            return CompletableFuture.completedFuture(Outcome.NOT_SIGNED);
        }
        if (reaching != null) {
            return reaching;
        }
        long now = System.nanoTime();
        if (now - askedAt < RETRY_NANOS) {
            return CompletableFuture.completedFuture(Outcome.UNKNOWN);
        }
        askedAt = now;
        CompletableFuture<Outcome> asked = ask(OF_NO_KEY);
        CompletableFuture<Outcome> next = asked.whenComplete((outcome, failure) -> reached(outcome));
        reaching = next.isDone() ? null : next;
        return next;
    }

    private synchronized void reached(@Nullable Outcome outcome) {
        reaching = null;
        reached = outcome == Outcome.NOT_SIGNED;
        if (reached) {
            LOG.infof(
                    "The OpenID provider can be reached issuer=%s",
                    config.issuer().orElse(""));
        }
    }

    private void refreshNowAndThen() {
        if (isRefreshDue(System.nanoTime())) {
            ask(OF_NO_KEY);
        }
    }

    private boolean isRefreshDue(long now) {
        if (now - askedAt < REFRESH_NANOS) {
            return false;
        }
        synchronized (this) {
            boolean due = now - askedAt >= REFRESH_NANOS;
            if (due) {
                askedAt = now;
            }
            return due;
        }
    }
}
