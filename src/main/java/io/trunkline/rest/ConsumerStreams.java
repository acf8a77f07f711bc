package io.trunkline.rest;

import io.trunkline.consumer.Consumers;
import io.trunkline.edge.Exchange;
import io.trunkline.edge.ResponseBudget;
import io.trunkline.group.ConsumerConfig;
import io.trunkline.group.ConsumerRef;
import io.trunkline.log.LogConfig;
import io.vertx.ext.web.RoutingContext;
import jakarta.inject.Singleton;
import jakarta.ws.rs.core.Response;
import java.util.concurrent.CompletableFuture;

/** Streams of what the polls of consumers would give, as requests ask for them. */
@Singleton
class ConsumerStreams {
    private final Streams streams;
    private final Consumers consumers;
    private final ConsumerConfig defaults;
    private final LogConfig.Fetch config;
    private final ResponseBudget budget;

    ConsumerStreams(
            Streams streams, Consumers consumers, ConsumerConfig defaults, LogConfig config, ResponseBudget budget) {
        this.streams = streams;
        this.consumers = consumers;
        this.defaults = defaults;
        this.config = config.fetch();
        this.budget = budget;
    }

    /** Opens a stream. Fails as {@link ConsumerSource#open} and {@link Streams#open}. */
    CompletableFuture<Response> open(
            ConsumerRef consumer, StreamFormat format, Selection selection, RoutingContext context) {
        return streams.open(
                context,
                format,
                watched -> ConsumerSource.open(
                        consumers,
                        consumer,
                        watched,
                        config.maxWait(),
                        defaults.sessionTimeout(),
                        selection.ofStream(config, context),
                        budget,
                        Exchange.of(context)));
    }
}
