package io.trunkline.access;

import io.trunkline.error.ErrorCode;
import io.trunkline.error.TrunklineException;
import jakarta.enterprise.context.ApplicationScoped;
import java.security.SecureRandom;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/**
 * API tokens, which administrators list, create and revoke. What changes them takes the token of an administrator, which
 * PostgreSQL checks itself: it fails with {@code ACCESS_DENIED} for any other. Calls return at once.
 */
@ApplicationScoped
public class Tokens {
    private final Access access;
    private final TokenStore store;
    private final SecureRandom random = new SecureRandom();

    Tokens(Access access, TokenStore store) {
        this.access = access;
        this.store = store;
    }

    /** A token that was created, with its secret. */
    public record Created(ApiToken secret, Token token) {}

    /** All tokens, those that were revoked or have expired in the last 30 days too; oldest first. */
    public CompletableFuture<List<Token>> list() {
        return access.call(store::list);
    }

    /** Creates a token, which is valid at once. Fails with {@code ACCESS_LIMIT_REACHED} where there are too many. */
    public CompletableFuture<Created> create(ApiToken administrator, TokenRequest wanted) {
        ApiToken secret = ApiToken.random(random);
        return access.call(() -> {
                    store.create(administrator, secret, wanted);
                    return new Created(secret, store.find(secret.id()).orElseThrow());
                })
                .thenCompose(created -> access.latest().handle((now, failure) -> created));
    }

    /**
     * Revokes a token: this replica refuses it at once, others within a second. Nothing changes for one that has been revoked
     * before. Fails with {@code TOKEN_NOT_FOUND}.
     */
    public CompletableFuture<Void> revoke(ApiToken administrator, String id) {
        return access.call(() -> ApiToken.isId(id) && store.revoke(administrator, id))
                .thenCompose(found -> found
                        ? access.latest().<Void>handle((now, failure) -> null)
                        : CompletableFuture.failedFuture(
                                new TrunklineException(ErrorCode.TOKEN_NOT_FOUND, "There is no token of this id.")));
    }
}
