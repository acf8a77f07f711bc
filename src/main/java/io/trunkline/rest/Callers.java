package io.trunkline.rest;

import io.trunkline.access.Access;
import io.trunkline.access.Authenticator;
import io.trunkline.access.Credentials;
import io.trunkline.access.Principal;
import io.trunkline.access.Rights;
import jakarta.inject.Singleton;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;

/** Who shows credentials, and what they may do now. */
@Singleton
class Callers {
    private final Access access;
    private final Authenticator authenticator;

    Callers(Access access, Authenticator authenticator) {
        this.access = access;
        this.authenticator = authenticator;
    }

    /** Whether clients must prove who they are. */
    boolean areKnown() {
        return access.isRequired();
    }

    /** As {@link Access#epoch()}. */
    long epoch() {
        return access.epoch();
    }

    /** Completes at once where nothing has to be looked up; fails as {@link Authenticator#authenticate}. */
    CompletableFuture<Caller> identify(Credentials credentials) {
        return authenticator
                .authenticate(credentials)
                .thenCompose(known -> access.rights(known.principal()).thenApply(rights -> caller(known, rights)));
    }

    /** As {@link Access#roles}. */
    CompletableFuture<List<String>> roles(Principal principal) {
        return access.roles(principal);
    }

    private static Caller caller(Authenticator.Known known, Rights rights) {
        return new Caller(Optional.of(known.principal()), rights, known.token());
    }
}
