package io.trunkline.ops;

import io.trunkline.jdbc.SchemaState;
import jakarta.enterprise.context.ApplicationScoped;
import java.util.Optional;
import org.eclipse.microprofile.health.HealthCheck;
import org.eclipse.microprofile.health.HealthCheckResponse;
import org.eclipse.microprofile.health.Startup;

/**
 * Started means that the process serves, also while it waits for PostgreSQL: a restart would not bring that back, and a
 * startup probe that fails is one.
 */
@Startup
@ApplicationScoped
class SchemaStartup implements HealthCheck {
    private final SchemaState state;

    SchemaStartup(SchemaState state) {
        this.state = state;
    }

    @Override
    public HealthCheckResponse call() {
        Optional<String> version = state.version();
        return HealthCheckResponse.named("schema")
                .up()
                .withData(version.isPresent() ? "version" : "waits", version.orElseGet(state::waitsFor))
                .build();
    }
}
