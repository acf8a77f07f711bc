package io.trunkline.ops;

import io.smallrye.health.api.AsyncHealthCheck;
import io.smallrye.mutiny.Uni;
import jakarta.enterprise.context.ApplicationScoped;
import org.eclipse.microprofile.health.HealthCheckResponse;
import org.eclipse.microprofile.health.Readiness;

/** Ready means that PostgreSQL answers this replica. */
@Readiness
@ApplicationScoped
class DatabaseReadiness implements AsyncHealthCheck {
    private static final String NAME = "database";

    private final DatabaseWatch watch;

    DatabaseReadiness(DatabaseWatch watch) {
        this.watch = watch;
    }

    @Override
    public Uni<HealthCheckResponse> call() {
        return Patience.check(NAME, watch::unsafeSettings, answered -> HealthCheckResponse.up(NAME));
    }
}
