package io.trunkline.rest;

import io.opentelemetry.api.OpenTelemetry;
import io.opentelemetry.api.common.AttributeKey;
import io.opentelemetry.api.trace.Span;
import io.opentelemetry.api.trace.SpanBuilder;
import io.opentelemetry.api.trace.SpanContext;
import io.opentelemetry.api.trace.SpanKind;
import io.opentelemetry.api.trace.StatusCode;
import io.opentelemetry.api.trace.Tracer;
import io.opentelemetry.api.trace.propagation.W3CTraceContextPropagator;
import io.opentelemetry.context.Context;
import io.opentelemetry.context.propagation.TextMapGetter;
import io.trunkline.error.Failures;
import io.trunkline.log.FetchedBatch;
import io.trunkline.record.RecordBatch;
import io.trunkline.topic.TopicName;
import jakarta.inject.Singleton;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.eclipse.microprofile.config.inject.ConfigProperty;
import org.jspecify.annotations.Nullable;

/**
 * Spans of producing and fetching, named as OpenTelemetry's conventions for messaging say, which records connect: each
 * record that has no trace context gets the one of its producer as W3C headers, and a span of a fetch has links to those of the
 * records that it gave. Nothing of it happens while tracing is off.
 */
@Singleton
class Tracing {
    private static final String TRACEPARENT = "traceparent";
    /** What one span links to at most; OpenTelemetry's own limit. */
    private static final int MOST_LINKS = 128;

    private static final AttributeKey<String> SYSTEM = AttributeKey.stringKey("messaging.system");
    private static final AttributeKey<String> OPERATION = AttributeKey.stringKey("messaging.operation.name");
    private static final AttributeKey<String> OPERATION_TYPE = AttributeKey.stringKey("messaging.operation.type");
    private static final AttributeKey<String> DESTINATION = AttributeKey.stringKey("messaging.destination.name");
    private static final AttributeKey<String> GROUP = AttributeKey.stringKey("messaging.consumer.group.name");
    private static final AttributeKey<Long> COUNT = AttributeKey.longKey("messaging.batch.message_count");
    private static final AttributeKey<String> ERROR = AttributeKey.stringKey("error.type");

    private static final W3CTraceContextPropagator W3C = W3CTraceContextPropagator.getInstance();

    private final boolean enabled;
    private final Tracer tracer;

    Tracing(OpenTelemetry telemetry, @ConfigProperty(name = "quarkus.otel.sdk.disabled") boolean disabled) {
        enabled = !disabled;
        tracer = telemetry.getTracer("io.trunkline");
    }

    boolean isEnabled() {
        return enabled;
    }

    /** The context of the request that is being handled; take it before going on to another thread. */
    Context current() {
        return enabled ? Context.current() : Context.root();
    }

    /** Sends records, which get the span's context. */
    <T> CompletableFuture<T> send(
            Context parent, TopicName topic, RecordBatch records, Function<RecordBatch, CompletableFuture<T>> call) {
        if (!enabled) {
            return call.apply(records);
        }
        Span span =
                span(parent, "send", "send", topic.value(), SpanKind.PRODUCER).startSpan();
        span.setAttribute(COUNT, records.count());
        Map<String, byte[]> headers = new LinkedHashMap<>();
        if (span.getSpanContext().isValid()) {
            W3C.inject(
                    parent.with(span),
                    headers,
                    (carrier, key, value) -> carrier.put(key, value.getBytes(StandardCharsets.UTF_8)));
        }
        RecordBatch traced = headers.isEmpty() ? records : records.withHeaders(headers, TRACEPARENT);
        return ended(span, () -> call.apply(traced), result -> {});
    }

    <T> CompletableFuture<T> fetch(
            TopicName topic, Supplier<CompletableFuture<T>> call, Function<T, Stream<FetchedBatch>> found) {
        return enabled
                ? receive(span(Context.current(), "fetch", "receive", topic.value(), SpanKind.CONSUMER), call, found)
                : call.get();
    }

    <T> CompletableFuture<T> poll(
            String group, Supplier<CompletableFuture<T>> call, Function<T, Stream<FetchedBatch>> found) {
        return enabled
                ? receive(
                        span(Context.current(), "poll", "receive", "", SpanKind.CONSUMER)
                                .setAttribute(GROUP, group),
                        call,
                        found)
                : call.get();
    }

    private static <T> CompletableFuture<T> receive(
            SpanBuilder builder, Supplier<CompletableFuture<T>> call, Function<T, Stream<FetchedBatch>> found) {
        Span span = builder.startSpan();
        return ended(span, call, result -> {
            List<FetchedBatch> batches = found.apply(result).toList();
            span.setAttribute(
                    COUNT, batches.stream().mapToLong(b -> b.records().count()).sum());
            if (span.isRecording()) {
                contexts(batches).forEach(span::addLink);
            }
        });
    }

    private SpanBuilder span(Context parent, String operation, String type, String destination, SpanKind kind) {
        SpanBuilder builder = tracer.spanBuilder(destination.isEmpty() ? operation : operation + " " + destination)
                .setParent(parent)
                .setSpanKind(kind)
                .setAttribute(SYSTEM, "trunkline")
                .setAttribute(OPERATION, operation)
                .setAttribute(OPERATION_TYPE, type);
        return destination.isEmpty() ? builder : builder.setAttribute(DESTINATION, destination);
    }

    private static <T> CompletableFuture<T> ended(Span span, Supplier<CompletableFuture<T>> call, Consumer<T> then) {
        CompletableFuture<T> result;
        try {
            result = call.get();
        } catch (RuntimeException e) {
            result = CompletableFuture.failedFuture(e);
        }
        return result.whenComplete((value, failure) -> {
            if (failure == null) {
                then.accept(value);
            } else {
                span.setStatus(StatusCode.ERROR);
                span.setAttribute(ERROR, Failures.code(failure).name());
            }
            span.end();
        });
    }

    /** The trace contexts of records, each once. */
    private static Set<SpanContext> contexts(List<FetchedBatch> batches) {
        Set<SpanContext> contexts = new LinkedHashSet<>();
        for (FetchedBatch batch : batches) {
            for (int i = 0; i < batch.records().count() && contexts.size() < MOST_LINKS; i++) {
                Context context = W3C.extract(Context.root(), new Headers(batch.records(), i), Headers.GETTER);
                SpanContext span = Span.fromContext(context).getSpanContext();
                if (span.isValid()) {
                    contexts.add(span);
                }
            }
        }
        return contexts;
    }

    private record Headers(RecordBatch records, int record) {
        static final TextMapGetter<Headers> GETTER = new TextMapGetter<>() {
            @Override
            public Iterable<String> keys(Headers headers) {
                return Stream.iterate(
                                headers.records.headerStart(headers.record),
                                h -> h < headers.records.headerEnd(headers.record),
                                h -> h + 1)
                        .map(headers.records::headerKey)
                        .toList();
            }

            @Override
            public @Nullable String get(@Nullable Headers headers, String key) {
                return headers == null ? null : headers.find(key);
            }
        };

        private @Nullable String find(String key) {
            for (int h = records.headerStart(record); h < records.headerEnd(record); h++) {
                byte[] value = records.headerValue(h);
                if (value != null && records.headerKey(h).equalsIgnoreCase(key)) {
                    return new String(value, StandardCharsets.UTF_8);
                }
            }
            return null;
        }
    }
}
