package io.trunkline.rest;

import io.smallrye.mutiny.Uni;
import io.trunkline.error.ErrorCode;
import io.trunkline.error.TrunklineException;
import io.trunkline.topic.TopicName;
import io.vertx.ext.web.RoutingContext;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.HeaderParam;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.PathParam;
import jakarta.ws.rs.QueryParam;
import jakarta.ws.rs.core.Context;
import jakarta.ws.rs.core.HttpHeaders;
import jakarta.ws.rs.core.Response;
import java.util.OptionalInt;
import org.eclipse.microprofile.openapi.annotations.Operation;
import org.eclipse.microprofile.openapi.annotations.enums.ParameterIn;
import org.eclipse.microprofile.openapi.annotations.enums.SchemaType;
import org.eclipse.microprofile.openapi.annotations.media.Content;
import org.eclipse.microprofile.openapi.annotations.media.Schema;
import org.eclipse.microprofile.openapi.annotations.parameters.Parameter;
import org.eclipse.microprofile.openapi.annotations.responses.APIResponse;
import org.eclipse.microprofile.openapi.annotations.tags.Tag;

/** Records of all partitions of a topic as a stream. */
@Path("/")
@Tag(name = "Records")
@APIResponse(responseCode = "default", ref = "Failure")
class StreamResource {
    static final String FROM =
            "Of a stream: earliest, latest, a time (ISO 8601, or milliseconds since 1970); earliest if absent.";
    static final String CURSOR = "Of a stream: the id of the last event that the client has; it counts before from.";
    static final String FORMAT =
            "Of a stream: how keys and values stand in events; json if absent. With cloudevents, each record is a CloudEvent.";

    private final TopicStreams streams;

    StreamResource(TopicStreams streams) {
        this.streams = streams;
    }

    @GET
    @Path("topics/{topicname}/records")
    @Operation(
            operationId = "stream",
            summary = "Streams the records of all partitions of a topic as they are appended.",
            description =
                    "As server-sent events, or as JSON lines with Accept: application/x-ndjson. The id of an event (the member"
                            + " cursor of a line) says where every partition goes on: a client that connects again with it, to"
                            + " whichever replica, gets what comes next. Records of one partition come in order. Where retention"
                            + " has removed records before the client got them, an event overtaken says so. An event error tells"
                            + " why the service ends the stream.")
    @APIResponse(
            responseCode = "200",
            description = "A stream without an end.",
            content = {
                @Content(mediaType = "text/event-stream", schema = @Schema(type = SchemaType.STRING)),
                @Content(mediaType = "application/x-ndjson", schema = @Schema(type = SchemaType.STRING))
            })
    @APIResponse(responseCode = "400", description = "INVALID_PARAMETER or INVALID_CURSOR")
    @APIResponse(
            responseCode = "406",
            description = "NOT_ACCEPTABLE: the Accept header names neither of the two types.")
    public Uni<Response> stream(
            @PathParam("topicname") String topic,
            @Parameter(description = FROM) @QueryParam("from") String from,
            @Parameter(description = CURSOR) @QueryParam("cursor") String cursor,
            @Parameter(
                            description = FORMAT,
                            schema =
                                    @Schema(
                                            type = SchemaType.STRING,
                                            enumeration = {"json", "text", "binary", "cloudevents"}))
                    @QueryParam("format")
                    String format,
            @Parameter(
                            name = "Last-Event-ID",
                            in = ParameterIn.HEADER,
                            description = "As the parameter cursor, and counts before it: browsers send it.",
                            schema = @Schema(type = SchemaType.STRING))
                    @HeaderParam("Last-Event-ID")
                    String lastEventId,
            @Parameter(description = Selection.FILTER_DESCRIPTION) @QueryParam(Selection.FILTER) String filter,
            @Context HttpHeaders headers,
            @Context RoutingContext context) {
        TopicName name = Parameters.topic(topic);
        StreamFormat wanted = StreamFormat.accepted(MediaTypes.accepted(headers))
                .orElseThrow(() -> new TrunklineException(
                        ErrorCode.NOT_ACCEPTABLE,
                        "The records of a topic are given as text/event-stream or application/x-ndjson: name one of them in"
                                + " the Accept header."));
        return Uni.createFrom().completionStage(() -> streams.open(name, OptionalInt.empty(), wanted, context));
    }
}
