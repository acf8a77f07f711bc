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
import io.trunkline.topic.TopicName;
import io.vertx.ext.web.RoutingContext;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.HeaderParam;
import jakarta.ws.rs.POST;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.PathParam;
import jakarta.ws.rs.QueryParam;
import jakarta.ws.rs.core.Context;
import jakarta.ws.rs.core.HttpHeaders;
import jakarta.ws.rs.core.Response;
import java.time.Clock;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ForkJoinPool;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.eclipse.microprofile.openapi.annotations.Operation;
import org.eclipse.microprofile.openapi.annotations.enums.SchemaType;
import org.eclipse.microprofile.openapi.annotations.headers.Header;
import org.eclipse.microprofile.openapi.annotations.media.Content;
import org.eclipse.microprofile.openapi.annotations.media.Schema;
import org.eclipse.microprofile.openapi.annotations.parameters.Parameter;
import org.eclipse.microprofile.openapi.annotations.parameters.RequestBody;
import org.eclipse.microprofile.openapi.annotations.responses.APIResponse;
import org.eclipse.microprofile.openapi.annotations.tags.Tag;
import org.jspecify.annotations.Nullable;

/** Records: produce and fetch. */
@Path("/")
@Tag(name = "Records")
@APIResponse(
        responseCode = "default",
        description = "A failure.",
        content = @Content(mediaType = MediaTypes.CONTROL, schema = @Schema(implementation = ErrorView.class)))
class RecordsResource {
    private static final String NEXT_OFFSET = "Trunkline-Next-Offset";
    private static final String LOG_START_OFFSET = "Trunkline-Log-Start-Offset";
    private static final String END_OFFSET = "Trunkline-End-Offset";
    private static final String IMMUTABLE = "private, max-age=3600, immutable";
    private static final long DEFAULT_BYTES = 1024 * 1024;
    private static final int MOST_RECORDS = 1_000_000;
    /** A larger body is not parsed on the event loop, which others wait for. */
    private static final int SMALL_BODY = 32 * 1024;

    private final Logs logs;
    private final Producer producer;
    private final LogConfig.Fetch config;
    private final ResponseBudget budget;
    private final Tracing tracing;
    private final Clock clock;

    RecordsResource(Logs logs, Producer producer, LogConfig config, ResponseBudget budget, Tracing tracing, Clock clock) {
        this.logs = logs;
        this.producer = producer;
        this.budget = budget;
        this.tracing = tracing;
        this.config = config.fetch();
        this.clock = clock;
    }

    @POST
    @Path("topics/{topicname}")
    @Operation(
            operationId = "send",
            summary = "Writes records to a topic.",
            description =
                    "Answers when they are durable, with the offset of each in the order given. A record that is too"
                            + " large or names a partition that does not exist stands as an error in its place; the others are"
                            + " written.")
    @RequestBody(
            required = true,
            content = {
                @Content(
                        mediaType = MediaTypes.JSON,
                        schema = @Schema(implementation = ApiSchemas.ProducerRecordList.class)),
                @Content(
                        mediaType = MediaTypes.BINARY,
                        schema = @Schema(implementation = ApiSchemas.ProducerRecordList.class)),
                @Content(
                        mediaType = MediaTypes.TEXT,
                        schema = @Schema(implementation = ApiSchemas.ProducerRecordList.class))
            })
    @APIResponse(
            responseCode = "200",
            content =
                    @Content(
                            mediaType = MediaTypes.CONTROL,
                            schema = @Schema(implementation = ApiSchemas.SentList.class)))
    @APIResponse(responseCode = "204", description = "Accepted, with async=true.")
    public Uni<Response> send(
            @PathParam("topicname") String topic,
            @Parameter(description = "Answer at once, without offsets.", schema = @Schema(type = SchemaType.BOOLEAN))
                    @QueryParam("async")
                    String async,
            @Parameter(
                            description = Include.DESCRIPTION,
                            schema = @Schema(type = SchemaType.STRING, enumeration = "code"))
                    @QueryParam(Include.PARAMETER)
                    String include,
            @Parameter(hidden = true) @HeaderParam(HttpHeaders.CONTENT_TYPE) String contentType,
            @Context HttpHeaders headers,
            @Context RoutingContext context) {
        return produce(topic, OptionalInt.empty(), async, include, contentType, headers, context);
    }

    @POST
    @Path("topics/{topicname}/partitions/{partitionid}")
    @Operation(operationId = "sendToPartition", summary = "Writes records to one partition of a topic.")
    @RequestBody(
            required = true,
            content = {
                @Content(
                        mediaType = MediaTypes.JSON,
                        schema = @Schema(implementation = ApiSchemas.ProducerRecordList.class)),
                @Content(
                        mediaType = MediaTypes.BINARY,
                        schema = @Schema(implementation = ApiSchemas.ProducerRecordList.class)),
                @Content(
                        mediaType = MediaTypes.TEXT,
                        schema = @Schema(implementation = ApiSchemas.ProducerRecordList.class))
            })
    @APIResponse(
            responseCode = "200",
            content =
                    @Content(
                            mediaType = MediaTypes.CONTROL,
                            schema = @Schema(implementation = ApiSchemas.SentList.class)))
    @APIResponse(responseCode = "204", description = "Accepted, with async=true.")
    public Uni<Response> sendToPartition(
            @PathParam("topicname") String topic,
            @PathParam("partitionid") @Schema(type = SchemaType.INTEGER) String partition,
            @Parameter(description = "Answer at once, without offsets.", schema = @Schema(type = SchemaType.BOOLEAN))
                    @QueryParam("async")
                    String async,
            @Parameter(
                            description = Include.DESCRIPTION,
                            schema = @Schema(type = SchemaType.STRING, enumeration = "code"))
                    @QueryParam(Include.PARAMETER)
                    String include,
            @Parameter(hidden = true) @HeaderParam(HttpHeaders.CONTENT_TYPE) String contentType,
            @Context HttpHeaders headers,
            @Context RoutingContext context) {
        return produce(
                topic, OptionalInt.of(Parameters.partition(partition)), async, include, contentType, headers, context);
    }

    @GET
    @Path("topics/{topicname}/partitions/{partitionid}/records")
    @Operation(
            operationId = "fetch",
            summary = "Reads records of a partition from an offset or a time.",
            description =
                    "Without either, from the log start. Answers with what there is, at least one record if there is"
                            + " one, or waits for it up to the timeout.")
    @APIResponse(
            responseCode = "200",
            description = "Records in offset order, maybe none. A full page never changes and may be cached.",
            headers = {
                @Header(
                        name = NEXT_OFFSET,
                        description = "Where to go on.",
                        schema = @Schema(type = SchemaType.INTEGER)),
                @Header(name = LOG_START_OFFSET, schema = @Schema(type = SchemaType.INTEGER)),
                @Header(name = END_OFFSET, schema = @Schema(type = SchemaType.INTEGER)),
                @Header(name = "Link", description = "The next page.", schema = @Schema(type = SchemaType.STRING)),
                @Header(name = "ETag", description = "On a full page.", schema = @Schema(type = SchemaType.STRING))
            },
            content = {
                @Content(
                        mediaType = MediaTypes.JSON,
                        schema = @Schema(type = SchemaType.ARRAY, implementation = ApiSchemas.ConsumerRecord.class)),
                @Content(
                        mediaType = MediaTypes.BINARY,
                        schema = @Schema(type = SchemaType.ARRAY, implementation = ApiSchemas.ConsumerRecord.class)),
                @Content(
                        mediaType = MediaTypes.TEXT,
                        schema = @Schema(type = SchemaType.ARRAY, implementation = ApiSchemas.ConsumerRecord.class))
            })
    @APIResponse(responseCode = "304", description = "The page is the one that the client has.")
    @APIResponse(
            responseCode = "416",
            description = "OFFSET_OUT_OF_RANGE: below the log start or beyond the end, which the headers tell.",
            content = @Content(mediaType = MediaTypes.CONTROL, schema = @Schema(implementation = ErrorView.class)))
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
            @Parameter(hidden = true) @HeaderParam(HttpHeaders.IF_NONE_MATCH) String ifNoneMatch,
            @Context HttpHeaders headers,
            @Context RoutingContext context) {
        TopicName name = Parameters.topic(topic);
        int number = Parameters.partition(partition);
        RecordFormat.Accepted accepted = RecordFormat.accepted(MediaTypes.accepted(headers));
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
        CompletableFuture<Void> ended = new CompletableFuture<>();
        context.addEndHandler(end -> ended.complete(null));
        Supplier<CompletableFuture<FetchOutcome>> fetch = () -> start(name, number, from, time)
                .thenCompose(start ->
                        logs.fetch(
                                name,
                                number,
                                start,
                                new FetchLimits(1, Math.min(bytes, budget.share()), records, wait),
                                ended));

        return Uni.createFrom()
                .completionStage(() -> tracing.fetch(
                                name,
                                () -> fetch.get()
                                        .thenCompose(
                                                outcome -> outcome instanceof FetchOutcome.OutOfRange && from.isEmpty()
                                                        // The log start has moved on since it was looked up.
                                                        ? fetch.get()
                                                        : CompletableFuture.completedFuture(outcome)),
                                outcome -> outcome instanceof FetchOutcome.Page page
                                        ? page.batches().stream()
                                        : Stream.empty())
                        .thenApply(outcome -> switch (outcome) {
                            case FetchOutcome.OutOfRange out -> outOfRange(name, number, from, out.range());
                            case FetchOutcome.Page page ->
                                page(name, number, page, accepted, ifNoneMatch, context, ended);
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
    private record PageTag(int partitionId, long offset, long nextOffset, RecordFormat format) {
        PageTag(FetchOutcome.Page page, RecordFormat format) {
            this(page.partitionId(), page.offset(), page.nextOffset(), format);
        }

        String header() {
            return "\"" + partitionId + "-" + offset + "-" + nextOffset + "-"
                    + format.name().toLowerCase(Locale.ROOT) + "\"";
        }

        /** Whether a client has this page: it may list several, and call them weak. */
        boolean isIn(@Nullable String ifNoneMatch) {
            return ifNoneMatch != null
                    && Arrays.stream(ifNoneMatch.split(","))
                            .map(tag -> tag.strip().replaceFirst("^W/", ""))
                            .anyMatch(header()::equals);
        }
    }

    private Response page(
            TopicName topic,
            int partition,
            FetchOutcome.Page page,
            RecordFormat.Accepted accepted,
            @Nullable String ifNoneMatch,
            RoutingContext context,
            CompletableFuture<Void> ended) {
        PageTag tag = new PageTag(page, accepted.format());
        Response.ResponseBuilder answer;
        if (page.full() && tag.isIn(ifNoneMatch)) {
            answer = Response.notModified();
        } else {
            RecordsPage body = new RecordsPage(
                    List.of(new RecordsPage.Part(topic, partition, page.batches())), accepted.format(), true);
            body.count(Exchange.of(context), page.shared());
            ended.thenRun(body::ended);
            answer = Response.ok(body).type(accepted.mediaType());
        }
        positions(answer, page.range()).header(NEXT_OFFSET, page.nextOffset());
        answer.header(HttpHeaders.LINK, "<" + nextPage(context, page.nextOffset()) + ">; rel=\"next\"");
        answer.header(HttpHeaders.VARY, HttpHeaders.ACCEPT);
        // A start that is not named moves: the log start with retention, the offset of a time with the log start.
        boolean named = context.request().getParam("offset") != null;
        return page.full() && named
                ? answer.header(HttpHeaders.ETAG, tag.header())
                        .header(HttpHeaders.CACHE_CONTROL, IMMUTABLE)
                        .build()
                : answer.header(HttpHeaders.CACHE_CONTROL, "no-store").build();
    }

    private static String nextPage(RoutingContext context, long nextOffset) {
        StringBuilder next =
                new StringBuilder(context.request().path()).append("?offset=").append(nextOffset);
        for (String name : new String[] {"max_bytes", "max_records", "timeout"}) {
            String value = context.request().getParam(name);
            if (value != null) {
                next.append('&').append(name).append('=').append(value);
            }
        }
        return next.toString();
    }

    /** The answer to an offset that is not within the range. */
    static Response outOfRange(TopicName topic, int partition, OptionalLong offset, OffsetRange range) {
        Response answer = Errors.answer(new TrunklineException(
                ErrorCode.OFFSET_OUT_OF_RANGE,
                "Offset " + (offset.isPresent() ? offset.getAsLong() + " " : "") + "of partition " + partition
                        + " of topic " + topic
                        + " is out of range: it can be read from " + range.logStartOffset() + ", and its end is "
                        + range.endOffset() + "."));
        return positions(Response.fromResponse(answer), range).build();
    }

    private static Response.ResponseBuilder positions(Response.ResponseBuilder answer, OffsetRange range) {
        return answer.header(LOG_START_OFFSET, range.logStartOffset()).header(END_OFFSET, range.endOffset());
    }

    private Uni<Response> produce(
            String topic,
            OptionalInt partition,
            String asyncText,
            @Nullable String include,
            String contentType,
            HttpHeaders headers,
            RoutingContext context) {
        TopicName name = Parameters.topic(topic);
        boolean async = Parameters.bool("async", asyncText).orElse(false);
        String type = MediaTypes.control(headers);
        Set<Include> included = Include.of(include, type, Set.of(Include.CODE));
        RecordFormat format = RecordFormat.ofContentType(contentType);
        byte[] body = BodyFilter.body(context);
        Runnable read = BodyFilter.release(context);
        Exchange exchange = Exchange.of(context);
        long now = clock.millis();
        io.opentelemetry.context.Context current = tracing.current();
        CompletableFuture<ProduceRequest> parsed = body.length <= SMALL_BODY
                ? CompletableFuture.completedFuture(ProduceParser.parse(body, format, partition.isEmpty(), now))
                : CompletableFuture.supplyAsync(
                        () -> ProduceParser.parse(body, format, partition.isEmpty(), now), ForkJoinPool.commonPool());
        return Uni.createFrom()
                .completionStage(() -> parsed.thenCompose(request -> {
                    read.run();
                    if (!async) {
                        // Before anything is written: a refusal afterwards would be a lie.
                        exchange.take(RecordsWriter.offsetsSize(name, request));
                    }
                    return tracing.send(
                            current,
                            name,
                            request.records(),
                            records -> producer.send(name, records, request.partitions(), partition, async)
                                    .thenCompose(accepted -> async
                                            ? CompletableFuture.completedFuture(Answers.noContent())
                                            : accepted.result().thenApply(result -> sent(result, type, included))));
                }));
    }

    /** Failures that are the same for every record are the call's. */
    private static Response sent(ProduceResult result, String type, Set<Include> included) {
        if (result.count() > 0) {
            TrunklineException first = result.failure(0);
            // What no record can help fails the call, and not each record.
            boolean allFailed =
                    first != null && (ErrorStatus.of(first.code()) >= 500 || first.code() == ErrorCode.NOT_PERMITTED);
            for (int i = 1; i < result.count() && allFailed; i++) {
                TrunklineException failure = result.failure(i);
                allFailed = failure != null && first != null && failure.code() == first.code();
            }
            if (allFailed && first != null) {
                throw first;
            }
        }
        return Response.ok(RecordsWriter.offsets(result, included.contains(Include.CODE)))
                .type(type)
                .build();
    }
}
