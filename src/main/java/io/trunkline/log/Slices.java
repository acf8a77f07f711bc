package io.trunkline.log;

import io.quarkus.runtime.StartupEvent;
import io.quarkus.scheduler.Scheduled;
import io.trunkline.error.ErrorCode;
import io.trunkline.error.TrunklineException;
import jakarta.annotation.Priority;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Observes;
import org.jboss.logging.Logger;

/**
 * Keeps slices ready ahead of time. Where none could be made, appends go on into the last one, whose space is freed
 * later than it could be.
 */
@ApplicationScoped
class Slices {
    private static final Logger LOG = Logger.getLogger(Slices.class);

    private final SliceStore store;
    private final LogConfig.Slices config;

    Slices(SliceStore store, LogConfig config) {
        this.store = store;
        this.config = config.slices();
    }

    void atStart(@Observes @Priority(200) StartupEvent event) {
        prepare();
    }

    @Scheduled(
            every = "{trunkline.log.slices.check-interval}",
            delayed = "1m",
            concurrentExecution = Scheduled.ConcurrentExecution.SKIP)
    void prepare() {
        try {
            int made = store.prepare(config.length(), config.ahead());
            if (made > 0) {
                LOG.infof("Made slices count=%d", made);
            }
        } catch (TrunklineException e) {
            if (e.code() == ErrorCode.NOT_PERMITTED) {
                // The configuration is outside the bounds of trunkline.log_limit, or a right is missing: the reason
                // names it.
                Throwable cause = e.getCause();
                LOG.errorf(
                        "Slices could not be made ahead; appends go to the last one. Will try again. reason=%s",
                        cause == null ? e.userMessage() : cause.getMessage());
                return;
            }
            LOG.warnf("Slices could not be made ahead; appends go to the last one. Will try again. code=%s", e.code());
        }
    }
}
