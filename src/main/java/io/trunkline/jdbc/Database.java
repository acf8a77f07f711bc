package io.trunkline.jdbc;

import io.agroal.api.AgroalDataSource;
import io.agroal.api.AgroalDataSource.FlushMode;
import io.trunkline.async.PendingCall;
import io.trunkline.async.WorkerPool;
import io.trunkline.error.ErrorCode;
import io.trunkline.error.TrunklineException;
import jakarta.inject.Singleton;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Function;
import org.jboss.logging.Logger;

/** The connections of the data path. Every method blocks: call it from a {@link WorkerPool}. */
@Singleton
public class Database {
    private static final Logger LOG = Logger.getLogger(Database.class);

    private final AgroalDataSource dataSource;
    private final SchemaState schema;
    private final ConnectionLimits limits;
    /** Reads go on beside writes that are refused: their connections are closed no more often than this. */
    private static final long FLUSH_NANOS = Duration.ofSeconds(5).toNanos();

    /** When idle connections to a server that takes no writes were closed last. */
    private final AtomicLong flushedAt = new AtomicLong(System.nanoTime() - FLUSH_NANOS);
    /** Whether the last thing known of PostgreSQL is that it does not answer; for the log only. */
    private final AtomicBoolean away = new AtomicBoolean();

    Database(AgroalDataSource dataSource, SchemaState schema, ConnectionLimits limits) {
        this.dataSource = dataSource;
        this.schema = schema;
        this.limits = limits;
    }

    /**
     * Reads on a connection in autocommit mode.
     *
     * @throws TrunklineException with the code that {@link SqlFailure} finds; a lost connection is
     *     {@code DATABASE_UNAVAILABLE}, since a read changes nothing
     */
    public <T> T read(Work<T> work) {
        return run(work, SqlFailure::ofRead);
    }

    /**
     * Writes on a connection in autocommit mode, with one statement.
     *
     * @throws TrunklineException with the code that {@link SqlFailure} finds; a connection that is lost once the
     *     statement may have been sent is {@code OUTCOME_UNKNOWN}
     */
    public <T> T write(Work<T> work) {
        return run(
                connection -> {
                    PendingCall.beginsToWrite();
                    return work.with(connection);
                },
                SqlFailure::ofWrite);
    }

    private <T> T run(Work<T> work, Function<SQLException, TrunklineException> translation) {
        schema.require();
        Connection connection;
        try {
            connection = dataSource.getConnection();
        } catch (SQLException e) {
            throw failed(SqlFailure.ofRead(e));
        }
        try (connection) {
            T result = work.with(connection);
            if (away.get() && away.compareAndSet(true, false)) {
                LOG.info("PostgreSQL answers again");
            }
            return result;
        } catch (SQLException e) {
            throw failed(translation.apply(e));
        }
    }

    /**
     * Writes, and takes it back: the work runs in a transaction that is rolled back.
     *
     * @throws TrunklineException that of the work, or with the code that {@link SqlFailure#ofRead} finds
     */
    public <T> T rehearse(Work<T> work) {
        return read(connection -> {
            connection.setAutoCommit(false);
            try {
                return work.with(connection);
            } finally {
                connection.rollback();
                connection.setAutoCommit(true);
            }
        });
    }

    /** As {@link #read}, for what nobody waits for: PostgreSQL may take {@code trunkline.database.upkeep-timeout}. */
    public <T> T readAtLeisure(Work<T> work) {
        return read(connection -> limits.atLeisure(connection, work));
    }

    /** As {@link #write}, for what nobody waits for: PostgreSQL may take {@code trunkline.database.upkeep-timeout}. */
    public <T> T writeAtLeisure(Work<T> work) {
        return write(connection -> limits.atLeisure(connection, work));
    }

    private TrunklineException failed(TrunklineException failure) {
        if (failure.code() == ErrorCode.DATABASE_UNAVAILABLE || failure.code() == ErrorCode.OUTCOME_UNKNOWN) {
            // One connection is gone, so the idle ones very probably are too: the next caller gets a new one.
            dataSource.flush(FlushMode.IDLE);
            if (away.compareAndSet(false, true)) {
                LOG.warnf("PostgreSQL does not answer reason=%s", reason(failure));
            }
        }
        if (failure.code() == ErrorCode.DATABASE_READ_ONLY) {
            // A new connection may find the server that has become the primary.
            long now = System.nanoTime();
            long last = flushedAt.get();
            if (now - last >= FLUSH_NANOS && flushedAt.compareAndSet(last, now)) {
                dataSource.flush(FlushMode.IDLE);
            }
        }
        return failure;
    }

    private static String reason(TrunklineException failure) {
        return failure.getCause() instanceof SQLException e
                ? "SQLSTATE " + e.getSQLState()
                : failure.code().name();
    }
}
