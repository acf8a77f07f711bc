package io.trunkline.rest;

import static org.assertj.core.api.Assertions.assertThat;

import io.quarkus.test.junit.QuarkusTest;
import io.quarkus.test.junit.TestProfile;
import io.trunkline.testing.AccessTestCase;
import io.trunkline.testing.Api;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpClient;
import io.vertx.core.http.HttpClientOptions;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpVersion;
import jakarta.inject.Inject;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.stream.IntStream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;

/** Requests that arrive, with their bodies, before it is known who makes them: what the service goes by is looked up first. */
@QuarkusTest
@TestProfile(AccessTestCase.Required.class)
class LateAuthenticationTest extends AccessTestCase {
    /** After this, decisions are too old to go by. */
    private static final Duration STALE = Duration.ofMillis(1200);

    private static final String RECORDS = "{\"records\":[{\"value\":\"" + "x".repeat(100_000) + "\"}]}";

    @Inject
    Vertx vertx;

    @Test
    void bodyOfHttp1IsReadWhenTheClientIsKnown() {
        String topic = topic("orders", 1);
        letDecisionsAge();

        List<CompletableFuture<Api.Answer>> answers = IntStream.range(0, 20)
                .mapToObj(i -> admin.postLater("/topics/" + topic, Api.JSON, RECORDS))
                .toList();

        assertThat(answers)
                .allSatisfy(answer -> assertThat(answer.join().status()).isEqualTo(200));
    }

    @Test
    void bodyOfHttp2IsReadWhenTheClientIsKnown() {
        String topic = topic("orders", 1);
        HttpClient client = vertx.createHttpClient(new HttpClientOptions()
                .setProtocolVersion(HttpVersion.HTTP_2)
                .setHttp2ClearTextUpgrade(false)
                .setDefaultHost(base.getHost())
                .setDefaultPort(base.getPort()));
        try {
            for (int round = 0; round < 2; round++) {
                letDecisionsAge();

                List<CompletableFuture<Integer>> known = IntStream.range(0, 20)
                        .mapToObj(i -> post(client, topic, administrator))
                        .toList();
                List<CompletableFuture<Integer>> unknown = IntStream.range(0, 20)
                        .mapToObj(i -> post(client, topic, wrong()))
                        .toList();

                assertThat(known).allSatisfy(status -> assertThat(status.join()).isEqualTo(200));
                assertThat(unknown)
                        .allSatisfy(status -> assertThat(status.join()).isEqualTo(401));
            }
        } finally {
            client.close();
        }
    }

    private String wrong() {
        return administrator.substring(0, administrator.length() - 1) + (administrator.endsWith("a") ? "b" : "a");
    }

    private static CompletableFuture<Integer> post(HttpClient client, String topic, String token) {
        return client.request(HttpMethod.POST, "/topics/" + topic)
                .compose(request -> request.putHeader("Content-Type", Api.JSON)
                        .putHeader("Authorization", "Bearer " + token)
                        .send(Buffer.buffer(RECORDS)))
                .compose(response -> response.body().map(body -> response.statusCode()))
                .toCompletionStage()
                .toCompletableFuture();
    }

    private static void letDecisionsAge() {
        Awaitility.await().during(STALE).atMost(PATIENCE).until(() -> true);
    }
}
