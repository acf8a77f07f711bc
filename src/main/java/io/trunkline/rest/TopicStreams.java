package io.trunkline.rest;

import io.trunkline.edge.Exchange;
import io.trunkline.edge.ResponseBudget;
import io.trunkline.error.ErrorCode;
import io.trunkline.error.Failures;
import io.trunkline.error.TrunklineException;
import io.trunkline.log.LogConfig;
import io.trunkline.log.Logs;
import io.trunkline.log.OffsetRange;
import io.trunkline.rest.event.EventJson;
import io.trunkline.topic.Topic;
import io.trunkline.topic.TopicName;
import io.trunkline.topic.TopicWatch;
import io.trunkline.topic.Topics;
import io.vertx.core.MultiMap;
import io.vertx.ext.web.RoutingContext;
import jakarta.inject.Singleton;
import jakarta.ws.rs.core.Response;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;
import java.util.function.IntFunction;
import org.jspecify.annotations.Nullable;

/** Streams of topics, of one partition or of all, as requests ask for them. */
@Singleton
class TopicStreams {
    private static final String CLOUD_EVENTS = "cloudevents";
    private static final List<String> OF_STREAMS = List.of("from", "cursor", "format");
    private static final List<String> OF_PAGES = List.of("timestamp", "max_bytes", "max_records", "timeout");

    private final Streams streams;
    private final StreamStarts starts;
    private final Logs logs;
    private final Topics topics;
    private final TopicWatch watch;
    private final ResponseBudget budget;
    private final LogConfig.Fetch config;

    TopicStreams(
            Streams streams,
            StreamStarts starts,
            Logs logs,
            Topics topics,
            TopicWatch watch,
            ResponseBudget budget,
            LogConfig config) {
        this.config = config.fetch();
        this.streams = streams;
        this.starts = starts;
        this.logs = logs;
        this.topics = topics;
        this.watch = watch;
        this.budget = budget;
    }

    /**
     * Opens a stream. Fails with {@code INVALID_PARAMETER} or {@code INVALID_CURSOR} for what the request says, and as
     * {@link StreamStarts#find} and {@link Streams#open}.
     *
     * @param partition of a stream of one; empty for all
     */
    CompletableFuture<Response> open(
            TopicName name, OptionalInt partition, StreamFormat format, RoutingContext context) {
        MultiMap parameters = context.queryParams();
        for (String parameter : OF_PAGES) {
            if (parameters.contains(parameter)) {
                throw new TrunklineException(
                        ErrorCode.INVALID_PARAMETER,
                        "A stream has no parameter " + parameter + ": it begins where from, offset or cursor says.");
            }
        }
        OptionalLong offset = Parameters.whole("offset", parameters.get("offset"), 0, Long.MAX_VALUE);
        if (offset.isPresent() && partition.isEmpty()) {
            throw new TrunklineException(
                    ErrorCode.INVALID_PARAMETER,
                    "The parameter offset is for a stream of one partition; use from or cursor.");
        }
        IntFunction<RecordWriter> writers = writers(name, parameters.get("format"), format);
        StreamFilter filter = Selection.unordered(context).ofStream(config, context);
        StreamStarts.From from = StreamStarts.From.of(
                context.request().getHeader("Last-Event-ID"), parameters.get("cursor"), parameters.get("from"), offset);
        return streams.open(
                        context,
                        format,
                        watched -> starts.find(name, partition, from, context.response()::closed)
                                .thenApply(start -> source(start, writers, filter, Exchange.of(context))))
                .exceptionallyCompose(failure -> {
                    Optional<OffsetRange> range = StreamStarts.OutOfRange.range(Failures.unwrapped(failure));
                    return range.isPresent()
                            ? CompletableFuture.completedFuture(
                                    OffsetHeaders.outOfRange(name, partition.orElse(0), offset, range.get()))
                            : CompletableFuture.failedFuture(failure);
                });
    }

    /** @throws TrunklineException {@code INVALID_PARAMETER} for parameters of streams, where the response is none */
    static void checkNone(MultiMap parameters) {
        for (String parameter : OF_STREAMS) {
            if (parameters.contains(parameter)) {
                throw new TrunklineException(
                        ErrorCode.INVALID_PARAMETER,
                        "The parameter " + parameter + " is for streams: the Accept header must prefer "
                                + StreamFormat.EVENTS.mediaType() + " or " + StreamFormat.LINES.mediaType() + ".");
            }
        }
    }

    private StreamSource source(
            TopicSource.Start start, IntFunction<RecordWriter> writers, StreamFilter filter, Exchange exchange) {
        TopicSource source = new TopicSource(start, writers, filter, exchange, logs, topics, budget);
        return start.partition().isPresent() ? source : new Watched(source, start.topic(), watch);
    }

    /** A source of all partitions of a topic, which may become more. */
    private static final class Watched implements StreamSource {
        private final TopicSource source;
        private final TopicWatch.Watcher watcher;

        Watched(TopicSource source, Topic topic, TopicWatch watch) {
            this.source = source;
            watcher = watch.watch(topic, source::changed);
        }

        @Override
        public CompletableFuture<StreamPage> next() {
            return source.next();
        }

        @Override
        public byte @Nullable [] cursor() {
            return source.cursor();
        }

        @Override
        public void close() {
            watcher.close();
            source.close();
        }
    }

    private static IntFunction<RecordWriter> writers(TopicName topic, @Nullable String name, StreamFormat stream) {
        if (CLOUD_EVENTS.equals(name)) {
            if (stream != StreamFormat.EVENTS) {
                throw new TrunklineException(
                        ErrorCode.INVALID_PARAMETER,
                        "Lines are given with format=json, text or binary: read CloudEvents as "
                                + StreamFormat.EVENTS.mediaType() + ".");
            }
            return partition -> new EventJson(topic, partition)::write;
        }
        RecordFormat format = name == null
                ? RecordFormat.JSON
                : RecordFormat.named(name)
                        .orElseThrow(() -> new TrunklineException(
                                ErrorCode.INVALID_PARAMETER,
                                "The parameter format must be json, text, binary or " + CLOUD_EVENTS + "."));
        return partition -> new RecordJson(topic, partition, format, true);
    }
}
