package io.trunkline.rest;

import io.smallrye.mutiny.Uni;
import io.trunkline.access.Right;
import io.trunkline.error.ErrorCode;
import io.trunkline.group.GroupDescription;
import io.trunkline.group.GroupName;
import io.trunkline.group.Groups;
import io.trunkline.group.OffsetAndMetadata;
import io.trunkline.topic.TopicName;
import io.trunkline.topic.TopicPartition;
import io.vertx.ext.web.RoutingContext;
import jakarta.ws.rs.DELETE;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.PUT;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.PathParam;
import jakarta.ws.rs.core.Context;
import jakarta.ws.rs.core.HttpHeaders;
import jakarta.ws.rs.core.Response;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import org.eclipse.microprofile.openapi.annotations.Operation;
import org.eclipse.microprofile.openapi.annotations.enums.SchemaType;
import org.eclipse.microprofile.openapi.annotations.media.Content;
import org.eclipse.microprofile.openapi.annotations.media.Schema;
import org.eclipse.microprofile.openapi.annotations.parameters.RequestBody;
import org.eclipse.microprofile.openapi.annotations.responses.APIResponse;
import org.eclipse.microprofile.openapi.annotations.tags.Tag;

/** Consumer groups: list, describe, reset, delete. */
@Path("/groups")
@Tag(name = "Groups")
@APIResponse(responseCode = "default", ref = "Failure")
class GroupsResource {
    private static final String TO = "to";
    private static final String TIMESTAMP = "timestamp";
    private static final String OFFSETS = "offsets";
    private static final String TOPICS = "topics";
    private static final int MOST_TOPICS = 10_000;

    private final Groups groups;
    private final Answers answers;

    GroupsResource(Groups groups, Answers answers) {
        this.groups = groups;
        this.answers = answers;
    }

    @GET
    @Operation(operationId = "listGroups", summary = "Lists all consumer groups that the caller may see.")
    @APIResponse(
            responseCode = "200",
            content =
                    @Content(
                            mediaType = MediaTypes.CONTROL,
                            schema = @Schema(type = SchemaType.ARRAY, implementation = GroupView.Summary.class)))
    public Uni<Response> list(@Context HttpHeaders headers, @Context RoutingContext context) {
        String type = MediaTypes.control(headers);
        Caller caller = Caller.of(context);
        return Uni.createFrom()
                .completionStage(groups::list)
                .map(all -> answers.ok(
                        type,
                        all.stream()
                                .filter(group ->
                                        !caller.isBound() || caller.rights().seesGroup(group.group()))
                                .map(GroupView.Summary::of)
                                .toList()));
    }

    @GET
    @Path("{group}")
    @Operation(
            operationId = "getGroup",
            summary = "Describes a consumer group: its consumers, what it has committed, how far it is behind.")
    @APIResponse(
            responseCode = "200",
            content = @Content(mediaType = MediaTypes.CONTROL, schema = @Schema(implementation = GroupView.class)))
    @APIResponse(responseCode = "404", description = "GROUP_NOT_FOUND")
    public Uni<Response> describe(
            @PathParam("group") String group, @Context HttpHeaders headers, @Context RoutingContext context) {
        GroupName name = Parameters.group(group, ErrorCode.GROUP_NOT_FOUND);
        String type = MediaTypes.control(headers);
        Caller caller = Caller.of(context);
        return Uni.createFrom()
                .completionStage(() -> groups.describe(name))
                .map(description -> answers.ok(type, view(description, caller)));
    }

    @DELETE
    @Path("{group}")
    @Operation(
            operationId = "deleteGroup",
            summary = "Forgets a consumer group that has no consumer, and what it has committed.")
    @APIResponse(responseCode = "204", description = "Forgotten.")
    @APIResponse(responseCode = "409", description = "GROUP_NOT_EMPTY")
    public Uni<Response> delete(@PathParam("group") String group) {
        GroupName name = Parameters.group(group, ErrorCode.GROUP_NOT_FOUND);
        return Uni.createFrom().completionStage(() -> groups.delete(name)).map(gone -> Answers.noContent());
    }

    @PUT
    @Path("{group}/offsets")
    @Operation(
            operationId = "resetOffsets",
            summary = "Sets where a consumer group that has no consumer goes on.",
            description =
                    "To the earliest or latest, a time, or given offsets. Where topics or offsets are named, the group"
                            + " is made if it does not exist.")
    @RequestBody(ref = "Reset")
    @APIResponse(
            responseCode = "200",
            description = "The group as it is now.",
            content = @Content(mediaType = MediaTypes.CONTROL, schema = @Schema(implementation = GroupView.class)))
    @APIResponse(responseCode = "409", description = "GROUP_NOT_EMPTY")
    public Uni<Response> reset(
            @PathParam("group") String group, @Context HttpHeaders headers, @Context RoutingContext context) {
        String type = MediaTypes.control(headers);
        GroupName name = Parameters.group(group, ErrorCode.GROUP_NOT_FOUND);
        ControlBody body = ControlBody.parse(context, Set.of(TO, TIMESTAMP, OFFSETS, TOPICS));
        List<Groups.Target> targets = new ArrayList<>();
        body.text(TO).flatMap(text -> target(body, text)).ifPresent(targets::add);
        OptionalLong time = body.wholeLong(TIMESTAMP);
        time.ifPresent(t -> targets.add(new Groups.Target.Time(t)));
        boolean byOffset = body.has(OFFSETS);
        Map<TopicPartition, OffsetAndMetadata> offsets = byOffset ? ConsumerBody.offsets(body) : Map.of();
        List<String> names = body.has(TOPICS) ? body.textItems(TOPICS, MOST_TOPICS) : List.of();
        if (byOffset && body.has(TOPICS)) {
            body.wrong("topics: not together with offsets");
        }
        body.check();
        if (targets.size() + (byOffset ? 1 : 0) != 1) {
            body.wrong("one of to, timestamp and offsets must be given");
        }
        body.check();
        List<TopicName> topics = names.stream().map(Parameters::topic).toList();
        Caller caller = Caller.of(context);
        caller.check(topics, Right.READ);
        caller.check(offsets.keySet().stream().map(TopicPartition::topic).toList(), Right.READ);
        return Uni.createFrom()
                .completionStage(() ->
                        reset(name, byOffset, offsets, targets, topics).thenCompose(done -> groups.describe(name)))
                .map(description -> answers.ok(type, view(description, caller)));
    }

    /** Without the topics that the caller may not see. */
    private static GroupView view(GroupDescription description, Caller caller) {
        return GroupView.of(caller.isBound() ? description.only(caller::sees) : description);
    }

    private static Optional<Groups.Target> target(ControlBody body, String text) {
        return switch (text) {
            case "earliest" -> Optional.of(new Groups.Target.Earliest());
            case "latest" -> Optional.of(new Groups.Target.Latest());
            default -> {
                body.wrong("to: must be earliest or latest");
                yield Optional.empty();
            }
        };
    }

    private CompletableFuture<Void> reset(
            GroupName name,
            boolean byOffset,
            Map<TopicPartition, OffsetAndMetadata> offsets,
            List<Groups.Target> targets,
            List<TopicName> topics) {
        return byOffset ? groups.commit(name, offsets) : groups.reset(name, targets.getFirst(), topics);
    }
}
