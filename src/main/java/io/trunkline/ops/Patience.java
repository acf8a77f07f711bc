package io.trunkline.ops;

import io.smallrye.mutiny.Uni;
import io.trunkline.error.ErrorCode;
import io.trunkline.error.Failures;
import io.trunkline.error.TrunklineException;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.function.Function;
import java.util.function.Supplier;
import org.eclipse.microprofile.health.HealthCheckResponse;

/** How long a health check waits for PostgreSQL, and what it says then. */
final class Patience {
    private static final Duration MOST = Duration.ofSeconds(3);

    private Patience() {}

    /** A check of what a look finds; down with {@code DATABASE_UNAVAILABLE} when that does not come in time. */
    static <T> Uni<HealthCheckResponse> check(
            String name, Supplier<CompletableFuture<T>> look, Function<T, HealthCheckResponse> response) {
        return Uni.createFrom()
                .completionStage(look)
                .ifNoItem()
                .after(MOST)
                .failWith(() -> new TrunklineException(
                        ErrorCode.DATABASE_UNAVAILABLE,
                        "PostgreSQL did not respond within " + MOST.toSeconds() + " s."))
                .map(response)
                .onFailure()
                .recoverWithItem(failure -> down(name, failure));
    }

    /** A check that is down, with the reason as a code and a sentence. */
    static HealthCheckResponse down(String name, Throwable failure) {
        TrunklineException known = Failures.known(failure);
        return HealthCheckResponse.named(name)
                .down()
                .withData("code", known.code().name())
                .withData("reason", known.userMessage())
                .build();
    }
}
