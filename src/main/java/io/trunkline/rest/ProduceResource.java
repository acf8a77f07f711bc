package io.trunkline.rest;

import io.smallrye.mutiny.Uni;
import io.trunkline.edge.Exchange;
import io.trunkline.error.ErrorCode;
import io.trunkline.error.TrunklineException;
import io.trunkline.topic.TopicName;
import io.vertx.ext.web.RoutingContext;
import jakarta.ws.rs.POST;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.PathParam;
import jakarta.ws.rs.QueryParam;
import jakarta.ws.rs.core.Context;
import jakarta.ws.rs.core.HttpHeaders;
import jakarta.ws.rs.core.Response;
import java.time.Clock;
import java.util.OptionalInt;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import org.eclipse.microprofile.openapi.annotations.Operation;
import org.eclipse.microprofile.openapi.annotations.enums.SchemaType;
import org.eclipse.microprofile.openapi.annotations.media.Content;
import org.eclipse.microprofile.openapi.annotations.media.Schema;
import org.eclipse.microprofile.openapi.annotations.parameters.Parameter;
import org.eclipse.microprofile.openapi.annotations.parameters.RequestBody;
import org.eclipse.microprofile.openapi.annotations.responses.APIResponse;
import org.eclipse.microprofile.openapi.annotations.tags.Tag;
import org.jspecify.annotations.Nullable;

/** Records: produce. */
@Path("/")
@Tag(name = "Records")
@APIResponse(responseCode = "default", ref = "Failure")
class ProduceResource {
    private final Producer producer;
    private final Parsing parsing;
    private final Tracing tracing;
    private final Clock clock;

    ProduceResource(Producer producer, Parsing parsing, Tracing tracing, Clock clock) {
        this.producer = producer;
        this.parsing = parsing;
        this.tracing = tracing;
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
    @RequestBody(ref = "Records")
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
            @Context HttpHeaders headers,
            @Context RoutingContext context) {
        return produce(topic, OptionalInt.empty(), async, include, headers, context);
    }

    @POST
    @Path("topics/{topicname}/partitions/{partitionid}")
    @Operation(operationId = "sendToPartition", summary = "Writes records to one partition of a topic.")
    @RequestBody(ref = "Records")
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
            @Context HttpHeaders headers,
            @Context RoutingContext context) {
        return produce(topic, OptionalInt.of(Parameters.partition(partition)), async, include, headers, context);
    }

    private Uni<Response> produce(
            String topic,
            OptionalInt partition,
            String asyncText,
            @Nullable String include,
            HttpHeaders headers,
            RoutingContext context) {
        TopicName name = Parameters.topic(topic);
        boolean async = Parameters.bool("async", asyncText).orElse(false);
        String type = MediaTypes.control(headers);
        Set<Include> included = Include.of(include, type, Set.of(Include.CODE));
        RecordFormat format = RecordFormat.ofContentType(context.request().getHeader(HttpHeaders.CONTENT_TYPE));
        Runnable read = BodyFilter.release(context);
        Exchange exchange = Exchange.of(context);
        long now = clock.millis();
        io.opentelemetry.context.Context current = tracing.current();
        CompletableFuture<ProduceRequest> parsed = parsing.parse(
                BodyFilter.bytes(context), bytes -> ProduceParser.parse(bytes, format, partition.isEmpty(), now));
        return Uni.createFrom()
                .completionStage(() -> parsed.thenCompose(request -> {
                    read.run();
                    if (!async) {
                        // Before anything is written: a refusal afterwards would be a lie.
                        exchange.take(OffsetsJson.size(name, request));
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
            boolean allFailed = first != null
                    && (ErrorStatus.of(first.code()) >= 500 || first.code() == ErrorCode.DATABASE_PERMISSION_MISSING);
            for (int i = 1; i < result.count() && allFailed; i++) {
                TrunklineException failure = result.failure(i);
                allFailed = failure != null && first != null && failure.code() == first.code();
            }
            if (allFailed && first != null) {
                throw first;
            }
        }
        return Response.ok(OffsetsJson.of(result, included.contains(Include.CODE)))
                .type(type)
                .build();
    }
}
