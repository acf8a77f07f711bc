package io.trunkline.rest;

import io.quarkus.vertx.http.runtime.filters.Filters;
import io.trunkline.error.TrunklineException;
import io.trunkline.topic.TopicName;
import io.vertx.core.Context;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpServerResponse;
import io.vertx.ext.web.RoutingContext;
import jakarta.enterprise.event.Observes;
import jakarta.inject.Singleton;
import jakarta.ws.rs.core.HttpHeaders;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * Serves produce requests without the layer of resources, which costs a request with one record more than all else that the
 * service does for it. A request that is unusual in any way goes on to {@link ProduceResource}, which describes the operation.
 */
@Singleton
class ProduceRoute {
    private static final String TOPICS = "/topics/";
    private static final String PARTITIONS = "/partitions/";
    private static final String TO_TOPIC = "/topics/{topicname}";
    private static final String TO_PARTITION = "/topics/{topicname}/partitions/{partitionid}";
    /** Where the metrics of Quarkus look for the label of the route. */
    static final String TEMPLATE = "UrlPathTemplate";
    /** More digits may not be the number of a partition. */
    private static final int MOST_DIGITS = 9;

    private final Producing producing;
    private final boolean traced;

    ProduceRoute(Producing producing, Tracing tracing) {
        this.producing = producing;
        traced = tracing.isEnabled();
    }

    void register(@Observes Filters filters) {
        // The spans of requests are named by the layer of resources.
        if (!traced) {
            filters.register(this::serve, FilterOrder.PRODUCE);
        }
    }

    /** Where records go. */
    private record Target(TopicName topic, OptionalInt partition) {}

    private void serve(RoutingContext context) {
        HttpServerRequest request = context.request();
        Optional<Target> target = request.method() == HttpMethod.POST ? target(request.path()) : Optional.empty();
        String type = target.isPresent() ? type(request) : null;
        if (target.isEmpty() || type == null || !isPlain(request.query())) {
            context.next();
            return;
        }
        Context loop = context.vertx().getOrCreateContext();
        loop.putLocal(TEMPLATE, target.get().partition().isPresent() ? TO_PARTITION : TO_TOPIC);
        ProduceCall call;
        CompletableFuture<Optional<ProduceResult>> sent;
        try {
            call = ProduceCall.of(target.get().topic(), target.get().partition(), type, request);
            sent = producing.produce(call, context);
        } catch (RuntimeException e) {
            refuse(context, e);
            return;
        }
        // On the event loop, so that nothing is made of the result on the thread that appends.
        sent.whenComplete((result, failure) -> loop.runOnContext(turn -> respond(context, call, result, failure)));
    }

    /** Empty for any other path, and for one that has to be decoded, or is wrong. */
    private static Optional<Target> target(@Nullable String path) {
        if (path == null || !path.startsWith(TOPICS)) {
            return Optional.empty();
        }
        int end = path.indexOf('/', TOPICS.length());
        Optional<TopicName> topic = TopicName.stored(path.substring(TOPICS.length(), end < 0 ? path.length() : end));
        if (end < 0 || topic.isEmpty()) {
            return topic.map(name -> new Target(name, OptionalInt.empty()));
        }
        int digits = path.length() - end - PARTITIONS.length();
        if (!path.startsWith(PARTITIONS, end) || digits < 1 || digits > MOST_DIGITS) {
            return Optional.empty();
        }
        int partition = 0;
        for (int i = end + PARTITIONS.length(); i < path.length(); i++) {
            int digit = path.charAt(i) - '0';
            if (digit < 0 || digit > 9) {
                return Optional.empty();
            }
            partition = partition * 10 + digit;
        }
        return Optional.of(new Target(topic.get(), OptionalInt.of(partition)));
    }

    private static boolean isPlain(@Nullable String query) {
        return query == null || query.indexOf('%') < 0 && query.indexOf('+') < 0;
    }

    /** The media type of the response; null where the Accept header was not seen before. */
    private static @Nullable String type(HttpServerRequest request) {
        List<String> accept = request.headers().getAll(HttpHeaders.ACCEPT);
        return accept.isEmpty()
                ? MediaTypes.CONTROL
                : accept.size() == 1 ? MediaTypes.knownControl(accept.getFirst()) : null;
    }

    private static void respond(
            RoutingContext context,
            ProduceCall call,
            @Nullable Optional<ProduceResult> result,
            @Nullable Throwable failure) {
        HttpServerResponse response = context.response();
        if (response.ended() || response.closed()) {
            return; // the client has gone
        }
        if (failure != null || result == null) {
            refuse(context, failure == null ? new IllegalStateException("no result") : failure);
        } else if (result.isEmpty()) {
            response.setStatusCode(204).end();
        } else {
            ProduceCall.addHeaders(result.get(), response);
            Optional<byte[]> body;
            try {
                body = call.response(result.get());
            } catch (TrunklineException e) {
                refuse(context, e);
                return;
            }
            if (body.isPresent()) {
                response.putHeader(HttpHeaders.CONTENT_TYPE, call.type()).end(Buffer.buffer(body.get()));
            } else {
                response.setStatusCode(call.quietStatus()).end();
            }
        }
    }

    private static void refuse(RoutingContext context, Throwable failure) {
        Refusals.refuse(context, Errors.known(failure, context.request().path()));
    }
}
