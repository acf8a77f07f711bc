package io.trunkline.rest;

import io.smallrye.mutiny.Uni;
import io.trunkline.error.ErrorCode;
import io.trunkline.group.GroupDescription;
import io.trunkline.group.GroupName;
import io.trunkline.group.Groups;
import io.trunkline.overview.Overviews;
import io.vertx.ext.web.RoutingContext;
import jakarta.ws.rs.DELETE;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.PUT;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.PathParam;
import jakarta.ws.rs.core.Context;
import jakarta.ws.rs.core.HttpHeaders;
import jakarta.ws.rs.core.Response;
import org.eclipse.microprofile.openapi.annotations.Operation;
import org.eclipse.microprofile.openapi.annotations.enums.SchemaType;
import org.eclipse.microprofile.openapi.annotations.media.Content;
import org.eclipse.microprofile.openapi.annotations.media.Schema;
import org.eclipse.microprofile.openapi.annotations.parameters.RequestBody;
import org.eclipse.microprofile.openapi.annotations.responses.APIResponse;
import org.eclipse.microprofile.openapi.annotations.tags.Tag;

/** Consumer groups: list, describe, tell their history, reset, delete. */
@Path("/groups")
@Tag(name = "Groups")
@APIResponse(responseCode = "default", ref = "Failure")
class GroupsResource {
    private final Groups groups;
    private final Overviews overviews;
    private final Answers answers;

    GroupsResource(Groups groups, Overviews overviews, Answers answers) {
        this.groups = groups;
        this.overviews = overviews;
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

    @GET
    @Path("{group}/history")
    @Operation(
            operationId = "getGroupHistory",
            summary = "Tells how far a consumer group was behind in the last hour, minute by minute.",
            description = "As this replica saw it, out of its memory.")
    @APIResponse(
            responseCode = "200",
            content =
                    @Content(mediaType = MediaTypes.CONTROL, schema = @Schema(implementation = GroupHistoryView.class)))
    @APIResponse(responseCode = "404", description = "GROUP_NOT_FOUND")
    public Uni<Response> history(
            @PathParam("group") String group, @Context HttpHeaders headers, @Context RoutingContext context) {
        GroupName name = Parameters.group(group, ErrorCode.GROUP_NOT_FOUND);
        String type = MediaTypes.control(headers);
        Caller caller = Caller.of(context);
        return Uni.createFrom()
                .completionStage(() -> overviews.lag(caller.rights(), name))
                .map(series -> answers.ok(type, GroupHistoryView.of(series)));
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
                    "To the earliest or latest, a time, given offsets, or some records further on or back. Where topics,"
                            + " partitions or offsets are named, the group is made if it does not exist, but not by a shift. With"
                            + " dry_run nothing is changed, and the response tells what would be.")
    @RequestBody(ref = "Reset")
    @APIResponse(
            responseCode = "200",
            description = "The group as it is now; with dry_run what would change.",
            content =
                    @Content(
                            mediaType = MediaTypes.CONTROL,
                            schema = @Schema(oneOf = {GroupView.class, DryRunView.class})))
    @APIResponse(responseCode = "409", description = "GROUP_NOT_EMPTY, GROUP_LIMIT_REACHED or NO_OFFSET")
    public Uni<Response> reset(
            @PathParam("group") String group, @Context HttpHeaders headers, @Context RoutingContext context) {
        String type = MediaTypes.control(headers);
        GroupName name = Parameters.group(group, ErrorCode.GROUP_NOT_FOUND);
        ResetBody body = ResetBody.parse(context);
        Caller caller = Caller.of(context);
        if (body.dryRun()) {
            return Uni.createFrom()
                    .completionStage(() -> groups.tryReset(name, body.reset(), caller::sees))
                    .map(changes -> answers.ok(type, DryRunView.of(changes, caller::sees)));
        }
        return Uni.createFrom()
                .completionStage(
                        () -> groups.reset(name, body.reset(), caller::sees).thenCompose(done -> groups.describe(name)))
                .map(description -> answers.ok(type, view(description, caller)));
    }

    /** Without the topics that the caller may not see. */
    private static GroupView view(GroupDescription description, Caller caller) {
        return GroupView.of(caller.isBound() ? description.only(caller::sees) : description);
    }
}
