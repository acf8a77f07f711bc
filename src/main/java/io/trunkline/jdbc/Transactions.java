package io.trunkline.jdbc;

import io.quarkus.narayana.jta.QuarkusTransaction;
import io.trunkline.async.PendingCall;
import io.trunkline.async.WorkerPool;
import io.trunkline.error.TrunklineException;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.transaction.RollbackException;
import java.sql.SQLException;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.function.Function;

/**
 * Transactions in which repositories and stores share a connection. Every method blocks: call it from a
 * {@link WorkerPool}.
 */
@ApplicationScoped
public class Transactions {
    private final SchemaState schema;

    Transactions(SchemaState schema) {
        this.schema = schema;
    }

    /**
     * Runs a transaction that changes nothing.
     *
     * @throws TrunklineException that of the work, or with the code that {@link SqlFailure#ofRead} finds
     */
    public <T> T read(Callable<T> work) {
        return run(work, SqlFailure::ofRead);
    }

    /**
     * Runs a transaction; it is durable when this returns.
     *
     * @throws TrunklineException that of the work, or with the code that {@link SqlFailure#ofWrite} finds; of a commit that
     *     failed without telling why, {@code OUTCOME_UNKNOWN}
     */
    public <T> T write(Callable<T> work) {
        PendingCall.beginsToWrite();
        return run(work, SqlFailure::ofWrite);
    }

    private <T> T run(Callable<T> work, Function<SQLException, TrunklineException> translation) {
        schema.require();
        try {
            return QuarkusTransaction.requiringNew().call(work);
        } catch (RuntimeException e) {
            for (Throwable t = e; t != null; t = t.getCause()) {
                if (t instanceof TrunklineException failure) {
                    throw failure;
                }
            }
            Optional<SQLException> sql = SqlFailure.in(e);
            if (sql.isPresent()) {
                throw translation.apply(sql.get());
            }
            throw e.getCause() instanceof RollbackException rollback ? SqlFailure.unknownOutcome(rollback) : e;
        }
    }
}
