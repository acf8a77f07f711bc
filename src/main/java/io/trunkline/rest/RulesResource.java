package io.trunkline.rest;

import io.smallrye.mutiny.Uni;
import io.trunkline.access.ApiToken;
import io.trunkline.access.NamePattern;
import io.trunkline.access.Principal;
import io.trunkline.access.Resource;
import io.trunkline.access.Right;
import io.trunkline.access.Rule;
import io.trunkline.access.Rules;
import io.trunkline.access.Subject;
import io.trunkline.error.ErrorCode;
import io.trunkline.error.TrunklineException;
import io.vertx.ext.web.RoutingContext;
import jakarta.ws.rs.DELETE;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.POST;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.PathParam;
import jakarta.ws.rs.core.Context;
import jakarta.ws.rs.core.HttpHeaders;
import jakarta.ws.rs.core.Response;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;
import org.eclipse.microprofile.openapi.annotations.Operation;
import org.eclipse.microprofile.openapi.annotations.enums.SchemaType;
import org.eclipse.microprofile.openapi.annotations.media.Content;
import org.eclipse.microprofile.openapi.annotations.media.Schema;
import org.eclipse.microprofile.openapi.annotations.parameters.RequestBody;
import org.eclipse.microprofile.openapi.annotations.responses.APIResponse;
import org.eclipse.microprofile.openapi.annotations.tags.Tag;

/** Rules: list, create, delete; for administrators. */
@Path("/rules")
@Tag(name = "Access")
@APIResponse(responseCode = "default", ref = "Failure")
class RulesResource {
    private static final String PRINCIPAL = "principal";
    private static final String ROLE = "role";
    private static final String RIGHT = "right";
    private static final String TOPIC = "topic";
    private static final String GROUP = "group";
    /** What stands in names of topics, or in their prefixes. */
    private static final Pattern TOPIC_TEXT = Pattern.compile("[a-zA-Z0-9._-]{0,249}");

    private static final Pattern GROUP_TEXT = Pattern.compile("[^\\p{Cc}\\p{Cs}/]{0,255}");
    private static final Pattern ID = Pattern.compile("[0-9]{1,18}");

    private final Rules rules;
    private final Answers answers;

    RulesResource(Rules rules, Answers answers) {
        this.rules = rules;
        this.answers = answers;
    }

    @GET
    @Operation(operationId = "listRules", summary = "Lists all rules.")
    @APIResponse(
            responseCode = "200",
            content =
                    @Content(
                            mediaType = MediaTypes.CONTROL,
                            schema = @Schema(type = SchemaType.ARRAY, implementation = RuleView.class)))
    @APIResponse(responseCode = "403", description = "ACCESS_DENIED")
    public Uni<Response> list(@Context HttpHeaders headers, @Context RoutingContext context) {
        String type = MediaTypes.control(headers);
        Caller.of(context).checkAdministrator();
        return Uni.createFrom()
                .completionStage(rules::list)
                .map(all -> answers.ok(type, all.stream().map(RuleView::of).toList()));
    }

    @POST
    @Operation(
            operationId = "createRule",
            summary = "Lets a principal, or everybody who has a role, do something.",
            description =
                    "Where there is the same rule, the response shows that one. The caller must show an API token with the"
                            + " role admin.")
    @RequestBody(ref = "NewRule")
    @APIResponse(
            responseCode = "201",
            description = "Created.",
            content = @Content(mediaType = MediaTypes.CONTROL, schema = @Schema(implementation = RuleView.class)))
    @APIResponse(responseCode = "403", description = "ACCESS_DENIED")
    @APIResponse(responseCode = "409", description = "ACCESS_LIMIT_REACHED")
    @APIResponse(responseCode = "422", description = "INVALID_ACCESS")
    public Uni<Response> create(@Context HttpHeaders headers, @Context RoutingContext context) {
        String type = MediaTypes.control(headers);
        ApiToken administrator = Caller.of(context).administratorToken();
        ControlBody body = ControlBody.parse(context, Set.of(PRINCIPAL, ROLE, RIGHT, TOPIC, GROUP));
        Optional<String> principal = body.text(PRINCIPAL);
        Optional<String> role = body.text(ROLE);
        Optional<String> right = body.text(RIGHT);
        Optional<String> topic = body.text(TOPIC);
        Optional<String> group = body.text(GROUP);
        if (body.has(PRINCIPAL) == body.has(ROLE)) {
            body.wrong("one of principal and role must be given");
        }
        if (!body.has(RIGHT)) {
            body.missing(RIGHT);
        }
        if (body.has(TOPIC) == body.has(GROUP)) {
            body.wrong("one of topic and group must be given");
        }
        body.check();
        AuditFilter.about(context, "to", principal.orElseGet(() -> "role:" + role.orElse("")));
        AuditFilter.about(context, RIGHT, right.orElse(""));
        topic.ifPresent(name -> AuditFilter.about(context, TOPIC, name));
        group.ifPresent(name -> AuditFilter.about(context, GROUP, name));
        Rule rule = rule(principal, role, right.orElse(""), topic, group);
        return Uni.createFrom()
                .completionStage(() -> rules.create(administrator, rule))
                .map(created -> {
                    AuditFilter.about(context, "rule", Long.toString(created.id()));
                    return answers.with(type, Response.Status.CREATED, RuleView.of(created));
                });
    }

    private static Rule rule(
            Optional<String> principal,
            Optional<String> role,
            String right,
            Optional<String> topic,
            Optional<String> group) {
        List<String> errors = new ArrayList<>();
        if (principal.isPresent() && !Principal.isLegalName(principal.get())) {
            errors.add("principal: must have 1 to 255 characters, none of them a control character");
        }
        if (role.isPresent() && !Principal.isLegalRole(role.get())) {
            errors.add("role: must have 1 to 100 characters of a-z, A-Z, 0-9, '.', '_', ':' and '-'");
        }
        Resource resource = topic.isPresent() ? Resource.TOPIC : Resource.GROUP;
        Optional<Right> known = resource.right(right);
        if (known.isEmpty()) {
            errors.add(
                    topic.isPresent()
                            ? "right: must be read, write or manage on a topic"
                            : "right: must be use or manage on a group");
        }
        String name = topic.or(() -> group).orElse("");
        String text = name.endsWith("*") ? name.substring(0, name.length() - 1) : name;
        if (name.isEmpty()
                || !(topic.isPresent() ? TOPIC_TEXT : GROUP_TEXT).matcher(text).matches()) {
            errors.add(
                    topic.isPresent()
                            ? "topic: must be the name of a topic, the beginning of names with * behind it, or * for all"
                            : "group: must be the name of a group, the beginning of names with * behind it, or * for all");
        }
        if (!errors.isEmpty()) {
            throw new TrunklineException(ErrorCode.INVALID_ACCESS, "The rule is not legal.", errors);
        }
        Subject subject =
                role.isPresent() ? new Subject.OfRole(role.get()) : new Subject.OfPrincipal(principal.orElse(""));
        return new Rule(subject, known.orElseThrow(), resource, NamePattern.parse(name));
    }

    @DELETE
    @Path("{id}")
    @Operation(
            operationId = "deleteRule",
            summary = "Takes a rule back.",
            description =
                    "Replicas go by that within a second and end what was running by the rule within two. The caller must show"
                            + " an API token with the role admin.")
    @APIResponse(responseCode = "204", description = "Taken back.")
    @APIResponse(responseCode = "403", description = "ACCESS_DENIED")
    @APIResponse(responseCode = "404", description = "RULE_NOT_FOUND")
    public Uni<Response> delete(@PathParam("id") String id, @Context RoutingContext context) {
        ApiToken administrator = Caller.of(context).administratorToken();
        if (!ID.matcher(id).matches()) {
            throw Rules.notFound();
        }
        long number = Long.parseLong(id);
        return Uni.createFrom()
                .completionStage(() -> rules.delete(administrator, number))
                .map(done -> Answers.noContent());
    }
}
