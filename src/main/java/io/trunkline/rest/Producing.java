package io.trunkline.rest;

import io.trunkline.access.Right;
import io.trunkline.edge.Exchange;
import io.trunkline.error.TrunklineException;
import io.trunkline.topic.Creator;
import io.vertx.ext.web.RoutingContext;
import jakarta.inject.Singleton;
import java.time.Clock;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;

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
     * @return what became of them, when that is durable; empty for a client that waits for no offsets, when they are accepted
     * @throws TrunklineException where a small body cannot be read
     */
    CompletableFuture<Optional<ProduceResult>> produce(ProduceCall call, RoutingContext context) {
        Runnable read = BodyFilter.release(context);
        Exchange exchange = Exchange.of(context);
        Optional<Creator> creator = Caller.of(context).has(call.topic(), Right.MANAGE)
                ? Optional.of(creators.automatic(context))
                : Optional.empty();
        long now = clock.millis();
        io.opentelemetry.context.Context current = tracing.current();
        return parsing.parse(
                        BodyFilter.bytes(context),
                        bytes -> ProduceParser.parse(
                                bytes, call.format(), call.partition().isEmpty(), now))
                .thenCompose(request -> {
                    read.run();
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
                                            records,
                                            request.partitions(),
                                            call.partition(),
                                            call.async())
                                    .thenCompose(accepted -> call.async()
                                            ? CompletableFuture.completedFuture(Optional.empty())
                                            : accepted.result().thenApply(Optional::of)));
                });
    }
}
