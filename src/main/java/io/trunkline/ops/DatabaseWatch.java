package io.trunkline.ops;

import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.trunkline.async.WorkerPool;
import io.trunkline.error.ErrorCode;
import io.trunkline.error.TrunklineException;
import io.trunkline.jdbc.ConnectionUser;
import io.trunkline.jdbc.DatabasePing;
import io.trunkline.jdbc.DatabasePing.Setting;
import io.trunkline.log.Writability;
import io.trunkline.log.Writability.Found;
import io.trunkline.overview.DatabaseLooks;
import jakarta.annotation.PreDestroy;
import jakarta.enterprise.context.ApplicationScoped;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.jboss.logging.Logger;
import org.jspecify.annotations.Nullable;

/**
 * Watches whether PostgreSQL answers, keeps what it acknowledges, and takes records. Many who ask at once share one look. The
 * look that takes longest holds one thread and one connection, and who asks does not wait for it longer than it wants.
 */
@ApplicationScoped
class DatabaseWatch implements ConnectionUser {
    private static final Logger LOG = Logger.getLogger(DatabaseWatch.class);

    private final DatabasePing ping;
    private final Writability writability;
    private final WorkerPool pool = new WorkerPool("health", 1, 100);
    private final Shared<List<Setting>> settings = new Shared<>();
    private final Shared<Found> writes = new Shared<>();
    /** What was found last, for metrics and the log; null while it is unknown. */
    private volatile @Nullable List<Setting> unsafe;

    private volatile @Nullable Found found;
    /** What the log has said last. */
    private String toldUnsafe = "";

    private Optional<ErrorCode> toldFailure = Optional.empty();

    DatabaseWatch(DatabasePing ping, Writability writability, MeterRegistry registry) {
        this.ping = ping;
        this.writability = writability;
        Gauge.builder("trunkline.database.durable", this::durable)
                .description("Whether PostgreSQL's settings let acknowledged records survive a crash")
                .register(registry);
        Gauge.builder("trunkline.database.writable", this::writable)
                .description("Whether PostgreSQL took records when this replica last wrote or tried to")
                .register(registry);
    }

    @PreDestroy
    void close() {
        pool.close();
    }

    /** The settings under which acknowledged records could be lost; fails while PostgreSQL does not answer. */
    CompletableFuture<List<Setting>> unsafeSettings() {
        return settings.ask(() -> pool.call(ping::unsafeSettings).whenComplete(this::told));
    }

    CompletableFuture<Found> writes() {
        return writability
                .known()
                .map(known -> {
                    told(known, null);
                    return CompletableFuture.completedFuture(known);
                })
                .orElseGet(() -> writes.ask(() -> pool.call(writability::look).whenComplete(this::told)));
    }

    /** Looks, so that the metrics are of now. Does not wait. */
    void refresh() {
        unsafeSettings();
        writes();
    }

    /** What was found last. */
    DatabaseLooks.Health health() {
        return new DatabaseLooks.Health(known(writable()), known(durable()));
    }

    private static Optional<Boolean> known(double value) {
        return Double.isNaN(value) ? Optional.empty() : Optional.of(value == 1);
    }

    private double durable() {
        List<Setting> now = unsafe;
        return now == null ? Double.NaN : now.isEmpty() ? 1 : 0;
    }

    private double writable() {
        Found now = found;
        if (now == null) {
            return Double.NaN;
        }
        TrunklineException failure = now.failure();
        return failure == null ? 1 : isOfTheConnection(failure) ? Double.NaN : 0;
    }

    /** Whether it says nothing of writes: PostgreSQL is away, or was too busy. */
    private static boolean isOfTheConnection(TrunklineException failure) {
        return switch (failure.code()) {
            case DATABASE_UNAVAILABLE, OVERLOADED, OUTCOME_UNKNOWN -> true;
            default -> false;
        };
    }

    private synchronized void told(@Nullable List<Setting> now, @Nullable Throwable failure) {
        unsafe = failure == null ? now : null;
        if (now == null) {
            return;
        }
        String text = now.stream().map(s -> s.name() + "=" + s.value()).collect(Collectors.joining(" "));
        if (!text.equals(toldUnsafe)) {
            if (text.isEmpty()) {
                LOG.info("PostgreSQL's settings are safe again");
            } else {
                LOG.errorf("PostgreSQL's settings are unsafe: acknowledged records can be lost %s", text);
            }
            toldUnsafe = text;
        }
    }

    private synchronized void told(@Nullable Found now, @Nullable Throwable lost) {
        found = lost == null ? now : null;
        if (now == null) {
            return;
        }
        TrunklineException failure = now.failure();
        if (failure != null && isOfTheConnection(failure)) {
            return;
        }
        Optional<ErrorCode> code = Optional.ofNullable(failure).map(TrunklineException::code);
        if (!code.equals(toldFailure)) {
            if (failure == null) {
                LOG.info("Records can be written again");
            } else {
                LOG.errorf("Records cannot be written code=%s reason=%s", failure.code(), reason(failure));
            }
            toldFailure = code;
        }
    }

    /** What PostgreSQL said names the right or the file; it holds nothing of a record. */
    private static String reason(TrunklineException failure) {
        Throwable cause = failure.getCause();
        return cause == null ? failure.userMessage() : String.valueOf(cause.getMessage());
    }

    /** A look that many may wait for. */
    private static final class Shared<T> {
        /** Guarded by this. */
        private @Nullable CompletableFuture<T> underWay;

        synchronized CompletableFuture<T> ask(Supplier<CompletableFuture<T>> look) {
            CompletableFuture<T> now = underWay;
            if (now == null || now.isDone()) {
                now = look.get();
                underWay = now;
            }
            return now.copy();
        }
    }
}
