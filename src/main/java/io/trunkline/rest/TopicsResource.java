package io.trunkline.rest;

import io.smallrye.mutiny.Uni;
import io.trunkline.log.Logs;
import io.trunkline.topic.Topic;
import io.trunkline.topic.TopicConfig;
import io.trunkline.topic.TopicName;
import io.trunkline.topic.Topics;
import io.vertx.ext.web.RoutingContext;
import jakarta.ws.rs.DELETE;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.HeaderParam;
import jakarta.ws.rs.PATCH;
import jakarta.ws.rs.POST;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.PathParam;
import jakarta.ws.rs.core.Context;
import jakarta.ws.rs.core.HttpHeaders;
import jakarta.ws.rs.core.Response;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Set;
import org.eclipse.microprofile.openapi.annotations.Operation;
import org.eclipse.microprofile.openapi.annotations.enums.SchemaType;
import org.eclipse.microprofile.openapi.annotations.media.Content;
import org.eclipse.microprofile.openapi.annotations.media.Schema;
import org.eclipse.microprofile.openapi.annotations.parameters.Parameter;
import org.eclipse.microprofile.openapi.annotations.parameters.RequestBody;
import org.eclipse.microprofile.openapi.annotations.responses.APIResponse;
import org.eclipse.microprofile.openapi.annotations.tags.Tag;

/** Topics: list, describe, create, change, delete. */
@Path("/")
@Tag(name = "Topics")
@APIResponse(
        responseCode = "default",
        description = "A failure.",
        content = @Content(mediaType = MediaTypes.CONTROL, schema = @Schema(implementation = ErrorView.class)))
class TopicsResource {
    private static final String NAME = "topic_name";
    private static final String COUNT = "partitions_count";
    private static final String FACTOR = "replication_factor";
    private static final String CONFIGS = "configs";

    private final Topics topics;
    private final Logs logs;
    private final Answers answers;

    TopicsResource(Topics topics, Logs logs, Answers answers) {
        this.topics = topics;
        this.logs = logs;
        this.answers = answers;
    }

    @GET
    @Path("topics")
    @Operation(operationId = "listTopics", summary = "Lists the names of all topics.")
    @APIResponse(
            responseCode = "200",
            content =
                    @Content(
                            mediaType = MediaTypes.CONTROL,
                            schema = @Schema(type = SchemaType.ARRAY, implementation = String.class)))
    public Uni<Response> list(@Context HttpHeaders headers) {
        String type = MediaTypes.control(headers);
        return Uni.createFrom().completionStage(topics::names).map(names -> answers.ok(type, names));
    }

    @GET
    @Path("topics/{topic}")
    @Operation(operationId = "getTopic", summary = "Describes a topic: configuration and partitions.")
    @APIResponse(
            responseCode = "200",
            content = @Content(mediaType = MediaTypes.CONTROL, schema = @Schema(implementation = TopicView.class)))
    @APIResponse(
            responseCode = "404",
            description = "TOPIC_NOT_FOUND",
            content = @Content(mediaType = MediaTypes.CONTROL, schema = @Schema(implementation = ErrorView.class)))
    public Uni<Response> describe(@PathParam("topic") String topic, @Context HttpHeaders headers) {
        String type = MediaTypes.control(headers);
        return topic(topic).map(t -> answers.ok(type, TopicView.of(t)));
    }

    @POST
    @Path("admin/topics")
    @Operation(operationId = "createTopic", summary = "Creates a topic.")
    @RequestBody(
            required = true,
            content = {
                @Content(mediaType = MediaTypes.CONTROL, schema = @Schema(implementation = ApiSchemas.NewTopic.class)),
                @Content(mediaType = MediaTypes.JSON, schema = @Schema(implementation = ApiSchemas.NewTopic.class))
            })
    @APIResponse(responseCode = "201", description = "Created.")
    @APIResponse(
            responseCode = "409",
            description = "TOPIC_ALREADY_EXISTS",
            content = @Content(mediaType = MediaTypes.CONTROL, schema = @Schema(implementation = ErrorView.class)))
    @APIResponse(
            responseCode = "422",
            description = "INVALID_TOPIC, INVALID_PARTITIONS or INVALID_CONFIG",
            content = @Content(mediaType = MediaTypes.CONTROL, schema = @Schema(implementation = ErrorView.class)))
    public Uni<Response> create(
            @Parameter(hidden = true) @HeaderParam(HttpHeaders.CONTENT_TYPE) String contentType,
            @Context RoutingContext context) {
        ControlBody body =
                ControlBody.parse(BodyFilter.body(context), contentType, Set.of(NAME, COUNT, FACTOR, CONFIGS));
        String name = body.text(NAME).orElse("");
        if (name.isEmpty()) {
            body.missing(NAME);
        }
        OptionalInt count = body.whole(COUNT);
        OptionalInt factor = body.whole(FACTOR);
        Map<String, String> configs = body.texts(CONFIGS);
        body.check();
        TopicName topicName = TopicName.parse(name);
        Replication.check(factor);
        TopicConfig config = TopicConfig.parse(configs);
        return Uni.createFrom()
                .completionStage(() -> topics.create(topicName, count, config))
                .map(topic -> Response.status(Response.Status.CREATED).build());
    }

    @PATCH
    @Path("topics/{topic}")
    @Operation(operationId = "changeTopic", summary = "Gives a topic more partitions, or other configuration.")
    @RequestBody(
            required = true,
            content =
                    @Content(
                            mediaType = MediaTypes.CONTROL,
                            schema = @Schema(implementation = ApiSchemas.TopicChange.class)))
    @APIResponse(
            responseCode = "200",
            description = "The topic as it is now.",
            content = @Content(mediaType = MediaTypes.CONTROL, schema = @Schema(implementation = TopicView.class)))
    public Uni<Response> change(
            @PathParam("topic") String topic,
            @Parameter(hidden = true) @HeaderParam(HttpHeaders.CONTENT_TYPE) String contentType,
            @Context HttpHeaders headers,
            @Context RoutingContext context) {
        TopicName name = Parameters.topic(topic);
        String type = MediaTypes.control(headers);
        ControlBody body = ControlBody.parse(BodyFilter.body(context), contentType, Set.of(COUNT, CONFIGS));
        OptionalInt count = body.whole(COUNT);
        Map<String, String> configs = body.texts(CONFIGS);
        body.check();
        return Uni.createFrom()
                .completionStage(() -> topics.change(name, count, configs))
                .map(changed -> answers.ok(type, TopicView.of(changed)));
    }

    @DELETE
    @Path("topics/{topic}")
    @Operation(
            operationId = "deleteTopic",
            summary = "Deletes a topic with everything in it; its name is free at once.")
    @APIResponse(responseCode = "204", description = "Deleted.")
    public Uni<Response> delete(@PathParam("topic") String topic) {
        TopicName name = Parameters.topic(topic);
        return Uni.createFrom().completionStage(() -> topics.delete(name)).map(gone -> Answers.noContent());
    }

    @GET
    @Path("topics/{topic}/partitions")
    @Operation(operationId = "listPartitions", summary = "Lists the partitions of a topic.")
    @APIResponse(
            responseCode = "200",
            content =
                    @Content(
                            mediaType = MediaTypes.CONTROL,
                            schema = @Schema(type = SchemaType.ARRAY, implementation = PartitionView.class)))
    public Uni<Response> partitions(@PathParam("topic") String topic, @Context HttpHeaders headers) {
        String type = MediaTypes.control(headers);
        return topic(topic).map(t -> answers.ok(type, List.copyOf(TopicView.partitions(t))));
    }

    @GET
    @Path("topics/{topic}/partitions/{partition}")
    @Operation(operationId = "getPartition", summary = "Describes a partition.")
    @APIResponse(
            responseCode = "200",
            content = @Content(mediaType = MediaTypes.CONTROL, schema = @Schema(implementation = PartitionView.class)))
    public Uni<Response> partition(
            @PathParam("topic") String topic,
            @PathParam("partition") @Schema(type = SchemaType.INTEGER) String partition,
            @Context HttpHeaders headers) {
        int number = Parameters.partition(partition);
        String type = MediaTypes.control(headers);
        return topic(topic).map(t -> {
            t.partitionId(number);
            return answers.ok(type, PartitionView.of(number));
        });
    }

    @GET
    @Path("topics/{topic}/partitions/{partition}/offsets")
    @Operation(operationId = "getOffsets", summary = "Tells where a partition begins and ends.")
    @APIResponse(
            responseCode = "200",
            content = @Content(mediaType = MediaTypes.CONTROL, schema = @Schema(implementation = OffsetsView.class)))
    public Uni<Response> offsets(
            @PathParam("topic") String topic,
            @PathParam("partition") @Schema(type = SchemaType.INTEGER) String partition,
            @Context HttpHeaders headers) {
        TopicName name = Parameters.topic(topic);
        int number = Parameters.partition(partition);
        String type = MediaTypes.control(headers);
        return Uni.createFrom()
                .completionStage(() -> logs.range(name, number))
                .map(range -> answers.ok(type, OffsetsView.of(range)));
    }

    private Uni<Topic> topic(String text) {
        TopicName name = Parameters.topic(text);
        return Uni.createFrom().completionStage(() -> topics.get(name));
    }
}
