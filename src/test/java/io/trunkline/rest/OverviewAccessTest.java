package io.trunkline.rest;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.quarkus.test.junit.QuarkusTest;
import io.quarkus.test.junit.TestProfile;
import io.trunkline.testing.AccessTestCase;
import io.trunkline.testing.Api;
import io.trunkline.testing.Consumer;
import java.time.Duration;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The overview tells nobody of what the rules hide, not even in a sum. */
@QuarkusTest
@TestProfile(AccessTestCase.Required.class)
class OverviewAccessTest extends AccessTestCase {
    private String mine = "";
    private String secret = "";
    private String group = "";
    private String hidden = "";

    @BeforeEach
    void groupInBoth() {
        mine = topic("mine", 1);
        secret = topic("secret", 1);
        admin.writeNumbers(mine, 0, 0, 10);
        admin.writeNumbers(secret, 0, 0, 100);
        group = prefix + "group";
        hidden = prefix + "hidden";
        for (String name : new String[] {group, hidden}) {
            Api.Answer answer = admin.put(
                    "/groups/" + name + "/offsets",
                    Api.CONTROL,
                    Consumer.offsets(Consumer.offset(mine, 0, 4), Consumer.offset(secret, 0, 0)));
            assertThat(answer.status()).as(answer.body()).isEqualTo(200);
        }
    }

    /** Until what has just been made is in the memory of the replica. */
    private void untilSeen() {
        until(
                admin,
                "/overview/groups?name=" + prefix,
                seen -> seen.path("total").asInt() == 2
                        && seen.at("/groups/0/lag").asLong() == 106);
        until(
                admin,
                "/overview/topics?name=" + prefix,
                seen -> seen.path("total").asInt() == 2
                        && seen.at("/topics/1/records").asLong() == 100);
    }

    @Test
    void listsAndSumsHaveOnlyWhatTheCallerSees() {
        untilSeen();
        Api bob = principal(prefix + "bob", "read topic " + mine, "use group " + group);

        JsonNode topics = bob.get("/overview/topics").json();
        JsonNode groups = bob.get("/overview/groups").json();
        JsonNode overview = bob.get("/overview").json();

        assertThat(topics.path("total").asInt()).isEqualTo(1);
        assertThat(topics.at("/topics/0/name").asText()).isEqualTo(mine);
        assertThat(groups.path("total").asInt()).isEqualTo(1);
        assertThat(groups.at("/groups/0/group_id").asText()).isEqualTo(group);
        assertThat(groups.at("/groups/0/lag").asLong()).isEqualTo(6);
        assertThat(overview.path("topics").asInt()).isEqualTo(1);
        assertThat(overview.path("partitions").asInt()).isEqualTo(1);
        assertThat(overview.path("records").asLong()).isEqualTo(10);
        assertThat(overview.path("size_bytes")).isEqualTo(topics.at("/topics/0/size_bytes"));
        assertThat(overview.at("/groups/count").asInt()).isEqualTo(1);
        assertThat(overview.at("/groups/worst/0/lag").asLong()).isEqualTo(6);
        assertThat(overview.toString()).doesNotContain(secret, hidden);
    }

    @Test
    void historyOfAGroupHasOnlyTheTopicsThatTheCallerSees() {
        untilSeen();
        Api bob = principal(prefix + "bob", "read topic " + mine, "use group " + group);

        JsonNode history = bob.get("/groups/" + group + "/history").json();

        assertThat(history.path("partitions")).hasSize(1);
        assertThat(history.at("/partitions/0/topic").asText()).isEqualTo(mine);
        assertThat(history.path("lag").path(history.path("lag").size() - 1).asLong())
                .isEqualTo(6);
        assertThat(bob.get("/groups/" + hidden + "/history").code()).isEqualTo("GROUP_NOT_FOUND");
        assertThat(bob.get("/groups/" + prefix + "none/history").code()).isEqualTo("GROUP_NOT_FOUND");
        JsonNode all = admin.get("/groups/" + group + "/history").json();
        assertThat(all.path("lag").path(all.path("lag").size() - 1).asLong()).isEqualTo(106);
    }

    @Test
    void whoSeesNothingIsToldOfNothing() {
        Api nobody = principal(prefix + "nobody");

        JsonNode overview = nobody.get("/overview").json();

        assertThat(overview.path("topics").asInt()).isZero();
        assertThat(overview.path("records").asLong()).isZero();
        assertThat(overview.at("/groups/count").asInt()).isZero();
        assertThat(overview.at("/groups/worst")).isEmpty();
        assertThat(nobody.get("/overview/topics").json().path("total").asInt()).isZero();
        assertThat(nobody.get("/overview/history").json().path("records_in"))
                .allSatisfy(rate -> assertThat(rate.asDouble()).isZero());
    }

    /** Who may use a group may move it in topics that the request does not name, but is not told of them. */
    @Test
    void resetsTellNothingOfHiddenTopics() {
        Api bob = principal(prefix + "bob", "read topic " + mine, "use group " + group);
        String path = "/groups/" + group + "/offsets";

        Api.Answer tried = bob.put(path, Api.CONTROL, "{\"shift\":-1,\"dry_run\":true}");
        Api.Answer named = bob.put(
                path,
                Api.CONTROL,
                "{\"to\":\"latest\",\"dry_run\":true,\"partitions\":[{\"topic\":\"" + secret + "\",\"partition\":0}]}");

        assertThat(tried.json().path("offsets")).hasSize(1);
        assertThat(tried.json().at("/offsets/0/topic").asText()).isEqualTo(mine);
        assertThat(tried.json().at("/offsets/0/to").asLong()).isEqualTo(3);
        assertThat(named.code()).isEqualTo("TOPIC_NOT_FOUND");
    }

    private interface Condition {
        boolean holds(JsonNode seen);
    }

    private static void until(Api api, String path, Condition condition) {
        Awaitility.await()
                .atMost(Duration.ofSeconds(30))
                .pollInterval(Duration.ofMillis(500))
                .pollDelay(Duration.ZERO)
                .until(() -> api.get(path).json(), condition::holds);
    }
}
