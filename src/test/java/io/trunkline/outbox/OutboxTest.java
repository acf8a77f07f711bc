package io.trunkline.outbox;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.quarkus.test.junit.QuarkusTest;
import io.trunkline.testing.Api;
import io.trunkline.testing.ServiceTestCase;
import io.trunkline.testing.TestDatabase;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Collectors;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The outbox and the capture of tables, with the service that moves what they hold. */
@QuarkusTest
class OutboxTest extends ServiceTestCase {
    private static final Duration PATIENCE = Duration.ofSeconds(60);
    private static final ObjectMapper MAPPER = new ObjectMapper();

    private String table;

    @BeforeEach
    void makeTable() throws SQLException {
        table = "own_" + Long.toHexString(System.nanoTime());
        TestDatabase.execute("CREATE SCHEMA IF NOT EXISTS own");
        table = "own." + table;
    }

    @AfterEach
    void leaveNothing() throws SQLException {
        TestDatabase.execute("DROP SCHEMA own CASCADE");
        TestDatabase.execute("DELETE FROM trunkline.outbox_refused");
    }

    @Test
    void rowBecomesARecordAfterTheCommit() throws SQLException {
        String topic = api.newTopic(3);
        try (Connection connection = TestDatabase.asOwner();
                Statement statement = connection.createStatement()) {
            connection.setAutoCommit(false);
            statement.execute(
                    "SELECT trunkline.enqueue('" + topic
                            + "', 'foobar', '{\"a\": 1}', '[{\"key\":\"h\",\"value\":\"AQI=\"},{\"key\":\"n\",\"value\":null}]')");
            statement.execute("SELECT trunkline.enqueue('" + topic + "', 'foobar', NULL::text)");
            assertThat(records(topic)).isEmpty();
            connection.commit();
        }

        List<JsonNode> records = awaitRecords(topic, 2);

        assertThat(records.getFirst().path("key").asText()).isEqualTo("foobar");
        assertThat(records.getFirst().path("value").asText()).isEqualTo("{\"a\": 1}");
        assertThat(records.getFirst().path("headers").toString())
                .isEqualTo("[{\"key\":\"h\",\"value\":\"AQI=\"},{\"key\":\"n\",\"value\":null}]");
        assertThat(records.get(1).path("value").isNull()).isTrue();
        assertThat(records.get(1).path("headers")).isEmpty();
        assertThat(records)
                .extracting(record -> record.path("partition").asInt())
                .containsOnly(records.getFirst().path("partition").asInt());
    }

    @Test
    void rolledBackRowLeavesNothing() throws SQLException {
        String topic = api.newTopic(1);
        try (Connection connection = TestDatabase.asOwner();
                Statement statement = connection.createStatement()) {
            connection.setAutoCommit(false);
            statement.execute("SELECT trunkline.enqueue('" + topic + "', NULL::text, 'never')");
            connection.rollback();
        }
        enqueue(topic, "k", "later");

        assertThat(values(awaitRecords(topic, 1))).containsExactly("later");
    }

    @Test
    void whatCannotBecomeARecordFailsWhereItIsEnqueued() {
        String topic = api.newTopic(1, "{\"max.message.bytes\":\"10\"}");

        assertRefused("'no-such-topic', 'k', 'v'", "TL003");
        assertRefused("'" + topic + "', 'k', '1234567890'", "TL006");
        assertRefused("'" + topic + "', 'k', 'v', '{}'", "TL001");
        assertRefused("'" + topic + "', 'k', 'v', '[{\"key\":\"a\",\"value\":\"?\"}]'", "TL001");
    }

    @Test
    void oddRowIsPutAsideAndHoldsUpNobody() throws SQLException {
        String topic = api.newTopic(1, "{\"max.message.bytes\":\"100\"}");
        TestDatabase.execute("INSERT INTO trunkline.outbox (topic, key, value, headers, created_at) VALUES"
                + " ('no-such-topic', 'k', 'v', NULL, now()),"
                + " ('" + topic + "', 'k', convert_to(repeat('x', 101), 'UTF8'), NULL, now()),"
                + " ('" + topic + "', 'k', 'v', '[{\"key\": 1}]', now()),"
                + " ('" + topic + "', 'k', 'v', '[{\"key\":\"a\",\"value\":\"?\"}]', now()),"
                + " ('" + topic + "', 'k', 'v', '[]', '-infinity'),"
                + " ('" + topic + "', 'k', 'v', '[]', 'infinity'),"
                + " ('" + topic + "', 'k', 'v', 'null', now()),"
                + " ('" + topic + "', 'k', 'v', '{}', now()),"
                + " ('" + topic + "', convert_to(repeat('k', 65537), 'UTF8'), 'v', NULL, now()),"
                + " ('" + topic + "', 'k', 'good', '[]', '2020-01-01 00:00:00Z')");

        List<JsonNode> records = awaitRecords(topic, 1);

        assertThat(values(records)).containsExactly("good");
        assertThat(records.getFirst().path("timestamp").asLong()).isEqualTo(1_577_836_800_000L);
        Awaitility.await()
                .atMost(PATIENCE)
                .untilAsserted(() -> assertThat(rows("SELECT reason FROM trunkline.outbox_refused ORDER BY outbox_id"))
                        .containsExactly(
                                "the topic does not exist",
                                "the record has 102 bytes, the topic takes at most 100 (max.message.bytes)",
                                "headers must be an array of {\"key\": text, \"value\": base64 or null}",
                                "the value of a header is not base64",
                                "created_at is not a time from 1970 to 9999",
                                "created_at is not a time from 1970 to 9999",
                                "headers must be an array of {\"key\": text, \"value\": base64 or null}",
                                "headers must be an array of {\"key\": text, \"value\": base64 or null}",
                                "the key has more than 65536 bytes"));
    }

    @Test
    void partitionThatSomebodyHoldsHoldsUpNoOther() throws SQLException {
        String held = api.newTopic(1);
        String free = api.newTopic(1);
        try (Connection connection = TestDatabase.asOwner();
                Statement statement = connection.createStatement()) {
            connection.setAutoCommit(false);
            statement.execute("SELECT * FROM trunkline.produce('" + held + "', 'k', 'first')");
            enqueue(held, "k", "second");
            // More than is looked at in a turn at first.
            TestDatabase.execute(
                    "SELECT trunkline.enqueue('" + held + "', 'k', repeat('x', 600000)) FROM generate_series(1, 20)");
            enqueue(free, "k", "free");

            assertThat(values(awaitRecords(free, 1))).containsExactly("free");
            assertThat(records(held)).isEmpty();
            connection.commit();
        }

        assertThat(values(awaitRecords(held, 22))).startsWith("first", "second");
    }

    /** Somebody takes rows back in a transaction that takes its time. */
    @Test
    void rowThatSomebodyLocksHoldsUpNoOther() throws SQLException {
        String topic = api.newTopic(1);
        String other = api.newTopic(1);
        try (Connection connection = TestDatabase.asOwner();
                Statement statement = connection.createStatement()) {
            connection.setAutoCommit(false);
            // Until it has been deleted, nobody can move the row.
            statement.execute("SELECT FROM trunkline.outbox_mover FOR UPDATE");
            enqueue(topic, "k", "taken back");
            try (Connection taker = TestDatabase.asOwner();
                    Statement taking = taker.createStatement()) {
                taker.setAutoCommit(false);
                taking.execute("DELETE FROM trunkline.outbox WHERE topic = '" + topic + "'");
                connection.commit();
                enqueue(topic, "k", "kept");
                enqueue(other, "k", "other");

                assertThat(values(awaitRecords(other, 1))).containsExactly("other");
                assertThat(records(topic)).isEmpty();
                taker.commit();
            }
        }

        assertThat(values(awaitRecords(topic, 1))).containsExactly("kept");
    }

    /** Writers number what they write under a lock of the key, as those do who change a row that they describe. */
    @Test
    void concurrentWritersWithRollbacksKeepTheOrderOfEachKey() throws Exception {
        int writers = 8;
        int turns = 40;
        int keys = 5;
        String topic = api.newTopic(3);
        TestDatabase.execute("CREATE TABLE " + table + " (key int PRIMARY KEY, version int NOT NULL DEFAULT 0)");
        TestDatabase.execute(
                "INSERT INTO " + table + " (key) SELECT i FROM generate_series(0, " + (keys - 1) + ") AS i");
        long seed = System.nanoTime();
        List<Callable<Void>> work = new ArrayList<>();
        for (int writer = 0; writer < writers; writer++) {
            Random random = new Random(seed + writer);
            work.add(() -> {
                try (Connection connection = TestDatabase.asOwner();
                        PreparedStatement change = connection.prepareStatement("WITH changed AS (UPDATE " + table
                                + " SET version = version + 1 WHERE key = ? RETURNING key, version)"
                                + " SELECT trunkline.enqueue('" + topic
                                + "', key::text, key || ' ' || version) FROM changed")) {
                    connection.setAutoCommit(false);
                    for (int turn = 0; turn < turns; turn++) {
                        change.setInt(1, random.nextInt(keys));
                        change.execute();
                        if (random.nextInt(4) == 0) {
                            connection.rollback();
                        } else {
                            connection.commit();
                        }
                    }
                }
                return null;
            });
        }
        try (ExecutorService threads = Executors.newFixedThreadPool(writers)) {
            for (Future<Void> writer : threads.invokeAll(work)) {
                writer.get();
            }
        }
        int committed = Integer.parseInt(TestDatabase.one("SELECT sum(version) FROM " + table));

        List<JsonNode> records = awaitRecords(topic, committed);

        Map<String, Integer> last = new HashMap<>();
        for (JsonNode record : records) {
            String[] value = record.path("value").asText().split(" ");
            int version = Integer.parseInt(value[1]);
            assertThat(version).as("seed %d: %s", seed, record).isEqualTo(last.getOrDefault(value[0], 0) + 1);
            last.put(value[0], version);
        }
        assertThat(records).hasSize(committed);
    }

    @Test
    void changesOfACapturedTableAreCloudEvents() throws Exception {
        String topic = api.newTopic(1);
        TestDatabase.execute("CREATE TABLE " + table + " (id int PRIMARY KEY, name text)");
        TestDatabase.execute("SELECT trunkline.capture('" + table + "', topic => '" + topic + "')");
        TestDatabase.execute("INSERT INTO " + table + " VALUES (1, 'a'), (2, 'b')");
        TestDatabase.execute("UPDATE " + table + " SET name = 'c' WHERE id = 1");
        TestDatabase.execute("UPDATE " + table + " SET id = 3 WHERE id = 2");
        TestDatabase.execute("DELETE FROM " + table + " WHERE id = 1");
        TestDatabase.execute("TRUNCATE " + table);
        TestDatabase.execute("SELECT trunkline.uncapture('" + table + "')");
        TestDatabase.execute("INSERT INTO " + table + " VALUES (9, 'unseen')");

        List<JsonNode> records = awaitRecords(topic, 7);

        assertThat(records)
                .extracting(record -> header(record, "ce_type").substring("io.trunkline.row.".length()) + " "
                        + record.path("key").asText("-"))
                .containsExactly(
                        "inserted 1", "inserted 2", "updated 1", "deleted 2", "inserted 3", "deleted 1", "truncated -");
        JsonNode update = records.get(2);
        assertThat(MAPPER.readTree(update.path("value").asText()))
                .isEqualTo(
                        MAPPER.readTree("{\"before\":{\"id\":1,\"name\":\"a\"},\"after\":{\"id\":1,\"name\":\"c\"}}"));
        assertThat(header(update, "ce_specversion")).isEqualTo("1.0");
        assertThat(header(update, "ce_source")).endsWith("/" + table.replace('.', '/'));
        assertThat(header(update, "ce_subject")).isEqualTo("1");
        assertThat(header(update, "content-type")).isEqualTo("application/json");
        assertThat(records.stream().map(record -> header(record, "ce_id")).collect(Collectors.toSet()))
                .hasSize(7);
    }

    @Test
    void changesThatFollowOneAnotherAreCapturedInTheirOrder() throws Exception {
        String topic = api.newTopic(3);
        TestDatabase.execute("CREATE TABLE " + table + " (a int, b text, version int NOT NULL, PRIMARY KEY (a, b))");
        TestDatabase.execute("INSERT INTO " + table + " SELECT i, 'x', 0 FROM generate_series(1, 3) AS i");
        TestDatabase.execute("SELECT trunkline.capture('" + table + "', topic => '" + topic + "')");
        List<Callable<Void>> work = new ArrayList<>();
        for (int writer = 0; writer < 8; writer++) {
            int id = writer;
            work.add(() -> {
                for (int turn = 0; turn < 20; turn++) {
                    TestDatabase.execute(
                            "UPDATE " + table + " SET version = version + 1 WHERE a = " + (1 + (id + turn) % 3));
                }
                return null;
            });
        }
        try (ExecutorService threads = Executors.newFixedThreadPool(8)) {
            for (Future<Void> writer : threads.invokeAll(work)) {
                writer.get();
            }
        }

        List<JsonNode> records = awaitRecords(topic, 160);

        Map<String, Integer> last = new HashMap<>();
        for (JsonNode record : records) {
            JsonNode after = MAPPER.readTree(record.path("value").asText()).path("after");
            String key = record.path("key").asText();
            assertThat(key).isEqualTo("[" + after.path("a") + ", \"x\"]");
            assertThat(after.path("version").asInt()).isEqualTo(last.getOrDefault(key, 0) + 1);
            last.put(key, after.path("version").asInt());
        }
    }

    /** Whoever captures a table needs what the documentation says, and whoever writes to it nothing of the log. */
    @Test
    void ownerOfATableCapturesItForThoseWhoWriteToIt() throws Exception {
        String topic = api.newTopic(1);
        String capturer = "capturer_" + Long.toHexString(System.nanoTime());
        String writer = "writer_" + Long.toHexString(System.nanoTime());
        try (Connection superuser = TestDatabase.asSuperuser();
                Statement statement = superuser.createStatement()) {
            statement.execute("CREATE ROLE " + capturer);
            statement.execute("CREATE ROLE " + writer);
            try {
                statement.execute("GRANT USAGE ON SCHEMA trunkline TO " + capturer);
                for (String function : List.of(
                        "capture(regclass, text)",
                        "uncapture(regclass)",
                        "capture_change(text, text, text, text, text, text, text, text)")) {
                    statement.execute("GRANT EXECUTE ON FUNCTION trunkline." + function + " TO " + capturer);
                }
                statement.execute("GRANT USAGE, CREATE ON SCHEMA own TO " + capturer);
                statement.execute("GRANT USAGE ON SCHEMA own TO " + writer);
                statement.execute("SET ROLE " + capturer);
                statement.execute("CREATE TABLE " + table + " (id int PRIMARY KEY, document json)");
                statement.execute("GRANT INSERT ON " + table + " TO " + writer);
                statement.execute("SELECT trunkline.capture('" + table + "', '" + topic + "')");
                statement.execute("RESET ROLE");
                statement.execute("SET ROLE " + writer);
                statement.execute("INSERT INTO " + table + " VALUES (7, '{\"b\": 1, \"a\": 1.10, \"b\": 2}')");
                statement.execute("RESET ROLE");
            } finally {
                statement.execute("RESET ROLE");
                statement.execute("DROP OWNED BY " + capturer + ", " + writer + " CASCADE");
                statement.execute("DROP ROLE " + capturer + ", " + writer);
            }
        }

        JsonNode record = awaitRecords(topic, 1).getFirst();

        assertThat(record.path("key").asText()).isEqualTo("7");
        assertThat(record.path("value").asText())
                .isEqualTo("{\"before\":null,\"after\":{\"id\":7,\"document\":{\"b\": 1, \"a\": 1.10, \"b\": 2}}}");
    }

    @Test
    void nothingChangesWithoutItsEventAndTheLogIsNotCaptured() throws SQLException {
        String topic = api.newTopic(1);
        TestDatabase.execute("CREATE TABLE " + table + " (id int PRIMARY KEY)");

        TestDatabase.execute("SELECT trunkline.capture('" + table + "', 'no-such-topic')");
        assertThatThrownBy(() -> TestDatabase.execute("INSERT INTO " + table + " VALUES (1)"))
                .isInstanceOfSatisfying(
                        SQLException.class, e -> assertThat(e.getSQLState()).isEqualTo("TL003"));
        assertThatThrownBy(() -> TestDatabase.execute("SELECT trunkline.capture('trunkline.topic', '" + topic + "')"))
                .isInstanceOfSatisfying(
                        SQLException.class, e -> assertThat(e.getSQLState()).isEqualTo("TL001"));
    }

    @Test
    void serviceRoleMayMoveRowsButNotWriteOrRemoveThem() {
        for (String refused : List.of(
                "INSERT INTO trunkline.outbox (topic) VALUES ('x')",
                "DELETE FROM trunkline.outbox",
                "DELETE FROM trunkline.outbox_refused",
                "SELECT trunkline.enqueue('x', 'k', 'v')")) {
            assertThatThrownBy(() -> {
                        try (Connection connection = TestDatabase.asApplication();
                                Statement statement = connection.createStatement()) {
                            statement.execute(refused);
                        }
                    })
                    .as(refused)
                    .isInstanceOfSatisfying(
                            SQLException.class, e -> assertThat(e.getSQLState()).isEqualTo("42501"));
        }
    }

    private void enqueue(String topic, String key, String value) throws SQLException {
        TestDatabase.execute("SELECT trunkline.enqueue('" + topic + "', '" + key + "', '" + value + "')");
    }

    private static void assertRefused(String arguments, String state) {
        assertThatThrownBy(() -> TestDatabase.execute("SELECT trunkline.enqueue(" + arguments + ")"))
                .isInstanceOfSatisfying(
                        SQLException.class, e -> assertThat(e.getSQLState()).isEqualTo(state));
    }

    private static List<String> rows(String query) throws SQLException {
        try (Connection connection = TestDatabase.asOwner();
                Statement statement = connection.createStatement();
                ResultSet result = statement.executeQuery(query)) {
            List<String> rows = new ArrayList<>();
            while (result.next()) {
                rows.add(result.getString(1));
            }
            return rows;
        }
    }

    private List<JsonNode> awaitRecords(String topic, int count) {
        Awaitility.await()
                .atMost(PATIENCE)
                .untilAsserted(() -> assertThat(records(topic)).hasSize(count));
        return records(topic);
    }

    private List<JsonNode> records(String topic) {
        List<JsonNode> records = new ArrayList<>();
        int partitions = api.get("/topics/" + topic).json().path("partitions").size();
        for (int partition = 0; partition < partitions; partition++) {
            records.addAll(api.readAll(topic, partition, 0, Api.TEXT));
        }
        return records;
    }

    private static List<String> values(List<JsonNode> records) {
        return records.stream().map(record -> record.path("value").asText()).toList();
    }

    private static String header(JsonNode record, String name) {
        for (JsonNode header : record.path("headers")) {
            if (header.path("key").asText().equals(name)) {
                return new String(
                        Base64.getDecoder().decode(header.path("value").asText()), StandardCharsets.UTF_8);
            }
        }
        return "";
    }
}
