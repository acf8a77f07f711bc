package io.trunkline.rest;

import io.trunkline.access.Principal;
import io.trunkline.edge.Exchange;
import io.trunkline.error.ErrorCode;
import io.trunkline.error.TrunklineException;
import io.trunkline.topic.Creator;
import io.vertx.ext.web.RoutingContext;
import jakarta.inject.Singleton;
import java.nio.ByteBuffer;
import java.time.Clock;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.function.Supplier;

/** Parses and sends the records of produce requests, whichever way the requests come. */
@Singleton
class Producing {
    private final Producer producer;
    private final Creators creators;
    private final Parsing parsing;
    private final Tracing tracing;
    private final Clock clock;

    Producing(Producer producer, Creators creators, Parsing parsing, Tracing tracing, Clock clock) {
        this.producer = producer;
        this.creators = creators;
        this.parsing = parsing;
        this.tracing = tracing;
        this.clock = clock;
    }

    /**
     * Sends the records in the body of a request.
     *
     * @return what became of them, when that is durable; empty for a client that waits for no offsets, when they are accepted.
     *     A request with an idempotency key is always waited for: only then is it known whether the key is its own
     * @throws TrunklineException where a small body cannot be read
     */
    CompletableFuture<Optional<ProduceResult>> produce(ProduceCall call, RoutingContext context) {
        Runnable read = BodyFilter.release(context);
        Exchange exchange = Exchange.of(context);
        Optional<Creator> creator = creators.automatic(context, call.topic());
        String principal = Caller.of(context).principal().map(Principal::name).orElse("");
        boolean waits = !call.async() || call.terms().key().isPresent();
        long now = clock.millis();
        io.opentelemetry.context.Context current = tracing.current();
        Supplier<ByteBuffer> body = BodyFilter.bytes(context);
        int length = body.get().limit();
        return parsing.parse(body, bytes -> {
                    if (bytes.limit() != length) {
                        throw new TrunklineException(
                                ErrorCode.INVALID_REQUEST, "The client has gone; nothing was written.");
                    }
                    return new Parsed(
                            call.body().parse(bytes, call.partition().isEmpty(), now),
                            call.terms().requestKey(principal, bytes));
                })
                .thenCompose(parsed -> {
                    read.run();
                    ProduceRequest request = parsed.request();
                    call.check(request);
                    if (!call.async()) {
                        // Before anything is written: a refusal afterwards would be a lie.
                        exchange.take(OffsetsJson.size(call.topic(), request));
                    }
                    return tracing.send(
                            current,
                            call.topic(),
                            request.records(),
                            records -> producer.send(
                                            call.topic(),
                                            creator,
                                            new SendRequest(
                                                    records,
                                                    request.records()::sizeOf,
                                                    request.partitions(),
                                                    call.partition(),
                                                    call.allOrNothing(),
                                                    parsed.key(),
                                                    call.terms().expectedEnd()))
                                    .thenCompose(accepted -> waits
                                            ? accepted.result().thenApply(Optional::of)
                                            : CompletableFuture.completedFuture(Optional.empty())));
                });
    }

    /** What the body of a request holds, with its idempotency key. */
    private record Parsed(ProduceRequest request, Optional<RequestKey> key) {}
}
