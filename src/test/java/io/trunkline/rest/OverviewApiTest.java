package io.trunkline.rest;

import static io.trunkline.testing.Failure.assertFailure;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.quarkus.test.junit.QuarkusTest;
import io.trunkline.testing.Api;
import io.trunkline.testing.Consumer;
import io.trunkline.testing.ServiceTestCase;
import io.trunkline.testing.TestDatabase;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What a replica tells of the whole installation. */
@QuarkusTest
class OverviewApiTest extends ServiceTestCase {
    private static final Duration PATIENCE = Duration.ofSeconds(30);

    @Test
    void overviewTellsOfTopicsGroupsAndPostgres() throws SQLException {
        String topic = api.newTopic(2);
        api.writeNumbers(topic, 0, 0, 5_000);
        commit(topic, 4);

        JsonNode overview = until(
                "/overview",
                seen -> seen.path("groups").path("worst").toString().contains(group.id()));

        assertThat(overview.path("name").asText()).isEqualTo("Trunkline");
        assertThat(overview.path("version").asText()).isNotEmpty();
        assertThat(Instant.parse(overview.path("looked_at").asText()))
                .isAfter(Instant.parse(overview.path("started_at").asText()).minusSeconds(1));
        assertThat(overview.path("topics").asInt())
                .isEqualTo(api.get("/topics").json().size());
        assertThat(overview.path("partitions").asInt()).isGreaterThanOrEqualTo(2);
        assertThat(overview.path("records").asLong()).isGreaterThanOrEqualTo(10);
        assertThat(overview.path("size_bytes").asLong()).isPositive();
        assertThat(overview.at("/groups/count").asInt())
                .isEqualTo(api.get("/groups").json().size());
        assertThat(overview.at("/groups/without_members").asInt()).isPositive();
        assertThat(overview.at("/groups/worst").size()).isBetween(1, 10);
        assertThat(overview.path("retention").has("last_success_at")).isTrue();
        JsonNode database = overview.path("database");
        assertThat(database.path("up").asBoolean()).isTrue();
        assertThat(database.path("version").asText())
                .isEqualTo(one("SELECT split_part(current_setting('server_version'), ' ', 1)"));
        assertThat(database.path("size_bytes").asLong()).isPositive();
        assertThat(database.path("disk_bytes").isNull()).isTrue();
        assertThat(database.path("connections").asLong()).isPositive();
        assertThat(database.path("max_connections").asLong()).isPositive();
        assertThat(overview.path("alerts").toString())
                .contains(
                        "{\"name\":\"TrunklineGroupWithoutMembers\",\"severity\":\"warning\",\"summary\":\"A consumer group has"
                                + " records to read and nobody who does.\",\"runbook\":\"docs/runbooks.md#trunklinegroupwithoutmembers\"}");
    }

    @Test
    void replicasAreThoseThatPostgresSees() throws SQLException {
        JsonNode overview =
                until("/overview", seen -> !seen.at("/database/version").isNull());

        String replica = overview.path("replica").asText();
        assertThat(replica).matches("[a-z0-9._-]+-[0-9a-f]{4}");
        assertThat(overview.path("replicas"))
                .extracting(one -> one.path("replica").asText())
                .contains(replica);
        assertThat(one("SELECT count(*) > 0 FROM pg_stat_activity WHERE application_name = 'trunkline " + replica
                        + "'"))
                .isEqualTo("t");
    }

    @Test
    void topicsAreListedWithWhatThereIsOfThem() {
        String prefix = "list-" + UUID.randomUUID();
        api.createTopic(prefix + "-b", 2);
        api.createTopic(prefix + "-A", 1);
        api.createTopic(prefix + "-c", 1);
        api.writeNumbers(prefix + "-b", 0, 0, 5);
        api.writeNumbers(prefix + "-b", 1, 0, 5);
        api.writeNumbers(prefix + "-c", 0, 0, 3);
        assertThat(api.delete("/topics/" + prefix + "-b/partitions/0/records?before=2")
                        .status())
                .isEqualTo(200);
        String path = "/overview/topics?name=" + prefix.toUpperCase(Locale.ROOT);

        JsonNode listed = until(
                path + "&sort=records",
                seen -> seen.path("total").asInt() == 3
                        && seen.at("/topics/0/records").asInt() == 8);

        assertThat(names(listed)).containsExactly(prefix + "-b", prefix + "-c", prefix + "-A");
        JsonNode first = listed.at("/topics/0");
        assertThat(first.path("partitions").asInt()).isEqualTo(2);
        assertThat(first.path("size_bytes").asLong()).isPositive();
        assertThat(first.path("oldest_timestamp").asLong()).isPositive();
        assertThat(listed.at("/topics/2/oldest_timestamp").isNull()).isTrue();
        assertThat(listed.at("/topics/2").has("records_per_second")).isTrue();
        assertThat(names(api.get(path).json())).containsExactly(prefix + "-A", prefix + "-b", prefix + "-c");
        assertThat(names(api.get(path + "&order=desc").json()))
                .containsExactly(prefix + "-c", prefix + "-b", prefix + "-A");
        assertThat(names(api.get(path + "&sort=partitions&order=asc").json()))
                .containsExactly(prefix + "-A", prefix + "-c", prefix + "-b");
        JsonNode page = api.get(path + "&limit=1&start=1").json();
        assertThat(names(page)).containsExactly(prefix + "-b");
        assertThat(page.path("total").asInt()).isEqualTo(3);
    }

    @Test
    void ratesAreKnownAfterASecondLook() {
        String topic = api.newTopic(1);
        String path = "/overview/topics?name=" + topic;
        until(path, seen -> seen.path("total").asInt() == 1);
        api.writeNumbers(topic, 0, 0, 1_000);

        JsonNode grown =
                until(path, seen -> seen.at("/topics/0/records_per_second").asDouble() > 0);

        assertThat(grown.at("/topics/0/bytes_per_second").asDouble()).isPositive();
    }

    @Test
    void groupsAreListedWithTheirLag() {
        String topic = api.newTopic(1);
        api.writeNumbers(topic, 0, 0, 10);
        commit(topic, 4);

        JsonNode listed = until(
                "/overview/groups?name=" + group.id(),
                seen -> seen.path("total").asInt() == 1
                        && seen.at("/groups/0/lag").asInt() == 6);

        assertThat(listed.at("/groups/0").toString())
                .isEqualTo("{\"group_id\":\"" + group.id() + "\",\"state\":\"Empty\",\"members\":0,\"lag\":6}");
    }

    @Test
    void historyOfAGroupHasItsLag() {
        String topic = api.newTopic(2);
        api.writeNumbers(topic, 0, 0, 10);
        assertFailure(api.get(group.path() + "/history"), 404, "GROUP_NOT_FOUND");
        commit(topic, 4);
        assertThat(api.get(group.path() + "/history").status()).as("at once").isEqualTo(200);

        until(
                "/overview/groups?name=" + group.id(),
                seen -> seen.at("/groups/0/lag").asInt() == 6);

        JsonNode history = api.get(group.path() + "/history").json();

        assertThat(history.path("interval_seconds").asInt()).isEqualTo(60);
        assertThat(history.path("complete").asBoolean()).isTrue();
        assertThat(history.path("times")).hasSameSizeAs(history.path("lag"));
        assertThat(lastOf(history.path("lag")).asLong()).isEqualTo(6);
        assertThat(history.at("/partitions/0/topic").asText()).isEqualTo(topic);
        assertThat(lastOf(history.at("/partitions/0/lag")).asLong()).isEqualTo(6);
    }

    @Test
    void historyOfTheReplicaHasWhatIsWritten() {
        JsonNode history = api.get("/overview/history", "application/json").json();

        assertThat(history.path("replica"))
                .isEqualTo(api.get("/overview").json().path("replica"));
        assertThat(history.path("interval_seconds").asInt()).isEqualTo(15);
        for (String kind : List.of("records_in", "bytes_in", "records_out", "bytes_out")) {
            assertThat(history.path(kind)).hasSameSizeAs(history.path("times"));
        }
    }

    /** Fifty consoles look no more often than one. */
    @Test
    void manyWhoAskAtOnceShareALook() {
        List<CompletableFuture<Api.Answer>> answers = new ArrayList<>();
        for (int i = 0; i < 50; i++) {
            answers.add(api.getLater("/overview"));
            answers.add(api.getLater("/overview/topics"));
        }

        Set<String> looks = new HashSet<>();
        for (CompletableFuture<Api.Answer> answer : answers) {
            assertThat(answer.join().status()).isEqualTo(200);
            looks.add(answer.join().json().path("looked_at").asText());
        }
        // Of topics and of groups, before and after a look that comes meanwhile.
        assertThat(looks).hasSizeLessThanOrEqualTo(4);
    }

    @Test
    void whatWasSeenLastIsToldWhilePostgresIsAway() {
        String topic = api.newTopic(1);
        String list = "/overview/topics?name=" + topic;
        until(list, seen -> seen.path("total").asInt() == 1);
        JsonNode away;

        TestDatabase.network().goAway();
        try {
            away = until("/overview", seen -> !seen.at("/database/up").asBoolean(true));
            assertThat(api.get(list).json().path("total").asInt()).isEqualTo(1);
        } finally {
            TestDatabase.network().comeBack();
        }

        assertThat(away.path("topics").asInt()).isPositive();
        assertThat(away.path("looked_at").isNull()).isFalse();
        assertThat(away.at("/database/writable").isNull()).isTrue();
        assertThat(away.at("/database/connections").isNull()).isTrue();
        assertThat(away.at("/alerts/0/name").asText()).isEqualTo("TrunklineDatabaseAway");
        assertThat(away.at("/alerts/0/severity").asText()).isEqualTo("critical");
        until("/overview", seen -> seen.at("/database/up").asBoolean());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "topics?sort=color",
                "topics?sort=SIZE",
                "topics?order=up",
                "topics?limit=0",
                "topics?limit=1001",
                "topics?limit=x",
                "topics?start=-1",
                "topics?start=2147483648",
                "topics?name=%FF",
                "topics?name=a&name=b",
                "groups?sort=size",
                "groups?order=ascending",
                "groups?limit=1.5"
            })
    void parameterThatDoesNotFitIsRefused(String query) {
        assertFailure(api.get("/overview/" + query), 400, "INVALID_PARAMETER");
    }

    private void commit(String topic, long offset) {
        Api.Answer answer =
                api.put(group.path() + "/offsets", Api.CONTROL, Consumer.offsets(Consumer.offset(topic, 0, offset)));
        assertThat(answer.status()).as(answer.body()).isEqualTo(200);
    }

    private interface Condition {
        boolean holds(JsonNode seen);
    }

    /** What is told is at most some seconds old. */
    private JsonNode until(String path, Condition condition) {
        return Awaitility.await()
                .atMost(PATIENCE)
                .pollInterval(Duration.ofMillis(500))
                .pollDelay(Duration.ZERO)
                .until(
                        () -> {
                            Api.Answer answer = api.get(path);
                            assertThat(answer.status()).as(answer.body()).isIn(200, 404);
                            return answer.json();
                        },
                        condition::holds);
    }

    private static List<String> names(JsonNode listed) {
        List<String> names = new ArrayList<>();
        listed.path("topics").forEach(topic -> names.add(topic.path("name").asText()));
        return names;
    }

    private static JsonNode lastOf(JsonNode list) {
        return list.path(list.size() - 1);
    }

    private static String one(String query) throws SQLException {
        try (Connection superuser = TestDatabase.asSuperuser();
                Statement statement = superuser.createStatement();
                ResultSet row = statement.executeQuery(query)) {
            row.next();
            return String.valueOf(row.getString(1));
        }
    }
}
