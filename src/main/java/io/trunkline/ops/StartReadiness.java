package io.trunkline.ops;

import io.trunkline.jdbc.SchemaState;
import jakarta.enterprise.context.ApplicationScoped;
import org.eclipse.microprofile.health.HealthCheck;
import org.eclipse.microprofile.health.HealthCheckResponse;
import org.eclipse.microprofile.health.Readiness;

/** Ready means that the server's settings, the schema and the rights of the role were found to be good. */
@Readiness
@ApplicationScoped
class StartReadiness implements HealthCheck {
    private static final String NAME = "schema";

    private final SchemaState state;

    StartReadiness(SchemaState state) {
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
                        .down()
                        .withData("reason", state.waitsFor())
                        .build());
    }
}
