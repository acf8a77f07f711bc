package io.trunkline.jdbc;

import static org.assertj.core.api.Assertions.assertThat;

import io.trunkline.testing.Api;
import io.trunkline.testing.EventStream;
import io.trunkline.testing.ServiceProcess;
import io.trunkline.testing.TestDatabase;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** How much the packaged application asks of PostgreSQL while nobody uses it. */
@Tag("nightly")
@Tag("minutes")
class QuietIT {
    private static final Duration WINDOW = Duration.ofMinutes(1);
    /** One every ten seconds, each with the empty statement by which the pool tests a connection that was idle. */
    private static final long MOST = 2 * 6;

    private static final Duration PATIENCE = Duration.ofMinutes(8);

    @TempDir
    Path directory = Path.of("");

    @Test
    void serviceThatNobodyUsesSendsAQueryEveryTenSecondsAtMost() throws SQLException {
        TestDatabase database = TestDatabase.inASharedServer();
        Map<String, String> settings = new HashMap<>(database.start());
        settings.put("trunkline.retention.check-interval", "5m");
        try (ServiceProcess service = ServiceProcess.start(directory, settings);
                Connection owner = TestDatabase.asOwner();
                Statement statement = owner.createStatement()) {
            Api api = service.api();
            String topic = api.newTopic(3);
            api.writeNumbers(topic, 0, 0, 100);
            try (EventStream stream = EventStream.open(api, "/topics/" + topic + "/records")) {
                stream.next(100);
            }

            Awaitility.await()
                    .atMost(PATIENCE)
                    .pollInterval(Duration.ofSeconds(1))
                    .untilAsserted(() -> {
                        long before = transactions(statement);
                        long start = System.nanoTime();
                        Awaitility.await()
                                .atMost(WINDOW.multipliedBy(2))
                                .pollInterval(WINDOW)
                                .until(() -> System.nanoTime() - start >= WINDOW.toNanos());
                        // That of this test, too.
                        assertThat(transactions(statement) - before - 1).isLessThanOrEqualTo(MOST);
                    });
        } finally {
            database.stop();
        }
    }

    private static long transactions(Statement statement) throws SQLException {
        try (ResultSet row = statement.executeQuery(
                "SELECT xact_commit + xact_rollback FROM pg_stat_database WHERE datname = current_database()")) {
            row.next();
            return row.getLong(1);
        }
    }
}
