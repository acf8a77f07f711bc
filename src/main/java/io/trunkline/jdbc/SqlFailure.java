package io.trunkline.jdbc;

import io.trunkline.error.ErrorCode;
import io.trunkline.error.Failures;
import io.trunkline.error.TrunklineException;
import java.sql.SQLException;
import java.sql.SQLTimeoutException;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.postgresql.util.PSQLException;

/**
 * What an SQL failure means, by its SQLSTATE. Class {@code TL} is raised by Trunkline's own functions; the others are
 * PostgreSQL's (appendix A of its manual).
 */
public final class SqlFailure {
    private static final String BATCH_BOUNDS = "log_batch_bounds";
    /** What the names of the tables of idempotency keys begin with. */
    private static final String KEYS = "idempotency_key_";

    private SqlFailure() {}

    /** A failed read, or a connection that could not be had: nothing was changed. */
    public static TrunklineException ofRead(SQLException e) {
        TrunklineException failure = ofWrite(e);
        return failure.code() == ErrorCode.OUTCOME_UNKNOWN ? unavailable(e) : failure;
    }

    /** A failed write: when the connection was lost, nobody knows whether it was done. */
    public static TrunklineException ofWrite(SQLException e) {
        String state = e.getSQLState();
        if (state == null) {
            // Without a state the failure is the pool's: no connection came free in time.
            return e instanceof SQLTimeoutException || isPoolTimeout(e) ? overloaded(e) : unavailable(e);
        }
        return switch (state) {
            case "TL002" ->
                new TrunklineException(ErrorCode.PARTITION_NOT_FOUND, "The partition does not exist any more.", e);
            case "TL003" -> new TrunklineException(ErrorCode.TOPIC_NOT_FOUND, "The topic does not exist any more.", e);
            case "TL004" ->
                new TrunklineException(ErrorCode.TOPIC_ALREADY_EXISTS, "A topic of this name already exists.", e);
            case "TL005" ->
                new TrunklineException(
                        ErrorCode.INVALID_PARTITIONS, "The number of partitions can grow, but never shrink.", e);
            case "TL007" ->
                new TrunklineException(
                        ErrorCode.OFFSET_OUT_OF_RANGE, "The offset is below the log start or beyond the end.", e);
            case "TL009" ->
                new TrunklineException(
                        ErrorCode.OVERLOADED, "What is to be removed is still in use; nothing was done. Try again.", e);
            case "TL008" ->
                new TrunklineException(
                        ErrorCode.DATABASE_PERMISSION_MISSING,
                        "The owner of the schema does not allow this (the table log_limit in PostgreSQL); nothing was done.",
                        e);
            case "TL010" ->
                new TrunklineException(
                        ErrorCode.ACCESS_DENIED,
                        "This takes a valid API token of an administrator; nothing was done.",
                        e);
            case "TL011" ->
                new TrunklineException(
                        ErrorCode.ACCESS_LIMIT_REACHED,
                        "There may be at most 10,000 tokens and 10,000 rules; nothing was done.",
                        e);
            case "42501" ->
                new TrunklineException(
                        ErrorCode.DATABASE_PERMISSION_MISSING,
                        "The service's role lacks a right in PostgreSQL that this needs; nothing was done.",
                        e);
            case "25006" ->
                new TrunklineException(
                        ErrorCode.DATABASE_READ_ONLY,
                        "PostgreSQL takes no writes: it is a standby or read-only. Nothing was done. Try again later.",
                        e);
            case "53100" ->
                new TrunklineException(
                        ErrorCode.STORAGE_FULL, "PostgreSQL's disk is full; nothing was done. Try again later.", e);
            case "55P03" ->
                new TrunklineException(
                        ErrorCode.OVERLOADED,
                        "What is to be changed is locked by a transaction that has been open for long; nothing was done. Try again.",
                        e);
            case "57014" ->
                new TrunklineException(
                        ErrorCode.OVERLOADED,
                        "PostgreSQL took too long and the statement was cancelled; nothing was done. Try again.",
                        e);
            case "40001", "40P01", "53000", "53200", "53400", "25P03" ->
                new TrunklineException(
                        ErrorCode.OVERLOADED, "PostgreSQL could not do it now; nothing was done. Try again.", e);
            case "53300" ->
                new TrunklineException(
                        ErrorCode.DATABASE_UNAVAILABLE, "PostgreSQL has no connection free. Try again later.", e);
            case "28000", "28P01", "3D000" ->
                new TrunklineException(
                        ErrorCode.DATABASE_UNAVAILABLE,
                        "PostgreSQL refuses the service's connection; nothing was done. Try again later.",
                        e);
            case "23505" -> isKey(e) ? keyTaken(e) : Failures.internal(e);
            // No connection was made.
            case "08001", "08004", "57P03" -> unavailable(e);
            case "23514" -> isTooLarge(e) ? tooLarge(e) : Failures.internal(e);
            default ->
                state.startsWith("08") || state.startsWith("57P") || state.equals("40003")
                        ? unknownOutcome(e)
                        : Failures.internal(e);
        };
    }

    private static boolean isTooLarge(SQLException e) {
        return e instanceof PSQLException refused
                && refused.getServerErrorMessage() != null
                && BATCH_BOUNDS.equals(refused.getServerErrorMessage().getConstraint());
    }

    private static boolean isKey(SQLException e) {
        return e instanceof PSQLException refused
                && refused.getServerErrorMessage() != null
                && refused.getServerErrorMessage().getTable() instanceof String table
                && table.startsWith(KEYS);
    }

    private static TrunklineException keyTaken(SQLException e) {
        return new TrunklineException(
                ErrorCode.OVERLOADED,
                "Another request with this Idempotency-Key is being written; nothing was written. Try again.",
                e);
    }

    /** Whether nothing was written because another transaction has written one of the idempotency keys meanwhile. */
    public static boolean isKeyTaken(Throwable failure) {
        return isOverload(failure, "23505");
    }

    /** Whether nothing was written because a lock was held by somebody else for longer than anybody waits. */
    public static boolean isLocked(Throwable failure) {
        return isOverload(failure, "55P03");
    }

    private static boolean isOverload(Throwable failure, String state) {
        return failure instanceof TrunklineException known
                && known.code() == ErrorCode.OVERLOADED
                && known.getCause() instanceof SQLException e
                && state.equals(e.getSQLState());
    }

    private static TrunklineException tooLarge(SQLException e) {
        return new TrunklineException(
                ErrorCode.BODY_TOO_LARGE,
                "A request writes at most 100,000 records and 128 MiB to a partition; nothing was written. Send fewer at once.",
                e);
    }

    /** The SQL failure at the bottom of a failure of another library, such as Hibernate. */
    public static Optional<SQLException> in(Throwable failure) {
        Set<Throwable> seen = new HashSet<>();
        Deque<Throwable> toSee = new ArrayDeque<>(List.of(failure));
        for (Throwable t = toSee.poll(); t != null; t = toSee.poll()) {
            if (t instanceof SQLException e) {
                return Optional.of(e);
            }
            if (seen.add(t)) {
                if (t.getCause() != null) {
                    toSee.add(t.getCause());
                }
                // Where a commit failed, the transaction manager keeps the reason here.
                toSee.addAll(List.of(t.getSuppressed()));
            }
        }
        return Optional.empty();
    }

    /** Whether PostgreSQL refused because the role has not been given the right to do it. */
    public static boolean isNotPermitted(Throwable failure) {
        return in(failure)
                .map(SQLException::getSQLState)
                .filter("42501"::equals)
                .isPresent();
    }

    /** Whether a statement named a table or function that is not there, so that nothing of it was done. */
    public static boolean isMissing(SQLException e) {
        return "42P01".equals(e.getSQLState()) || "42883".equals(e.getSQLState());
    }

    /** Whether PostgreSQL itself refused a statement because of what it was given, so that nothing of it was done. */
    public static boolean isRefusal(Throwable failure) {
        return failure instanceof TrunklineException known
                && known.code() == ErrorCode.INTERNAL
                && known.getCause() instanceof PSQLException e
                && e.getServerErrorMessage() != null;
    }

    /** A commit that failed without telling why: nobody knows whether it was done. */
    public static TrunklineException unknownOutcome(Throwable cause) {
        return new TrunklineException(
                ErrorCode.OUTCOME_UNKNOWN,
                "The connection to PostgreSQL was lost during the write: it may or may not have been done."
                        + " Repeating it can do it twice, unless it is a produce request with an Idempotency-Key: repeat that with the same key.",
                cause);
    }

    private static boolean isPoolTimeout(SQLException e) {
        @Nullable String message = e.getMessage();
        return message != null && message.contains("acquisition timeout");
    }

    private static TrunklineException unavailable(SQLException e) {
        return new TrunklineException(
                ErrorCode.DATABASE_UNAVAILABLE, "PostgreSQL cannot be reached; nothing was done. Try again later.", e);
    }

    private static TrunklineException overloaded(SQLException e) {
        return new TrunklineException(
                ErrorCode.OVERLOADED, "All connections to PostgreSQL are busy; nothing was done. Try again.", e);
    }
}
