package io.trunkline.testing;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.URI;
import java.net.http.HttpRequest;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentSkipListSet;
import org.jspecify.annotations.Nullable;

/**
 * A client that was written for the bridge: it knows the operations of the bridge's contract and its media types only, and
 * takes no response that is not what the contract says.
 */
public final class BridgeClient {
    private static final BridgeContract CONTRACT = BridgeContract.closed();

    private final Api api;
    private final Set<String> seen = new ConcurrentSkipListSet<>();

    public BridgeClient(Api api) {
        this.api = api;
    }

    /** The operations that have answered with success. */
    public Set<String> seen() {
        return new TreeSet<>(seen);
    }

    public Api.Answer get(String path) {
        return get(path, Api.CONTROL);
    }

    public Api.Answer get(String path, @Nullable String accept) {
        return send("GET", path, accept, null, null);
    }

    public Api.Answer delete(String path) {
        return send("DELETE", path, Api.CONTROL, null, null);
    }

    /** Posts a control body. */
    public Api.Answer post(String path, String body) {
        return post(path, Api.CONTROL, body);
    }

    public Api.Answer post(String path, String contentType, String body) {
        return send("POST", path, Api.CONTROL, contentType, body);
    }

    /** Posts nothing. */
    public Api.Answer post(String path) {
        return send("POST", path, Api.CONTROL, null, null);
    }

    /** Any request of the contract, whose response is validated. */
    public Api.Answer send(
            String method, String path, @Nullable String accept, @Nullable String contentType, @Nullable String body) {
        HttpRequest.Builder request = api.request(path)
                .method(
                        method,
                        body == null ? HttpRequest.BodyPublishers.noBody() : HttpRequest.BodyPublishers.ofString(body));
        if (accept != null) {
            request.header("Accept", accept);
        }
        if (contentType != null) {
            request.header("Content-Type", contentType);
        }
        Api.Answer answer = api.send(request);
        String operation =
                CONTRACT.operation(method, URI.create(path).getRawPath()).orElseThrow();
        String type = answer.header("Content-Type").replaceFirst(";.*", "");
        assertThat(CONTRACT.errorsOf(
                        operation, answer.status(), type, answer.response().body()))
                .as("%s answered %d %s %s", operation, answer.status(), type, answer.body())
                .isEmpty();
        if (answer.status() < 400) {
            seen.add(operation);
        }
        return answer;
    }
}
