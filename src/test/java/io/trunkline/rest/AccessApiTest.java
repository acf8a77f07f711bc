package io.trunkline.rest;

import static java.util.Map.entry;
import static org.assertj.core.api.Assertions.assertThat;

import io.quarkus.test.junit.QuarkusTest;
import io.quarkus.test.junit.TestProfile;
import io.trunkline.access.ApiToken;
import io.trunkline.testing.AccessTestCase;
import io.trunkline.testing.Api;
import io.trunkline.testing.Consumer;
import io.vertx.core.http.HttpMethod;
import java.net.http.HttpRequest;
import java.nio.charset.StandardCharsets;
import java.security.SecureRandom;
import java.sql.SQLException;
import java.util.Arrays;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Every operation, for everybody who may not do it and for those who may. */
@QuarkusTest
@TestProfile(AccessTestCase.Required.class)
class AccessApiTest extends AccessTestCase {
    private static final String NOBODY =
            "This service needs credentials: an API token, as a Bearer token or as the password of Basic.";
    private static final String INVALID = "The credentials are not valid.";
    /** All that requests could change; but not what the service notes by itself. */
    private static final String STATE = """
            SELECT md5(concat_ws('|',
                (SELECT string_agg(t::text, ',' ORDER BY t.name) FROM trunkline.topic t WHERE t.name LIKE 'x%'),
                (SELECT string_agg(h::text, ',' ORDER BY h.tp_id) FROM trunkline.partition_head h),
                (SELECT string_agg(concat(b.slice, b.tp_id, b.last_offset), ',' ORDER BY b.tp_id, b.last_offset)
                   FROM trunkline.log_batch b),
                (SELECT string_agg(concat(g.name, g.generation), ',' ORDER BY g.name) FROM trunkline.consumer_group g),
                (SELECT string_agg(concat(m.name, m.subscription, m.topics, m.principal, m.roles), ',' ORDER BY m.member_id)
                   FROM trunkline.group_member m),
                (SELECT string_agg(p::text, ',' ORDER BY p.member_id, p.tp_id) FROM trunkline.member_partition p),
                (SELECT string_agg(o::text, ',' ORDER BY o.group_id, o.tp_id) FROM trunkline.group_offset o),
                (SELECT string_agg(concat(a.token_id, a.revoked_at), ',' ORDER BY a.token_id) FROM trunkline.access_token a),
                (SELECT string_agg(r::text, ',' ORDER BY r.rule_id) FROM trunkline.access_rule r)))
            """;

    private String topic = "";
    private String group = "";
    private String victim = "";
    private long rule;

    /** A topic with a record, a group with a consumer that the administrator has created, a token and a rule. */
    @BeforeEach
    void makeWhatIsThere() {
        topic = topic("orders", 1);
        admin.writeNumbers(topic, 0, 0, 3);
        group = prefix + "group";
        victim = token(prefix + "victim");
        rule = allow(prefix + "victim", "read topic " + topic);
        String path = admin.newConsumer(
                group, "{\"name\":\"theirs\",\"format\":\"json\",\"auto.offset.reset\":\"earliest\"}");
        new Consumer(admin, path).subscribe(topic);
    }

    @Test
    void nobodyDoesAnythingWithoutCredentials() throws SQLException {
        refusesAll(api, NOBODY);
    }

    @Test
    void wrongTokenIsRefused() throws SQLException {
        refusesAll(api.as(ApiToken.random(new SecureRandom()).reveal()), INVALID);
        refusesAll(api.as(victim.substring(0, victim.length() - 1) + (victim.endsWith("a") ? "b" : "a")), INVALID);
        refusesAll(api.as("eyJhbGciOiJub25lIn0.e30."), INVALID);
    }

    @Test
    void expiredTokenIsRefused() throws SQLException {
        String token = expiredTokenBySql(prefix + "late", "admin");
        token(prefix + "other"); // so that the service has looked

        refusesAll(api.as(token), INVALID);
    }

    @Test
    void revokedTokenIsRefusedAtOnce() throws SQLException {
        String token = token(prefix + "gone", "admin");
        assertThat(api.as(token).get("/tokens").status()).isEqualTo(200);

        assertThat(admin.delete("/tokens/" + id(token)).status()).isEqualTo(204);

        refusesAll(api.as(token), INVALID);
    }

    @Test
    void oddHeadersAreRefused() {
        String basic =
                Base64.getEncoder().encodeToString(("somebody:" + administrator).getBytes(StandardCharsets.UTF_8));

        assertThat(List.of(
                        "Bearer",
                        "Bearer x",
                        "Basic !",
                        "Basic " + basic,
                        "Token " + administrator,
                        administrator,
                        "x".repeat(14_000)))
                .allSatisfy(header -> isRefused(api.authorized(header).get("/topics"), INVALID));
        isRefused(
                api.send(api.request("/topics")
                        .header("Authorization", "Bearer " + administrator)
                        .header("Authorization", "Bearer " + administrator)
                        .GET()),
                INVALID);
    }

    @Test
    void tokenIsTakenAsThePasswordOfBasicToo() {
        for (String user : List.of("", prefix + "admin")) {
            String basic =
                    Base64.getEncoder().encodeToString((user + ":" + administrator).getBytes(StandardCharsets.UTF_8));
            assertThat(api.authorized("basic " + basic).get("/topics").status()).isEqualTo(200);
        }
        assertThat(api.authorized("bearer  " + administrator).get("/topics").status())
                .isEqualTo(200);
    }

    @Test
    void descriptionOfTheApiNeedsNoCredentials() {
        for (String path : List.of("/", "/openapi", "/openapi/v3", "/q/openapi", "/q/swagger-ui/")) {
            assertThat(api.get(path).status()).as(path).isEqualTo(200);
        }
    }

    @Test
    void whatIsNoOperationIsRefusedForNobodyAndNotFoundForOthers() {
        isRefused(api.get("/nothing"), NOBODY);
        isRefused(api.get("/topics;x=1"), NOBODY);
        assertThat(admin.get("/nothing").code()).isEqualTo("PATH_NOT_FOUND");
        assertThat(admin.get("/topics/" + topic + ";x=1").code()).isEqualTo("PATH_NOT_FOUND");
        assertThat(admin.delete("/topics").code()).isEqualTo("METHOD_NOT_ALLOWED");
    }

    @Test
    void healthIsOpenAndMetricsNeedACredential() {
        String noRights = token(prefix + "prometheus");

        assertThat(ops.get("/healthy").status()).isEqualTo(200);
        assertThat(ops.get("/ready").status()).isEqualTo(200);
        assertThat(ops.get("/q/health/live").status()).isEqualTo(200);
        isUnknown(ops.get("/metrics"));
        isUnknown(ops.get("/q/metrics"));
        isUnknown(ops.get("/q/../q/metrics"));
        isUnknown(ops.as("wrong").get("/q/metrics"));
        assertThat(ops.as(noRights).get("/q/metrics").body()).contains("trunkline_");
        assertThat(ops.as(noRights).get("/metrics").status()).isEqualTo(200);
    }

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
            boolean management = Set.of(ApiOperation.HEALTHY, ApiOperation.READY, ApiOperation.METRICS)
                    .contains(operation);
            if (operation.need() == Need.ADMINISTRATOR) {
                assertThat(status).as(operation.id()).isEqualTo(403);
            } else if (management) {
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

    @ParameterizedTest
    @ValueSource(strings = {"//topics", "/./topics", "/x/../topics", "/%74opics", "/topics/", "/TOPICS/../topics"})
    void otherSpellingsOfAPathAreThatPath(String path) {
        Api nothing = principal(prefix + "nothing");

        isRefused(api.get(path), NOBODY);
        isRefused(api.get(path + "/" + topic), NOBODY);
        assertThat(nothing.get(path + "/" + topic).status()).isEqualTo(404);
        assertThat(nothing.get(path + "/" + topic + "/partitions/0/records").status())
                .isEqualTo(404);
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

    @Test
    void nothingIsReadOfABodyThatMayNotBeSent() {
        Api nothing = principal(prefix + "nothing");
        String large = "x".repeat(8 << 20);

        assertThat(nothing.post("/topics/" + topic, Api.JSON, large).code()).isEqualTo("TOPIC_NOT_FOUND");
        assertThat(nothing.post("/admin/topics", Api.CONTROL, large).code()).isEqualTo("ACCESS_DENIED");
        assertThat(nothing.post("/tokens", Api.CONTROL, large).code()).isEqualTo("ACCESS_DENIED");
        isRefused(api.post("/topics/" + topic, Api.JSON, large), NOBODY);
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

    private void refusesAll(Api caller, String message) throws SQLException {
        String before = one(STATE);
        for (ApiOperation operation : ApiOperation.values()) {
            if (operation.need() != Need.NOTHING) {
                isRefused(send(caller, operation), message);
            }
        }
        assertThat(one(STATE)).isEqualTo(before);
    }

    private static void isRefused(Api.Answer answer, String message) {
        assertThat(answer.status()).as(answer.body()).isEqualTo(401);
        assertThat(answer.body())
                .isEqualTo("{\"error_code\":401,\"message\":\"" + message + "\",\"code\":\"AUTHENTICATION_REQUIRED\"}");
        assertThat(answer.header("WWW-Authenticate")).isEqualTo("Bearer, Basic realm=\"trunkline\"");
        assertThat(answer.header("Content-Type")).isEqualTo(Api.CONTROL);
    }

    private static void isUnknown(Api.Answer answer) {
        assertThat(answer.status()).isEqualTo(401);
        assertThat(answer.code()).isEqualTo("AUTHENTICATION_REQUIRED");
        assertThat(answer.header("WWW-Authenticate")).isEqualTo("Bearer, Basic realm=\"trunkline\"");
    }

    private Api.Answer create(Api caller, String name) {
        return caller.post("/admin/topics", Api.CONTROL, "{\"topic_name\":\"" + name + "\"}");
    }

    private String path(ApiOperation operation) {
        return operation
                .path()
                .replace("{topicname}", topic)
                .replace("{partitionid}", "0")
                .replaceAll("\\{group(id)?}", group)
                .replace("{name}", "theirs")
                .replace("{id}", operation == ApiOperation.DELETE_RULE ? String.valueOf(rule) : id(victim));
    }

    private static String id(String token) {
        return ApiToken.parse(token).orElseThrow().id();
    }

    /** A request that would succeed for somebody who may do everything. */
    private Api.Answer send(Api caller, ApiOperation operation) {
        String query = switch (operation) {
            case DELETE_RECORDS -> "?before=-1";
            case FETCH -> "?offset=0";
            default -> "";
        };
        String offsets = Consumer.offsets(Consumer.offset(topic, 0, 1));
        String body = switch (operation) {
            case CREATE_TOPIC -> "{\"topic_name\":\"" + prefix + "new\"}";
            case CHANGE_TOPIC -> "{\"configs\":{\"retention.ms\":3600000}}";
            case SEND, SEND_TO_PARTITION -> "{\"records\":[{\"value\":1}]}";
            case RESET_OFFSETS -> "{\"to\":\"earliest\",\"topics\":[\"" + topic + "\"]}";
            case CREATE_CONSUMER -> "{\"name\":\"mine\",\"format\":\"json\"}";
            case SUBSCRIBE -> Consumer.topics(topic);
            case ASSIGN -> Consumer.partitions(topic, 0);
            case COMMIT, SEEK -> offsets;
            case SEEK_TO_BEGINNING, SEEK_TO_END -> "{\"partitions\":[]}";
            case CREATE_TOKEN -> "{\"principal\":\"" + prefix + "new\"}";
            case CREATE_RULE ->
                "{\"principal\":\"" + prefix + "new\",\"right\":\"read\",\"topic\":\"" + prefix + "new\"}";
            default -> "";
        };
        HttpRequest.Builder request = caller.request(path(operation) + query)
                .method(
                        operation.method().name(),
                        body.isEmpty()
                                ? HttpRequest.BodyPublishers.noBody()
                                : HttpRequest.BodyPublishers.ofString(body));
        boolean records = operation == ApiOperation.SEND || operation == ApiOperation.SEND_TO_PARTITION;
        return caller.send(body.isEmpty() ? request : request.header("Content-Type", records ? Api.JSON : Api.CONTROL));
    }
}
