package io.trunkline.rest;

import io.smallrye.mutiny.Uni;
import io.trunkline.access.ApiToken;
import io.trunkline.access.Principal;
import io.trunkline.access.TokenRequest;
import io.trunkline.access.Tokens;
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
import java.time.Clock;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import org.eclipse.microprofile.openapi.annotations.Operation;
import org.eclipse.microprofile.openapi.annotations.enums.SchemaType;
import org.eclipse.microprofile.openapi.annotations.media.Content;
import org.eclipse.microprofile.openapi.annotations.media.Schema;
import org.eclipse.microprofile.openapi.annotations.parameters.RequestBody;
import org.eclipse.microprofile.openapi.annotations.responses.APIResponse;
import org.eclipse.microprofile.openapi.annotations.tags.Tag;

/** API tokens: list, create, revoke; for administrators. */
@Path("/tokens")
@Tag(name = "Access")
@APIResponse(responseCode = "default", ref = "Failure")
class TokensResource {
    private static final String PRINCIPAL = "principal";
    private static final String ROLES = "roles";
    private static final String DESCRIPTION = "description";
    private static final String EXPIRES_AT = "expires_at";
    private static final String EXPIRES_IN = "expires_in";
    private static final int MOST_ROLES = 100;
    private static final int LONGEST_DESCRIPTION = 1000;
    private static final Duration LONGEST_LIFE = Duration.ofDays(100 * 365);

    private final Tokens tokens;
    private final Answers answers;
    private final Clock clock;

    TokensResource(Tokens tokens, Answers answers, Clock clock) {
        this.tokens = tokens;
        this.answers = answers;
        this.clock = clock;
    }

    @GET
    @Operation(
            operationId = "listTokens",
            summary = "Lists all API tokens, without their secrets.",
            description = "Also those that were revoked or have expired in the last 30 days.")
    @APIResponse(
            responseCode = "200",
            content =
                    @Content(
                            mediaType = MediaTypes.CONTROL,
                            schema = @Schema(type = SchemaType.ARRAY, implementation = TokenView.class)))
    @APIResponse(responseCode = "403", description = "ACCESS_DENIED")
    public Uni<Response> list(@Context HttpHeaders headers, @Context RoutingContext context) {
        String type = MediaTypes.control(headers);
        Caller.of(context).checkAdministrator();
        return Uni.createFrom()
                .completionStage(tokens::list)
                .map(all -> answers.ok(type, all.stream().map(TokenView::of).toList()));
    }

    @POST
    @Operation(
            operationId = "createToken",
            summary = "Creates an API token.",
            description =
                    "The response is the only place where the token is ever shown. The caller must show an API token"
                            + " with the role admin.")
    @RequestBody(ref = "NewToken")
    @APIResponse(
            responseCode = "201",
            description = "Created.",
            content = @Content(mediaType = MediaTypes.CONTROL, schema = @Schema(implementation = TokenView.class)))
    @APIResponse(responseCode = "403", description = "ACCESS_DENIED")
    @APIResponse(responseCode = "409", description = "ACCESS_LIMIT_REACHED")
    @APIResponse(responseCode = "422", description = "INVALID_ACCESS")
    public Uni<Response> create(@Context HttpHeaders headers, @Context RoutingContext context) {
        String type = MediaTypes.control(headers);
        ApiToken administrator = Caller.of(context).administratorToken();
        ControlBody body = ControlBody.parse(context, Set.of(PRINCIPAL, ROLES, DESCRIPTION, EXPIRES_AT, EXPIRES_IN));
        Optional<String> principal = body.text(PRINCIPAL);
        if (principal.isEmpty() && !body.has(PRINCIPAL)) {
            body.missing(PRINCIPAL);
        }
        List<String> roles = body.has(ROLES) ? body.textItems(ROLES, MOST_ROLES) : List.of();
        String description = body.text(DESCRIPTION).orElse("");
        Optional<String> expiresAt = body.text(EXPIRES_AT);
        Optional<String> expiresIn = body.text(EXPIRES_IN);
        if (expiresAt.isPresent() && expiresIn.isPresent()) {
            body.wrong("expires_in: not together with expires_at");
        }
        body.check();

        List<String> errors = new ArrayList<>();
        String name = principal.orElse("");
        if (!Principal.isLegalName(name)) {
            errors.add("principal: must have 1 to 255 characters, none of them a control character");
        }
        for (String role : roles) {
            if (!Principal.isLegalRole(role)) {
                errors.add("roles: a role has 1 to 100 characters of a-z, A-Z, 0-9, '.', '_', ':' and '-'");
                break;
            }
        }
        if (description.codePointCount(0, description.length()) > LONGEST_DESCRIPTION) {
            errors.add("description: must have at most " + LONGEST_DESCRIPTION + " characters");
        }
        Optional<Instant> expires = expires(expiresAt, expiresIn, errors);
        AuditFilter.about(context, "to", name);
        AuditFilter.about(context, "roles", String.join(",", roles));
        if (!errors.isEmpty()) {
            throw new TrunklineException(ErrorCode.INVALID_ACCESS, "The token is not legal.", errors);
        }
        return Uni.createFrom()
                .completionStage(() -> tokens.create(
                        administrator, new TokenRequest(name, new TreeSet<>(roles), description, expires)))
                .map(created -> {
                    AuditFilter.about(context, "token", created.secret().id());
                    return Response.fromResponse(answers.with(type, Response.Status.CREATED, TokenView.of(created)))
                            .header(HttpHeaders.CACHE_CONTROL, "no-store")
                            .build();
                });
    }

    private Optional<Instant> expires(Optional<String> at, Optional<String> in, List<String> errors) {
        Instant now = clock.instant();
        String field = at.isPresent() ? EXPIRES_AT : EXPIRES_IN;
        Optional<Instant> expires;
        try {
            expires = at.isPresent() ? at.map(Instant::parse) : in.map(text -> now.plus(Duration.parse(text)));
        } catch (DateTimeException | ArithmeticException e) {
            errors.add(
                    at.isPresent()
                            ? "expires_at: must be a time as in RFC 3339, such as 2030-01-31T12:00:00Z"
                            : "expires_in: must be a duration as in ISO 8601, such as P90D or PT12H");
            return Optional.empty();
        }
        if (expires.isPresent() && (!expires.get().isAfter(now) || expires.get().isAfter(now.plus(LONGEST_LIFE)))) {
            errors.add(field + ": must be in the future, and not more than 100 years");
        }
        return expires;
    }

    @DELETE
    @Path("{id}")
    @Operation(
            operationId = "revokeToken",
            summary = "Revokes an API token.",
            description =
                    "Replicas refuse it within a second and end what it has running within two. The caller must show an API"
                            + " token with the role admin.")
    @APIResponse(responseCode = "204", description = "Revoked.")
    @APIResponse(responseCode = "403", description = "ACCESS_DENIED")
    @APIResponse(responseCode = "404", description = "TOKEN_NOT_FOUND")
    public Uni<Response> revoke(@PathParam("id") String id, @Context RoutingContext context) {
        ApiToken administrator = Caller.of(context).administratorToken();
        return Uni.createFrom()
                .completionStage(() -> tokens.revoke(administrator, id))
                .map(done -> Answers.noContent());
    }
}
