package io.trunkline.group;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.trunkline.testing.Api;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpTimeoutException;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.CompletableFuture;

/** The HTTP client of one process that may die: closing it cuts its connections, whatever is under way. */
final class ChaosClient implements AutoCloseable {
    /** No call takes so long unless something hangs, and a hang is a failure of the test. */
    private static final Duration PATIENCE = Duration.ofSeconds(30);

    private static final Set<String> TRY_AGAIN = Set.of("OVERLOADED", "DATABASE_UNAVAILABLE", "OUTCOME_UNKNOWN");
    private static final JsonMapper MAPPER = new JsonMapper();

    private final HttpClient http =
            HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
    private final ChaosRun run;

    ChaosClient(ChaosRun run) {
        this.run = run;
    }

    sealed interface Outcome {}

    /** The service answered. */
    record Answered(String call, HttpResponse<String> response) implements Outcome {
        int status() {
            return response.statusCode();
        }

        String header(String name) {
            return response.headers().firstValue(name).orElse("");
        }

        JsonNode json() {
            try {
                return MAPPER.readTree(response.body());
            } catch (JsonProcessingException e) {
                throw new AssertionError(call + " was answered " + status() + " with what is not JSON", e);
            }
        }

        boolean is(int status, String code) {
            return status() == status && json().path("code").asText().equals(code);
        }

        /** The answer is none that may come here. */
        AssertionError unexpected() {
            return new AssertionError(call + " was answered " + status() + " " + response.body());
        }
    }

    /** The connection was cut, or the answer was to try again: the call may or may not have been done. */
    record Unknown(String why) implements Outcome {}

    Outcome get(String path, String accept) {
        return send(request(path).header("Accept", accept).GET().build(), "");
    }

    Outcome post(String path, String contentType, String body) {
        return send(
                request(path)
                        .header("Content-Type", contentType)
                        .POST(HttpRequest.BodyPublishers.ofString(body))
                        .build(),
                body);
    }

    Outcome delete(String path) {
        return send(request(path).DELETE().build(), "");
    }

    /** Asks, and leaves after a time without having looked at the answer. */
    void getAndLeave(String path, String accept, Duration after) {
        CompletableFuture<HttpResponse<String>> ignored = http.sendAsync(
                request(path).header("Accept", accept).GET().build(), HttpResponse.BodyHandlers.ofString());
        ChaosRun.idle(after);
        close();
        ignored.cancel(true);
    }

    @Override
    public void close() {
        http.shutdownNow();
    }

    private HttpRequest.Builder request(String path) {
        return HttpRequest.newBuilder(URI.create(run.url() + path)).timeout(PATIENCE);
    }

    private Outcome send(HttpRequest request, String body) {
        String call = request.method() + " " + request.uri().getRawPath() + " "
                + body.substring(0, Math.min(200, body.length()));
        try {
            Answered answer = new Answered(call, http.send(request, HttpResponse.BodyHandlers.ofString()));
            boolean fromTheBalancer = answer.status() == 502
                    && answer.header("Content-Type").equals(Api.CONTROL)
                    && answer.is(502, "BAD_GATEWAY");
            if (fromTheBalancer
                    || (answer.status() == 503
                            && TRY_AGAIN.contains(answer.json().path("code").asText()))) {
                return unknown(call, answer.response().body());
            }
            return answer;
        } catch (HttpTimeoutException e) {
            throw new AssertionError(call + " was not answered within " + PATIENCE, e);
        } catch (IOException e) {
            return unknown(call, e.toString());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }

    private Unknown unknown(String call, String why) {
        String shortly = call.replaceFirst(" [^/ ]*\\{.*", "");
        run.happened(ChaosRun.Event.CALL_HAD_NO_ANSWER, shortly + ": " + why.substring(0, Math.min(90, why.length())));
        return new Unknown(why);
    }
}
