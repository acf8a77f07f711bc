package io.trunkline.rest;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.quarkus.runtime.ShutdownDelayInitiatedEvent;
import io.quarkus.runtime.ShutdownEvent;
import io.trunkline.async.WorkerPool;
import io.trunkline.edge.Exchange;
import io.trunkline.edge.StreamConfig;
import io.trunkline.error.ErrorCode;
import io.trunkline.error.TrunklineException;
import io.vertx.ext.web.RoutingContext;
import jakarta.annotation.Priority;
import jakarta.enterprise.event.Observes;
import jakarta.inject.Singleton;
import jakarta.ws.rs.core.HttpHeaders;
import jakarta.ws.rs.core.Response;
import java.util.EnumMap;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import org.jboss.logging.Logger;

/** The streams that are open: how many there may be, their heartbeats, and their end. */
@Singleton
class Streams {
    private static final Logger LOG = Logger.getLogger(Streams.class);
    private static final long SHORTEST_TICK_MILLIS = 25;
    private static final int TICKS = 4;
    /** What a stream holds beside its pages, in bytes: its request, its state, and what waits for it. */
    private static final long STREAM_BYTES = 4 * 1024;

    private final StreamConfig config;
    private final LongCalls longCalls;
    /** From the beginning, so that the first end of a kind is an increase. */
    private final Map<RecordStream.End, Counter> ended = new EnumMap<>(RecordStream.End.class);

    private final AtomicInteger count = new AtomicInteger();
    private final Set<RecordStream> open = ConcurrentHashMap.newKeySet();
    private final ScheduledExecutorService timer = WorkerPool.timer("streams", 1);
    private volatile boolean stopping;

    Streams(StreamConfig config, LongCalls longCalls, MeterRegistry registry) {
        this.config = config;
        this.longCalls = longCalls;
        for (RecordStream.End how : RecordStream.End.values()) {
            ended.put(
                    how,
                    Counter.builder("trunkline.streams.ended")
                            .description("Streams of records that have ended")
                            .tag("by", how.name().toLowerCase(Locale.ROOT))
                            .register(registry));
        }
        Gauge.builder("trunkline.streams.open", count, AtomicInteger::get)
                .description("Streams of records that are open")
                .register(registry);
        long tick = Math.max(
                SHORTEST_TICK_MILLIS, Math.min(1_000, config.heartbeat().toMillis() / TICKS));
        timer.scheduleWithFixedDelay(this::tick, tick, tick, TimeUnit.MILLISECONDS);
    }

    /** Sends clients elsewhere, so that the service need not wait for them. */
    void drain(@Observes ShutdownDelayInitiatedEvent event) {
        stopping = true;
        open.forEach(stream -> stream.end(stopping()));
    }

    void stop(@Observes @Priority(5) ShutdownEvent event) {
        WorkerPool.stop(timer);
    }

    /**
     * The response to a request for a stream; fails as its source does, and with {@code OVERLOADED} where there are too many.
     *
     * @param source what the stream gives, looked up once there is room for it, to the client as it is known while it reads
     */
    CompletableFuture<Response> open(
            RoutingContext context,
            StreamFormat format,
            Function<LongCalls.Watched, CompletableFuture<StreamSource>> source) {
        if (count.incrementAndGet() > config.maxOpen()) {
            count.decrementAndGet();
            return CompletableFuture.failedFuture(new TrunklineException(
                    ErrorCode.OVERLOADED, "Too many streams are open (trunkline.streams.max-open). Try again."));
        }
        context.addEndHandler(end -> count.decrementAndGet());
        CompletableFuture<Void> ended = new CompletableFuture<>();
        context.addEndHandler(end -> ended.complete(null));
        CompletableFuture<Void> gone = new CompletableFuture<>();
        context.addEndHandler(end -> gone.complete(null));
        LongCalls.Watched watched = longCalls.watch(context, ended);
        CompletableFuture<StreamSource> made;
        try {
            Exchange.of(context).take(STREAM_BYTES);
            made = source.apply(watched);
        } catch (RuntimeException e) {
            made = CompletableFuture.failedFuture(e);
        }
        return watched.result(made, StreamSource::close).thenApply(known -> {
            RecordStream stream = new RecordStream(format, known, context, config);
            // Before it begins too, where it has to end for a refusal and its client goes first.
            gone.thenRun(stream::gone);
            ended.thenRun(() -> watched.refusal().ifPresent(stream::end));
            return response(stream, format);
        });
    }

    private Response response(RecordStream stream, StreamFormat format) {
        open.add(stream);
        stream.over().thenAccept(how -> {
            open.remove(stream);
            ended(how);
        });
        if (stopping) {
            stream.end(stopping());
        }
        return Response.ok(stream)
                .type(format.mediaType())
                .header(HttpHeaders.CACHE_CONTROL, "no-store")
                .header(HttpHeaders.VARY, HttpHeaders.ACCEPT)
                // Proxies that keep responses back to send larger pieces let this one pass.
                .header("X-Accel-Buffering", "no")
                .build();
    }

    private void ended(RecordStream.End how) {
        Objects.requireNonNull(ended.get(how)).increment();
    }

    private static TrunklineException stopping() {
        return new TrunklineException(
                ErrorCode.REPLICA_STOPPING, "This replica is being stopped. Connect again: another one goes on.");
    }

    /** Whatever becomes of one stream, the others have theirs, now and later: a timer ends with what fails. */
    private void tick() {
        long now = System.nanoTime();
        for (RecordStream stream : open) {
            try {
                stream.heartbeat(now, config.heartbeat());
            } catch (RuntimeException | Error e) {
                LOG.warnf(e, "A stream could not be looked after; will try again");
            }
        }
    }
}
