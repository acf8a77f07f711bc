package io.trunkline.schema;

import io.quarkus.runtime.ShutdownEvent;
import io.quarkus.runtime.StartupEvent;
import io.quarkus.runtime.configuration.ConfigurationException;
import io.trunkline.jdbc.DatabaseConfig;
import io.trunkline.jdbc.DatabaseUrl;
import io.trunkline.jdbc.SchemaState;
import jakarta.annotation.Priority;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Event;
import jakarta.enterprise.event.Observes;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jboss.logging.Logger;
import org.jspecify.annotations.Nullable;

/**
 * Finds out whether PostgreSQL can be used, for as long as that takes. The service starts meanwhile, is not ready, and answers
 * {@code DATABASE_UNAVAILABLE}: a process that ends and is started again helps nobody. What waiting cannot change ends the
 * start.
 */
@ApplicationScoped
class DatabaseStart {
    private static final Logger LOG = Logger.getLogger(DatabaseStart.class);
    /** How long the process itself waits for the first attempt, such as for a migration of its own. */
    private static final Duration FIRST_PATIENCE = Duration.ofSeconds(60);

    private static final Duration PAUSE = Duration.ofSeconds(1);
    private static final Duration REMINDER = Duration.ofMinutes(1);

    private final DatabaseConfig config;
    private final Migration migration;
    private final SchemaState state;
    private final Event<DatabaseReady> ready;
    private final CompletableFuture<@Nullable Void> firstAttempt = new CompletableFuture<>();
    private final CountDownLatch stopping = new CountDownLatch(1);

    DatabaseStart(DatabaseConfig config, Migration migration, SchemaState state, Event<DatabaseReady> ready) {
        this.config = config;
        this.migration = migration;
        this.state = state;
        this.ready = ready;
    }

    void atStart(@Observes @Priority(100) StartupEvent event) throws InterruptedException {
        DatabaseUrl url = DatabaseUrl.parse(config.url()
                .orElseThrow(() -> new ConfigurationException("trunkline.database.url is not set (environment:"
                        + " TRUNKLINE_DATABASE_URL), and this build or start has no embedded PostgreSQL.")));
        Thread thread = new Thread(() -> start(url), "database-start");
        thread.setDaemon(true);
        thread.start();
        try {
            firstAttempt.get(FIRST_PATIENCE.toSeconds(), TimeUnit.SECONDS);
        } catch (TimeoutException e) {
            LOG.warnf("The start goes on without PostgreSQL reason=\"%s\"", state.waitsFor());
        } catch (ExecutionException e) {
            throw e.getCause() instanceof RuntimeException refusal ? refusal : new IllegalStateException(e);
        }
    }

    void stop(@Observes @Priority(1) ShutdownEvent event) {
        stopping.countDown();
    }

    private void start(DatabaseUrl url) {
        try {
            if (awaitGood(url)) {
                state.started();
            }
            firstAttempt.complete(null);
        } catch (RuntimeException | Error e) {
            RuntimeException refusal = e instanceof RuntimeException known ? known : new IllegalStateException(e);
            state.refused(refusal);
            firstAttempt.completeExceptionally(refusal);
        }
    }

    /** Answers whether it is good; not so when the service is stopped before. */
    private boolean awaitGood(DatabaseUrl url) {
        String said = "";
        long saidAt = System.nanoTime();
        do {
            switch (migration.attempt(url)) {
                case Migration.Outcome.Good good -> {
                    if (!said.isEmpty()) {
                        LOG.info("PostgreSQL can be used now");
                    }
                    state.checked(good.version());
                    ready.fire(new DatabaseReady(good.version()));
                    return true;
                }
                case Migration.Outcome.NotNow notNow -> {
                    state.waitsFor(notNow.reason());
                    long now = System.nanoTime();
                    if (!said.equals(notNow.reason()) || now - saidAt > REMINDER.toNanos()) {
                        LOG.warnf("Waiting: %s url=%s detail=\"%s\"", notNow.reason(), url, notNow.detail());
                        said = notNow.reason();
                        saidAt = now;
                    }
                    firstAttempt.complete(null);
                }
            }
        } while (!pause());
        return false;
    }

    /** Answers whether the service is being stopped. */
    private boolean pause() {
        try {
            return stopping.await(PAUSE.toMillis(), TimeUnit.MILLISECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return true;
        }
    }
}
