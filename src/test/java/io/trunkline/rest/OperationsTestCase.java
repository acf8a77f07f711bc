package io.trunkline.rest;

import static org.assertj.core.api.Assertions.assertThat;

import io.trunkline.access.ApiToken;
import io.trunkline.edge.BrowserSession;
import io.trunkline.testing.AccessTestCase;
import io.trunkline.testing.Api;
import io.trunkline.testing.Consumer;
import java.net.http.HttpRequest;
import org.junit.jupiter.api.BeforeEach;

/** A test that sends requests for all operations, and sees what they change. */
abstract class OperationsTestCase extends AccessTestCase {
    static final String NOBODY =
            "This service needs credentials: an API token, as a Bearer token or as the password of Basic.";
    static final String INVALID = "The credentials are not valid.";
    /** All that requests could change; but not what the service notes by itself. */
    static final String STATE = """
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

    String topic = "";
    String group = "";
    String victim = "";
    long rule;

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

    static void isRefused(Api.Answer answer, String message) {
        assertThat(answer.status()).as(answer.body()).isEqualTo(401);
        assertThat(answer.body())
                .isEqualTo("{\"error_code\":401,\"message\":\"" + message + "\",\"code\":\"AUTHENTICATION_REQUIRED\"}");
        assertThat(answer.header("WWW-Authenticate")).isEqualTo("Bearer, Basic realm=\"trunkline\"");
        assertThat(answer.header("Content-Type")).isEqualTo(Api.CONTROL);
    }

    String path(ApiOperation operation) {
        return operation
                .path()
                .replace("{topicname}", topic)
                .replace("{partitionid}", "0")
                .replaceAll("\\{group(id)?}", group)
                .replace("{name}", "theirs")
                .replace("{id}", operation == ApiOperation.DELETE_RULE ? String.valueOf(rule) : id(victim));
    }

    static String id(String token) {
        return ApiToken.parse(token).orElseThrow().id();
    }

    /** A request that would succeed for somebody who may do everything. */
    Api.Answer send(Api caller, ApiOperation operation) {
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
            case CREATE_SESSION -> "{\"token\":\"" + victim + "\"}";
            case CREATE_TOKEN -> "{\"principal\":\"" + prefix + "new\"}";
            case CREATE_RULE ->
                "{\"principal\":\"" + prefix + "new\",\"right\":\"read\",\"topic\":\"" + prefix + "new\"}";
            default -> "";
        };
        boolean session = operation == ApiOperation.CREATE_SESSION || operation == ApiOperation.DELETE_SESSION;
        Api sender = session ? caller.with(BrowserSession.HEADER, "1") : caller;
        HttpRequest.Builder request = sender.request(path(operation) + query)
                .method(
                        operation.method().name(),
                        body.isEmpty()
                                ? HttpRequest.BodyPublishers.noBody()
                                : HttpRequest.BodyPublishers.ofString(body));
        if (operation == ApiOperation.STREAM) {
            return caller.sendForBeginning(request);
        }
        boolean records = operation == ApiOperation.SEND || operation == ApiOperation.SEND_TO_PARTITION;
        return caller.send(body.isEmpty() ? request : request.header("Content-Type", records ? Api.JSON : Api.CONTROL));
    }
}
