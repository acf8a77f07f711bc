package io.trunkline.ops;

import io.smallrye.health.api.AsyncHealthCheck;
import io.smallrye.mutiny.Uni;
import io.trunkline.error.Failures;
import io.trunkline.jdbc.DatabasePing;
import io.trunkline.jdbc.WorkerPool;
import jakarta.annotation.PreDestroy;
import jakarta.enterprise.context.ApplicationScoped;
import java.time.Duration;
import org.eclipse.microprofile.health.HealthCheckResponse;
import org.eclipse.microprofile.health.Readiness;

/** Ready means that PostgreSQL answers this replica. */
@Readiness
@ApplicationScoped
class DatabaseReadiness implements AsyncHealthCheck {
    private static final String NAME = "database";
    private static final Duration PATIENCE = Duration.ofSeconds(3);

    private final DatabasePing ping;
    /** One check at a time; more that come while PostgreSQL hangs are answered by the timeout. */
    private final WorkerPool pool = new WorkerPool("health", 1, 100);

    DatabaseReadiness(DatabasePing ping) {
        this.ping = ping;
    }

    @PreDestroy
    void close() {
        pool.close();
    }

    @Override
    public Uni<HealthCheckResponse> call() {
        return Uni.createFrom()
                .completionStage(() -> pool.call(ping::ping))
                .ifNoItem()
                .after(PATIENCE)
                .fail()
                .map(answered -> HealthCheckResponse.up(NAME))
                .onFailure()
                .recoverWithItem(failure -> HealthCheckResponse.named(NAME)
                        .down()
                        .withData("code", Failures.code(failure).name())
                        .build());
    }
}
