package io.trunkline.rest;

import io.quarkus.runtime.ShutdownDelayInitiatedEvent;
import io.quarkus.vertx.http.runtime.filters.Filters;
import io.trunkline.access.Quotas;
import io.trunkline.edge.Exchange;
import io.trunkline.edge.HttpConfig;
import io.trunkline.edge.RequestBudget;
import io.trunkline.error.ErrorCode;
import io.trunkline.error.TrunklineException;
import io.vertx.core.Context;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.ext.web.RoutingContext;
import jakarta.enterprise.event.Observes;
import jakarta.inject.Singleton;
import java.time.Clock;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/** Serves produce requests whose bodies are lines, before bodies are read whole: these are written as they arrive. */
@Singleton
class LinesFilter {
    private static final int TICK_MILLIS = 500;
    /** How much of a refused body is read and thrown away so that the client gets to see the answer. */
    private static final int DISCARDED_TIMES = 8;

    private final Vertx vertx;
    private final RequestBudget budget;
    private final Creators creators;
    private final LongCalls longCalls;
    private final LinesWriter.Services services;
    private final Producer producer;
    private final Tracing tracing;
    private final LinesUpload.Limits limits;
    /** Bodies on their way in. They share a timer. */
    private final Set<Coming> coming = ConcurrentHashMap.newKeySet();

    private volatile boolean stopping;

    LinesFilter(
            Vertx vertx,
            HttpConfig config,
            RequestBudget budget,
            Producer producer,
            Creators creators,
            LongCalls longCalls,
            Parsing parsing,
            Tracing tracing,
            Clock clock) {
        this.vertx = vertx;
        this.budget = budget;
        this.creators = creators;
        this.longCalls = longCalls;
        this.producer = producer;
        this.tracing = tracing;
        services = new LinesWriter.Services(parsing, budget, clock);
        limits = new LinesUpload.Limits(
                config.maxStreamedBodySize().asLongValue(),
                DISCARDED_TIMES * config.maxBodySize().asLongValue(),
                config.requestTimeout().toMillis(),
                config.minTransferRate().asLongValue());
    }

    /** A body, and where it is read. */
    private record Coming(LinesUpload upload, Context loop) {}

    void register(@Observes Filters filters) {
        filters.register(this::serve, FilterOrder.LINES);
        vertx.setPeriodic(
                TICK_MILLIS,
                tick -> coming.forEach(one -> one.loop().runOnContext(turn -> {
                    if (one.upload().check(System.nanoTime())) {
                        coming.remove(one);
                    }
                })));
    }

    /** A body may take much longer than a stop: its client is told how far it came, and goes on elsewhere. */
    void drain(@Observes ShutdownDelayInitiatedEvent event) {
        stopping = true;
        coming.forEach(one -> one.loop().runOnContext(turn -> one.upload().halt(isStopping())));
    }

    private static TrunklineException isStopping() {
        return new TrunklineException(
                ErrorCode.OVERLOADED, "The replica is being stopped. Send the body from this line on to another one.");
    }

    private void serve(RoutingContext context) {
        HttpServerRequest request = context.request();
        if (request.method() != HttpMethod.POST || !LinesCall.isMeant(request)) {
            context.next();
            return;
        }
        String path = context.normalizedPath();
        Optional<ApiOperation.Asked> asked = ApiOperation.of(request.method(), path);
        boolean toPartition = asked.filter(a -> a.operation() == ApiOperation.SEND_TO_PARTITION)
                .isPresent();
        if (!toPartition
                && asked.filter(a -> a.operation() == ApiOperation.SEND).isEmpty()) {
            context.next();
            return;
        }
        Context loop = vertx.getOrCreateContext();
        loop.putLocal(ProduceRoute.TEMPLATE, asked.get().operation().path());
        LinesUpload upload = new LinesUpload(MediaTypes.control(request), context, budget, limits);
        LinesCall call;
        try {
            call = LinesCall.of(
                    Parameters.topic(asked.get().name()),
                    toPartition ? OptionalInt.of(Parameters.partition(lastPart(path))) : OptionalInt.empty(),
                    creators,
                    context);
        } catch (Throwable e) {
            upload.startRefused(Errors.known(e, path));
            coming.add(new Coming(upload, loop));
            return;
        }
        Exchange exchange = Exchange.of(context);
        Optional<Quotas.Account> account = QuotaFilter.account(context);
        LinesWriter.Request origin = new LinesWriter.Request(
                loop, exchange::take, bytes -> account.ifPresent(client -> client.write(bytes)));
        LinesWriter.Sender sender = sender(call, tracing.current());
        coming.add(new Coming(upload, loop));
        if (stopping) { // looked at when this one is among those that are stopped, so that none falls between
            upload.startRefused(isStopping());
            return;
        }
        upload.start(
                () -> producer.topic(call.topic(), call.creator(), call.partition()),
                topic -> new LinesWriter(
                        services,
                        call,
                        origin,
                        new LinesWriter.Target(topic.config().maxMessageBytes(), topic.partitionCount(), sender)),
                longCalls);
    }

    /** @param trace the context of the request's span */
    private LinesWriter.Sender sender(LinesCall call, io.opentelemetry.context.Context trace) {
        return request -> tracing.send(
                trace,
                call.topic(),
                request.records(),
                records -> producer.send(
                                call.topic(),
                                Optional.empty(),
                                new SendRequest(
                                        records,
                                        request.records()::sizeOf,
                                        request.partitions(),
                                        call.partition(),
                                        true,
                                        Optional.empty(),
                                        OptionalLong.empty()))
                        .thenCompose(Producer.Accepted::result));
    }

    private static String lastPart(String path) {
        String trimmed = path.endsWith("/") ? path.substring(0, path.length() - 1) : path;
        return trimmed.substring(trimmed.lastIndexOf('/') + 1);
    }
}
