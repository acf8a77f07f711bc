package io.trunkline.rest;

import static org.assertj.core.api.Assertions.assertThat;

import io.trunkline.access.ApiToken;
import io.trunkline.testing.Api;
import io.trunkline.testing.Consumer;
import io.trunkline.testing.ServiceProcess;
import io.trunkline.testing.TestDatabase;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.CleanupMode;
import org.junit.jupiter.api.io.TempDir;

/** Rights that an administrator takes away at one replica, from somebody who waits for records at another. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class RevocationIT {
    private static final Duration LATEST = Duration.ofSeconds(2);
    private static final Duration PATIENCE = Duration.ofSeconds(20);
    /** Much longer than it takes until rights end. */
    private static final String WAIT = "timeout=30000";

    private final TestDatabase database = TestDatabase.inASharedServer();
    private final ApiToken administrator = ApiToken.random(new SecureRandom());
    private ServiceProcess one;
    private ServiceProcess other;

    /** At one replica. */
    private Api admin;

    private int named;
    private String topic = "";
    private String group = "";
    private String ann = "";
    private long reading;
    private String secret = "";
    /** At the other replica. */
    private Api anns;

    @BeforeAll
    void start(@TempDir(cleanup = CleanupMode.ON_SUCCESS) Path directory) throws SQLException {
        Map<String, String> settings = new HashMap<>(database.start());
        settings.put("trunkline.access.mode", "required");
        one = ServiceProcess.start(directory, settings);
        other = ServiceProcess.start(directory, settings);
        try (Connection owner = DriverManager.getConnection(
                        settings.get("trunkline.database.url"),
                        settings.get("trunkline.database.owner.username"),
                        settings.get("trunkline.database.owner.password"));
                PreparedStatement add = owner.prepareStatement(
                        "SELECT trunkline.add_token(?, ?, 'root', ARRAY['admin'], '', NULL, 'test')")) {
            add.setString(1, administrator.id());
            add.setBytes(2, administrator.secretHash());
            add.execute();
        }
        admin = one.api().as(administrator.reveal());
        Awaitility.await().atMost(PATIENCE).until(() -> admin.get("/tokens").status() == 200);
    }

    @AfterAll
    void stop() {
        other.close();
        one.close();
        database.stop();
    }

    @BeforeEach
    void makeReader() {
        named++;
        topic = admin.newTopic(1);
        group = "group-" + named;
        ann = "ann-" + named;
        reading = allow("read", "topic", topic);
        allow("use", "group", group);
        Api.Answer token = admin.post("/tokens", Api.CONTROL, "{\"principal\":\"" + ann + "\"}");
        assertThat(token.status()).as(token.body()).isEqualTo(201);
        secret = token.json().path("token").asText();
        anns = other.api().as(secret);
        Awaitility.await()
                .atMost(PATIENCE)
                .until(() -> anns.get("/topics/" + topic).status() == 200);
    }

    @Test
    void fetchEndsWithTheRule() {
        CompletableFuture<Api.Answer> fetch = fetch();

        Api.Answer end = endAfter("/rules/" + reading, fetch);

        assertThat(end.code()).isEqualTo("TOPIC_NOT_FOUND");
    }

    @Test
    void fetchEndsWithTheToken() {
        CompletableFuture<Api.Answer> fetch = fetch();

        Api.Answer end = endAfter("/tokens/" + tokenId(), fetch);

        assertThat(end.code()).isEqualTo("AUTHENTICATION_REQUIRED");
    }

    @Test
    void pollEndsWithTheToken() {
        Api.Answer created = anns.post("/consumers/" + group, Api.CONTROL, "{\"format\":\"json\"}");
        assertThat(created.status()).as(created.body()).isEqualTo(200);
        Consumer consumer = new Consumer(
                anns,
                "/consumers/" + group + "/instances/"
                        + created.json().path("instance_id").asText());
        consumer.subscribe(topic);
        CompletableFuture<Api.Answer> poll = waiting(consumer.pollLater(WAIT));

        Api.Answer end = endAfter("/tokens/" + tokenId(), poll);

        assertThat(end.code()).isEqualTo("AUTHENTICATION_REQUIRED");
    }

    private CompletableFuture<Api.Answer> fetch() {
        return waiting(anns.getLater("/topics/" + topic + "/partitions/0/records?" + WAIT));
    }

    /** A call that has waited for a while. */
    private static CompletableFuture<Api.Answer> waiting(CompletableFuture<Api.Answer> call) {
        Awaitility.await().during(Duration.ofSeconds(1)).atMost(PATIENCE).until(() -> !call.isDone());
        return call;
    }

    /** How a call ends after something was deleted, which has to be soon. */
    private Api.Answer endAfter(String deleted, CompletableFuture<Api.Answer> call) {
        assertThat(admin.delete(deleted).status()).isEqualTo(204);
        long start = System.nanoTime();
        Api.Answer end = call.join();
        assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(LATEST);
        return end;
    }

    private long allow(String right, String resource, String name) {
        Api.Answer answer = admin.post(
                "/rules",
                Api.CONTROL,
                "{\"principal\":\"" + ann + "\",\"right\":\"" + right + "\",\"" + resource + "\":\"" + name + "\"}");
        assertThat(answer.status()).as(answer.body()).isEqualTo(201);
        return answer.json().path("id").asLong();
    }

    private String tokenId() {
        return ApiToken.parse(secret).orElseThrow().id();
    }
}
