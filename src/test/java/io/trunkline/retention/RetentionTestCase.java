package io.trunkline.retention;

import static io.trunkline.testing.TestDatabase.number;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.quarkus.test.junit.QuarkusTestProfile;
import io.trunkline.testing.Api;
import io.trunkline.testing.LogClock;
import io.trunkline.testing.ServiceTestCase;
import io.trunkline.testing.TestDatabase;
import jakarta.inject.Inject;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;

/** Tests with the clock of the log stopped, and the calls that they make. Each test has days of its own. */
class RetentionTestCase extends ServiceTestCase {
    /** A database in which slices come and go. The service's own purges are rare, and those of the tests count. */
    public static class OwnDatabase implements QuarkusTestProfile {
        @Override
        public Map<String, String> getConfigOverrides() {
            return Map.of("trunkline.retention.check-interval", "10h", "trunkline.log.metrics.interval", "1s");
        }
    }

    static final Duration HOUR = Duration.ofHours(1);
    static final Duration DAY = Duration.ofDays(1);
    static final Duration PATIENCE = Duration.ofSeconds(30);

    /** Days are not used again, since time does not go back in a partition. Noon, so that hours lie within a slice. */
    private static Instant nextDay = Instant.now()
            .truncatedTo(ChronoUnit.DAYS)
            .plus(12, ChronoUnit.HOURS)
            .plus(30, ChronoUnit.DAYS);

    @Inject
    RetentionJob job;

    @Inject
    RetentionStore store;

    Instant now;

    @BeforeEach
    void stopClock() throws SQLException {
        now = nextDay;
        nextDay = nextDay.plus(100, ChronoUnit.DAYS);
        LogClock.stopAt(now);
    }

    @AfterEach
    void letClockRun() throws SQLException {
        LogClock.reset();
    }

    void pass(Duration time) throws SQLException {
        now = now.plus(time);
        LogClock.stopAt(now);
    }

    String topic(String key, long value) {
        return api.newTopic(1, "{\"" + key + "\":" + value + "}");
    }

    void configure(String topic, String configs) {
        assertThat(api.send("PATCH", "/topics/" + topic, Api.CONTROL, "{\"configs\":{" + configs + "}}")
                        .status())
                .isEqualTo(200);
    }

    static String record(Instant timestamp, String value) {
        return "{\"value\":\"" + value + "\",\"timestamp\":" + timestamp.toEpochMilli() + "}";
    }

    long write(String topic, Instant timestamp, String value) {
        return writeTogether(topic, record(timestamp, value));
    }

    long writeTogether(String topic, String... records) {
        Api.Answer answer = api.post(
                "/topics/" + topic + "/partitions/0", Api.TEXT, "{\"records\":[" + String.join(",", records) + "]}");
        assertThat(answer.status()).as(answer.body()).isEqualTo(200);
        return answer.json().path("offsets").path(0).path("offset").asLong();
    }

    static String records(String topic) {
        return "/topics/" + topic + "/partitions/0/records";
    }

    Api.Answer page(String topic, long offset) {
        return api.get(records(topic) + "?offset=" + offset, Api.TEXT);
    }

    List<String> values(String topic) {
        List<String> values = new ArrayList<>();
        api.get(records(topic), Api.TEXT)
                .json()
                .forEach(record -> values.add(record.path("value").asText()));
        return values;
    }

    static int partitionId(String topic) throws SQLException {
        return (int)
                number("SELECT tp_id FROM trunkline.partition_head JOIN trunkline.topic USING (topic_id) WHERE name = '"
                        + topic + "'");
    }

    static int currentSlice() throws SQLException {
        return (int) number("SELECT trunkline.current_slice()");
    }

    /** The slices in which a partition has batches, oldest first. */
    static List<Integer> slices(String topic) throws SQLException {
        try (Connection owner = TestDatabase.asOwner();
                Statement statement = owner.createStatement();
                ResultSet rows = statement.executeQuery("SELECT slice FROM trunkline.partition_slice WHERE tp_id = "
                        + partitionId(topic) + " ORDER BY slice")) {
            List<Integer> slices = new ArrayList<>();
            while (rows.next()) {
                slices.add(rows.getInt(1));
            }
            return slices;
        }
    }

    static long batches(int slice, String topic) throws SQLException {
        return number("SELECT count(*) FROM trunkline.log_batch WHERE slice = " + slice + " AND tp_id = "
                + partitionId(topic));
    }

    static boolean exists(int slice) throws SQLException {
        return number("SELECT count(*) FROM pg_class WHERE relname = 'log_batch_" + slice + "'") == 1;
    }

    static void refused(String state, Statement statement, String sql) {
        assertThatThrownBy(() -> statement.execute(sql))
                .isInstanceOfSatisfying(
                        SQLException.class,
                        e -> assertThat(e.getSQLState()).as(sql).isEqualTo(state));
    }

    double metric(String name) {
        return scrape().lines()
                .filter(line -> line.startsWith(name + " "))
                .mapToDouble(line -> Double.parseDouble(line.substring(name.length() + 1)))
                .findFirst()
                .orElse(-1);
    }

    String scrape() {
        return ops.get("/q/metrics").body();
    }
}
