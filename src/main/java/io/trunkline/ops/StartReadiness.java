package io.trunkline.ops;

import io.trunkline.jdbc.SchemaState;
import jakarta.enterprise.context.ApplicationScoped;
import java.util.Optional;
import org.eclipse.microprofile.health.HealthCheck;
import org.eclipse.microprofile.health.HealthCheckResponse;
import org.eclipse.microprofile.health.Readiness;

/** Ready means that the server's settings, the schema and the rights of the role were found to be good. */
@Readiness
@ApplicationScoped
class StartReadiness implements HealthCheck {
    private final SchemaState state;

    StartReadiness(SchemaState state) {
        this.state = state;
    }

    @Override
    public HealthCheckResponse call() {
        Optional<String> version = state.version();
        return HealthCheckResponse.named("schema")
                .status(version.isPresent())
                .withData(version.isPresent() ? "version" : "reason", version.orElseGet(state::waitsFor))
                .build();
    }
}
