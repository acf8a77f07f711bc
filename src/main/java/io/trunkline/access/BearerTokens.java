package io.trunkline.access;

import io.trunkline.error.ErrorCode;
import io.trunkline.error.TrunklineException;
import jakarta.inject.Singleton;
import java.util.concurrent.CompletableFuture;

/** Who clients are by the bearer tokens of an OpenID provider. */
@Singleton
public class BearerTokens {
    /** Whether a provider is configured. */
    public boolean enabled() {
        return false;
    }

    /** The principal of a token; fails with {@code AUTHENTICATION_REQUIRED} for one that is not valid, for whatever reason. */
    public CompletableFuture<Principal> authenticate(String token) {
        return CompletableFuture.failedFuture(
                new TrunklineException(ErrorCode.AUTHENTICATION_REQUIRED, "The credentials are not valid."));
    }
}
