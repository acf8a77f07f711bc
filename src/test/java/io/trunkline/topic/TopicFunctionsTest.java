package io.trunkline.topic;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.quarkus.test.junit.QuarkusTest;
import io.trunkline.testing.Api;
import io.trunkline.testing.Consumer;
import io.trunkline.testing.ServiceTestCase;
import io.trunkline.testing.TestDatabase;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Topics as SQL: the functions through which the service, and anybody else, makes, changes and deletes them. */
@QuarkusTest
class TopicFunctionsTest extends ServiceTestCase {
    private final String topic = "topic-" + UUID.randomUUID();

    @Test
    void topicOfSqlIsATopicOverHttp() throws Exception {
        execute("SELECT trunkline.create_topic('" + topic + "', 2, '{\"retention.ms\":\"5000\"}')");

        assertThat(api.get("/topics/" + topic)
                        .json()
                        .at("/configs/retention.ms")
                        .asText())
                .isEqualTo("5000");
        api.writeNumbers(topic, 1, 0, 2);
        execute("SELECT trunkline.grow_topic('" + topic + "', 3)");
        execute("SELECT trunkline.configure_topic('" + topic + "', '{}')");
        assertThat(one("SELECT count(*) || ' ' || max(h.partition) FROM trunkline.partition_head h"
                        + " JOIN trunkline.topic t USING (topic_id) WHERE t.name = '" + topic
                        + "' AND t.config = '{}'"))
                .isEqualTo("3 2");
        assertThat(api.readAll(topic, 1, 0, Api.JSON)).hasSize(2);
        execute("SELECT trunkline.delete_topic('" + topic + "')");
        assertThat(one("SELECT count(*)::text FROM trunkline.topic WHERE name = '" + topic + "'"))
                .isEqualTo("0");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "create_topic('TOPIC', 1)|TL004",
                "create_topic('a b', 1)|23514",
                "create_topic('NEW', 0)|23514",
                "create_topic('NEW', 1, '[]')|23514",
                "create_topic(NULL, 1)|23502",
                "create_topic('NEW', NULL)|23502",
                "grow_topic('TOPIC', 1)|TL005",
                "grow_topic('TOPIC', NULL)|TL005",
                "grow_topic('TOPIC', 10001)|23514",
                "grow_topic('NEW', 9)|TL003",
                "configure_topic('NEW', '{}')|TL003",
                "configure_topic('TOPIC', '{\"retention.bytes\":\"x\"}')|23514",
                "configure_topic('TOPIC', NULL)|23502",
                "delete_topic('NEW')|TL003"
            })
    void callThatIsRefusedChangesNothing(String call, String state) throws Exception {
        execute("SELECT trunkline.create_topic('" + topic + "', 2)");
        String all = "SELECT (SELECT string_agg(t::text, ' ' ORDER BY name) FROM trunkline.topic t)"
                + " || (SELECT count(*) FROM trunkline.partition_head)";
        String before = one(all);

        assertThatThrownBy(() -> execute(
                        "SELECT trunkline." + call.replace("TOPIC", topic).replace("NEW", "new-" + topic)))
                .isInstanceOfSatisfying(
                        SQLException.class, e -> assertThat(e.getSQLState()).isEqualTo(state));

        assertThat(one(all)).isEqualTo(before);
    }

    /** Groups look for partitions when the version has grown. */
    @Test
    void versionGrowsWithWhatComesAndGoesAndWithNothingElse() throws Exception {
        List<Long> versions = new ArrayList<>();
        for (String call : List.of(
                "create_topic('%s', 1)", "grow_topic('%s', 2)", "configure_topic('%s', '{}')", "delete_topic('%s')")) {
            long before = Long.parseLong(one("SELECT version::text FROM trunkline.topic_version"));
            execute("SELECT trunkline." + call.formatted(topic));
            versions.add(Long.parseLong(one("SELECT version::text FROM trunkline.topic_version")) - before);
        }

        assertThat(versions).containsExactly(1L, 1L, 0L, 1L);
    }

    /** In whatever order they come, none waits for another in a circle. */
    @Test
    void changesOfTheSameTopicsAtOnceFollowOneAnother() throws Exception {
        List<Callable<String>> calls = new ArrayList<>();
        for (int i = 0; i < 60; i++) {
            String name = topic + i % 3;
            calls.add(() -> outcome("create_topic('" + name + "', 2)"));
            calls.add(() -> outcome("grow_topic('" + name + "', 5)"));
            calls.add(() -> outcome("delete_topic('" + name + "')"));
        }

        List<String> outcomes = new ArrayList<>();
        try (ExecutorService pool = Executors.newFixedThreadPool(8)) {
            for (Future<String> call : pool.invokeAll(calls)) {
                outcomes.add(call.get());
            }
        }

        assertThat(outcomes).isSubsetOf("done", "TL003", "TL004");
        assertThat(one("SELECT count(*)::text FROM trunkline.topic t WHERE t.partition_count <>"
                        + " (SELECT count(*) FROM trunkline.partition_head h WHERE h.topic_id = t.topic_id)"
                        + " AND t.name LIKE '" + topic + "%'"))
                .isEqualTo("0");
    }

    /** Databases whose partitions are numbered apart can be read together. */
    @Test
    void ownerSetsHowPartitionsAreNumbered() throws Exception {
        try (Connection owner = TestDatabase.asOwner();
                Statement statement = owner.createStatement()) {
            String restart = TestDatabase.one(owner, "SELECT nextval('trunkline.tp_id')");
            statement.execute("ALTER SEQUENCE trunkline.tp_id INCREMENT BY 16 RESTART WITH 5000000003");
            try {
                execute("SELECT trunkline.create_topic('" + topic + "', 3)");
            } finally {
                statement.execute("ALTER SEQUENCE trunkline.tp_id INCREMENT BY 1 RESTART WITH " + restart);
            }
        }

        assertThat(one("SELECT string_agg(tp_id::text, ' ' ORDER BY partition) FROM trunkline.partition_head"
                        + " JOIN trunkline.topic USING (topic_id) WHERE name = '" + topic + "'"))
                .isEqualTo("5000000003 5000000019 5000000035");
        api.writeNumbers(topic, 2, 0, 2);
        assertThat(api.readAll(topic, 2, 0, Api.JSON)).hasSize(2);
        Consumer consumer = group.consumer().subscribe(topic);
        assertThat(Consumer.places(consumer.pollUntil(2))).containsExactly(topic + "/2@0", topic + "/2@1");
        consumer.commit();
        assertThat(group.committed(topic, 2)).hasValue(2);
        assertThat(api.delete("/topics/" + topic + "/partitions/2/records?before=1")
                        .status())
                .isEqualTo(200);
        assertThat(api.delete("/topics/" + topic).status()).isEqualTo(204);
    }

    private static String outcome(String call) {
        try {
            execute("SELECT trunkline." + call);
            return "done";
        } catch (SQLException e) {
            return e.getSQLState();
        }
    }

    private static void execute(String sql) throws SQLException {
        try (Connection application = TestDatabase.asApplication()) {
            TestDatabase.execute(application, sql);
        }
    }

    private static String one(String query) throws SQLException {
        try (Connection application = TestDatabase.asApplication()) {
            return TestDatabase.one(application, query);
        }
    }
}
