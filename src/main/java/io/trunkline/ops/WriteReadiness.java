package io.trunkline.ops;

import io.smallrye.health.api.AsyncHealthCheck;
import io.smallrye.mutiny.Uni;
import io.trunkline.error.TrunklineException;
import jakarta.enterprise.context.ApplicationScoped;
import org.eclipse.microprofile.health.HealthCheckResponse;
import org.eclipse.microprofile.health.Readiness;

/** Ready means that PostgreSQL takes records. */
@Readiness
@ApplicationScoped
class WriteReadiness implements AsyncHealthCheck {
    private static final String NAME = "writes";

    private final DatabaseWatch watch;

    WriteReadiness(DatabaseWatch watch) {
        this.watch = watch;
    }

    @Override
    public Uni<HealthCheckResponse> call() {
        return Patience.check(NAME, watch::writes, found -> {
            TrunklineException failure = found.failure();
            return failure == null ? HealthCheckResponse.up(NAME) : Patience.down(NAME, failure);
        });
    }
}
