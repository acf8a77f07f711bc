package io.trunkline.rest;

import io.smallrye.mutiny.Uni;
import io.trunkline.access.Right;
import io.trunkline.consumer.Consumers;
import io.trunkline.consumer.PollRequest;
import io.trunkline.edge.Exchange;
import io.trunkline.edge.ResponseBudget;
import io.trunkline.error.ErrorCode;
import io.trunkline.error.TrunklineException;
import io.trunkline.group.ConsumerConfig;
import io.trunkline.group.ConsumerRef;
import io.trunkline.group.GroupName;
import io.trunkline.group.OffsetAndMetadata;
import io.trunkline.group.Subscription;
import io.trunkline.log.LogConfig;
import io.trunkline.log.Search;
import io.trunkline.topic.TopicName;
import io.trunkline.topic.TopicPartition;
import io.vertx.ext.web.RoutingContext;
import jakarta.ws.rs.DELETE;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.POST;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.PathParam;
import jakarta.ws.rs.QueryParam;
import jakarta.ws.rs.core.Context;
import jakarta.ws.rs.core.HttpHeaders;
import jakarta.ws.rs.core.Response;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.function.Function;
import java.util.function.Supplier;
import org.eclipse.microprofile.openapi.annotations.Operation;
import org.eclipse.microprofile.openapi.annotations.enums.SchemaType;
import org.eclipse.microprofile.openapi.annotations.media.Content;
import org.eclipse.microprofile.openapi.annotations.media.Schema;
import org.eclipse.microprofile.openapi.annotations.parameters.Parameter;
import org.eclipse.microprofile.openapi.annotations.parameters.RequestBody;
import org.eclipse.microprofile.openapi.annotations.responses.APIResponse;
import org.eclipse.microprofile.openapi.annotations.tags.Tag;

/** Consumers: make, subscribe, poll, commit, seek, delete. Any replica serves any call. */
@Path("/consumers/{groupid}")
@Tag(name = "Consumers")
@APIResponse(responseCode = "404", description = "CONSUMER_NOT_FOUND")
@APIResponse(responseCode = "default", ref = "Failure")
class ConsumersResource {
    private static final String INSTANCE = "instances/{name}";
    private static final String TOPICS = "topics";
    private static final String PATTERN = "topic_pattern";
    private static final int MOST_TOPICS = 10_000;
    private static final long DEFAULT_BYTES = 1024 * 1024;

    private final Consumers consumers;
    private final ConsumerConfig defaults;
    private final LogConfig.Fetch config;
    private final ResponseBudget budget;
    private final Tracing tracing;
    private final LongCalls longCalls;
    private final ConsumerStreams streams;
    private final Answers answers;

    ConsumersResource(
            Consumers consumers,
            ConsumerConfig defaults,
            LogConfig config,
            ResponseBudget budget,
            Tracing tracing,
            LongCalls longCalls,
            ConsumerStreams streams,
            Answers answers) {
        this.consumers = consumers;
        this.defaults = defaults;
        this.config = config.fetch();
        this.budget = budget;
        this.tracing = tracing;
        this.longCalls = longCalls;
        this.streams = streams;
        this.answers = answers;
    }

    @POST
    @Operation(operationId = "createConsumer", summary = "Makes a consumer in a group, which is made with its first.")
    @RequestBody(ref = "Consumer")
    @APIResponse(
            responseCode = "200",
            content =
                    @Content(
                            mediaType = MediaTypes.CONTROL,
                            schema = @Schema(implementation = CreatedConsumerView.class)))
    @APIResponse(responseCode = "409", description = "CONSUMER_ALREADY_EXISTS, GROUP_FULL or GROUP_LIMIT_REACHED")
    @APIResponse(responseCode = "422", description = "INVALID_CONSUMER_CONFIG or INVALID_GROUP")
    public Uni<Response> create(
            @PathParam("groupid") String group, @Context HttpHeaders headers, @Context RoutingContext context) {
        String type = MediaTypes.control(headers);
        GroupName groupName = GroupName.parse(group);
        ConsumerBody.Created created = ConsumerBody.created(context, defaults.autoOffsetReset());
        String uri = BaseUri.of(context.request(), "/consumers/" + segment(groupName.value())) + "/instances/"
                + segment(created.name().value());
        return Uni.createFrom()
                .completionStage(() -> consumers.create(
                        new ConsumerRef(
                                groupName, created.name(), Caller.of(context).principal()),
                        created.options()))
                .map(done ->
                        answers.ok(type, new CreatedConsumerView(created.name().value(), uri)));
    }

    @DELETE
    @Path(INSTANCE)
    @Operation(operationId = "deleteConsumer", summary = "Removes a consumer; its partitions go to the others at once.")
    @APIResponse(responseCode = "204", description = "Removed.")
    public Uni<Response> delete(
            @PathParam("groupid") String group, @PathParam("name") String name, @Context RoutingContext context) {
        ConsumerRef own = consumer(group, name, context);
        boolean manages = Caller.of(context).rights().onGroup(own.group().value(), Right.MANAGE);
        ConsumerRef consumer = manages ? new ConsumerRef(own.group(), own.name(), Optional.empty()) : own;
        return done(() -> consumers.delete(consumer));
    }

    @POST
    @Path(INSTANCE + "/subscription")
    @Operation(
            operationId = "subscribe",
            summary = "Subscribes a consumer to topics, by name or by pattern.",
            description =
                    "Replaces what was subscribed in the same way. The partitions are shared out when this answers, so that"
                            + " the next poll gives records. A name may be that of a topic that will be created.")
    @RequestBody(ref = "Topics")
    @APIResponse(responseCode = "204", description = "Subscribed.")
    @APIResponse(responseCode = "409", description = "SUBSCRIPTION_CONFLICT")
    @APIResponse(responseCode = "422", description = "INVALID_SUBSCRIPTION or INVALID_TEXT")
    public Uni<Response> subscribe(
            @PathParam("groupid") String group, @PathParam("name") String name, @Context RoutingContext context) {
        return done(
                consumer(group, name, context),
                () -> subscription(ControlBody.parse(context, Set.of(TOPICS, PATTERN))),
                consumers::subscribe);
    }

    private static Subscription subscription(ControlBody body) {
        boolean byName = body.has(TOPICS);
        Optional<String> pattern = body.text(PATTERN);
        List<String> names = byName ? body.textItems(TOPICS, MOST_TOPICS) : List.of();
        body.check();
        if (byName && pattern.isPresent()) {
            throw Subscription.conflict();
        }
        if (pattern.isPresent()) {
            return Subscription.Matching.parse(pattern.get());
        }
        if (!byName) {
            // In the words of the bridge's contract.
            throw new TrunklineException(
                    ErrorCode.INVALID_SUBSCRIPTION, "A list (of Topics type) or a topic_pattern must be specified.");
        }
        Set<TopicName> topics = ConsumerBody.topics(names);
        return topics.isEmpty() ? new Subscription.None() : new Subscription.Topics(topics);
    }

    @GET
    @Path(INSTANCE + "/subscription")
    @Operation(operationId = "listSubscriptions", summary = "Tells what a consumer reads.")
    @APIResponse(
            responseCode = "200",
            content =
                    @Content(mediaType = MediaTypes.CONTROL, schema = @Schema(implementation = SubscriptionView.class)))
    public Uni<Response> subscription(
            @PathParam("groupid") String group,
            @PathParam("name") String name,
            @Context HttpHeaders headers,
            @Context RoutingContext context) {
        ConsumerRef consumer = consumer(group, name, context);
        String type = MediaTypes.control(headers);
        return Uni.createFrom()
                .completionStage(() -> consumers.reading(consumer))
                .map(reading -> answers.ok(type, SubscriptionView.of(reading)));
    }

    @DELETE
    @Path(INSTANCE + "/subscription")
    @Operation(operationId = "unsubscribe", summary = "Takes everything away that a consumer reads.")
    @APIResponse(responseCode = "204", description = "Unsubscribed.")
    public Uni<Response> unsubscribe(
            @PathParam("groupid") String group, @PathParam("name") String name, @Context RoutingContext context) {
        ConsumerRef consumer = consumer(group, name, context);
        return done(() -> consumers.subscribe(consumer, new Subscription.None()));
    }

    @POST
    @Path(INSTANCE + "/assignments")
    @Operation(
            operationId = "assign",
            summary = "Assigns partitions to a consumer by hand, whoever else reads them.",
            description =
                    "Replaces those that were assigned; an empty list takes all away. Partitions may be named that do not exist"
                            + " yet.")
    @RequestBody(ref = "Partitions")
    @APIResponse(responseCode = "204", description = "Assigned.")
    @APIResponse(responseCode = "409", description = "SUBSCRIPTION_CONFLICT")
    public Uni<Response> assign(
            @PathParam("groupid") String group, @PathParam("name") String name, @Context RoutingContext context) {
        return done(consumer(group, name, context), () -> ConsumerBody.partitions(context), consumers::assign);
    }

    @GET
    @Path(INSTANCE + "/records")
    @Operation(
            operationId = "poll",
            summary = "Gives a consumer what comes next in its partitions.",
            description =
                    "Answers as soon as there is a record, or after the timeout with none. The next poll, through whichever"
                            + " replica, goes on where this one ended. With Accept: text/event-stream or application/x-ndjson, a"
                            + " stream of what such polls would give one after the other: the position moves as the client takes"
                            + " the events, which have no id.")
    @APIResponse(responseCode = "200", ref = "Poll")
    @APIResponse(responseCode = "406", description = "NOT_ACCEPTABLE: not the format that the consumer was made with.")
    @APIResponse(responseCode = "409", description = "NOT_SUBSCRIBED or NO_OFFSET")
    public Uni<Response> poll(
            @PathParam("groupid") String group,
            @PathParam("name") String name,
            @Parameter(
                            description = "How long to wait for a record, in milliseconds; if absent, the consumer's"
                                    + " consumer.request.timeout.ms, or else 100.",
                            schema = @Schema(type = SchemaType.INTEGER))
                    @QueryParam("timeout")
                    String timeout,
            @Parameter(
                            description =
                                    "Bytes of keys, values and headers, and 64 for each record and header; 1 MiB if absent."
                                            + " One record is given whatever its size.",
                            schema = @Schema(type = SchemaType.INTEGER))
                    @QueryParam("max_bytes")
                    String maxBytes,
            @Parameter(
                            description = Include.DESCRIPTION,
                            schema = @Schema(type = SchemaType.STRING, enumeration = "error"))
                    @QueryParam(Include.PARAMETER)
                    String include,
            @Parameter(description = Selection.FILTER_DESCRIPTION) @QueryParam(Selection.FILTER) String filter,
            @Context HttpHeaders headers,
            @Context RoutingContext context) {
        ConsumerRef consumer = consumer(group, name, context);
        Selection selection = Selection.unordered(context);
        Optional<StreamFormat> stream = StreamFormat.wanted(MediaTypes.accepted(headers));
        if (stream.isPresent()) {
            if (timeout != null || maxBytes != null) {
                throw new TrunklineException(
                        ErrorCode.INVALID_PARAMETER, "A stream has no parameters timeout and max_bytes.");
            }
            return Uni.createFrom().completionStage(() -> streams.open(consumer, stream.get(), selection, context));
        }
        MediaTypes.Wanted wanted = MediaTypes.records(headers);
        Set<Include> asked = Include.of(include, MediaTypes.CONTROL, Set.of(Include.ERROR));
        Function<RecordFormat.Accepted, Set<Include>> included =
                accepted -> include == null ? Include.of(null, accepted.mediaType(), Set.of(Include.ERROR)) : asked;
        OptionalLong wait = Parameters.whole("timeout", timeout, 0, Long.MAX_VALUE);
        long most = Math.min(config.maxBytes().asLongValue(), budget.share());
        long bytes = Math.min(
                most, Parameters.whole("max_bytes", maxBytes, 1, Long.MAX_VALUE).orElse(DEFAULT_BYTES));
        CompletableFuture<Void> ended = new CompletableFuture<>();
        Exchange exchange = Exchange.of(context);
        Optional<Search> search = selection.search(config, context, ended);
        PollRequest request = new PollRequest(
                wait.isPresent() ? Optional.of(Duration.ofMillis(wait.getAsLong())) : Optional.empty(),
                config.maxWait(),
                bytes,
                format -> RecordFormat.stored(format).nameFor(wanted).isPresent(),
                search);
        context.addEndHandler(end -> ended.complete(null));
        LongCalls.Watched watched = longCalls.watch(context, ended);
        return Uni.createFrom()
                .completionStage(() -> watched.result(
                                tracing.poll(
                                        consumer.group().value(),
                                        () -> consumers.poll(consumer, request, ended),
                                        poll -> poll.parts().stream().flatMap(part -> part.page().batches().stream())),
                                poll -> poll.ended(false))
                        .thenApply(poll -> {
                            Selection.found(search, exchange);
                            Response.ResponseBuilder answer = PollResponse.of(poll, wanted, included, exchange, ended);
                            Selection.passed(answer, search);
                            return answer.build();
                        })
                        // A client that goes away cancels the copy: what was claimed for it still has to be given back.
                        .copy());
    }

    @POST
    @Path(INSTANCE + "/offsets")
    @Operation(
            operationId = "commit",
            summary = "Commits offsets.",
            description =
                    "Without a body, or without offsets in it: what was delivered. With some: the given offsets, each the next"
                            + " to read, as they are; all of them or none. The consumer need not have the partitions, as long"
                            + " as no other one of the group has them.")
    @RequestBody(ref = "Offsets")
    @APIResponse(responseCode = "204", description = "Committed, durably.")
    @APIResponse(responseCode = "409", description = "COMMIT_FENCED: another consumer of the group has a partition.")
    public Uni<Response> commit(
            @PathParam("groupid") String group, @PathParam("name") String name, @Context RoutingContext context) {
        return done(
                consumer(group, name, context),
                () -> {
                    Optional<Map<TopicPartition, OffsetAndMetadata>> offsets = ConsumerBody.commit(context);
                    offsets.ifPresent(named -> checkTopics(named, context));
                    return offsets;
                },
                (consumer, offsets) ->
                        offsets.isPresent() ? consumers.commit(consumer, offsets.get()) : consumers.commit(consumer));
    }

    @POST
    @Path(INSTANCE + "/positions")
    @Operation(operationId = "seek", summary = "Sets where a consumer reads on.")
    @RequestBody(ref = "Offsets")
    @APIResponse(responseCode = "204", description = "Moved.")
    public Uni<Response> seek(
            @PathParam("groupid") String group, @PathParam("name") String name, @Context RoutingContext context) {
        return done(
                consumer(group, name, context),
                () -> checkTopics(ConsumerBody.offsets(context), context),
                consumers::seek);
    }

    @POST
    @Path(INSTANCE + "/positions/beginning")
    @Operation(
            operationId = "seekToBeginning",
            summary = "Lets a consumer read from the first record that is kept.",
            description = "In all its partitions where the list is empty.")
    @RequestBody(ref = "Partitions")
    @APIResponse(responseCode = "204", description = "Moved.")
    public Uni<Response> seekToBeginning(
            @PathParam("groupid") String group, @PathParam("name") String name, @Context RoutingContext context) {
        return done(consumer(group, name, context), () -> ConsumerBody.partitions(context), consumers::seekToBeginning);
    }

    @POST
    @Path(INSTANCE + "/positions/end")
    @Operation(
            operationId = "seekToEnd",
            summary = "Lets a consumer read what is written from now on.",
            description = "In all its partitions where the list is empty.")
    @RequestBody(ref = "Partitions")
    @APIResponse(responseCode = "204", description = "Moved.")
    public Uni<Response> seekToEnd(
            @PathParam("groupid") String group, @PathParam("name") String name, @Context RoutingContext context) {
        return done(consumer(group, name, context), () -> ConsumerBody.partitions(context), consumers::seekToEnd);
    }

    private static final String GENERATION = "Trunkline-Generation";

    /** The consumer that a path names. Names that nobody can have are those of nobody. */
    private static ConsumerRef consumer(String group, String name, RoutingContext context) {
        return new ConsumerRef(
                Parameters.group(group, ErrorCode.CONSUMER_NOT_FOUND),
                Parameters.member(name),
                Caller.of(context).principal());
    }

    private interface Call<T> {
        CompletableFuture<Void> on(ConsumerRef consumer, T body);
    }

    /** Reads a body and acts on it. Where the body is bad and the consumer does not exist, the latter is the failure. */
    private <T> Uni<Response> done(ConsumerRef consumer, Supplier<T> body, Call<T> call) {
        T read;
        try {
            read = body.get();
        } catch (TrunklineException e) {
            return done(() -> consumers.check(consumer).thenCompose(exists -> CompletableFuture.failedFuture(e)));
        }
        return done(() -> call.on(consumer, read));
    }

    private static Uni<Response> done(Supplier<CompletableFuture<Void>> call) {
        return Uni.createFrom().completionStage(call).map(done -> Answers.noContent());
    }

    /** Sees to it that the caller may read the topics of which a body names offsets. */
    private static Map<TopicPartition, OffsetAndMetadata> checkTopics(
            Map<TopicPartition, OffsetAndMetadata> offsets, RoutingContext context) {
        Caller.of(context)
                .check(offsets.keySet().stream().map(TopicPartition::topic).toList(), Right.READ);
        return offsets;
    }

    private static String segment(String name) {
        return URLEncoder.encode(name, StandardCharsets.UTF_8).replace("+", "%20");
    }
}
