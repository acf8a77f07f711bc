package io.trunkline.jdbc;

import io.agroal.api.AgroalPoolInterceptor;
import io.quarkus.runtime.ShutdownEvent;
import io.quarkus.runtime.StartupEvent;
import io.trunkline.async.PendingCall;
import io.trunkline.async.WorkerPool;
import jakarta.annotation.PreDestroy;
import jakarta.annotation.Priority;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Observes;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.jboss.logging.Logger;

/**
 * How long PostgreSQL may take for what it is asked. It cancels a statement itself a second before the connection is given
 * up, so that a server that is only slow costs no connections.
 */
@ApplicationScoped
class ConnectionLimits implements AgroalPoolInterceptor {
    private static final Logger LOG = Logger.getLogger(ConnectionLimits.class);
    private static final Duration EARLIER = Duration.ofSeconds(1);
    private static final Duration WATCH_INTERVAL = Duration.ofMillis(500);
    /** What may still be written when the service stops; then connections that hang are closed. */
    private static final Duration STOPPING = Duration.ofSeconds(10);

    private static final String STATEMENT_TIMEOUT = """
            SELECT set_config('statement_timeout', ?, false)
            """;

    private final DatabaseConfig config;
    private final ScheduledExecutorService timer = WorkerPool.timer("database-sockets", 1);

    ConnectionLimits(DatabaseConfig config) {
        this.config = config;
    }

    void atStart(@Observes @Priority(10) StartupEvent event) {
        PendingCall.responseTimeout(config.responseTimeout());
        DatabaseSocket.allow();
        timer.scheduleWithFixedDelay(
                DatabaseSocket::closeThoseThatCannotWrite,
                WATCH_INTERVAL.toMillis(),
                WATCH_INTERVAL.toMillis(),
                TimeUnit.MILLISECONDS);
    }

    /** The pools end one after the other, but what they wait for ends for all of them together. */
    void stop(@Observes @Priority(1) ShutdownEvent event) {
        timer.schedule(
                () -> {
                    LOG.warn("Connections to PostgreSQL that have not answered are closed: the service is stopping");
                    DatabaseSocket.cutAll();
                },
                STOPPING.toMillis(),
                TimeUnit.MILLISECONDS);
    }

    /** Nothing is written any more: no connection waits for the other side to end it. */
    @PreDestroy
    void close() {
        timer.shutdownNow();
        DatabaseSocket.cutAll();
    }

    @Override
    public void onConnectionCreate(Connection connection) {
        try {
            limit(connection, config.responseTimeout());
        } catch (SQLException e) {
            // Whoever gets it finds that it does not work.
            LOG.debug("A new connection to PostgreSQL failed", e);
            abort(connection);
        }
    }

    <T> T atLeisure(Connection connection, Work<T> work) throws SQLException {
        limit(connection, config.upkeepTimeout());
        try {
            return work.with(connection);
        } finally {
            try {
                limit(connection, config.responseTimeout());
            } catch (SQLException e) {
                LOG.debug("A connection to PostgreSQL is given up", e);
                abort(connection);
            }
        }
    }

    private static void limit(Connection connection, Duration timeout) throws SQLException {
        connection.setNetworkTimeout(Runnable::run, (int) timeout.toMillis());
        new Sql(STATEMENT_TIMEOUT, Long.toString(timeout.minus(EARLIER).toMillis()))
                .call()
                .with(connection);
    }

    private static void abort(Connection connection) {
        try {
            connection.abort(Runnable::run);
        } catch (SQLException e) {
            LOG.debug("A connection to PostgreSQL could not be given up", e);
        }
    }
}
