package io.trunkline.rest;

import io.smallrye.mutiny.Uni;
import io.trunkline.edge.Exchange;
import io.trunkline.edge.ResponseBudget;
import io.trunkline.error.ErrorCode;
import io.trunkline.error.TrunklineException;
import io.trunkline.log.FetchLimits;
import io.trunkline.log.FetchOutcome;
import io.trunkline.log.LogConfig;
import io.trunkline.log.Logs;
import io.trunkline.log.OffsetRange;
import io.trunkline.log.Search;
import io.trunkline.rest.event.EventJson;
import io.trunkline.topic.TopicName;
import io.vertx.ext.web.RoutingContext;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.HeaderParam;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.PathParam;
import jakarta.ws.rs.QueryParam;
import jakarta.ws.rs.core.Context;
import jakarta.ws.rs.core.HttpHeaders;
import jakarta.ws.rs.core.MediaType;
import jakarta.ws.rs.core.Response;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.eclipse.microprofile.openapi.annotations.Operation;
import org.eclipse.microprofile.openapi.annotations.enums.SchemaType;
import org.eclipse.microprofile.openapi.annotations.media.Schema;
import org.eclipse.microprofile.openapi.annotations.parameters.Parameter;
import org.eclipse.microprofile.openapi.annotations.responses.APIResponse;
import org.eclipse.microprofile.openapi.annotations.tags.Tag;
import org.jspecify.annotations.Nullable;

/** Records: fetch. */
@Path("/")
@Tag(name = "Records")
@APIResponse(responseCode = "default", ref = "Failure")
class FetchResource {
    private static final String IMMUTABLE = "private, max-age=3600, immutable";
    private static final long DEFAULT_BYTES = 1024 * 1024;
    private static final int MOST_RECORDS = 1_000_000;

    private final Logs logs;
    private final LogConfig.Fetch config;
    private final ResponseBudget budget;
    private final Tracing tracing;
    private final LongCalls longCalls;
    private final TopicStreams streams;

    FetchResource(
            Logs logs,
            LogConfig config,
            ResponseBudget budget,
            Tracing tracing,
            LongCalls longCalls,
            TopicStreams streams) {
        this.streams = streams;
        this.logs = logs;
        this.budget = budget;
        this.tracing = tracing;
        this.longCalls = longCalls;
        this.config = config.fetch();
    }

    @GET
    @Path("topics/{topicname}/partitions/{partitionid}/records")
    @Operation(
            operationId = "fetch",
            summary = "Reads records of a partition from an offset or a time.",
            description =
                    "Without either, from the log start. Answers with what there is, at least one record if there is"
                            + " one, or waits for it up to the timeout. With Accept: text/event-stream or"
                            + " application/x-ndjson, a stream of records as they are appended, which the parameters from,"
                            + " offset, cursor and format are for.")
    @APIResponse(responseCode = "200", ref = "Page")
    @APIResponse(responseCode = "400", description = "INVALID_PARAMETER or INVALID_CURSOR")
    @APIResponse(responseCode = "304", description = "The page is the one that the client has.")
    @APIResponse(
            responseCode = "416",
            description = "OFFSET_OUT_OF_RANGE: below the log start or beyond the end, which the headers tell.")
    public Uni<Response> fetch(
            @PathParam("topicname") String topic,
            @PathParam("partitionid") @Schema(type = SchemaType.INTEGER) String partition,
            @Parameter(schema = @Schema(type = SchemaType.INTEGER)) @QueryParam("offset") String offset,
            @Parameter(
                            description = "The first record that is not older, in milliseconds since 1970.",
                            schema = @Schema(type = SchemaType.INTEGER))
                    @QueryParam("timestamp")
                    String timestamp,
            @Parameter(
                            description =
                                    "Bytes of keys, values and headers, and 64 for each record and header; 1 MiB if absent.",
                            schema = @Schema(type = SchemaType.INTEGER))
                    @QueryParam("max_bytes")
                    String maxBytes,
            @Parameter(schema = @Schema(type = SchemaType.INTEGER)) @QueryParam("max_records") String maxRecords,
            @Parameter(
                            description = "How long to wait for the first record, in milliseconds; 0 if absent.",
                            schema = @Schema(type = SchemaType.INTEGER))
                    @QueryParam("timeout")
                    String timeout,
            @Parameter(description = StreamResource.FROM) @QueryParam("from") String streamFrom,
            @Parameter(description = StreamResource.CURSOR) @QueryParam("cursor") String cursor,
            @Parameter(
                            description = StreamResource.FORMAT,
                            schema =
                                    @Schema(
                                            type = SchemaType.STRING,
                                            enumeration = {"json", "text", "binary", "cloudevents"}))
                    @QueryParam("format")
                    String format,
            @Parameter(description = Selection.FILTER_DESCRIPTION) @QueryParam(Selection.FILTER) String filter,
            @Parameter(
                            description = Selection.ORDER_DESCRIPTION,
                            schema =
                                    @Schema(
                                            type = SchemaType.STRING,
                                            enumeration = {"asc", "desc"}))
                    @QueryParam(Selection.ORDER)
                    String order,
            @Parameter(hidden = true) @HeaderParam(HttpHeaders.IF_NONE_MATCH) String ifNoneMatch,
            @Context HttpHeaders headers,
            @Context RoutingContext context) {
        TopicName name = Parameters.topic(topic);
        int number = Parameters.partition(partition);
        List<MediaType> types = MediaTypes.accepted(headers);
        Optional<StreamFormat> stream = StreamFormat.wanted(types);
        if (stream.isPresent()) {
            return Uni.createFrom()
                    .completionStage(() -> streams.open(name, OptionalInt.of(number), stream.get(), context));
        }
        TopicStreams.checkNone(context.queryParams());
        RecordFormat.Accepted accepted = RecordFormat.accepted(types);
        OptionalLong from = Parameters.whole("offset", offset, 0, Long.MAX_VALUE);
        OptionalLong time = Parameters.whole("timestamp", timestamp, 0, Long.MAX_VALUE);
        if (from.isPresent() && time.isPresent()) {
            throw new TrunklineException(ErrorCode.INVALID_PARAMETER, "Give offset or timestamp, not both.");
        }
        long bytes = Parameters.whole(
                        "max_bytes", maxBytes, 1, config.maxBytes().asLongValue())
                .orElse(Math.min(DEFAULT_BYTES, config.maxBytes().asLongValue()));
        int records = (int)
                Parameters.whole("max_records", maxRecords, 1, MOST_RECORDS).orElse(MOST_RECORDS);
        Duration wait = Duration.ofMillis(
                Parameters.whole("timeout", timeout, 0, config.maxWait().toMillis())
                        .orElse(0));
        Selection selection = Selection.of(context, order);
        if (selection.newestFirst() && (time.isPresent() || !wait.isZero())) {
            throw new TrunklineException(
                    ErrorCode.INVALID_PARAMETER,
                    "With order=desc there are no parameters timestamp and timeout: records are read from offset, or from the"
                            + " end, downwards, and there is nothing to wait for.");
        }
        CompletableFuture<Void> ended = new CompletableFuture<>();
        context.addEndHandler(end -> ended.complete(null));
        LongCalls.Watched watched = longCalls.watch(context, ended);
        Optional<Search> search = selection.search(config, context, ended);
        FetchLimits limits = new FetchLimits(1, Math.min(bytes, budget.share()), records, wait, search);
        Supplier<CompletableFuture<FetchOutcome>> fetch = selection.newestFirst()
                ? () -> logs.fetchDown(name, number, from, limits)
                : () -> start(name, number, from, time)
                        .thenCompose(start -> logs.fetch(name, number, start, limits, ended));

        return Uni.createFrom()
                .completionStage(() -> watched.result(
                                tracing.fetch(
                                        name,
                                        () -> fetch.get()
                                                .thenCompose(outcome ->
                                                        outcome instanceof FetchOutcome.OutOfRange && from.isEmpty()
                                                                // The log start has moved on since it was looked up.
                                                                ? fetch.get()
                                                                : CompletableFuture.completedFuture(outcome)),
                                        outcome -> outcome instanceof FetchOutcome.Page page
                                                ? page.batches().stream()
                                                : Stream.empty()),
                                outcome -> {})
                        .thenApply(outcome -> switch (outcome) {
                            case FetchOutcome.OutOfRange out ->
                                OffsetHeaders.outOfRange(name, number, from, out.range());
                            case FetchOutcome.Page page -> {
                                Selection.found(search, Exchange.of(context));
                                Response.ResponseBuilder answer = page(
                                        name, number, from, page, selection, accepted, ifNoneMatch, context, ended);
                                Selection.passed(answer, search);
                                yield answer.build();
                            }
                        }));
    }

    private CompletableFuture<Long> start(TopicName topic, int partition, OptionalLong offset, OptionalLong timestamp) {
        if (offset.isPresent()) {
            return CompletableFuture.completedFuture(offset.getAsLong());
        }
        if (timestamp.isPresent()) {
            return logs.offsetForTime(topic, partition, timestamp.getAsLong());
        }
        return logs.range(topic, partition).thenApply(OffsetRange::logStartOffset);
    }

    /**
     * Which page this is. The records between two offsets of a partition are the same for ever, and a partition's id is
     * never used again, so the tag needs not look at them.
     */
    private record PageTag(long partitionId, long offset, long nextOffset, String format, Selection selection) {
        PageTag(FetchOutcome.Page page, RecordFormat.Accepted accepted, Selection selection) {
            this(
                    page.partitionId(),
                    page.offset(),
                    page.nextOffset(),
                    accepted.asEvents() ? "events" : accepted.format().name().toLowerCase(Locale.ROOT),
                    selection);
        }

        String header() {
            return "\"" + partitionId + "-" + offset + "-" + nextOffset + "-" + format + selection.tag() + "\"";
        }

        /** Whether a client has this page: it may list several, and call them weak. */
        boolean isIn(@Nullable String ifNoneMatch) {
            return ifNoneMatch != null
                    && Arrays.stream(ifNoneMatch.split(","))
                            .map(tag -> tag.strip().replaceFirst("^W/", ""))
                            .anyMatch(header()::equals);
        }
    }

    private static Response.ResponseBuilder page(
            TopicName topic,
            int partition,
            OptionalLong from,
            FetchOutcome.Page page,
            Selection selection,
            RecordFormat.Accepted accepted,
            @Nullable String ifNoneMatch,
            RoutingContext context,
            CompletableFuture<Void> ended) {
        PageTag tag = new PageTag(page, accepted, selection);
        Response.ResponseBuilder answer;
        if (page.full() && tag.isIn(ifNoneMatch)) {
            answer = Response.notModified();
        } else {
            RecordWriter json = accepted.asEvents()
                    ? new EventJson(topic, partition)::write
                    : new RecordJson(topic, partition, accepted.format(), true);
            RecordsPage body = new RecordsPage(List.of(new RecordsPage.Part(json, page.batches())));
            body.count(Exchange.of(context), page.shared());
            ended.thenRun(body::ended);
            answer = Response.ok(body).type(accepted.mediaType());
        }
        OffsetHeaders.add(answer, page.range());
        // Downwards there is an end, where nothing comes next.
        if (page.nextOffset() >= page.range().logStartOffset()) {
            answer.header(OffsetHeaders.NEXT_OFFSET, page.nextOffset());
            answer.header(HttpHeaders.LINK, "<" + nextPage(context, page.nextOffset(), selection) + ">; rel=\"next\"");
        }
        // A browser may be used by several people one after the other, and keeps pages.
        boolean known = Caller.of(context).principal().isPresent();
        answer.header(HttpHeaders.VARY, known ? "Accept, Authorization, Cookie" : HttpHeaders.ACCEPT);
        // A start that is not named moves: the log start with retention, the offset of a time with the log start, the
        // end with what is appended.
        boolean named = from.isPresent() && from.getAsLong() == page.offset();
        return page.full() && named
                ? answer.header(HttpHeaders.ETAG, tag.header()).header(HttpHeaders.CACHE_CONTROL, IMMUTABLE)
                : answer.header(HttpHeaders.CACHE_CONTROL, "no-store");
    }

    private static String nextPage(RoutingContext context, long nextOffset, Selection selection) {
        StringBuilder next =
                new StringBuilder(context.request().path()).append("?offset=").append(nextOffset);
        for (String name : new String[] {"max_bytes", "max_records", "timeout"}) {
            String value = context.request().getParam(name);
            if (value != null) {
                next.append('&').append(name).append('=').append(value);
            }
        }
        return next.append(selection.parameters()).toString();
    }
}
