package io.trunkline.rest;

import io.trunkline.error.TrunklineException;
import io.vertx.core.http.HttpMethod;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * The operations of the API, and what each needs. A test holds them together with the OpenAPI document and with the table in
 * {@code docs/security.md}; a request for anything else is refused where there is access control.
 */
enum ApiOperation {
    INFO("info", "GET", "/", Need.NOTHING, "—"),
    OPENAPI("openapi", "GET", "/openapi", Need.NOTHING, "—"),
    OPENAPI_V3("openapiv3", "GET", "/openapi/v3", Need.NOTHING, "—"),
    HEALTHY("healthy", "GET", "/healthy", Need.NOTHING, "—"),
    READY("ready", "GET", "/ready", Need.NOTHING, "—"),
    METRICS("metrics", "GET", "/metrics", Need.NOTHING, "—"),
    GET_SESSION("getSession", "GET", "/session", Need.NOTHING, "—"),
    CREATE_SESSION("createSession", "POST", "/session", Need.NOTHING, "—"),
    DELETE_SESSION("deleteSession", "DELETE", "/session", Need.NOTHING, "—"),
    LOGIN("login", "GET", "/session/login", Need.NOTHING, "—"),
    LOGIN_CALLBACK("loginCallback", "GET", "/session/callback", Need.NOTHING, "—"),
    LIST_TOPICS("listTopics", "GET", "/topics", Need.CREDENTIALS, "Describe Topic, filtered"),
    GET_TOPIC("getTopic", "GET", "/topics/{topicname}", Need.SEE_TOPIC, "Describe, DescribeConfigs Topic"),
    CREATE_TOPIC("createTopic", "POST", "/admin/topics", Need.CREATE_TOPIC, "Create Topic"),
    CHANGE_TOPIC("changeTopic", "PATCH", "/topics/{topicname}", Need.MANAGE_TOPIC, "Alter, AlterConfigs Topic"),
    DELETE_TOPIC("deleteTopic", "DELETE", "/topics/{topicname}", Need.MANAGE_TOPIC, "Delete Topic"),
    LIST_PARTITIONS("listPartitions", "GET", "/topics/{topicname}/partitions", Need.SEE_TOPIC, "Describe Topic"),
    GET_PARTITION(
            "getPartition", "GET", "/topics/{topicname}/partitions/{partitionid}", Need.SEE_TOPIC, "Describe Topic"),
    GET_OFFSETS(
            "getOffsets",
            "GET",
            "/topics/{topicname}/partitions/{partitionid}/offsets",
            Need.SEE_TOPIC,
            "Describe Topic"),
    SEND("send", "POST", "/topics/{topicname}", Need.WRITE_TOPIC, "Write Topic"),
    SEND_TO_PARTITION(
            "sendToPartition", "POST", "/topics/{topicname}/partitions/{partitionid}", Need.WRITE_TOPIC, "Write Topic"),
    FETCH("fetch", "GET", "/topics/{topicname}/partitions/{partitionid}/records", Need.READ_TOPIC, "Read Topic"),
    STREAM("stream", "GET", "/topics/{topicname}/records", Need.READ_TOPIC, "Read Topic"),
    DELETE_RECORDS(
            "deleteRecords",
            "DELETE",
            "/topics/{topicname}/partitions/{partitionid}/records",
            Need.MANAGE_TOPIC,
            "Delete Topic"),
    LIST_GROUPS("listGroups", "GET", "/groups", Need.CREDENTIALS, "Describe Group, filtered"),
    GET_GROUP("getGroup", "GET", "/groups/{group}", Need.SEE_GROUP, "Describe Group"),
    GET_GROUP_HISTORY("getGroupHistory", "GET", "/groups/{group}/history", Need.SEE_GROUP, "Describe Group"),
    DELETE_GROUP("deleteGroup", "DELETE", "/groups/{group}", Need.MANAGE_GROUP, "Delete Group"),
    RESET_OFFSETS(
            "resetOffsets", "PUT", "/groups/{group}/offsets", Need.USE_GROUP, "Read Group, Read Topic that it names"),
    CREATE_CONSUMER("createConsumer", "POST", "/consumers/{groupid}", Need.CREATE_CONSUMER, "Read Group"),
    DELETE_CONSUMER(
            "deleteConsumer", "DELETE", "/consumers/{groupid}/instances/{name}", Need.DELETE_CONSUMER, "Read Group"),
    SUBSCRIBE(
            "subscribe",
            "POST",
            "/consumers/{groupid}/instances/{name}/subscription",
            Need.OWN_CONSUMER,
            "Read Group, Read Topic"),
    LIST_SUBSCRIPTIONS(
            "listSubscriptions",
            "GET",
            "/consumers/{groupid}/instances/{name}/subscription",
            Need.OWN_CONSUMER,
            "Read Group"),
    UNSUBSCRIBE(
            "unsubscribe",
            "DELETE",
            "/consumers/{groupid}/instances/{name}/subscription",
            Need.OWN_CONSUMER,
            "Read Group"),
    ASSIGN(
            "assign",
            "POST",
            "/consumers/{groupid}/instances/{name}/assignments",
            Need.OWN_CONSUMER,
            "Read Group, Read Topic"),
    POLL("poll", "GET", "/consumers/{groupid}/instances/{name}/records", Need.OWN_CONSUMER, "Read Group, Read Topic"),
    COMMIT(
            "commit",
            "POST",
            "/consumers/{groupid}/instances/{name}/offsets",
            Need.OWN_CONSUMER,
            "Read Group, Read Topic that it names"),
    SEEK(
            "seek",
            "POST",
            "/consumers/{groupid}/instances/{name}/positions",
            Need.OWN_CONSUMER,
            "Read Group, Read Topic that it names"),
    SEEK_TO_BEGINNING(
            "seekToBeginning",
            "POST",
            "/consumers/{groupid}/instances/{name}/positions/beginning",
            Need.OWN_CONSUMER,
            "Read Group"),
    SEEK_TO_END(
            "seekToEnd",
            "POST",
            "/consumers/{groupid}/instances/{name}/positions/end",
            Need.OWN_CONSUMER,
            "Read Group"),
    GET_OVERVIEW("getOverview", "GET", "/overview", Need.CREDENTIALS, "Describe Topic, Group, filtered"),
    GET_TRAFFIC("getTraffic", "GET", "/overview/history", Need.CREDENTIALS, "Describe Topic, filtered"),
    LIST_TOPIC_STATES("listTopicStates", "GET", "/overview/topics", Need.CREDENTIALS, "Describe Topic, filtered"),
    LIST_GROUP_STATES(
            "listGroupStates", "GET", "/overview/groups", Need.CREDENTIALS, "Describe Topic, Group, filtered"),
    LIST_TOKENS("listTokens", "GET", "/tokens", Need.ADMINISTRATOR, "Describe Cluster"),
    CREATE_TOKEN("createToken", "POST", "/tokens", Need.ADMINISTRATOR, "Alter Cluster"),
    REVOKE_TOKEN("revokeToken", "DELETE", "/tokens/{id}", Need.ADMINISTRATOR, "Alter Cluster"),
    LIST_RULES("listRules", "GET", "/rules", Need.ADMINISTRATOR, "Describe Cluster"),
    CREATE_RULE("createRule", "POST", "/rules", Need.ADMINISTRATOR, "Alter Cluster"),
    DELETE_RULE("deleteRule", "DELETE", "/rules/{id}", Need.ADMINISTRATOR, "Alter Cluster");

    private static final Map<Integer, List<ApiOperation>> BY_LENGTH = new TreeMap<>();
    private static final int LONGEST;

    static {
        int longest = 0;
        for (ApiOperation operation : values()) {
            longest = Math.max(longest, operation.segments.length);
            BY_LENGTH
                    .computeIfAbsent(operation.segments.length, length -> new ArrayList<>())
                    .add(operation);
        }
        LONGEST = longest;
    }

    private final String id;
    private final HttpMethod method;
    private final String path;
    private final Need need;
    private final String kafka;
    /** Of the path; null for a parameter. */
    private final @Nullable String[] segments;

    /**
     * @param id of the OpenAPI document
     * @param kafka the operations and resources that the same takes in Kafka's access control
     */
    ApiOperation(String id, String method, String path, Need need, String kafka) {
        this.id = id;
        this.method = HttpMethod.valueOf(method);
        this.path = path;
        this.need = need;
        this.kafka = kafka;
        String[] texts = split(path);
        segments = new String[texts.length];
        for (int i = 0; i < texts.length; i++) {
            segments[i] = texts[i].startsWith("{") ? null : texts[i];
        }
    }

    String id() {
        return id;
    }

    HttpMethod method() {
        return method;
    }

    /** As in the OpenAPI document. */
    String path() {
        return path;
    }

    Need need() {
        return need;
    }

    String kafka() {
        return kafka;
    }

    /**
     * What a request asks for.
     *
     * @param name of the topic, group, token or rule that the path names first; empty without one
     */
    record Asked(ApiOperation operation, String name) {
        /** Sees to it that a caller may do it, as far as the path tells. Fails as {@link Need#check}. */
        void check(Caller caller) {
            operation.need.check(caller, name);
        }

        /** As {@link #check}; empty where the caller may do it. */
        Optional<TrunklineException> refusal(Caller caller) {
            try {
                check(caller);
                return Optional.empty();
            } catch (TrunklineException e) {
                return Optional.of(e);
            }
        }
    }

    /**
     * What a request asks for; empty for what is no operation.
     *
     * @param path without dot segments and repeated slashes, as the resources see it
     */
    static Optional<Asked> of(HttpMethod method, String path) {
        HttpMethod wanted = method == HttpMethod.HEAD ? HttpMethod.GET : method;
        String[] given = split(path);
        if (given.length > LONGEST) {
            return Optional.empty();
        }
        for (ApiOperation operation : BY_LENGTH.getOrDefault(given.length, List.of())) {
            if (operation.method == wanted && operation.matches(given)) {
                return Optional.of(new Asked(operation, given.length > 1 ? operation.name(given) : ""));
            }
        }
        return Optional.empty();
    }

    /** Whether a request is one of somebody who has not proven anything yet, and says in its body who it is. */
    static boolean isLogin(HttpMethod method, String path) {
        return method == HttpMethod.POST && (path.equals("/session") || path.equals("/session/"));
    }

    /** Whether there is an operation of another method at a path. */
    static boolean hasPath(String path) {
        String[] given = split(path);
        return BY_LENGTH.getOrDefault(given.length, List.of()).stream().anyMatch(operation -> operation.matches(given));
    }

    private boolean matches(String[] given) {
        for (int i = 0; i < segments.length; i++) {
            String segment = segments[i];
            // What comes after a semicolon is cut off by some readers: nothing is served that two may read differently.
            if (segment == null ? given[i].isEmpty() || given[i].indexOf(';') >= 0 : !segment.equals(given[i])) {
                return false;
            }
        }
        return true;
    }

    private String name(String[] given) {
        for (int i = 0; i < segments.length; i++) {
            if (segments[i] == null) {
                String text = given[i];
                return text.indexOf('%') < 0
                        ? text
                        : URLDecoder.decode(text.replace("+", "%2B"), StandardCharsets.UTF_8);
            }
        }
        return "";
    }

    /** Without a regular expression: every request has a path. A slash at the end counts for nothing. */
    private static String[] split(String path) {
        int end = path.length() > 1 && path.endsWith("/") ? path.length() - 1 : path.length();
        int count = 0;
        for (int i = 0; i < end; i++) {
            if (path.charAt(i) == '/') {
                count++;
            }
        }
        String[] parts = new String[count];
        int from = 1;
        for (int part = 0; part < count; part++) {
            int slash = path.indexOf('/', from);
            int to = slash < 0 || slash > end ? end : slash;
            parts[part] = path.substring(from, to);
            from = to + 1;
        }
        return parts;
    }
}
