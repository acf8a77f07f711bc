package io.trunkline.rest;

import io.smallrye.mutiny.Uni;
import io.trunkline.access.BearerTokens;
import io.trunkline.access.OidcConfig;
import io.trunkline.edge.BrowserSession;
import io.trunkline.edge.ConsoleConfig;
import io.trunkline.edge.Rejections;
import io.trunkline.error.ErrorCode;
import io.trunkline.error.TrunklineException;
import io.trunkline.rest.login.LoginAttempt;
import io.trunkline.rest.login.LoginProvider;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.ext.web.RoutingContext;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.QueryParam;
import jakarta.ws.rs.core.Context;
import jakarta.ws.rs.core.HttpHeaders;
import jakarta.ws.rs.core.Response;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.security.SecureRandom;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import org.eclipse.microprofile.openapi.annotations.Operation;
import org.eclipse.microprofile.openapi.annotations.parameters.Parameter;
import org.eclipse.microprofile.openapi.annotations.responses.APIResponse;
import org.eclipse.microprofile.openapi.annotations.security.SecurityRequirements;
import org.eclipse.microprofile.openapi.annotations.tags.Tag;
import org.jspecify.annotations.Nullable;

/** Logins of people at an OpenID provider. Browsers come here by navigation, so that failures lead to the console too. */
@Path("/session")
@Tag(name = "Session")
@APIResponse(responseCode = "default", ref = "Failure")
class LoginResource {
    private static final String COOKIE = "trunkline-login";
    private static final int MOST_SECONDS = 600;
    private static final int LONGEST_CODE = 4_096;
    /** How somebody fails who tries codes. */
    private static final Set<ErrorCode> GUESSES = Set.of(ErrorCode.LOGIN_REFUSED, ErrorCode.AUTHENTICATION_REQUIRED);

    private final LoginProvider provider;
    private final BearerTokens tokens;
    private final Attempts attempts;
    private final Optional<String> url;
    private final boolean enabled;
    private final SecureRandom random = new SecureRandom();

    LoginResource(
            LoginProvider provider,
            BearerTokens tokens,
            Attempts attempts,
            Callers callers,
            OidcConfig oidc,
            ConsoleConfig console) {
        this.provider = provider;
        this.tokens = tokens;
        this.attempts = attempts;
        url = oidc.login().url();
        enabled = console.enabled() && callers.areKnown() && provider.isEnabled();
    }

    @GET
    @Path("login")
    @SecurityRequirements
    @Operation(
            operationId = "login",
            summary = "Sends a browser to the OpenID provider, to log in.",
            description = "The authorization code flow with PKCE, which ends at /session/callback.")
    @APIResponse(responseCode = "302", description = "To the provider.")
    @APIResponse(responseCode = "303", description = "To /console/login, with the code of the failure in error.")
    @APIResponse(responseCode = "400", description = "INVALID_PARAMETER")
    public Uni<Response> login(
            @Parameter(description = "Where the browser goes afterwards: a path below /console/.")
                    @QueryParam("to")
                    @Nullable
                    String to,
            @Context RoutingContext context) {
        checkEnabled();
        String target = to == null ? LoginAttempt.HOME : to;
        if (!LoginAttempt.isLocal(target)) {
            throw new TrunklineException(
                    ErrorCode.INVALID_PARAMETER, "The parameter to must be a path below /console/ of this service.");
        }
        LoginAttempt attempt = LoginAttempt.begin(random, target);
        HttpServerRequest request = context.request();
        return Uni.createFrom()
                .completionStage(() -> provider.address(attempt, callback(request)))
                .map(address -> Response.status(Response.Status.FOUND)
                        .header(HttpHeaders.LOCATION, address)
                        .header(HttpHeaders.SET_COOKIE, cookie(request, attempt.cookie(), MOST_SECONDS))
                        .header(HttpHeaders.CACHE_CONTROL, "no-store")
                        .build())
                .onFailure()
                .recoverWithItem(failure -> failed(request, failure, target).build());
    }

    @GET
    @Path("callback")
    @SecurityRequirements
    @Operation(
            operationId = "loginCallback",
            summary = "Ends a login: where the OpenID provider sends a browser back to.",
            description = "Begins a session, whose cookie has the ID token of the provider.")
    @APIResponse(
            responseCode = "303",
            description = "To the console, or to /console/login with the code of the failure.")
    public Uni<Response> callback(
            @QueryParam("code") List<String> codes,
            @QueryParam("state") List<String> states,
            @QueryParam("iss") List<String> issuers,
            @QueryParam("error") List<String> errors,
            @Context RoutingContext context) {
        checkEnabled();
        HttpServerRequest request = context.request();
        Optional<LoginAttempt> attempt = BrowserSession.value(request, COOKIE)
                .flatMap(LoginAttempt::parse)
                .filter(known -> states.size() == 1 && known.isOf(states.getFirst()));
        if (attempt.isEmpty()) {
            // Perhaps somebody else has sent the browser here: a login that it has under way goes on.
            return Uni.createFrom()
                    .item(failed(request, expired(), LoginAttempt.HOME).build());
        }
        return Uni.createFrom()
                .completionStage(
                        () -> attempts.count(context, GUESSES, token(attempt.get(), codes, issuers, errors, request)))
                .map(token -> Response.status(Response.Status.SEE_OTHER)
                        .header(
                                HttpHeaders.LOCATION,
                                BaseUri.prefixOf(request) + attempt.get().to())
                        .header(HttpHeaders.SET_COOKIE, BrowserSession.set(request, token)))
                .onFailure()
                .recoverWithItem(
                        failure -> failed(request, failure, attempt.get().to()))
                .map(answer -> answer.header(HttpHeaders.SET_COOKIE, cookie(request, "", 0))
                        .header(HttpHeaders.CACHE_CONTROL, "no-store")
                        .build());
    }

    private CompletableFuture<String> token(
            LoginAttempt attempt,
            List<String> codes,
            List<String> issuers,
            List<String> errors,
            HttpServerRequest request) {
        boolean readable =
                codes.size() == 1 && issuers.size() <= 1 && codes.getFirst().length() <= LONGEST_CODE;
        if (!errors.isEmpty() || !readable) {
            return CompletableFuture.failedFuture(LoginProvider.refused());
        }
        String issuer = issuers.isEmpty() ? null : issuers.getFirst();
        return provider.exchange(attempt, codes.getFirst(), issuer, callback(request))
                .thenCompose(token -> tokens.authenticate(token, provider.clientId(), attempt.nonce())
                        .thenApply(principal -> token))
                .thenApply(token -> {
                    if (token.length() > BrowserSession.LONGEST) {
                        throw SessionResource.tooLarge();
                    }
                    return token;
                });
    }

    private static TrunklineException expired() {
        return new TrunklineException(
                ErrorCode.LOGIN_EXPIRED,
                "No login is under way in this browser, or another one than this. Begin again.");
    }

    private Response.ResponseBuilder failed(HttpServerRequest request, Throwable failure, String to) {
        TrunklineException known = Errors.known(failure, request.path());
        Rejections.count(known.code());
        return Response.status(Response.Status.SEE_OTHER)
                .header(
                        HttpHeaders.LOCATION,
                        BaseUri.prefixOf(request) + "/console/login?error=" + known.code() + "&to="
                                + URLEncoder.encode(to, StandardCharsets.UTF_8));
    }

    private void checkEnabled() {
        if (!enabled) {
            throw Errors.pathNotFound();
        }
    }

    /** Lax, so that a browser sends it when the provider sends it back here. */
    private static String cookie(HttpServerRequest request, String value, int seconds) {
        String path = "https".equals(request.scheme()) ? "/" : "/session";
        return BrowserSession.cookie(
                request, COOKIE, value, "Path=" + path + "; HttpOnly; SameSite=Lax; Max-Age=" + seconds);
    }

    /** What the provider has to know, so that nothing but what it knows can be put here by whoever makes a request. */
    private String callback(HttpServerRequest request) {
        return url.orElseGet(() -> request.scheme() + "://" + request.authority()) + "/session/callback";
    }
}
