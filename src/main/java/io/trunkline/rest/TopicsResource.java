package io.trunkline.rest;

import io.smallrye.mutiny.Uni;
import io.trunkline.log.DeletionOutcome;
import io.trunkline.log.LogState;
import io.trunkline.log.Logs;
import io.trunkline.topic.Topic;
import io.trunkline.topic.TopicConfig;
import io.trunkline.topic.TopicName;
import io.trunkline.topic.Topics;
import io.vertx.ext.web.RoutingContext;
import jakarta.ws.rs.DELETE;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.PATCH;
import jakarta.ws.rs.POST;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.PathParam;
import jakarta.ws.rs.QueryParam;
import jakarta.ws.rs.core.Context;
import jakarta.ws.rs.core.HttpHeaders;
import jakarta.ws.rs.core.Response;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.function.Function;
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
@APIResponse(responseCode = "default", ref = "Failure")
class TopicsResource {
    private static final String NAME = "topic_name";
    private static final String COUNT = "partitions_count";
    private static final String FACTOR = "replication_factor";
    private static final String CONFIGS = "configs";
    private static final int DEFAULT_COUNT = -1;
    private static final Set<Include> PARTITION_INCLUDES = Set.of(Include.OFFSETS, Include.SIZES, Include.TIMESTAMPS);
    private static final Set<Include> TOPIC_INCLUDES =
            Set.of(Include.CONFIG_SOURCES, Include.OFFSETS, Include.SIZES, Include.TIMESTAMPS);

    private final Topics topics;
    private final Creators creators;
    private final Logs logs;
    private final Answers answers;

    TopicsResource(Topics topics, Creators creators, Logs logs, Answers answers) {
        this.topics = topics;
        this.creators = creators;
        this.logs = logs;
        this.answers = answers;
    }

    @GET
    @Path("topics")
    @Operation(operationId = "listTopics", summary = "Lists the names of all topics that the caller may see.")
    @APIResponse(
            responseCode = "200",
            content =
                    @Content(
                            mediaType = MediaTypes.CONTROL,
                            schema = @Schema(type = SchemaType.ARRAY, implementation = String.class)))
    public Uni<Response> list(@Context HttpHeaders headers, @Context RoutingContext context) {
        String type = MediaTypes.control(headers);
        Caller caller = Caller.of(context);
        return Uni.createFrom()
                .completionStage(topics::names)
                .map(names -> answers.ok(
                        type,
                        caller.isBound()
                                ? names.stream()
                                        .filter(caller.rights()::seesTopic)
                                        .toList()
                                : names));
    }

    @GET
    @Path("topics/{topicname}")
    @Operation(operationId = "getTopic", summary = "Describes a topic: configuration and partitions.")
    @APIResponse(
            responseCode = "200",
            content = @Content(mediaType = MediaTypes.CONTROL, schema = @Schema(implementation = TopicView.class)))
    @APIResponse(responseCode = "404", description = "TOPIC_NOT_FOUND")
    public Uni<Response> describe(
            @PathParam("topicname") String topic,
            @Parameter(description = Include.DESCRIPTION, example = "config_sources,offsets,sizes,timestamps")
                    @QueryParam(Include.PARAMETER)
                    String include,
            @Context HttpHeaders headers) {
        String type = MediaTypes.control(headers);
        Set<Include> included = Include.of(include, type, TOPIC_INCLUDES);
        return described(topic, Topic::partitionIds, included)
                .map(d -> answers.ok(type, TopicView.of(d.topic(), d.states(), included)));
    }

    @POST
    @Path("admin/topics")
    @Operation(operationId = "createTopic", summary = "Creates a topic.")
    @RequestBody(ref = "NewTopic")
    @APIResponse(
            responseCode = "201",
            description = "Created.",
            content = @Content(mediaType = MediaTypes.CONTROL, schema = @Schema(type = SchemaType.OBJECT)))
    @APIResponse(responseCode = "403", description = "ADMINISTRATION_DISABLED or ACCESS_DENIED")
    @APIResponse(
            responseCode = "409",
            description = "TOPIC_ALREADY_EXISTS, TOPIC_LIMIT_REACHED or PARTITION_LIMIT_REACHED")
    @APIResponse(responseCode = "422", description = "INVALID_TOPIC, INVALID_PARTITIONS or INVALID_CONFIG")
    public Uni<Response> create(@Context HttpHeaders headers, @Context RoutingContext context) {
        String type = MediaTypes.control(headers);
        ControlBody body = ControlBody.parse(context, Set.of(NAME, COUNT, FACTOR, CONFIGS));
        String name = body.text(NAME).orElse("");
        if (name.isEmpty()) {
            body.missing(NAME);
        }
        OptionalInt asked = body.whole(COUNT);
        OptionalInt count = asked.orElse(DEFAULT_COUNT) == DEFAULT_COUNT ? OptionalInt.empty() : asked;
        OptionalInt factor = body.whole(FACTOR);
        Map<String, String> configs = body.texts(CONFIGS);
        body.check();
        TopicName topicName = TopicName.parse(name);
        AuditFilter.about(context, "topic", topicName.value());
        Caller.of(context).checkCreation(topicName);
        Replication.check(factor);
        TopicConfig config = TopicConfig.parse(configs);
        return Uni.createFrom()
                .completionStage(() -> topics.create(topicName, count, config, creators.of(context)))
                .map(topic -> answers.with(type, Response.Status.CREATED, Map.of()));
    }

    @PATCH
    @Path("topics/{topicname}")
    @Operation(operationId = "changeTopic", summary = "Gives a topic more partitions, or other configuration.")
    @RequestBody(ref = "TopicChange")
    @APIResponse(
            responseCode = "200",
            description = "The topic as it is now.",
            content = @Content(mediaType = MediaTypes.CONTROL, schema = @Schema(implementation = TopicView.class)))
    @APIResponse(responseCode = "403", description = "ADMINISTRATION_DISABLED")
    @APIResponse(responseCode = "409", description = "PARTITION_LIMIT_REACHED")
    public Uni<Response> change(
            @PathParam("topicname") String topic, @Context HttpHeaders headers, @Context RoutingContext context) {
        TopicName name = Parameters.topic(topic);
        String type = MediaTypes.control(headers);
        ControlBody body = ControlBody.parse(context, Set.of(COUNT, CONFIGS));
        OptionalInt count = body.whole(COUNT);
        Map<String, Optional<String>> configs = body.changes(CONFIGS);
        body.check();
        return Uni.createFrom()
                .completionStage(() -> topics.change(name, count, configs, creators.growth())
                        .thenCompose(changed -> logs.states(changed.partitionIds())
                                // The change is done: what cannot be looked up now is shown as unknown.
                                .exceptionally(unknown -> Map.of())
                                .thenApply(states -> answers.ok(type, TopicView.of(changed, states, TOPIC_INCLUDES)))));
    }

    @DELETE
    @Path("topics/{topicname}")
    @Operation(
            operationId = "deleteTopic",
            summary = "Deletes a topic with everything in it; its name is free at once.")
    @APIResponse(responseCode = "204", description = "Deleted.")
    @APIResponse(responseCode = "403", description = "ADMINISTRATION_DISABLED")
    public Uni<Response> delete(@PathParam("topicname") String topic) {
        TopicName name = Parameters.topic(topic);
        return Uni.createFrom().completionStage(() -> topics.delete(name)).map(gone -> Answers.noContent());
    }

    @GET
    @Path("topics/{topicname}/partitions")
    @Operation(operationId = "listPartitions", summary = "Lists the partitions of a topic.")
    @APIResponse(
            responseCode = "200",
            content =
                    @Content(
                            mediaType = MediaTypes.CONTROL,
                            schema = @Schema(type = SchemaType.ARRAY, implementation = PartitionView.class)))
    public Uni<Response> partitions(
            @PathParam("topicname") String topic,
            @Parameter(ref = "IncludeOffsets") @QueryParam(Include.PARAMETER) String include,
            @Context HttpHeaders headers) {
        String type = MediaTypes.control(headers);
        Set<Include> included = Include.of(include, type, PARTITION_INCLUDES);
        return described(topic, Topic::partitionIds, included)
                .map(d -> answers.ok(type, List.copyOf(TopicView.partitions(d.topic(), d.states(), included))));
    }

    @GET
    @Path("topics/{topicname}/partitions/{partitionid}")
    @Operation(operationId = "getPartition", summary = "Describes a partition.")
    @APIResponse(
            responseCode = "200",
            content = @Content(mediaType = MediaTypes.CONTROL, schema = @Schema(implementation = PartitionView.class)))
    public Uni<Response> partition(
            @PathParam("topicname") String topic,
            @PathParam("partitionid") @Schema(type = SchemaType.INTEGER) String partition,
            @Parameter(ref = "IncludeOffsets") @QueryParam(Include.PARAMETER) String include,
            @Context HttpHeaders headers) {
        int number = Parameters.partition(partition);
        String type = MediaTypes.control(headers);
        Set<Include> included = Include.of(include, type, PARTITION_INCLUDES);
        return described(topic, t -> List.of(t.partitionId(number)), included)
                .map(d -> answers.ok(
                        type, PartitionView.of(number, d.states().get(d.topic().partitionId(number)), included)));
    }

    @GET
    @Path("topics/{topicname}/partitions/{partitionid}/offsets")
    @Operation(operationId = "getOffsets", summary = "Tells where a partition begins and ends.")
    @APIResponse(
            responseCode = "200",
            content = @Content(mediaType = MediaTypes.CONTROL, schema = @Schema(implementation = OffsetsView.class)))
    public Uni<Response> offsets(
            @PathParam("topicname") String topic,
            @PathParam("partitionid") @Schema(type = SchemaType.INTEGER) String partition,
            @Context HttpHeaders headers) {
        TopicName name = Parameters.topic(topic);
        int number = Parameters.partition(partition);
        String type = MediaTypes.control(headers);
        return Uni.createFrom()
                .completionStage(() -> logs.range(name, number))
                .map(range -> answers.ok(type, OffsetsView.of(range)));
    }

    @DELETE
    @Path("topics/{topicname}/partitions/{partitionid}/records")
    @Operation(
            operationId = "deleteRecords",
            summary = "Deletes the records of a partition before an offset.",
            description =
                    "They cannot be read any more, and their space is freed in the background. Offsets are not used"
                            + " again. Nothing changes where the log starts beyond the offset already.")
    @APIResponse(
            responseCode = "200",
            description = "What can be read now.",
            content = @Content(mediaType = MediaTypes.CONTROL, schema = @Schema(implementation = OffsetsView.class)))
    @APIResponse(responseCode = "403", description = "ADMINISTRATION_DISABLED or DATABASE_PERMISSION_MISSING")
    @APIResponse(responseCode = "416", description = "OFFSET_OUT_OF_RANGE: the offset lies beyond the end.")
    public Uni<Response> deleteRecords(
            @PathParam("topicname") String topic,
            @PathParam("partitionid") @Schema(type = SchemaType.INTEGER) String partition,
            @Parameter(
                            required = true,
                            description = "The offset of the first record that stays; -1 deletes all.",
                            schema = @Schema(type = SchemaType.INTEGER))
                    @QueryParam("before")
                    String before,
            @Context HttpHeaders headers) {
        TopicName name = Parameters.topic(topic);
        int number = Parameters.partition(partition);
        long offset = Parameters.before(before);
        String type = MediaTypes.control(headers);
        return Uni.createFrom()
                .completionStage(() -> logs.deleteRecords(name, number, offset))
                .map(outcome -> switch (outcome) {
                    case DeletionOutcome.Deleted deleted -> answers.ok(type, OffsetsView.of(deleted.range()));
                    case DeletionOutcome.OutOfRange out ->
                        OffsetHeaders.outOfRange(name, number, OptionalLong.of(offset), out.range());
                });
    }

    private record Described(Topic topic, Map<Long, LogState> states) {}

    private Uni<Described> described(String text, Function<Topic, List<Long>> partitionIds, Set<Include> included) {
        TopicName name = Parameters.topic(text);
        boolean needsStates = included.stream().anyMatch(PARTITION_INCLUDES::contains);
        return Uni.createFrom()
                .completionStage(() -> topics.get(name).thenCompose(topic -> {
                    List<Long> ids = partitionIds.apply(topic);
                    return needsStates
                            ? logs.states(ids).thenApply(states -> new Described(topic, states))
                            : CompletableFuture.completedFuture(new Described(topic, Map.of()));
                }));
    }
}
