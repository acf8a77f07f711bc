package io.trunkline.rest;

import io.smallrye.mutiny.Uni;
import io.trunkline.access.Authenticator;
import io.trunkline.access.Credentials;
import io.trunkline.access.Principal;
import io.trunkline.access.Right;
import io.trunkline.access.Rights;
import io.trunkline.edge.BrowserSession;
import io.trunkline.edge.ConsoleConfig;
import io.trunkline.edge.HttpCredentials;
import io.trunkline.error.ErrorCode;
import io.trunkline.error.TrunklineException;
import io.trunkline.rest.login.LoginProvider;
import io.vertx.ext.web.RoutingContext;
import jakarta.ws.rs.DELETE;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.POST;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.QueryParam;
import jakarta.ws.rs.core.Context;
import jakarta.ws.rs.core.HttpHeaders;
import jakarta.ws.rs.core.Response;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.function.BiPredicate;
import java.util.stream.Stream;
import org.eclipse.microprofile.openapi.annotations.Operation;
import org.eclipse.microprofile.openapi.annotations.media.Content;
import org.eclipse.microprofile.openapi.annotations.media.Schema;
import org.eclipse.microprofile.openapi.annotations.parameters.Parameter;
import org.eclipse.microprofile.openapi.annotations.parameters.RequestBody;
import org.eclipse.microprofile.openapi.annotations.responses.APIResponse;
import org.eclipse.microprofile.openapi.annotations.security.SecurityRequirements;
import org.eclipse.microprofile.openapi.annotations.tags.Tag;

/** The sessions of browsers, which are cookies with a credential; and who makes a request, for whoever asks. */
@Path("/session")
@Tag(name = "Session")
@APIResponse(responseCode = "default", ref = "Failure")
class SessionResource {
    private static final String TOKEN = "token";
    private static final int MOST_NAMES = 100;
    private static final List<Right> ON_TOPICS = List.of(Right.READ, Right.WRITE, Right.MANAGE);
    private static final List<Right> ON_GROUPS = List.of(Right.USE, Right.MANAGE);

    private final Callers callers;
    private final Authenticator authenticator;
    private final Attempts attempts;
    private final Answers answers;
    private final ConsoleConfig config;
    private final LoginProvider provider;

    SessionResource(
            Callers callers,
            Authenticator authenticator,
            Attempts attempts,
            Answers answers,
            ConsoleConfig config,
            LoginProvider provider) {
        this.callers = callers;
        this.authenticator = authenticator;
        this.attempts = attempts;
        this.answers = answers;
        this.config = config;
        this.provider = provider;
    }

    @GET
    @SecurityRequirements
    @Operation(
            operationId = "getSession",
            summary = "Tells who makes the request, and what it may do.",
            description = "Needs no credentials; but credentials that are not valid are refused.")
    @APIResponse(
            responseCode = "200",
            description = "Who makes the request.",
            content = @Content(mediaType = MediaTypes.CONTROL, schema = @Schema(implementation = SessionView.class)))
    @APIResponse(responseCode = "400", description = "INVALID_PARAMETER")
    @APIResponse(responseCode = "401", description = "AUTHENTICATION_REQUIRED")
    public Uni<Response> get(
            @Parameter(description = "A topic whose rights are wanted; at most 100.") @QueryParam("topic")
                    List<String> topics,
            @Parameter(description = "A group whose rights are wanted; at most 100.") @QueryParam("group")
                    List<String> groups,
            @Context HttpHeaders headers,
            @Context RoutingContext context) {
        checkEnabled();
        String type = MediaTypes.control(headers);
        if (topics.size() > MOST_NAMES || groups.size() > MOST_NAMES) {
            throw new TrunklineException(
                    ErrorCode.INVALID_PARAMETER,
                    "The parameters topic and group may be repeated " + MOST_NAMES + " times.");
        }
        Caller caller = Caller.of(context);
        Credentials credentials = AuthenticationFilter.credentials(context);
        boolean byCookie = BrowserSession.of(context).isPresent();
        return Uni.createFrom()
                .completionStage(() -> view(caller, credentials, byCookie, topics, groups))
                .map(view -> Response.fromResponse(answers.ok(type, view))
                        .header(HttpHeaders.VARY, "Accept, Authorization, Cookie")
                        .build());
    }

    @POST
    @SecurityRequirements
    @Operation(
            operationId = "createSession",
            summary = "Begins the session of a browser.",
            description =
                    "The response sets a cookie with the token, which counts as the token itself does. The request needs the"
                            + " header Trunkline-Console, as every request by the cookie does that is not a plain read.")
    @RequestBody(
            required = true,
            content =
                    @Content(
                            mediaType = MediaTypes.PLAIN_JSON,
                            schema = @Schema(implementation = AccessSchemas.NewSession.class)))
    @APIResponse(
            responseCode = "200",
            description = "Whose session has begun.",
            content = @Content(mediaType = MediaTypes.CONTROL, schema = @Schema(implementation = SessionView.class)))
    @APIResponse(responseCode = "401", description = "AUTHENTICATION_REQUIRED")
    @APIResponse(responseCode = "403", description = "CONSOLE_HEADER_MISSING, or ORIGIN_NOT_ALLOWED")
    @APIResponse(responseCode = "422", description = "TOKEN_TOO_LARGE")
    @APIResponse(responseCode = "429", description = "TOO_MANY_ATTEMPTS")
    public Uni<Response> create(@Context HttpHeaders headers, @Context RoutingContext context) {
        checkEnabled();
        if (!callers.areKnown()) {
            throw new TrunklineException(
                    ErrorCode.PATH_NOT_FOUND,
                    "Nobody has to prove who they are here (trunkline.access.mode), so that there are no sessions.");
        }
        String type = MediaTypes.control(headers);
        ControlBody body = ControlBody.parse(context, Set.of(TOKEN));
        Optional<String> token = body.text(TOKEN);
        if (token.isEmpty() && !body.has(TOKEN)) {
            body.missing(TOKEN);
        }
        body.check();
        String credential = token.orElse("");
        if (credential.length() > BrowserSession.LONGEST) {
            throw tooLarge();
        }
        Credentials credentials = HttpCredentials.bearer(context.request(), credential);
        String cookie = BrowserSession.set(context.request(), credential);
        return Uni.createFrom()
                .completionStage(() -> attempts.count(
                        context, Set.of(ErrorCode.AUTHENTICATION_REQUIRED), callers.identify(credentials)))
                .chain(caller ->
                        Uni.createFrom().completionStage(() -> view(caller, credentials, true, List.of(), List.of())))
                .map(view -> Response.fromResponse(answers.ok(type, view))
                        .header(HttpHeaders.SET_COOKIE, cookie)
                        .header(HttpHeaders.CACHE_CONTROL, "no-store")
                        .build());
    }

    @DELETE
    @SecurityRequirements
    @Operation(
            operationId = "deleteSession",
            summary = "Ends the session of a browser.",
            description =
                    "Removes the cookie. The token itself stays valid; the request needs the header Trunkline-Console.")
    @APIResponse(responseCode = "204", description = "Ended.")
    @APIResponse(responseCode = "403", description = "CONSOLE_HEADER_MISSING, or ORIGIN_NOT_ALLOWED")
    public Response delete(@Context RoutingContext context) {
        checkEnabled();
        return Response.noContent()
                .header(HttpHeaders.SET_COOKIE, BrowserSession.remove(context.request()))
                .build();
    }

    static TrunklineException tooLarge() {
        return new TrunklineException(
                ErrorCode.TOKEN_TOO_LARGE,
                "A cookie holds a token of at most " + BrowserSession.LONGEST + " characters, and this one is longer.");
    }

    private void checkEnabled() {
        if (!config.enabled()) {
            throw Errors.pathNotFound();
        }
    }

    private CompletableFuture<SessionView> view(
            Caller caller, Credentials credentials, boolean cookie, List<String> topics, List<String> groups) {
        Rights rights = caller.rights();
        SessionView.RightsView named = new SessionView.RightsView(
                rights(topics, ON_TOPICS, rights::onTopic), rights(groups, ON_GROUPS, rights::onGroup));
        boolean required = callers.areKnown();
        boolean login = required && provider.isEnabled();
        if (caller.principal().isEmpty()) {
            return CompletableFuture.completedFuture(new SessionView(
                    required ? "required" : "none",
                    null,
                    List.of(),
                    rights.isAdministrator(),
                    null,
                    false,
                    null,
                    login,
                    config.readOnly(),
                    named));
        }
        Principal principal = caller.principal().get();
        return authenticator
                .expiry(credentials)
                .thenCombine(
                        callers.roles(principal),
                        (expiry, roles) -> new SessionView(
                                required ? "required" : "none",
                                principal.name(),
                                roles,
                                rights.isAdministrator(),
                                caller.token().isPresent()
                                        ? TOKEN
                                        : credentials.bearer().isPresent() ? "oidc" : "certificate",
                                cookie,
                                expiry.map(Instant::toString).orElse(null),
                                login,
                                config.readOnly(),
                                named));
    }

    private static Map<String, List<String>> rights(
            List<String> names, List<Right> rights, BiPredicate<String, Right> has) {
        Map<String, List<String>> found = new LinkedHashMap<>();
        for (String name : names) {
            Stream<Right> held = rights.stream().filter(right -> has.test(name, right));
            found.put(name, held.map(Right::text).toList());
        }
        return found;
    }
}
