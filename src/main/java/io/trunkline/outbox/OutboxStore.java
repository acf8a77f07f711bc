package io.trunkline.outbox;

import io.trunkline.jdbc.Database;
import io.trunkline.jdbc.Sql;
import jakarta.enterprise.context.ApplicationScoped;
import java.util.Optional;

/** Asks PostgreSQL to move records from the outbox to the log: in which order and how is decided by its function. */
@ApplicationScoped
class OutboxStore {
    private static final String MOVE = """
            SELECT moved, refused, held
              FROM move_outbox(?, ?)
            """;

    private final Database database;

    OutboxStore(Database database) {
        this.database = database;
    }

    /**
     * What one turn did.
     *
     * @param moved records that are in the log now
     * @param refused rows that cannot become records and were put aside
     * @param held rows that stay, because somebody else writes to their partition now
     */
    record Turn(int moved, int refused, int held) {
        /** How many rows were looked at. */
        int rows() {
            return moved + refused + held;
        }
    }

    /**
     * Moves the first rows, in one transaction.
     *
     * @param maxRows 1 to 10,000
     * @param maxBytes 1 to 64 MiB; one row may be larger
     * @return empty where another replica moves rows now
     */
    Optional<Turn> move(int maxRows, long maxBytes) {
        return database.write(new Sql(MOVE, maxRows, maxBytes).one(row -> {
            int moved = row.getInt(1);
            return row.wasNull() ? Optional.empty() : Optional.of(new Turn(moved, row.getInt(2), row.getInt(3)));
        }));
    }
}
