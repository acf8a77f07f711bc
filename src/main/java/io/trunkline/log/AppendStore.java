package io.trunkline.log;

import io.trunkline.jdbc.Database;
import jakarta.enterprise.context.ApplicationScoped;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Types;
import org.jspecify.annotations.Nullable;

/** Appends batches through {@code append()}, the one way in that the application role has. */
@ApplicationScoped
class AppendStore {
    private static final String APPEND = """
            SELECT trunkline.append(?, ?, ?, ?, ?, ?, ?)
            """;

    private final Database database;

    AppendStore(Database database) {
        this.database = database;
    }

    /**
     * Appends a batch and commits it.
     *
     * @param timestamps whether the records bring their own; otherwise they get the time of the append
     * @return the offset of the first record
     */
    long append(int partitionId, RecordBatch batch, boolean timestamps) {
        return database.write(connection -> {
            try (PreparedStatement statement = connection.prepareStatement(APPEND)) {
                statement.setInt(1, partitionId);
                if (timestamps) {
                    statement.setObject(2, batch.timestamps());
                } else {
                    statement.setNull(2, Types.ARRAY, "int8[]");
                }
                setBytes(connection, statement, 3, batch.keysOrNull());
                setBytes(connection, statement, 4, batch.values());
                if (batch.hasHeaders()) {
                    statement.setObject(5, batch.headerCounts());
                    statement.setArray(6, connection.createArrayOf("text", batch.headerKeys()));
                    setBytes(connection, statement, 7, batch.headerValues());
                } else {
                    statement.setNull(5, Types.ARRAY, "int4[]");
                    statement.setNull(6, Types.ARRAY, "text[]");
                    statement.setNull(7, Types.ARRAY, "bytea[]");
                }
                try (ResultSet row = statement.executeQuery()) {
                    row.next();
                    return row.getLong(1);
                }
            }
        });
    }

    private static void setBytes(
            Connection connection, PreparedStatement statement, int index, byte @Nullable [] @Nullable [] bytes)
            throws SQLException {
        if (bytes == null) {
            statement.setNull(index, Types.ARRAY, "bytea[]");
        } else {
            statement.setArray(index, connection.createArrayOf("bytea", bytes));
        }
    }
}
