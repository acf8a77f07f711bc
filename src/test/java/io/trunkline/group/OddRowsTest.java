package io.trunkline.group;

import static io.trunkline.testing.Failure.assertFailure;
import static io.trunkline.testing.TestDatabase.execute;
import static io.trunkline.testing.TestDatabase.one;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import io.quarkus.test.junit.QuarkusTest;
import io.trunkline.testing.Api;
import io.trunkline.testing.Consumer;
import io.trunkline.testing.Group;
import io.trunkline.testing.ServiceTestCase;
import jakarta.inject.Inject;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Rows as only SQL can write them. Each breaks no more than itself: whatever else there is can be listed, described, written,
 * read, subscribed, measured, purged and deleted.
 */
@QuarkusTest
class OddRowsTest extends ServiceTestCase {
    private static final String MOST = "9223372036854775807";

    @Inject
    GroupJob job;

    @Inject
    GroupStore groups;

    @Inject
    GroupCoordinator coordinator;

    private final String suffix = UUID.randomUUID().toString();

    @AfterEach
    void removeOddRows() throws SQLException {
        execute("DELETE FROM trunkline.consumer_group WHERE name LIKE '%" + suffix + "%'");
        execute("DELETE FROM trunkline.consumer_group WHERE name LIKE 'stray %'");
        execute("SELECT trunkline.delete_topic(name) FROM trunkline.topic WHERE name LIKE '%" + suffix + "%'");
    }

    private static List<String> oddTopics() {
        List<String> rows = new ArrayList<>();
        for (String config : List.of(
                "{\"max.message.bytes\":\"abc\"}",
                "{\"max.message.bytes\":null}",
                "{\"max.message.bytes\":\"-5\"}",
                "{\"max.message.bytes\":17.5}",
                "{\"max.message.bytes\":{\"a\":[1]}}",
                "{\"max.message.bytes\":\"99999999999999999999999\"}",
                "{\"message.timestamp.type\":\"Never\",\"cleanup.policy\":[]}",
                "{\"compression.type\":true,\"\":\"\",\"no.such.name\":\"x\"}",
                "{\"retention.ms\":null,\"retention.bytes\":null}",
                "{\"retention.ms\":9223372036854775807,\"retention.bytes\":9223372036854775807}")) {
            rows.add("SELECT trunkline.create_topic('ODD', 1, '" + config + "')");
        }
        String plain = "SELECT trunkline.create_topic('ODD', 1); ";
        String heads = " WHERE topic_id = (SELECT topic_id FROM trunkline.topic WHERE name = 'ODD')";
        rows.add(plain + "UPDATE trunkline.topic SET created_at = 'infinity' WHERE name = 'ODD'");
        rows.add(plain + "UPDATE trunkline.topic SET created_at = '-infinity' WHERE name = 'ODD'");
        rows.add(plain + "DELETE FROM trunkline.partition_head" + heads);
        rows.add(plain + "UPDATE trunkline.partition_head SET partition = 2147483647" + heads);
        rows.add(plain + "UPDATE trunkline.partition_head SET log_start_offset = " + MOST + heads);
        rows.add(plain + "UPDATE trunkline.partition_head SET log_start_bytes = " + MOST + heads);
        rows.add(plain + "UPDATE trunkline.partition_head SET log_start_time = 'infinity'" + heads);
        rows.add(
                plain + "UPDATE trunkline.partition_head SET slice = (SELECT max(slice) FROM trunkline.slice)" + heads);
        return rows;
    }

    @Test
    void oddTopicsBreakNothingElse() throws SQLException {
        List<String> names = new ArrayList<>();
        for (String row : oddTopics()) {
            names.add("odd-" + names.size() + "-" + suffix);
            execute(row.replace("ODD", names.getLast()));
        }

        everythingElseWorks(new Group(api));

        assertThat(api.get("/topics").body()).contains(names);
        for (String odd : names) {
            for (Api.Answer answer : List.of(
                    api.get("/topics/" + odd),
                    api.get("/topics/" + odd + "/partitions"),
                    api.get("/topics/" + odd + "/partitions/0/offsets"),
                    api.get("/topics/" + odd + "/partitions/0/records?offset=0"))) {
                assertThat(answer.status()).as(odd + answer.body()).isIn(200, 404, 416);
            }
        }
    }

    @Test
    void oddValueOfATopicsConfigurationHasItsDefaultAndCanBePutRight() throws SQLException {
        String odd = "odd-" + suffix;
        execute("SELECT trunkline.create_topic('" + odd
                + "', 1, '{\"max.message.bytes\":\"abc\",\"retention.ms\":\"5000\",\"no.such.name\":\"x\"}')");

        JsonNode configs = api.get("/topics/" + odd).json().path("configs");

        assertThat(configs.path("max.message.bytes").asText()).isEqualTo("1048588");
        assertThat(configs.path("retention.ms").asText()).isEqualTo("5000");
        api.writeNumbers(odd, 0, 0, 1);
        Api.Answer changed = api.send(
                "PATCH", "/topics/" + odd, Api.CONTROL, "{\"configs\":{\"message.timestamp.type\":\"LogAppendTime\"}}");
        assertThat(changed.status()).as(changed.body()).isEqualTo(200);
        assertThat(one("SELECT config::text FROM trunkline.topic WHERE name = '" + odd + "'"))
                .contains("LogAppendTime", "5000")
                .doesNotContain("abc", "no.such.name");
        assertThat(api.delete("/topics/" + odd).status()).isEqualTo(204);
    }

    private static List<String> oddGroups() {
        return List.of(
                "INSERT INTO trunkline.consumer_group (name) VALUES ('a/b ODD')",
                "INSERT INTO trunkline.consumer_group (name) VALUES (E'a\\tb ODD')",
                "INSERT INTO trunkline.consumer_group (name) VALUES (E'\\u202e\\n ODD')",
                "INSERT INTO trunkline.consumer_group (name, empty_since) VALUES ('ODD', 'infinity')",
                "INSERT INTO trunkline.consumer_group (name, topic_version) VALUES ('ODD', " + MOST + ")",
                "INSERT INTO trunkline.consumer_group (name, topic_version) VALUES ('ODD', -1)",
                "INSERT INTO trunkline.consumer_group (name, generation) VALUES ('ODD', 2147483647)",
                "INSERT INTO trunkline.consumer_group (name) VALUES ('a/b ODD'); "
                        + member("'a/b ODD'", "'m'", "last_seen", "'2020-01-01'"),
                "INSERT INTO trunkline.consumer_group (name) VALUES ('ODD'); "
                        + member("'ODD'", "'m'", "last_seen", "'2020-01-01'"),
                "INSERT INTO trunkline.consumer_group (name) VALUES ('ODD'); INSERT INTO trunkline.group_offset (group_id, tp_id,"
                        + " start_offset, committed_offset) SELECT group_id, -7, 5, " + MOST
                        + " FROM trunkline.consumer_group WHERE name = 'ODD'");
    }

    @Test
    void oddGroupsBreakNothingElse() throws SQLException {
        List<String> names = new ArrayList<>();
        for (String row : oddGroups()) {
            names.add(names.size() + "-" + suffix);
            execute(row.replace("ODD", names.getLast()));
        }

        everythingElseWorks(new Group(api));

        assertThat(api.get("/groups").body()).contains(names);
    }

    private static List<String> oddMembers() {
        List<String> rows = new ArrayList<>();
        for (String pattern :
                List.of("'('", "'?'", "'((x{1000}){1000}){1000}'", "''", "repeat('a', 100000)", "'(?<n>a)(?<n>b)'")) {
            rows.add(member("'GROUP'", "'odd'", "subscription, topic_pattern", "'pattern', " + pattern));
        }
        for (String topics : List.of("{\"a\":1}", "[1,null,\"a b\",\"..\",{}]", "\"x\"", "null", "[]", "17")) {
            rows.add(member("'GROUP'", "'odd'", "subscription, topics", "'topics', '" + topics + "'"));
        }
        rows.add(member(
                "'GROUP'",
                "'odd'",
                "subscription, topics",
                "'topics', (repeat('[', 2000) || repeat(']', 2000))::jsonb"));
        rows.add(member("'GROUP'", "'odd'", "subscription", "'partitions'"));
        rows.add(member("'GROUP'", "'a/b'", "subscription", "'none'"));
        rows.add(member("'GROUP'", "'odd'", "last_seen", "'infinity'"));
        rows.add(member("'GROUP'", "'odd'", "last_seen", "'-infinity'"));
        rows.add(member("'GROUP'", "'odd'", "last_seen", "'2999-01-01'"));
        rows.add(member("'GROUP'", "'odd'", "created_at", "'infinity'"));
        rows.add("UPDATE trunkline.consumer_group SET generation = 2147483647 WHERE name = 'GROUP'");
        String place = "INSERT INTO trunkline.member_partition (member_id, tp_id, group_id, generation, position)"
                + " SELECT m.member_id, ";
        String from =
                " FROM trunkline.group_member m JOIN trunkline.consumer_group g USING (group_id) WHERE g.name = 'GROUP'"
                        + " AND m.name = 'odd'";
        String byHand = member("'GROUP'", "'odd'", "subscription", "'partitions'") + "; ";
        rows.add(byHand + place + "-5, m.group_id, NULL, 0" + from);
        rows.add(byHand + place + "2147483647, m.group_id, 7, " + MOST + from);
        rows.add(byHand + place + "-1, -1, -1, NULL" + from);
        rows.add(
                "INSERT INTO trunkline.group_offset (group_id, tp_id, start_offset, committed_offset) SELECT group_id, -7, 5, "
                        + MOST + " FROM trunkline.consumer_group WHERE name = 'GROUP'");
        rows.add("INSERT INTO trunkline.consumer_group (name) VALUES ('stray GROUP'); "
                + member("'stray GROUP'", "'odd'", "subscription", "'none'")
                + "; INSERT INTO trunkline.member_partition (member_id, tp_id, group_id, generation)"
                + " SELECT m.member_id, (SELECT max(tp_id) FROM trunkline.partition_head) + s, g.group_id, 1"
                + " FROM trunkline.consumer_group o JOIN trunkline.group_member m ON m.group_id = o.group_id,"
                + " trunkline.consumer_group g, generate_series(1, 100) s"
                + " WHERE o.name = 'stray GROUP' AND g.name = 'GROUP'");
        return rows;
    }

    /** The odd members, and places, are in the very group that is used. */
    @Test
    void oddMembersBreakNothingElseInTheirGroup() throws SQLException {
        Group group = new Group(api);
        group.consumer();
        int number = 0;
        for (String row : oddMembers()) {
            execute(row.replace("GROUP", group.id()).replace("'odd'", "'odd" + number++ + "'"));
        }

        everythingElseWorks(group);

        for (String member : group.members()) {
            Api.Answer answer = api.delete("/consumers/" + group.id() + "/instances/" + member.replace("/", "%2F"));
            assertThat(answer.status()).as(answer.body()).isEqualTo(member.equals("a/b") ? 404 : 204);
        }
        execute("DELETE FROM trunkline.group_member WHERE name = 'a/b'");
        assertThat(api.delete(group.path()).status()).isEqualTo(204);
    }

    @ParameterizedTest
    @ValueSource(strings = {"(", "((a{100}){100}){40}", "?"})
    void consumerWhoseStoredPatternIsNoneReadsNothingUntilItSubscribesAnew(String pattern) throws SQLException {
        String topic = api.newTopic(1);
        api.writeNumbers(topic, 0, 0, 1);
        Group group = new Group(api);
        Consumer consumer = group.consumer().subscribePattern(topic);
        assertThat(consumer.partitionsOf(topic)).containsExactly(0);

        execute("UPDATE trunkline.group_member SET topic_pattern = '" + pattern + "' WHERE name = '" + consumer.name()
                + "'");
        api.newTopic(1);

        assertThat(consumer.subscription().path("topics")).isEmpty();
        assertThat(consumer.subscription().path("partitions")).isEmpty();
        assertThat(consumer.poll("timeout=0")).isEmpty();
        consumer.subscribePattern(topic);
        assertThat(Consumer.places(consumer.poll())).containsExactly(topic + "/0@0");
    }

    @Test
    void consumerOfAnOddGroupExpires() throws SQLException {
        Group group = new Group(api);
        Consumer silent = group.consumer();
        execute(
                "UPDATE trunkline.group_member SET subscription = 'pattern', topic_pattern = '(', last_seen = '2020-01-01'"
                        + " WHERE name = '" + silent.name() + "'");

        // The job itself gives everybody time to be heard after PostgreSQL was away, as other tests have it.
        GroupName name = GroupName.parse(group.id());
        assertThat(groups.withSilentMembers(Duration.ofDays(1))).contains(name);
        coordinator.expire(name).join();

        assertThat(group.members()).isEmpty();
    }

    @Test
    void consumerOfAnOddFormatIsReadInTheDefaultOne() throws SQLException {
        String topic = api.newTopic(1);
        api.writeNumbers(topic, 0, 7, 8);
        Consumer consumer = new Group(api).consumer().subscribe(topic);
        execute("UPDATE trunkline.group_member SET format = 'xml' WHERE name = '" + consumer.name() + "'");

        assertThat(consumer.pollAnswer("timeout=0").json().path(0).path("value").asText())
                .isEqualTo("Nw==");
    }

    /** What no constraint refuses belongs into the lists above. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "INSERT INTO trunkline.topic (name, partition_count) VALUES ('a b', 1)",
                "INSERT INTO trunkline.topic (name, partition_count) VALUES ('..', 1)",
                "INSERT INTO trunkline.topic (name, partition_count) VALUES (E'a\\n', 1)",
                "INSERT INTO trunkline.topic (name, partition_count) VALUES ('odd', 0)",
                "INSERT INTO trunkline.topic (name, partition_count) VALUES ('odd', 10001)",
                "INSERT INTO trunkline.topic (name, partition_count, config) VALUES ('odd', 1, '[]')",
                "INSERT INTO trunkline.topic (name, partition_count, config) VALUES ('odd', 1, 'null')",
                "INSERT INTO trunkline.topic (name, partition_count, config) VALUES ('odd', 1, '{\"retention.ms\":\"abc\"}')",
                "INSERT INTO trunkline.topic (name, partition_count, config) VALUES ('odd', 1, '{\"retention.bytes\":-2}')",
                "INSERT INTO trunkline.consumer_group (name) VALUES ('')",
                "INSERT INTO trunkline.consumer_group (name) VALUES (repeat('a', 256))",
                "INSERT INTO trunkline.consumer_group (name, generation) VALUES ('odd', -1)",
                "UPDATE trunkline.partition_head SET log_start_offset = -1",
                "UPDATE trunkline.partition_head SET partition = -1"
            })
    void rowThatIsRefusedBreaksNothing(String row) {
        assertThatThrownBy(() -> execute(row))
                .isInstanceOfSatisfying(
                        SQLException.class, e -> assertThat(e.getSQLState()).isEqualTo("23514"));
    }

    private static String member(String group, String name, String columns, String values) {
        return "INSERT INTO trunkline.group_member (group_id, name, format, auto_offset_reset, enable_auto_commit, fetch_min_bytes,"
                + " isolation_level, " + columns + ") SELECT group_id, " + name
                + ", 'json', 'earliest', true, 1, 'read_uncommitted', " + values
                + " FROM trunkline.consumer_group WHERE name = " + group;
    }

    private void everythingElseWorks(Group group) throws SQLException {
        String topic = api.newTopic(2);
        api.addPartitions(topic, 3);
        api.writeNumbers(topic, 0, 0, 2);
        assertThat(api.get("/topics").body()).contains(topic);
        assertThat(api.get("/topics/" + topic).status()).isEqualTo(200);
        assertThat(api.readAll(topic, 0, 0, Api.JSON)).hasSize(2);

        Consumer byPattern = group.consumer().subscribePattern(topic + ".*");
        assertThat(byPattern.subscription().path("topics").toString()).isEqualTo("[\"" + topic + "\"]");
        assertThat(Consumer.places(byPattern.pollUntil(2))).contains(topic + "/0@0", topic + "/0@1");
        byPattern.commit();
        assertThat(byPattern.commit(topic, 0, 1).status()).isEqualTo(204);
        Consumer byName = group.consumer().subscribe(topic);
        assertThat(byName.partitionsOf(topic).size()
                        + byPattern.partitionsOf(topic).size())
                .isEqualTo(3);
        Consumer byHand = group.consumer().assign(topic, 0);
        byHand.poll("timeout=0");

        assertThat(api.get("/groups").body()).contains(group.id());
        assertThat(group.committed(topic, 0)).isPresent();
        job.expire();
        job.lag();
        job.forget();
        assertThat(ops.get("/metrics").body()).contains("group=\"" + group.id() + "\"");
        one("SELECT count(*)::text FROM trunkline.log_state()");
        one("SELECT count(*)::text FROM trunkline.purgeable()");
        assertThat(api.delete("/topics/" + topic + "/partitions/0/records?before=1")
                        .status())
                .isEqualTo(200);

        byPattern.delete();
        byName.delete();
        byHand.delete();
        if (group.members().isEmpty()) {
            assertThat(api.put(group.path() + "/offsets", Api.CONTROL, "{\"to\":\"earliest\"}")
                            .status())
                    .isEqualTo(200);
            assertThat(api.delete(group.path()).status()).isEqualTo(204);
        } else {
            assertFailure(api.delete(group.path()), 409, "GROUP_NOT_EMPTY");
        }
        assertThat(api.delete("/topics/" + topic).status()).isEqualTo(204);
        assertThat(api.get("/topics").body()).doesNotContain(topic);
    }
}
