package io.trunkline.log;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import io.quarkus.test.junit.QuarkusTest;
import io.trunkline.rest.Murmur2;
import io.trunkline.testing.Api;
import io.trunkline.testing.ServiceTestCase;
import io.trunkline.testing.TestDatabase;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The log as SQL: produce(), read(), the record view. */
@QuarkusTest
class SqlApiTest extends ServiceTestCase {
    @Test
    void producedInSqlIsReadOverHttpWithItsHeaders() throws Exception {
        String topic = api.newTopic(3);
        int partition;
        try (Connection connection = TestDatabase.asApplication();
                Statement statement = connection.createStatement();
                ResultSet row = statement.executeQuery(
                        "SELECT * FROM trunkline.produce('" + topic
                                + "', 'foobar', '{\"a\": 1}', '[{\"key\":\"h\",\"value\":\"AQI=\"},{\"key\":\"h\",\"value\":null}]')")) {
            row.next();
            partition = row.getInt("partition");
            assertThat(row.getLong("offset")).isZero();
        }

        assertThat(partition)
                .isEqualTo(Murmur2.partition("foobar".getBytes(java.nio.charset.StandardCharsets.UTF_8), 0, 6, 3));
        JsonNode record = api.readAll(topic, partition, 0, Api.TEXT).getFirst();
        assertThat(record.path("key").asText()).isEqualTo("foobar");
        assertThat(record.path("value").asText()).isEqualTo("{\"a\": 1}");
        assertThat(record.path("headers").toString())
                .isEqualTo("[{\"key\":\"h\",\"value\":\"AQI=\"},{\"key\":\"h\",\"value\":null}]");
        assertThat(record.path("timestamp").asLong()).isGreaterThan(1_600_000_000_000L);
    }

    @Test
    void oneTransactionMayProduceManyRecords() throws Exception {
        String topic = api.newTopic(1);

        List<String> offsets = rows("SELECT p.\"offset\" FROM generate_series(1, 50) AS i,"
                + " LATERAL trunkline.produce('" + topic + "', NULL::text, i::text) AS p ORDER BY i");

        assertThat(offsets).hasSize(50).startsWith("0", "1").endsWith("48", "49");
        assertThat(api.readAll(topic, 0, 0, Api.TEXT))
                .extracting(r -> r.path("value").asInt())
                .startsWith(1, 2)
                .endsWith(49, 50);
    }

    @Test
    void producedInSqlWakesALongPoll() throws Exception {
        String topic = api.newTopic(1);
        CompletableFuture<Api.Answer> poll =
                api.getLater("/topics/" + topic + "/partitions/0/records?offset=0&timeout=60000");

        try (Connection connection = TestDatabase.asApplication();
                Statement statement = connection.createStatement()) {
            statement.execute("SELECT trunkline.produce('" + topic + "', NULL::text, 'x')");
        }

        assertThat(poll)
                .succeedsWithin(Duration.ofSeconds(10))
                .satisfies(answer -> assertThat(answer.json()).hasSize(1));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "'%s', 'k', '12345678901'|TL006",
                "'no-such-topic', 'k', 'v'|TL003",
                "'%s', 'k', 'v', '{}'|TL001",
                "'%s', 'k', 'v', '[1]'|TL001",
                "'%s', 'k', 'v', '[{\"key\":null,\"value\":null}]'|TL001"
            })
    void produceRefusesWhatHttpWouldRefuse(String arguments, String state) throws Exception {
        String topic = api.newTopic(1, "{\"max.message.bytes\":\"10\"}");
        try (Connection connection = TestDatabase.asApplication();
                Statement statement = connection.createStatement()) {
            assertThatThrownBy(() -> statement.execute("SELECT trunkline.produce(" + arguments.formatted(topic) + ")"))
                    .isInstanceOfSatisfying(
                            SQLException.class, e -> assertThat(e.getSQLState()).isEqualTo(state));
        }
        assertThat(api.readAll(topic, 0, 0, Api.TEXT)).isEmpty();
    }

    @Test
    void readAndTheViewShowWhatWasProducedOverHttp() throws Exception {
        String topic = api.newTopic(1);
        api.post("/topics/" + topic, Api.TEXT, """
                {"records":[{"key":"a","value":"0","timestamp":1517363399650},
                            {"value":"1","headers":[{"key":"x","value":"AQ=="},{"key":"y","value":null}]},
                            {"value":null,"headers":[{"key":"z","value":""}]}]}
                """);
        api.post("/topics/" + topic, Api.TEXT, "{\"records\":[{\"value\":\"3\"}]}");

        String columns = "\"offset\", extract(epoch FROM \"timestamp\") * 1000 AS ms, convert_from(key, 'UTF8') AS key,"
                + " convert_from(value, 'UTF8') AS value, header_keys::text AS h, header_values::text AS v";
        List<String> read = rows("SELECT " + columns + " FROM trunkline.read('" + topic + "', 0, 0, 3)");
        List<String> view = rows("SELECT " + columns + " FROM trunkline.record WHERE topic = '" + topic
                + "' AND partition = 0 AND \"offset\" < 3 ORDER BY \"offset\"");

        assertThat(read).hasSize(3).isEqualTo(view);
        assertThat(read.get(0)).startsWith("0,1517363399650").contains(",a,0,");
        assertThat(read.get(1)).endsWith(",null,1,{x,y},{\"\\\\x01\",NULL}");
        assertThat(read.get(2)).endsWith(",null,null,{z},{\"\\\\x\"}");
        assertThat(rows("SELECT \"offset\" FROM trunkline.read('" + topic + "', 0, 1)"))
                .containsExactly("1", "2", "3");
    }

    @Test
    void readBelowTheLogStartOrBeyondTheEndIsOutOfRange() throws Exception {
        String topic = api.newTopic(1);
        api.post("/topics/" + topic, Api.TEXT, "{\"records\":[{\"value\":\"0\"}]}");

        assertThat(rows("SELECT \"offset\" FROM trunkline.read('" + topic + "', 0, 1)"))
                .isEmpty();
        assertThatThrownBy(() -> rows("SELECT * FROM trunkline.read('" + topic + "', 0, 2)"))
                .isInstanceOfSatisfying(
                        SQLException.class, e -> assertThat(e.getSQLState()).isEqualTo("TL007"));
        assertThatThrownBy(() -> rows("SELECT * FROM trunkline.read('" + topic + "', 1, 0)"))
                .isInstanceOfSatisfying(
                        SQLException.class, e -> assertThat(e.getSQLState()).isEqualTo("TL002"));
    }

    @Test
    void hashInSqlIsTheOneInJava() throws Exception {
        Random random = new Random(7);
        try (Connection owner = TestDatabase.asOwner();
                PreparedStatement hash = owner.prepareStatement("SELECT trunkline.murmur2(?)")) {
            for (int length = 0; length < 64; length++) {
                byte[] key = new byte[length];
                random.nextBytes(key);
                hash.setBytes(1, key);
                try (ResultSet row = hash.executeQuery()) {
                    row.next();
                    assertThat(row.getInt(1)).isEqualTo(Murmur2.hash(key, 0, key.length) & 0x7fffffff);
                }
            }
        }
    }

    /** What the service makes at most, a role that it has been broken into through cannot go beyond. */
    @Test
    void batchLargerThanTheServiceMakesIsRefused() throws Exception {
        String topic = api.newTopic(1);
        String partition = rows("SELECT h.tp_id FROM trunkline.topic t JOIN trunkline.partition_head h USING (topic_id)"
                        + " WHERE t.name = '" + topic + "'")
                .getFirst();
        String values = "SELECT array_agg('\\x01'::bytea) FROM generate_series(1, %d)";
        String append = "SELECT trunkline.append(" + partition + ", NULL, NULL, (" + values + "), NULL, NULL, NULL)";

        assertThatThrownBy(() -> rows(append.formatted(100_001)))
                .isInstanceOfSatisfying(
                        SQLException.class, e -> assertThat(e.getSQLState()).isEqualTo("23514"))
                .hasMessageContaining("log_batch_bounds");
        // The size is counted by append(): here as the owner could give it, and without the bytes.
        try (Connection owner = TestDatabase.asOwner();
                Statement statement = owner.createStatement()) {
            assertThatThrownBy(() -> statement.execute("INSERT INTO trunkline.log_batch (slice, tp_id, last_offset,"
                            + " base_offset, max_timestamp, running_max_timestamp, appended_at, record_count, byte_size,"
                            + " timestamps, values) VALUES (trunkline.current_slice(), 0, 0, 0, 0, 0, now(), 1, 134217729,"
                            + " '{0}', '{x}')"))
                    .hasMessageContaining("log_batch_bounds");
        }
        assertThat(rows(append.formatted(100_000))).containsExactly("0");
    }

    @Test
    void ownerBoundsTheSlicesThatTheServiceCanHaveMade() throws Exception {
        for (String refused : List.of("'31 days', 3", "'8 days', 1", "'1 day', 32", "'59 seconds', 3")) {
            assertThatThrownBy(() -> rows("SELECT trunkline.prepare_slices(" + refused + ")"))
                    .isInstanceOfSatisfying(
                            SQLException.class,
                            e -> assertThat(e.getSQLState()).as(refused).isEqualTo("TL008"));
        }
        assertThatThrownBy(() -> rows("UPDATE trunkline.log_limit SET max_slice_length = '31 days' RETURNING 1"))
                .isInstanceOfSatisfying(
                        SQLException.class, e -> assertThat(e.getSQLState()).isEqualTo("42501"));
        try (Connection owner = TestDatabase.asOwner();
                Statement statement = owner.createStatement()) {
            statement.execute("UPDATE trunkline.log_limit SET max_slice_length = '12 hours'");
            try {
                assertThatThrownBy(() -> rows("SELECT trunkline.prepare_slices('1 day', 3)"))
                        .isInstanceOfSatisfying(
                                SQLException.class,
                                e -> assertThat(e.getSQLState()).isEqualTo("TL008"));
            } finally {
                statement.execute("UPDATE trunkline.log_limit SET max_slice_length = DEFAULT");
            }
        }
        assertThat(rows("SELECT trunkline.prepare_slices('1 day', 3)")).containsExactly("0");
    }

    /** The functions of slices believe who calls them that an idempotency key or a producer is its own. */
    @Test
    void whoMayAppendCannotUseTheFunctionsOfSlices() throws Exception {
        try (Connection superuser = TestDatabase.asSuperuser()) {
            superuser.setAutoCommit(false);
            String function = TestDatabase.one(
                    superuser, "SELECT f FROM trunkline.append_functions(trunkline.current_slice()) AS f");
            TestDatabase.execute(superuser, "CREATE ROLE trunkline_writer");
            TestDatabase.execute(
                    superuser,
                    "GRANT EXECUTE ON FUNCTION trunkline.append(bigint, bigint[], bytea[], bytea[], int[], text[], bytea[])"
                            + " TO trunkline_writer");
            TestDatabase.execute(superuser, "REVOKE EXECUTE ON FUNCTION " + function + " FROM trunkline_app");

            TestDatabase.execute(superuser, "SELECT trunkline.share_append(trunkline.current_slice())");

            assertThat(mayExecute(superuser, "trunkline_writer", function)).isEqualTo("f");
            assertThat(mayExecute(superuser, "trunkline_app", function)).isEqualTo("t");
            superuser.rollback();
        }
    }

    private static String mayExecute(Connection connection, String role, String function) throws SQLException {
        return TestDatabase.one(
                connection, "SELECT has_function_privilege('" + role + "', '" + function + "', 'EXECUTE')");
    }

    /** An operator can take away what lets records go. */
    @Test
    void rightsToDeleteAndToConfigureTopicsCanBeTakenAway() throws Exception {
        String topic = api.newTopic(1);
        api.post("/topics/" + topic, Api.TEXT, "{\"records\":[{\"value\":\"0\"}]}");
        try (Connection owner = TestDatabase.asOwner();
                Statement statement = owner.createStatement()) {
            statement.execute("REVOKE EXECUTE ON FUNCTION trunkline.delete_topic(text),"
                    + " trunkline.configure_topic(text, jsonb) FROM trunkline_app");
            try {
                Api.Answer configured =
                        api.send("PATCH", "/topics/" + topic, Api.CONTROL, "{\"configs\":{\"retention.ms\":\"0\"}}");
                Api.Answer deleted = api.send(api.request("/topics/" + topic).DELETE());

                assertThat(configured.code()).isEqualTo("DATABASE_PERMISSION_MISSING");
                assertThat(deleted.code()).isEqualTo("DATABASE_PERMISSION_MISSING");
                assertThat(deleted.status()).isEqualTo(403);
                assertThat(api.send("PATCH", "/topics/" + topic, Api.CONTROL, "{\"partitions_count\":2}")
                                .status())
                        .isLessThan(300);
            } finally {
                statement.execute("GRANT EXECUTE ON FUNCTION trunkline.delete_topic(text),"
                        + " trunkline.configure_topic(text, jsonb) TO trunkline_app");
            }
        }
        assertThat(api.readAll(topic, 0, 0, Api.TEXT)).hasSize(1);
    }

    private static List<String> rows(String query) throws SQLException {
        List<String> rows = new ArrayList<>();
        try (Connection connection = TestDatabase.asApplication();
                Statement statement = connection.createStatement();
                ResultSet result = statement.executeQuery(query)) {
            while (result.next()) {
                List<String> columns = new ArrayList<>();
                for (int i = 1; i <= result.getMetaData().getColumnCount(); i++) {
                    columns.add(String.valueOf(result.getString(i)));
                }
                rows.add(String.join(",", columns));
            }
        }
        return rows;
    }
}
