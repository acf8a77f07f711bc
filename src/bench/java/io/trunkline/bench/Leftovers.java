package io.trunkline.bench;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/** Looks again and again how many bytes of a topic have expired and how many of them were deleted. */
final class Leftovers implements Beside.Work {
    /** Several for each purge, so that not always the same moment of it is seen. */
    private static final long INTERVAL_NANOS = TimeUnit.MILLISECONDS.toNanos(200);

    private static final String LOOK = """
            SELECT sum(h.log_start_bytes), sum(p.freed_bytes)
              FROM trunkline.topic t
              JOIN trunkline.partition_head h ON h.topic_id = t.topic_id
              JOIN trunkline.partition_slice p ON p.tp_id = h.tp_id
             WHERE t.name = ?
            """;

    /** What had expired and what of it was deleted, in bytes since the beginning. */
    private record Look(long expired, long deleted) {
        long left() {
            return expired - deleted;
        }
    }

    private final Postgres postgres;
    private final String topic;
    private final List<Look> looks = new ArrayList<>();

    /** @param topic one that lies in a single slice */
    Leftovers(Postgres postgres, String topic) {
        this.postgres = postgres;
        this.topic = topic;
    }

    /** Megabytes that were left to be deleted, in the second quarter and the last, and how many were deleted a second. */
    Map<String, Object> details() {
        int quarter = looks.size() / 4;
        return Map.of(
                "leftMegabytesSecondQuarter",
                left(looks.subList(quarter, 2 * quarter)),
                "leftMegabytesLastQuarter",
                left(looks.subList(looks.size() - quarter, looks.size())),
                "deletedMegabytesPerSecond",
                (looks.getLast().deleted() - looks.getFirst().deleted())
                        / 1e6
                        / ((looks.size() - 1) * INTERVAL_NANOS / 1e9));
    }

    private static double left(List<Look> some) {
        return some.stream().mapToLong(Look::left).average().orElse(0) / 1e6;
    }

    @Override
    public void run(Window window) throws SQLException {
        try (Connection connection = postgres.owner();
                PreparedStatement statement = connection.prepareStatement(LOOK)) {
            statement.setString(1, topic);
            for (long at = window.from(); at - window.to() <= 0; at += INTERVAL_NANOS) {
                Window.await(at, () -> {});
                try (ResultSet row = statement.executeQuery()) {
                    row.next();
                    looks.add(new Look(row.getLong(1), row.getLong(2)));
                }
            }
        }
    }
}
