package io.trunkline.log;

import io.quarkus.runtime.ShutdownEvent;
import io.trunkline.async.WorkerPool;
import io.trunkline.error.ErrorCode;
import io.trunkline.error.Failures;
import io.trunkline.error.TrunklineException;
import io.trunkline.jdbc.ConnectionUser;
import io.trunkline.schema.DatabaseReady;
import jakarta.annotation.Priority;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Observes;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.jboss.logging.Logger;

/**
 * Keeps slices ready ahead of time. Where none could be made, appends go on into the last one, whose space is freed
 * later than it could be.
 */
@ApplicationScoped
class Slices implements ConnectionUser {
    private static final Logger LOG = Logger.getLogger(Slices.class);

    private final SliceStore store;
    private final LogConfig.Slices config;
    private final ScheduledExecutorService timer = WorkerPool.timer("slices", 1);

    Slices(SliceStore store, LogConfig config) {
        this.store = store;
        this.config = config.slices();
    }

    void start(@Observes @Priority(200) DatabaseReady event) {
        prepare();
        long millis = config.checkInterval().toMillis();
        timer.scheduleWithFixedDelay(this::prepare, millis, millis, TimeUnit.MILLISECONDS);
    }

    void stop(@Observes @Priority(5) ShutdownEvent event) {
        WorkerPool.stop(timer);
    }

    private void prepare() {
        try {
            int made = store.prepare(config.length(), config.ahead());
            if (made > 0) {
                LOG.infof("Made slices count=%d", made);
            }
        } catch (RuntimeException e) {
            if (e instanceof TrunklineException refused && refused.code() == ErrorCode.DATABASE_PERMISSION_MISSING) {
                // The configuration is outside the bounds of log_limit, or a right is missing: the reason
                // names it.
                Throwable cause = e.getCause();
                LOG.errorf(
                        "Slices could not be made ahead; appends go to the last one. Will try again. reason=%s",
                        cause == null ? refused.userMessage() : cause.getMessage());
                return;
            }
            LOG.warnf(
                    "Slices could not be made ahead; appends go to the last one. Will try again. code=%s",
                    Failures.code(e));
        }
    }
}
