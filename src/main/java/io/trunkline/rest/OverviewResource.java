package io.trunkline.rest;

import io.smallrye.mutiny.Uni;
import io.trunkline.overview.GroupSort;
import io.trunkline.overview.Listing;
import io.trunkline.overview.Overviews;
import io.trunkline.overview.TopicSort;
import io.vertx.ext.web.RoutingContext;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.QueryParam;
import jakarta.ws.rs.core.Context;
import jakarta.ws.rs.core.HttpHeaders;
import jakarta.ws.rs.core.Response;
import org.eclipse.microprofile.config.inject.ConfigProperty;
import org.eclipse.microprofile.openapi.annotations.Operation;
import org.eclipse.microprofile.openapi.annotations.enums.SchemaType;
import org.eclipse.microprofile.openapi.annotations.media.Content;
import org.eclipse.microprofile.openapi.annotations.media.Schema;
import org.eclipse.microprofile.openapi.annotations.parameters.Parameter;
import org.eclipse.microprofile.openapi.annotations.responses.APIResponse;
import org.eclipse.microprofile.openapi.annotations.tags.Tag;
import org.jspecify.annotations.Nullable;

/** The whole installation in short, out of the memory of a replica. */
@Path("/overview")
@Tag(name = "Overview")
@APIResponse(responseCode = "default", ref = "Failure")
class OverviewResource {
    private static final String NAME = "A part of the name, in upper or lower case.";
    private static final String ORDER = "asc for names and desc for everything else, if absent.";
    private static final int DEFAULT_LIMIT = 100;
    private static final int MOST_LIMIT = 1_000;

    private final Overviews overviews;
    private final Answers answers;
    private final String version;

    OverviewResource(
            Overviews overviews,
            Answers answers,
            @ConfigProperty(name = "quarkus.application.version") String version) {
        this.overviews = overviews;
        this.answers = answers;
        this.version = version;
    }

    private enum Order {
        ASC,
        DESC
    }

    @GET
    @Operation(
            operationId = "getOverview",
            summary = "Tells how the installation is, as this replica saw it last.",
            description =
                    "It looks again every few seconds while somebody asks. Topics and groups that the caller may not see"
                            + " are left out, and count for nothing.")
    @APIResponse(
            responseCode = "200",
            content = @Content(mediaType = MediaTypes.CONTROL, schema = @Schema(implementation = OverviewView.class)))
    public Uni<Response> overview(@Context HttpHeaders headers, @Context RoutingContext context) {
        String type = MediaTypes.control(headers);
        Caller caller = Caller.of(context);
        return Uni.createFrom()
                .completionStage(() -> overviews.overview(caller.rights()))
                .map(overview -> answers.ok(type, OverviewView.of(overview, version)));
    }

    @GET
    @Path("history")
    @Operation(
            operationId = "getTraffic",
            summary = "Tells what this replica has written and given to readers in the last hour.",
            description =
                    "Of topics that the caller may see; with more than 1,000 topics in use only to callers who may read"
                            + " all.")
    @APIResponse(
            responseCode = "200",
            content = @Content(mediaType = MediaTypes.CONTROL, schema = @Schema(implementation = TrafficView.class)))
    public Uni<Response> traffic(@Context HttpHeaders headers, @Context RoutingContext context) {
        String type = MediaTypes.control(headers);
        Caller caller = Caller.of(context);
        return Uni.createFrom()
                .completionStage(() -> overviews.traffic(caller.rights()))
                .map(traffic -> answers.ok(type, TrafficView.of(traffic, overviews.replica())));
    }

    @GET
    @Path("topics")
    @Operation(
            operationId = "listTopicStates",
            summary = "Lists topics with their sizes and rates, sorted, page by page.")
    @APIResponse(
            responseCode = "200",
            content =
                    @Content(mediaType = MediaTypes.CONTROL, schema = @Schema(implementation = TopicStatesView.class)))
    @APIResponse(responseCode = "400", description = "INVALID_PARAMETER")
    public Uni<Response> topics(
            @Parameter(description = NAME) @QueryParam("name") @Nullable String name,
            @Parameter(
                            description = "name, if absent. Topics that are equal are sorted by name.",
                            schema =
                                    @Schema(
                                            type = SchemaType.STRING,
                                            enumeration = {"name", "size", "rate", "records", "partitions"}))
                    @QueryParam("sort")
                    @Nullable
                    String sort,
            @Parameter(
                            description = ORDER,
                            schema =
                                    @Schema(
                                            type = SchemaType.STRING,
                                            enumeration = {"asc", "desc"}))
                    @QueryParam("order")
                    @Nullable
                    String order,
            @Parameter(description = "1 to 1000; 100 if absent.", schema = @Schema(type = SchemaType.INTEGER))
                    @QueryParam("limit")
                    @Nullable
                    String limit,
            @Parameter(description = "How many are passed over.", schema = @Schema(type = SchemaType.INTEGER))
                    @QueryParam("start")
                    @Nullable
                    String start,
            @Context HttpHeaders headers,
            @Context RoutingContext context) {
        String type = MediaTypes.control(headers);
        TopicSort by = Parameters.choice("sort", sort, TopicSort.NAME);
        Listing<TopicSort> listing = listing(context, by, by == TopicSort.NAME, order, limit, start);
        Caller caller = Caller.of(context);
        return Uni.createFrom()
                .completionStage(() -> overviews.topics(caller.rights(), listing))
                .map(page -> answers.ok(type, TopicStatesView.of(page)));
    }

    @GET
    @Path("groups")
    @Operation(operationId = "listGroupStates", summary = "Lists consumer groups with their lag, sorted, page by page.")
    @APIResponse(
            responseCode = "200",
            content =
                    @Content(mediaType = MediaTypes.CONTROL, schema = @Schema(implementation = GroupStatesView.class)))
    @APIResponse(responseCode = "400", description = "INVALID_PARAMETER")
    public Uni<Response> groups(
            @Parameter(description = NAME) @QueryParam("name") @Nullable String name,
            @Parameter(
                            description = "lag, if absent. Groups that are equal are sorted by name.",
                            schema =
                                    @Schema(
                                            type = SchemaType.STRING,
                                            enumeration = {"lag", "name", "members"}))
                    @QueryParam("sort")
                    @Nullable
                    String sort,
            @Parameter(
                            description = ORDER,
                            schema =
                                    @Schema(
                                            type = SchemaType.STRING,
                                            enumeration = {"asc", "desc"}))
                    @QueryParam("order")
                    @Nullable
                    String order,
            @Parameter(description = "1 to 1000; 100 if absent.", schema = @Schema(type = SchemaType.INTEGER))
                    @QueryParam("limit")
                    @Nullable
                    String limit,
            @Parameter(description = "How many are passed over.", schema = @Schema(type = SchemaType.INTEGER))
                    @QueryParam("start")
                    @Nullable
                    String start,
            @Context HttpHeaders headers,
            @Context RoutingContext context) {
        String type = MediaTypes.control(headers);
        GroupSort by = Parameters.choice("sort", sort, GroupSort.LAG);
        Listing<GroupSort> listing = listing(context, by, by == GroupSort.NAME, order, limit, start);
        Caller caller = Caller.of(context);
        return Uni.createFrom()
                .completionStage(() -> overviews.groups(caller.rights(), listing))
                .map(page -> answers.ok(type, GroupStatesView.of(page)));
    }

    private static <S extends Enum<S>> Listing<S> listing(
            RoutingContext context,
            S sort,
            boolean byName,
            @Nullable String order,
            @Nullable String limit,
            @Nullable String start) {
        return new Listing<>(
                Parameters.text("name", context.request().query()).orElse(""),
                sort,
                Parameters.choice("order", order, byName ? Order.ASC : Order.DESC) == Order.DESC,
                (int) Parameters.whole("limit", limit, 1, MOST_LIMIT).orElse(DEFAULT_LIMIT),
                (int) Parameters.whole("start", start, 0, Integer.MAX_VALUE).orElse(0));
    }
}
