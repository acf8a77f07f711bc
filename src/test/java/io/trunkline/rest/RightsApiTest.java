package io.trunkline.rest;

import static java.util.Map.entry;
import static org.assertj.core.api.Assertions.assertThat;

import io.quarkus.test.junit.QuarkusTest;
import io.quarkus.test.junit.TestProfile;
import io.trunkline.testing.AccessTestCase;
import io.trunkline.testing.Api;
import io.trunkline.testing.Consumer;
import io.vertx.core.http.HttpMethod;
import java.sql.SQLException;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Every operation, for principals that may not do it and for those that may. */
@QuarkusTest
@TestProfile(AccessTestCase.Required.class)
class RightsApiTest extends OperationsTestCase {
    @Test
    void principalWithoutRulesDoesAndSeesNothing() throws SQLException {
        Api nothing = principal(prefix + "nothing");

        refuses(nothing, UNSEEN);
        assertThat(nothing.get("/topics").json()).isEmpty();
        assertThat(nothing.get("/groups").json()).isEmpty();
    }

    @Test
    void rulesForOtherNamesHelpNothing() throws SQLException {
        String name = prefix + "elsewhere";
        Api elsewhere = principal(
                name,
                "read topic " + prefix + "other*",
                "write topic " + prefix + "other*",
                "manage topic " + prefix + "other*",
                "use group " + prefix + "other*",
                "manage group " + prefix + "other*");

        refuses(elsewhere, UNSEEN);
        assertThat(elsewhere.get("/topics").json()).isEmpty();
    }

    @Test
    void readerWritesAndManagesNothing() throws SQLException {
        Api reader = principal(prefix + "reader", "read topic " + topic);

        refuses(
                reader,
                with(
                        UNSEEN,
                        entry(Need.SEE_TOPIC, "200"),
                        entry(Need.READ_TOPIC, "200"),
                        entry(Need.WRITE_TOPIC, "ACCESS_DENIED"),
                        entry(Need.MANAGE_TOPIC, "ACCESS_DENIED")));
        assertThat(reader.get("/topics").body()).isEqualTo("[\"" + topic + "\"]");
    }

    @Test
    void writerReadsNothing() throws SQLException {
        Api writer = principal(prefix + "writer", "write topic " + prefix + "o*");

        refuses(
                writer,
                with(
                        UNSEEN,
                        entry(Need.SEE_TOPIC, "200"),
                        entry(Need.READ_TOPIC, "ACCESS_DENIED"),
                        entry(Need.WRITE_TOPIC, "skip"),
                        entry(Need.MANAGE_TOPIC, "ACCESS_DENIED")));
        assertThat(send(writer, ApiOperation.SEND).status()).isEqualTo(200);
    }

    @Test
    void userOfAGroupDoesNothingWithTopicsAndConsumersOfOthers() throws SQLException {
        Api user = principal(prefix + "user", "use group " + group);

        refuses(
                user,
                with(
                        UNSEEN,
                        entry(Need.SEE_GROUP, "200"),
                        entry(Need.USE_GROUP, "TOPIC_NOT_FOUND"),
                        entry(Need.MANAGE_GROUP, "ACCESS_DENIED"),
                        entry(Need.CREATE_CONSUMER, "skip")));
        assertThat(user.get("/groups/" + group).json().path("offsets")).isEmpty();
        assertThat(user.get("/groups/" + group).json().at("/members/0/topics")).isEmpty();
        assertThat(user.get("/groups/" + group).json().at("/members/0/partitions"))
                .isEmpty();
    }

    @Test
    void managerOfAGroupUsesNoConsumersButMayDeleteThem() throws SQLException {
        Api manager = principal(prefix + "manager", "manage group " + prefix + "*");

        refuses(
                manager,
                with(
                        UNSEEN,
                        entry(Need.SEE_GROUP, "200"),
                        entry(Need.USE_GROUP, "ACCESS_DENIED"),
                        entry(Need.MANAGE_GROUP, "GROUP_NOT_EMPTY"),
                        entry(Need.OWN_CONSUMER, "ACCESS_DENIED"),
                        entry(Need.DELETE_CONSUMER, "skip")));
        assertThat(send(manager, ApiOperation.DELETE_CONSUMER).status()).isEqualTo(204);
        assertThat(send(manager, ApiOperation.DELETE_GROUP).status()).isEqualTo(204);
    }

    @Test
    void principalWithAllRulesDoesAllButAdministerAccess() {
        String name = prefix + "full";
        Api full = principal(
                name,
                "read topic " + prefix + "*",
                "write topic " + prefix + "*",
                "manage topic " + prefix + "*",
                "use group " + prefix + "*",
                "manage group " + prefix + "*");
        assertThat(send(full, ApiOperation.DELETE_CONSUMER).status()).isEqualTo(204);
        full.newConsumer(group, "{\"name\":\"theirs\",\"format\":\"json\",\"auto.offset.reset\":\"earliest\"}");
        Set<ApiOperation> last = Set.of(
                ApiOperation.DELETE_TOPIC,
                ApiOperation.DELETE_RECORDS,
                ApiOperation.UNSUBSCRIBE,
                ApiOperation.ASSIGN,
                ApiOperation.DELETE_CONSUMER,
                ApiOperation.RESET_OFFSETS,
                ApiOperation.DELETE_GROUP);
        new Consumer(full, path(ApiOperation.DELETE_CONSUMER)).subscribe(topic);

        Map<ApiOperation, Integer> statuses = new LinkedHashMap<>();
        for (ApiOperation operation : ApiOperation.values()) {
            if (!last.contains(operation)) {
                statuses.put(operation, send(full, operation).status());
            }
        }
        full.delete("/consumers/" + group + "/instances/mine");
        for (ApiOperation operation : List.of(
                ApiOperation.UNSUBSCRIBE,
                ApiOperation.ASSIGN,
                ApiOperation.DELETE_CONSUMER,
                ApiOperation.RESET_OFFSETS,
                ApiOperation.DELETE_RECORDS,
                ApiOperation.DELETE_TOPIC,
                ApiOperation.DELETE_GROUP)) {
            statuses.put(operation, send(full, operation).status());
        }

        assertThat(statuses).hasSize(ApiOperation.values().length);
        statuses.forEach((operation, status) -> {
            // Nobody can log in at a provider here.
            boolean elsewhere = Set.of(
                            ApiOperation.HEALTHY,
                            ApiOperation.READY,
                            ApiOperation.METRICS,
                            ApiOperation.LOGIN,
                            ApiOperation.LOGIN_CALLBACK)
                    .contains(operation);
            if (operation.need() == Need.ADMINISTRATOR) {
                assertThat(status).as(operation.id()).isEqualTo(403);
            } else if (elsewhere) {
                assertThat(status).as(operation.id()).isEqualTo(404);
            } else {
                assertThat(status).as(operation.id()).isBetween(200, 299);
            }
        });
    }

    /** What is checked and what is done would differ otherwise. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "a+b",
                "a%20b",
                "a%2Bb",
                "%C3%A9",
                "a%25b",
                "a%2520b",
                "x%3By",
                "a%2e%2Eb",
                "%61",
                "a&b=c",
                "a%FF"
            })
    void namesInPathsAreReadAsTheResourcesReadThem(String encoded) {
        String path = "/consumers/" + prefix + encoded;
        String name = ApiOperation.of(HttpMethod.POST, path).orElseThrow().name();

        assertThat(admin.post(path, Api.CONTROL, "{}").status()).isEqualTo(200);

        assertThat(admin.get("/groups").json())
                .extracting(listed -> listed.path("group_id").asText())
                .contains(name);
    }

    @Test
    void hiddenTopicIsAnsweredAsOneThatDoesNotExist() {
        Api reader = principal(prefix + "reader", "read topic " + prefix + "visible*");
        String missing = prefix + "missing";

        for (String operation :
                List.of("", "/partitions", "/partitions/0", "/partitions/0/offsets", "/partitions/0/records")) {
            assertThat(reader.get("/topics/" + topic + operation).body())
                    .isEqualTo(
                            admin.get("/topics/" + missing + operation).body().replace(missing, topic));
        }
        assertThat(reader.post("/topics/" + topic, Api.JSON, "no json").body())
                .isEqualTo("{\"error_code\":404,\"message\":\"Topic " + topic
                        + " does not exist.\",\"code\":\"TOPIC_NOT_FOUND\"}");
    }

    @Test
    void creationOfATopicOutsideTheRulesIsRefusedWhetherOrNotItExists() {
        Api manager = principal(prefix + "manager", "manage topic " + prefix + "mine*");

        Api.Answer existing = create(manager, topic);
        Api.Answer missing = create(manager, prefix + "none");

        assertThat(existing.code()).isEqualTo("ACCESS_DENIED");
        assertThat(missing.body()).isEqualTo(existing.body().replace(topic, prefix + "none"));
        assertThat(create(manager, prefix + "mine").status()).isEqualTo(201);
    }

    @Test
    void topicIsCreatedAutomaticallyForThoseWhoManageItOnly() {
        Api writer = principal(prefix + "writer", "write topic " + prefix + "*");
        Api manager = principal(prefix + "both", "write topic " + prefix + "*", "manage topic " + prefix + "auto*");
        String record = "{\"records\":[{\"value\":1}]}";

        assertThat(writer.post("/topics/" + prefix + "auto", Api.JSON, record).code())
                .isEqualTo("TOPIC_NOT_FOUND");
        assertThat(manager.post("/topics/" + prefix + "auto", Api.JSON, record).status())
                .isEqualTo(200);
        assertThat(writer.post("/topics/" + prefix + "auto", Api.JSON, record).status())
                .isEqualTo(200);
        assertThat(manager.post("/topics/" + prefix + "other", Api.JSON, record).code())
                .isEqualTo("TOPIC_NOT_FOUND");
    }

    /** What a principal gets that has no right on anything of this test, by what operations need. */
    private static final Map<Need, String> UNSEEN = Map.ofEntries(
            entry(Need.NOTHING, "skip"),
            entry(Need.CREDENTIALS, "200"),
            entry(Need.ADMINISTRATOR, "ACCESS_DENIED"),
            entry(Need.SEE_TOPIC, "TOPIC_NOT_FOUND"),
            entry(Need.READ_TOPIC, "TOPIC_NOT_FOUND"),
            entry(Need.WRITE_TOPIC, "TOPIC_NOT_FOUND"),
            entry(Need.MANAGE_TOPIC, "TOPIC_NOT_FOUND"),
            entry(Need.CREATE_TOPIC, "ACCESS_DENIED"),
            entry(Need.SEE_GROUP, "GROUP_NOT_FOUND"),
            entry(Need.USE_GROUP, "GROUP_NOT_FOUND"),
            entry(Need.MANAGE_GROUP, "GROUP_NOT_FOUND"),
            entry(Need.CREATE_CONSUMER, "ACCESS_DENIED"),
            entry(Need.OWN_CONSUMER, "CONSUMER_NOT_FOUND"),
            entry(Need.DELETE_CONSUMER, "CONSUMER_NOT_FOUND"));

    @SafeVarargs
    private static Map<Need, String> with(Map<Need, String> expected, Map.Entry<Need, String>... others) {
        Map<Need, String> changed = new LinkedHashMap<>(expected);
        Arrays.stream(others).forEach(other -> changed.put(other.getKey(), other.getValue()));
        return changed;
    }

    /** Sees that every operation has the code, or the status 200, that its need stands for, and that nothing changes. */
    private void refuses(Api caller, Map<Need, String> expected) throws SQLException {
        String before = one(STATE);
        for (ApiOperation operation : ApiOperation.values()) {
            String code = expected.getOrDefault(operation.need(), "none");
            if (code.equals("skip")) {
                continue;
            }
            Api.Answer answer = send(caller, operation);
            if (code.equals("200")) {
                assertThat(answer.status()).as(operation.id() + answer.body()).isEqualTo(200);
            } else {
                assertThat(answer.code()).as(operation.id() + answer.body()).isEqualTo(code);
                assertThat(answer.json().path("error_code").asInt()).isEqualTo(answer.status());
                assertThat(answer.json().path("message").asText()).isNotEmpty();
                assertThat(answer.header("Content-Type")).isEqualTo(Api.CONTROL);
            }
        }
        assertThat(one(STATE)).isEqualTo(before);
    }

    private Api.Answer create(Api caller, String name) {
        return caller.post("/admin/topics", Api.CONTROL, "{\"topic_name\":\"" + name + "\"}");
    }
}
