package io.trunkline.rest;

import io.smallrye.mutiny.Uni;
import io.vertx.ext.web.RoutingContext;
import jakarta.ws.rs.POST;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.PathParam;
import jakarta.ws.rs.QueryParam;
import jakarta.ws.rs.core.Context;
import jakarta.ws.rs.core.HttpHeaders;
import jakarta.ws.rs.core.Response;
import java.util.OptionalInt;
import org.eclipse.microprofile.openapi.annotations.Operation;
import org.eclipse.microprofile.openapi.annotations.enums.SchemaType;
import org.eclipse.microprofile.openapi.annotations.media.Schema;
import org.eclipse.microprofile.openapi.annotations.parameters.Parameter;
import org.eclipse.microprofile.openapi.annotations.parameters.RequestBody;
import org.eclipse.microprofile.openapi.annotations.responses.APIResponse;
import org.eclipse.microprofile.openapi.annotations.tags.Tag;

/** Records: produce. {@link ProduceRoute} serves most of these requests without a resource. */
@Path("/")
@Tag(name = "Records")
@APIResponse(responseCode = "default", ref = "SendFailure")
class ProduceResource {
    private final Producing producing;

    ProduceResource(Producing producing) {
        this.producing = producing;
    }

    @POST
    @Path("topics/{topicname}")
    @Operation(
            operationId = "send",
            summary = "Writes records to a topic.",
            description =
                    "Answers when they are durable, with the offset of each in the order given. A record that is too"
                            + " large or names a partition that does not exist stands as an error in its place; the others are"
                            + " written. Without an envelope, the failure of a record is that of the request. Lines are"
                            + " answered with LinesSent, where all before one that fails are written.")
    @RequestBody(ref = "Records")
    @APIResponse(responseCode = "200", ref = "Sent")
    @APIResponse(responseCode = "202", description = "CloudEvents are durable; Accept names no type of the offsets.")
    @APIResponse(responseCode = "204", description = "Accepted, with async=true.")
    @Parameter(ref = "IdempotencyKey")
    @Parameter(ref = "RecordKey")
    @Parameter(ref = "EachOffset")
    public Uni<Response> send(
            @PathParam("topicname") String topic,
            @Parameter(ref = "Async") @QueryParam("async") String async,
            @Parameter(ref = "IncludeCode") @QueryParam(Include.PARAMETER) String include,
            @Context HttpHeaders headers,
            @Context RoutingContext context) {
        return produce(topic, OptionalInt.empty(), headers, context);
    }

    @POST
    @Path("topics/{topicname}/partitions/{partitionid}")
    @Operation(
            operationId = "sendToPartition",
            summary = "Writes records to one partition of a topic.",
            description = "As send; records may not name another partition. Lines are answered with LinesSent.")
    @RequestBody(ref = "Records")
    @APIResponse(responseCode = "200", ref = "Sent")
    @APIResponse(responseCode = "202", description = "CloudEvents are durable; Accept names no type of the offsets.")
    @APIResponse(responseCode = "204", description = "Accepted, with async=true.")
    @APIResponse(responseCode = "412", ref = "EndMoved")
    @Parameter(ref = "IdempotencyKey")
    @Parameter(ref = "ExpectedEnd")
    @Parameter(ref = "RecordKey")
    @Parameter(ref = "EachOffset")
    public Uni<Response> sendToPartition(
            @PathParam("topicname") String topic,
            @PathParam("partitionid") @Schema(type = SchemaType.INTEGER) String partition,
            @Parameter(ref = "Async") @QueryParam("async") String async,
            @Parameter(ref = "IncludeCode") @QueryParam(Include.PARAMETER) String include,
            @Context HttpHeaders headers,
            @Context RoutingContext context) {
        return produce(topic, OptionalInt.of(Parameters.partition(partition)), headers, context);
    }

    private Uni<Response> produce(String topic, OptionalInt partition, HttpHeaders headers, RoutingContext context) {
        ProduceCall call =
                ProduceCall.of(Parameters.topic(topic), partition, MediaTypes.control(headers), context.request());
        io.vertx.core.Context loop = context.vertx().getOrCreateContext();
        return Uni.createFrom()
                .completionStage(() -> producing.produce(call, context))
                .emitOn(then -> loop.runOnContext(turn -> then.run()))
                .map(result -> result.map(sent -> response(call, sent, context)).orElseGet(Answers::noContent));
    }

    private static Response response(ProduceCall call, ProduceResult sent, RoutingContext context) {
        ProduceCall.addHeaders(sent, context.response());
        return call.response(sent)
                .map(body -> Response.ok(body).type(call.type()))
                .orElseGet(() -> Response.status(call.quietStatus()))
                .build();
    }
}
