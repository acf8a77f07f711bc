package io.trunkline.ops;

import io.smallrye.mutiny.Uni;
import io.trunkline.error.ErrorCode;
import io.trunkline.error.Failures;
import io.trunkline.error.TrunklineException;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.function.Supplier;
import org.eclipse.microprofile.health.HealthCheckResponse;

/** How long a health check waits for PostgreSQL, and what it says then. */
final class Patience {
    private static final Duration MOST = Duration.ofSeconds(3);

    private Patience() {}

    /** The result, or {@code DATABASE_UNAVAILABLE} when it does not come in time. */
    static <T> Uni<T> uni(Supplier<CompletableFuture<T>> look) {
        return Uni.createFrom()
                .completionStage(look)
                .ifNoItem()
                .after(MOST)
                .failWith(() -> new TrunklineException(
                        ErrorCode.DATABASE_UNAVAILABLE,
                        "PostgreSQL did not respond within " + MOST.toSeconds() + " s."));
    }

    /** A check that is down, with the reason as a code and a sentence. */
    static HealthCheckResponse down(String name, Throwable failure) {
        return HealthCheckResponse.named(name)
                .down()
                .withData("code", Failures.code(failure).name())
                .withData(
                        "reason",
                        Failures.unwrapped(failure) instanceof TrunklineException known
                                ? known.userMessage()
                                : "The service failed; its log has the details.")
                .build();
    }
}
