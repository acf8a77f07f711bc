package io.trunkline.rest.login;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectReader;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.quarkus.tls.TlsConfiguration;
import io.quarkus.tls.TlsConfigurationRegistry;
import io.quarkus.tls.runtime.config.TlsConfigUtils;
import io.trunkline.error.ErrorCode;
import io.trunkline.error.TrunklineException;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpClient;
import io.vertx.core.http.HttpClientOptions;
import io.vertx.core.http.HttpClientRequest;
import io.vertx.core.http.HttpClientResponse;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.RequestOptions;
import java.io.IOException;
import java.net.URI;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * Requests to the provider: at most {@value #MOST_TOGETHER} at once, each for ten seconds, with responses of 256 KiB. Redirects are
 * not followed.
 */
final class ProviderCall {
    /** Requests that are under way at once; further ones fail. */
    static final int MOST_TOGETHER = 32;

    private static final Duration TIME = Duration.ofSeconds(10);
    private static final Duration CONNECTION_TIME = Duration.ofSeconds(5);
    private static final int MOST_BYTES = 256 * 1024;
    private static final int MOST_HEADER_BYTES = 16 * 1024;
    private static final ObjectReader READER = JsonMapper.builder().build().reader();

    private final Vertx vertx;
    private final HttpClient client;
    private final AtomicInteger underWay = new AtomicInteger();

    ProviderCall(Vertx vertx, TlsConfigurationRegistry tls, Optional<String> tlsName) {
        this.vertx = vertx;
        HttpClientOptions options = new HttpClientOptions()
                .setConnectTimeout((int) CONNECTION_TIME.toMillis())
                .setMaxPoolSize(MOST_TOGETHER)
                .setMaxWaitQueueSize(MOST_TOGETHER)
                .setMaxHeaderSize(MOST_HEADER_BYTES);
        Optional<TlsConfiguration> configured = TlsConfiguration.from(tls, tlsName);
        configured.ifPresent(with -> TlsConfigUtils.configure(options, with));
        client = vertx.createHttpClient(options);
    }

    /**
     * A response of the provider.
     *
     * @param body missing where it is no JSON
     */
    record Answer(int status, JsonNode body) {}

    void close() {
        client.close();
    }

    /**
     * Sends a request. Fails with {@code PROVIDER_UNAVAILABLE} where no whole response comes in time, and with {@code OVERLOADED}.
     *
     * @param body where it is not empty, of a form
     */
    CompletableFuture<Answer> send(HttpMethod method, URI uri, Map<String, String> headers, String body) {
        if (underWay.incrementAndGet() > MOST_TOGETHER) {
            underWay.decrementAndGet();
            return CompletableFuture.failedFuture(new TrunklineException(
                    ErrorCode.OVERLOADED, "Too many people are logging in at this moment. Try again."));
        }
        CompletableFuture<Answer> answer = new CompletableFuture<>();
        One one = new One(answer);
        long timer = vertx.setTimer(TIME.toMillis(), late -> one.fail());
        answer.whenComplete((done, failure) -> {
            vertx.cancelTimer(timer);
            underWay.decrementAndGet();
        });
        RequestOptions options = new RequestOptions()
                .setMethod(method)
                .setAbsoluteURI(uri.toString())
                .setConnectTimeout(CONNECTION_TIME.toMillis())
                .putHeader("Accept", "application/json");
        headers.forEach(options::putHeader);
        client.request(options).onFailure(failure -> one.fail()).onSuccess(request -> one.begin(request, body));
        return answer;
    }

    /** The failure of a provider that does not do what it should. */
    static TrunklineException unavailable() {
        return new TrunklineException(
                ErrorCode.PROVIDER_UNAVAILABLE,
                "The OpenID provider cannot be reached, or does not answer as it should. Try again later.");
    }

    /** One request, on the event loop of its connection but for its timer. */
    private static final class One {
        private final CompletableFuture<Answer> answer;
        private final Buffer body = Buffer.buffer();
        private volatile @Nullable HttpClientRequest request;

        One(CompletableFuture<Answer> answer) {
            this.answer = answer;
        }

        void begin(HttpClientRequest sent, String form) {
            request = sent;
            if (answer.isDone()) {
                sent.reset();
                return;
            }
            sent.exceptionHandler(failure -> fail());
            sent.response().onFailure(failure -> fail()).onSuccess(this::read);
            if (form.isEmpty()) {
                sent.end();
            } else {
                sent.putHeader("Content-Type", "application/x-www-form-urlencoded")
                        .end(form);
            }
        }

        private void read(HttpClientResponse response) {
            response.exceptionHandler(failure -> fail());
            response.handler(part -> {
                if (body.length() + part.length() > MOST_BYTES) {
                    fail();
                } else if (!answer.isDone()) {
                    body.appendBuffer(part);
                }
            });
            response.endHandler(end -> answer.complete(new Answer(response.statusCode(), json())));
        }

        private JsonNode json() {
            try {
                return READER.readTree(body.getBytes());
            } catch (IOException e) {
                return com.fasterxml.jackson.databind.node.MissingNode.getInstance();
            }
        }

        void fail() {
            if (answer.completeExceptionally(unavailable())) {
                HttpClientRequest sent = request;
                if (sent != null) {
                    sent.reset();
                }
            }
        }
    }
}
