package io.trunkline.log;

import io.trunkline.error.ErrorCode;
import io.trunkline.error.TrunklineException;
import io.trunkline.jdbc.Database;
import io.trunkline.jdbc.Sql;
import io.trunkline.jdbc.SqlFailure;
import jakarta.enterprise.context.ApplicationScoped;
import java.util.Optional;

/** Deletes the oldest records of a partition, through the one function that the application role has for it. */
@ApplicationScoped
class DeletionStore {
    private static final String DELETE_RECORDS = """
            SELECT log_start_offset, end_offset
              FROM delete_records(?, ?)
            """;

    private final Database database;

    DeletionStore(Database database) {
        this.database = database;
    }

    /**
     * Moves the log start to an offset, or with -1 to the end; empty when the offset lies beyond the end.
     *
     * @throws TrunklineException {@code DATABASE_PERMISSION_MISSING} where the role has not been given the right to delete
     */
    Optional<OffsetRange> deleteBefore(long partitionId, long offset) {
        try {
            return Optional.of(database.write(new Sql(DELETE_RECORDS, partitionId, offset)
                    .one(row -> new OffsetRange(row.getLong(1), row.getLong(2)))));
        } catch (TrunklineException e) {
            if (e.code() == ErrorCode.OFFSET_OUT_OF_RANGE) {
                return Optional.empty();
            }
            if (SqlFailure.isNotPermitted(e)) {
                throw new TrunklineException(
                        ErrorCode.DATABASE_PERMISSION_MISSING,
                        "The service has not been given the right to delete records (the function delete_records in PostgreSQL);"
                                + " nothing was deleted.",
                        e);
            }
            throw e;
        }
    }
}
