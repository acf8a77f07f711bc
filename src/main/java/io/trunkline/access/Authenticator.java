package io.trunkline.access;

import io.trunkline.error.ErrorCode;
import io.trunkline.error.TrunklineException;
import jakarta.inject.Singleton;
import java.time.Instant;
import java.util.HashSet;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;

/** Who clients are by all that they show: API tokens, tokens of an OpenID provider, certificates. */
@Singleton
public class Authenticator {
    private final Access access;
    private final BearerTokens bearerTokens;
    private final ClientCertificates certificates;

    Authenticator(Access access, BearerTokens bearerTokens, ClientCertificates certificates) {
        this.access = access;
        this.bearerTokens = bearerTokens;
        this.certificates = certificates;
    }

    /**
     * Somebody who has proven who they are.
     *
     * @param token the API token that was the proof, where one was
     */
    public record Known(Principal principal, Optional<ApiToken> token) {}

    /**
     * Who shows these credentials. Completes at once where nothing has to be looked up. Fails with
     * {@code AUTHENTICATION_REQUIRED}, with one message whatever is wrong, also where two credentials prove different principals.
     */
    public CompletableFuture<Known> authenticate(Credentials credentials) {
        Optional<Principal> certified =
                certificates.enabled() && !credentials.certificates().isEmpty()
                        ? certificates.principal(credentials.certificates())
                        : Optional.empty();
        if (credentials.bearer().isEmpty() && credentials.password().isEmpty()) {
            return certified
                    .map(principal -> CompletableFuture.completedFuture(new Known(principal, Optional.empty())))
                    .orElseGet(() -> CompletableFuture.failedFuture(missing()));
        }
        CompletableFuture<Known> shown = credentials.password().isPresent()
                ? withPassword(credentials.password().get())
                : withBearer(credentials.bearer().orElseThrow());
        return certified.isEmpty() ? shown : shown.thenApply(known -> both(known, certified.get()));
    }

    /** Until when credentials count that were valid a moment ago; empty where they have no end, or it is not known. */
    public CompletableFuture<Optional<Instant>> expiry(Credentials credentials) {
        Optional<String> shown =
                credentials.bearer().or(() -> credentials.password().map(Credentials.Password::token));
        Optional<ApiToken> token = shown.flatMap(ApiToken::parse);
        if (token.isPresent()) {
            return access.expiry(token.get());
        }
        return CompletableFuture.completedFuture(
                shown.isPresent() ? bearerTokens.expiry(shown.get()) : certificates.expiry(credentials.certificates()));
    }

    private CompletableFuture<Known> withBearer(String text) {
        if (text.startsWith(ApiToken.PREFIX)) {
            return withToken(text);
        }
        return bearerTokens.enabled()
                ? bearerTokens.authenticate(text).thenApply(principal -> new Known(principal, Optional.empty()))
                : CompletableFuture.failedFuture(Credentials.invalid());
    }

    private CompletableFuture<Known> withPassword(Credentials.Password password) {
        CompletableFuture<Known> known = withToken(password.token());
        return password.user().isEmpty()
                ? known
                : known.thenApply(holder -> {
                    if (!holder.principal().name().equals(password.user())) {
                        throw Credentials.invalid();
                    }
                    return holder;
                });
    }

    private CompletableFuture<Known> withToken(String text) {
        Optional<ApiToken> token = ApiToken.parse(text);
        return token.isEmpty()
                ? CompletableFuture.failedFuture(Credentials.invalid())
                : access.authenticate(token.get()).thenApply(principal -> new Known(principal, token));
    }

    private static Known both(Known known, Principal certified) {
        if (!known.principal().name().equals(certified.name())) {
            throw Credentials.invalid();
        }
        Set<String> roles = new HashSet<>(known.principal().roles());
        roles.addAll(certified.roles());
        return new Known(new Principal(certified.name(), roles), known.token());
    }

    private static TrunklineException missing() {
        return new TrunklineException(
                ErrorCode.AUTHENTICATION_REQUIRED,
                "This service needs credentials: an API token, as a Bearer token or as the password of Basic.");
    }
}
