package io.trunkline.rest;

import static org.assertj.core.api.Assertions.assertThat;

import io.quarkus.test.junit.QuarkusTest;
import io.quarkus.test.junit.TestProfile;
import io.trunkline.access.ApiToken;
import io.trunkline.access.AuditEvent;
import io.trunkline.testing.AccessTestCase;
import io.trunkline.testing.Api;
import jakarta.enterprise.event.Observes;
import jakarta.inject.Singleton;
import java.net.http.HttpRequest;
import java.security.SecureRandom;
import java.util.Map;
import java.util.Optional;
import java.util.Queue;
import java.util.UUID;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@QuarkusTest
@TestProfile(AccessTestCase.Required.class)
class AuditApiTest extends AccessTestCase {
    private static final Queue<AuditEvent> EVENTS = new ConcurrentLinkedQueue<>();

    /** Hears what the service writes down. */
    @Singleton
    static class Listener {
        void heard(@Observes AuditEvent event) {
            EVENTS.add(event);
        }
    }

    @Test
    void changesAreWrittenDownWithWhoMadeThem() {
        String request = UUID.randomUUID().toString();
        String name = prefix + "audited";
        admin.createTopic(name, 1);

        Api.Answer deleted = admin.send(
                admin.request("/topics/" + name).header("X-Request-Id", request).DELETE());

        assertThat(deleted.status()).isEqualTo(204);
        assertThat(of(request))
                .containsEntry("action", "deleteTopic")
                .containsEntry("outcome", "done")
                .containsEntry("principal", ADMINISTRATOR)
                .containsEntry(
                        "credential",
                        "token " + ApiToken.parse(administrator).orElseThrow().id())
                .containsEntry("address", "127.0.0.1")
                .containsEntry("topic", name)
                .doesNotContainKey("code");
        assertThat(EVENTS)
                .anySatisfy(event -> assertThat(event.fields())
                        .containsEntry("action", "createTopic")
                        .containsEntry("topic", name));
    }

    @ParameterizedTest
    @ValueSource(strings = {"/topics/../admin/topics", "/topics/%2e%2e/admin/topics"})
    void changeByAnotherSpellingOfItsPathIsWrittenDown(String path) {
        String request = UUID.randomUUID().toString();
        String name = prefix + UUID.randomUUID();

        Api.Answer created = admin.send(admin.request(path)
                .header("X-Request-Id", request)
                .header("Content-Type", Api.CONTROL)
                .POST(HttpRequest.BodyPublishers.ofString("{\"topic_name\":\"" + name + "\"}")));

        assertThat(created.status()).isEqualTo(201);
        assertThat(of(request)).containsEntry("action", "createTopic").containsEntry("outcome", "done");
    }

    @Test
    void topicThatAProduceCreatesIsWrittenDown() {
        String request = UUID.randomUUID().toString();
        String name = prefix + "automatic";

        Api.Answer sent = admin.send(admin.request("/topics/" + name)
                .header("X-Request-Id", request)
                .header("Content-Type", Api.JSON)
                .POST(HttpRequest.BodyPublishers.ofString("{\"records\":[{\"value\":1}]}")));

        assertThat(sent.status()).as(sent.body()).isEqualTo(200);
        assertThat(of(request))
                .containsEntry("action", "createTopic")
                .containsEntry("outcome", "done")
                .containsEntry("topic", name);
    }

    @Test
    void grantsAreWrittenDownWithoutSecrets() {
        String secret = token(prefix + "bob", "reader");
        long rule = allow(prefix + "bob", "write topic " + prefix + "*");
        deny(rule);

        Awaitility.await()
                .atMost(PATIENCE)
                .untilAsserted(() -> assertThat(EVENTS)
                        .extracting(AuditEvent::fields)
                        .anySatisfy(fields -> assertThat(fields)
                                .containsEntry("action", "createToken")
                                .containsEntry("to", prefix + "bob")
                                .containsEntry("roles", "reader")
                                .containsEntry(
                                        "token",
                                        ApiToken.parse(secret).orElseThrow().id()))
                        .anySatisfy(fields -> assertThat(fields)
                                .containsEntry("action", "createRule")
                                .containsEntry("to", prefix + "bob")
                                .containsEntry("right", "write")
                                .containsEntry("topic", prefix + "*")
                                .containsEntry("rule", Long.toString(rule)))
                        .anySatisfy(fields -> assertThat(fields)
                                .containsEntry("action", "deleteRule")
                                .containsEntry("rule", Long.toString(rule))));
        assertThat(EVENTS.toString()).doesNotContain(secret.substring(16), administrator.substring(16));
    }

    @Test
    void resetIsWrittenDownAndATryIsNot() {
        String name = topic("reset", 1);
        String body = "{\"to\":\"latest\",\"topics\":[\"" + name + "\"],\"dry_run\":";
        String tried = UUID.randomUUID().toString();
        String done = UUID.randomUUID().toString();

        assertThat(reset(tried, body + "true}").status()).isEqualTo(200);
        assertThat(reset(done, body + "false}").status()).isEqualTo(200);

        assertThat(of(done))
                .containsEntry("action", "resetOffsets")
                .containsEntry("outcome", "done")
                .containsEntry("group", prefix + "group");
        assertThat(find(tried)).isEmpty();
    }

    private Api.Answer reset(String request, String body) {
        return admin.send(admin.request("/groups/" + prefix + "group/offsets")
                .header("X-Request-Id", request)
                .header("Content-Type", Api.CONTROL)
                .PUT(HttpRequest.BodyPublishers.ofString(body)));
    }

    @Test
    void whatTheRulesHideIsWrittenDownAsRefused() {
        String name = topic("hidden", 1);
        Api stranger = principal(prefix + "eve");

        // Refusals of other tests may use up the lines of this one's address for a moment.
        Map<String, String> fields = eventually(request -> {
            Api.Answer answer = stranger.send(stranger.request("/topics/" + name + "/partitions/0/records")
                    .header("X-Request-Id", request)
                    .GET());
            assertThat(answer.code()).isEqualTo("TOPIC_NOT_FOUND");
        });

        assertThat(fields)
                .containsEntry("action", "fetch")
                .containsEntry("outcome", "refused")
                .containsEntry("principal", prefix + "eve")
                .containsEntry("topic", name)
                .containsEntry("code", "TOPIC_NOT_FOUND");
    }

    @Test
    void wrongTokenIsWrittenDownByItsIdOnly() {
        ApiToken wrong = ApiToken.random(new SecureRandom());
        Api guest = api.as(wrong.reveal());

        Map<String, String> fields = eventually(request -> assertThat(guest.send(guest.request("/admin/topics")
                                .header("X-Request-Id", request)
                                .DELETE())
                        .status())
                .isEqualTo(401));

        assertThat(fields)
                .containsEntry("action", "unknown")
                .containsEntry("outcome", "refused")
                .containsEntry("credential", "token " + wrong.id())
                .containsEntry("code", "AUTHENTICATION_REQUIRED")
                .doesNotContainKey("principal");
        assertThat(EVENTS.toString()).doesNotContain(wrong.reveal().substring(16));
    }

    @ParameterizedTest
    @ValueSource(strings = {"token", "access_token", "api_key", "key", "authorization", "Authorization", "password"})
    void tokenInAUrlIsNoCredentialAndIsNotWrittenDown(String parameter) {
        Api.Answer answer = api.get("/topics?" + parameter + "=" + administrator);

        assertThat(answer.status()).isEqualTo(401);
        assertThat(EVENTS.toString()).doesNotContain(administrator.substring(16));
    }

    private static Map<String, String> of(String request) {
        return Awaitility.await()
                .atMost(PATIENCE)
                .until(() -> find(request), Optional::isPresent)
                .orElseThrow();
    }

    private static Optional<Map<String, String>> find(String request) {
        return EVENTS.stream()
                .filter(event -> event.request().equals(request))
                .map(AuditEvent::fields)
                .findFirst();
    }

    /** The event of a request that is made until it has one. */
    private static Map<String, String> eventually(Consumer<String> call) {
        Supplier<Optional<Map<String, String>>> attempt = () -> {
            String request = UUID.randomUUID().toString();
            call.accept(request);
            return find(request);
        };
        return Awaitility.await()
                .atMost(PATIENCE.multipliedBy(3))
                .until(attempt::get, Optional::isPresent)
                .orElseThrow();
    }
}
