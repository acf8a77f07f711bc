package io.trunkline.ops;

import io.smallrye.health.api.AsyncHealthCheck;
import io.smallrye.mutiny.Uni;
import io.trunkline.jdbc.DatabasePing.Setting;
import jakarta.enterprise.context.ApplicationScoped;
import java.util.List;
import org.eclipse.microprofile.health.HealthCheckResponse;
import org.eclipse.microprofile.health.HealthCheckResponseBuilder;
import org.eclipse.microprofile.health.Readiness;

/** Ready means that PostgreSQL does not lose what it has acknowledged. */
@Readiness
@ApplicationScoped
class DurabilityReadiness implements AsyncHealthCheck {
    private static final String NAME = "durability";

    private final DatabaseWatch watch;

    DurabilityReadiness(DatabaseWatch watch) {
        this.watch = watch;
    }

    @Override
    public Uni<HealthCheckResponse> call() {
        return Patience.check(NAME, watch::unsafeSettings, DurabilityReadiness::response);
    }

    private static HealthCheckResponse response(List<Setting> unsafe) {
        HealthCheckResponseBuilder response = HealthCheckResponse.named(NAME).status(unsafe.isEmpty());
        unsafe.forEach(setting -> response.withData(setting.name(), setting.value()));
        return response.build();
    }
}
