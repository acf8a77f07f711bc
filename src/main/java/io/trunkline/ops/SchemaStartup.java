package io.trunkline.ops;

import io.trunkline.jdbc.SchemaState;
import jakarta.enterprise.context.ApplicationScoped;
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
    private static final String NAME = "schema";

    private final SchemaState state;

    SchemaStartup(SchemaState state) {
        this.state = state;
    }

    @Override
    public HealthCheckResponse call() {
        return state.version()
                .map(version -> HealthCheckResponse.named(NAME)
                        .up()
                        .withData("version", version)
                        .build())
                .orElseGet(() -> HealthCheckResponse.named(NAME)
                        .up()
                        .withData("waits", state.waitsFor())
                        .build());
    }
}
