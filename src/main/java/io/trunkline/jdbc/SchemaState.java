package io.trunkline.jdbc;

import io.trunkline.error.ErrorCode;
import io.trunkline.error.TrunklineException;
import jakarta.enterprise.context.ApplicationScoped;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;

/** What the start has found out about the schema. Nothing is asked of PostgreSQL before it was found to be good. */
@ApplicationScoped
public class SchemaState {
    private final CompletableFuture<String> outcome = new CompletableFuture<>();
    private volatile Optional<String> version = Optional.empty();
    private volatile String waitsFor = "the checks of the start have not ended";

    public void checked(String found) {
        version = Optional.of(found);
    }

    public void waitsFor(String reason) {
        waitsFor = reason;
    }

    public void started() {
        outcome.complete(version.orElse("none"));
    }

    public void refused(RuntimeException refusal) {
        outcome.completeExceptionally(refusal);
    }

    /** The version of the last migration, once the start has found the server, the schema and the rights to be good. */
    public Optional<String> version() {
        return version;
    }

    /** What the start waits for, in words for people; of use while there is no version. */
    public String waitsFor() {
        return waitsFor;
    }

    /**
     * Completes with the version of the schema when the start is over, whenever that is, or with the
     * {@link io.quarkus.runtime.configuration.ConfigurationException} that says why it never will be.
     */
    public CompletableFuture<String> outcome() {
        return outcome.copy();
    }

    /** @throws TrunklineException {@code DATABASE_UNAVAILABLE} while the checks have not passed */
    void require() {
        if (version.isEmpty()) {
            throw new TrunklineException(
                    ErrorCode.DATABASE_UNAVAILABLE,
                    "The service has just started and waits: " + waitsFor + ". Nothing was done; try again later.");
        }
    }
}
