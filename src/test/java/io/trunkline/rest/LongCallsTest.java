package io.trunkline.rest;

import static org.assertj.core.api.Assertions.assertThat;

import io.quarkus.test.junit.QuarkusTest;
import io.quarkus.test.junit.TestProfile;
import io.trunkline.access.ApiToken;
import io.trunkline.testing.AccessTestCase;
import io.trunkline.testing.Api;
import io.trunkline.testing.Consumer;
import io.trunkline.testing.EventStream;
import jakarta.inject.Inject;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Polls and fetches that wait, and whose right is taken away, mostly by SQL as another replica would. */
@QuarkusTest
@TestProfile(AccessTestCase.Required.class)
class LongCallsTest extends AccessTestCase {
    private static final Duration LATEST = Duration.ofSeconds(2);

    @Inject
    LongCalls calls;

    private String topic = "";
    private String ann = "";
    private String group = "";
    private String token = "";
    private long reading;
    private long using;

    @BeforeEach
    void makeReader() {
        topic = topic("orders", 1);
        ann = prefix + "ann";
        group = prefix + "group";
        reading = allow(ann, "read topic " + topic);
        using = allow(ann, "use group " + group);
        token = token(ann);
    }

    @Test
    void fetchEndsWhenTheRuleIsTakenAway() throws SQLException {
        CompletableFuture<Api.Answer> fetch = fetch();

        Api.Answer answer = endOf(fetch, "DELETE FROM trunkline.access_rule WHERE rule_id = " + reading);

        assertThat(answer.code()).isEqualTo("TOPIC_NOT_FOUND");
        assertThat(answer.status()).isEqualTo(404);
    }

    @Test
    void fetchEndsWhenTheTokenIsRevoked() throws SQLException {
        CompletableFuture<Api.Answer> fetch = fetch();

        Api.Answer answer = endOf(
                fetch,
                "UPDATE trunkline.access_token SET revoked_at = clock_timestamp() WHERE token_id = '" + id() + "'");

        assertThat(answer.code()).isEqualTo("AUTHENTICATION_REQUIRED");
        assertThat(answer.header("WWW-Authenticate")).isNotEmpty();
    }

    @Test
    void fetchEndsWhenAnAdministratorRevokesTheToken() {
        CompletableFuture<Api.Answer> fetch = fetch();

        long start = System.nanoTime();
        assertThat(admin.delete("/tokens/" + id()).status()).isEqualTo(204);

        assertThat(fetch.join().code()).isEqualTo("AUTHENTICATION_REQUIRED");
        assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(LATEST);
    }

    @Test
    void fetchEndsWhenTheTokenExpires() throws SQLException {
        CompletableFuture<Api.Answer> fetch = fetch();

        Api.Answer answer = endOf(
                fetch,
                "UPDATE trunkline.access_token SET expires_at = clock_timestamp() WHERE token_id = '" + id() + "'");

        assertThat(answer.code()).isEqualTo("AUTHENTICATION_REQUIRED");
    }

    @Test
    void fetchEndsWhenTheRoleIsTakenAway() throws SQLException {
        String bob = prefix + "bob";
        asOwner("INSERT INTO trunkline.access_role (principal, role) VALUES ('" + bob + "', 'reader')");
        token = token(bob);
        CompletableFuture<Api.Answer> fetch = fetch();

        Api.Answer answer = endOf(fetch, "DELETE FROM trunkline.access_role WHERE principal = '" + bob + "'");

        assertThat(answer.code()).isEqualTo("TOPIC_NOT_FOUND");
    }

    @Test
    void pollEndsWhenTheGroupMayNoLongerBeUsed() throws SQLException {
        CompletableFuture<Api.Answer> poll = poll();

        Api.Answer answer = endOf(poll, "DELETE FROM trunkline.access_rule WHERE rule_id = " + using);

        assertThat(answer.code()).isEqualTo("CONSUMER_NOT_FOUND");
    }

    @Test
    void pollEndsWhenTheTokenIsRevoked() throws SQLException {
        CompletableFuture<Api.Answer> poll = poll();

        Api.Answer answer = endOf(
                poll,
                "UPDATE trunkline.access_token SET revoked_at = clock_timestamp() WHERE token_id = '" + id() + "'");

        assertThat(answer.code()).isEqualTo("AUTHENTICATION_REQUIRED");
    }

    @Test
    void streamSaysThatTheRuleWasTakenAwayAndEnds() throws SQLException {
        for (String path : List.of("/topics/" + topic + "/records", "/topics/" + topic + "/partitions/0/records")) {
            long rule = allow(ann, "read topic " + topic);
            try (EventStream stream = EventStream.open(api.as(token), path)) {
                admin.writeNumbers(topic, 0, 0, 1);
                stream.next();
                asOwner("DELETE FROM trunkline.access_rule WHERE rule_id IN (" + rule + ", " + reading + ")");
                long start = System.nanoTime();

                assertEnds(stream, "TOPIC_NOT_FOUND");
                assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(LATEST);
            }
        }
    }

    @Test
    void streamOfAConsumerSaysThatTheTokenWasRevokedAndEnds() throws SQLException {
        Api anns = api.as(token);
        Consumer consumer = new Consumer(anns, anns.newConsumer(group, "{\"format\":\"json\"}"));
        consumer.subscribe(topic);
        try (EventStream stream = EventStream.open(anns, consumer.path() + "/records")) {
            asOwner("UPDATE trunkline.access_token SET revoked_at = clock_timestamp() WHERE token_id = '" + id() + "'");
            long start = System.nanoTime();

            assertEnds(stream, "AUTHENTICATION_REQUIRED");
            assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(LATEST);
        }
    }

    /** The principal may still use the group, and read the other topic. */
    @Test
    void streamOfAConsumerGivesNoMoreOfWhatARoleOfItsTokenAllowed() throws SQLException {
        String bob = prefix + "bob";
        String role = prefix + "role";
        String other = topic("other", 1);
        allow(bob, "use group " + group);
        allow(bob, "read topic " + other);
        Api.Answer rule = admin.post(
                "/rules", Api.CONTROL, "{\"role\":\"" + role + "\",\"right\":\"read\",\"topic\":\"" + topic + "\"}");
        assertThat(rule.status()).as(rule.body()).isEqualTo(201);
        token = token(bob, role);
        Api bobs = api.as(token);
        Consumer consumer =
                new Consumer(bobs, bobs.newConsumer(group, "{\"format\":\"json\",\"auto.offset.reset\":\"earliest\"}"));
        consumer.subscribe(topic, other);
        try (EventStream stream = EventStream.open(bobs, consumer.path() + "/records")) {
            admin.writeNumbers(topic, 0, 0, 1);
            assertThat(topicOf(stream.next())).isEqualTo(topic);
            admin.writeNumbers(other, 0, 0, 1);
            assertThat(topicOf(stream.next())).isEqualTo(other);

            asOwner("UPDATE trunkline.access_token SET roles = '{}' WHERE token_id = '" + id() + "'");
            Awaitility.await().pollDelay(LATEST).atMost(PATIENCE).until(() -> !stream.hasEnded());

            admin.writeNumbers(topic, 0, 1, 2);
            for (int i = 1; i < 4; i++) {
                admin.writeNumbers(other, 0, i, i + 1);
                assertThat(topicOf(stream.next())).isEqualTo(other);
            }
            assertThat(stream.waiting()).isZero();
        }
    }

    private static String topicOf(EventStream.Event event) {
        return event.json().path("topic").asText();
    }

    private static void assertEnds(EventStream stream, String code) {
        EventStream.Event last = stream.next();
        while (last.name().equals("message")) {
            last = stream.next();
        }
        assertThat(last.name()).isEqualTo("error");
        assertThat(last.json().path("code").asText()).isEqualTo(code);
        assertThat(stream.poll()).isEmpty();
    }

    @Test
    void otherChangesEndNothing() {
        CompletableFuture<Api.Answer> fetch = fetch();

        allow(prefix + "other", "read topic " + topic);
        Awaitility.await().during(LATEST).atMost(PATIENCE).until(() -> !fetch.isDone());
        admin.writeNumbers(topic, 0, 0, 1);

        assertThat(fetch.join().status()).isEqualTo(200);
        assertThat(fetch.join().json()).hasSize(1);
    }

    @Test
    void nothingIsKeptOfRequestsThatHaveEnded() {
        Api anns = api.as(token);
        for (int i = 0; i < 20; i++) {
            assertThat(anns.get("/topics/" + topic + "/partitions/0/records?timeout=10")
                            .status())
                    .isEqualTo(200);
        }

        Awaitility.await().atMost(PATIENCE).until(() -> calls.count() == 0);
    }

    private CompletableFuture<Api.Answer> fetch() {
        CompletableFuture<Api.Answer> fetch =
                api.as(token).getLater("/topics/" + topic + "/partitions/0/records?timeout=20000");
        awaitWaiting();
        return fetch;
    }

    private CompletableFuture<Api.Answer> poll() {
        Api anns = api.as(token);
        Consumer consumer = new Consumer(anns, anns.newConsumer(group, "{\"format\":\"json\"}"));
        consumer.subscribe(topic);
        CompletableFuture<Api.Answer> poll = consumer.pollLater("timeout=20000");
        awaitWaiting();
        return poll;
    }

    private void awaitWaiting() {
        Awaitility.await().atMost(PATIENCE).until(() -> calls.count() > 0);
    }

    /** What a request ends with after a change, within two seconds. */
    private static Api.Answer endOf(CompletableFuture<Api.Answer> request, String change) throws SQLException {
        asOwner(change);
        long start = System.nanoTime();
        Api.Answer answer = request.join();
        assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(LATEST);
        return answer;
    }

    private String id() {
        return ApiToken.parse(token).orElseThrow().id();
    }
}
