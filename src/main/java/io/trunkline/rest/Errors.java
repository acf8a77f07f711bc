package io.trunkline.rest;

import io.quarkus.security.AuthenticationFailedException;
import io.quarkus.security.UnauthorizedException;
import io.trunkline.edge.BrowserSession;
import io.trunkline.edge.Rejections;
import io.trunkline.error.ErrorCode;
import io.trunkline.error.Failures;
import io.trunkline.error.TrunklineException;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.ext.web.RoutingContext;
import jakarta.ws.rs.ForbiddenException;
import jakarta.ws.rs.NotAcceptableException;
import jakarta.ws.rs.NotAllowedException;
import jakarta.ws.rs.NotAuthorizedException;
import jakarta.ws.rs.NotFoundException;
import jakarta.ws.rs.NotSupportedException;
import jakarta.ws.rs.WebApplicationException;
import jakarta.ws.rs.core.HttpHeaders;
import jakarta.ws.rs.core.Response;
import java.util.Optional;
import org.jboss.logging.Logger;
import org.jboss.resteasy.reactive.server.ServerExceptionMapper;

/** Answers every failure in the one shape that errors have, and lets nothing internal out. */
class Errors {
    private static final Logger LOG = Logger.getLogger(Errors.class);
    static final String RETRY_AFTER_SECONDS = "1";
    /** How clients may prove who they are (RFC 6750, RFC 7617). */
    static final String CHALLENGE = "Bearer, Basic realm=\"trunkline\"";

    private final HttpServerRequest request;
    private final RoutingContext context;

    Errors(HttpServerRequest request, RoutingContext context) {
        this.request = request;
        this.context = context;
    }

    /** The answer to a failure, for a path. */
    static Response answer(TrunklineException failure) {
        Rejections.count(failure.code());
        Response.ResponseBuilder answer = Response.status(ErrorStatus.of(failure.code()))
                .type(MediaTypes.CONTROL)
                .entity(ErrorView.of(failure).toJson());
        if (failure.code() == ErrorCode.AUTHENTICATION_REQUIRED) {
            answer.header(HttpHeaders.WWW_AUTHENTICATE, CHALLENGE);
        }
        retryAfter(failure).ifPresent(seconds -> answer.header(HttpHeaders.RETRY_AFTER, seconds));
        return answer.build();
    }

    /** Whether the call may be repeated as it is, a little later. */
    static boolean isRetriable(ErrorCode code) {
        return ErrorStatus.of(code) == 503;
    }

    /** When the call may be repeated, in seconds: when the failure knows, or soon. */
    static Optional<String> retryAfter(TrunklineException failure) {
        if (failure.retryAfterSeconds().isPresent()) {
            return Optional.of(Long.toString(failure.retryAfterSeconds().getAsLong()));
        }
        return isRetriable(failure.code()) ? Optional.of(RETRY_AFTER_SECONDS) : Optional.empty();
    }

    /** The failure as the client may know it. What nobody foresaw is logged, and told as that only. */
    static TrunklineException known(Throwable failure, String path) {
        TrunklineException known = Failures.known(failure);
        if (known.code() == ErrorCode.INTERNAL) {
            LOG.errorf(Failures.unwrapped(failure), "Request failed path=%s", path);
        }
        return known;
    }

    @ServerExceptionMapper
    Response ofFailure(Throwable failure) {
        return noted(known(failure, request.path()));
    }

    @ServerExceptionMapper
    Response ofTrunkline(TrunklineException failure) {
        return noted(known(failure, request.path()));
    }

    private Response noted(TrunklineException failure) {
        AuditFilter.failed(context, failure.code());
        Response answer = answer(failure);
        if (failure.code() == ErrorCode.AUTHENTICATION_REQUIRED) {
            answer.getHeaders().putSingle(HttpHeaders.WWW_AUTHENTICATE, challenge(context));
        }
        return answer;
    }

    /** How a client may prove who it is; without what makes a browser ask its user for a password, while the console does. */
    static String challenge(RoutingContext context) {
        return BrowserSession.of(context).isPresent() || BrowserSession.isOfConsole(context.request())
                ? "Bearer"
                : CHALLENGE;
    }

    @ServerExceptionMapper({UnauthorizedException.class, AuthenticationFailedException.class})
    Response ofUnknownClient(SecurityException failure) {
        return answer(authenticationRequired());
    }

    @ServerExceptionMapper
    Response ofKnownClient(io.quarkus.security.ForbiddenException failure) {
        return answer(accessDenied());
    }

    private static TrunklineException authenticationRequired() {
        return new TrunklineException(
                ErrorCode.AUTHENTICATION_REQUIRED,
                "The request has no credentials, or none that are valid; nothing was done.");
    }

    private static TrunklineException accessDenied() {
        return new TrunklineException(ErrorCode.ACCESS_DENIED, "The client may not do this; nothing was done.");
    }

    @ServerExceptionMapper
    Response ofRouting(WebApplicationException failure) {
        return answer(failure, request.method().name(), request.path());
    }

    static TrunklineException pathNotFound() {
        return new TrunklineException(
                ErrorCode.PATH_NOT_FOUND, "There is no operation at this path; /openapi lists them.");
    }

    static TrunklineException methodNotAllowed(String method) {
        return new TrunklineException(
                ErrorCode.METHOD_NOT_ALLOWED,
                "The method " + method + " is not allowed at this path; /openapi lists the operations.");
    }

    /** The answer to a failure that has a status of HTTP. */
    static Response answer(WebApplicationException failure, String method, String path) {
        return switch (failure) {
            case NotAuthorizedException e -> {
                Response.ResponseBuilder answer = Response.fromResponse(answer(authenticationRequired()));
                answer.header(HttpHeaders.WWW_AUTHENTICATE, null);
                e.getChallenges().forEach(challenge -> answer.header(HttpHeaders.WWW_AUTHENTICATE, challenge));
                yield answer.build();
            }
            case ForbiddenException e -> answer(accessDenied());
            case NotFoundException e -> answer(pathNotFound());
            case NotAllowedException e -> answer(methodNotAllowed(method));
            case NotSupportedException e ->
                answer(new TrunklineException(
                        ErrorCode.UNSUPPORTED_MEDIA_TYPE, "The Content-Type is none that this operation takes."));
            case NotAcceptableException e ->
                answer(new TrunklineException(
                        ErrorCode.NOT_ACCEPTABLE, "The operation gives none of the types in the Accept header."));
            default ->
                failure.getResponse().getStatus() < 500
                        ? answer(new TrunklineException(ErrorCode.INVALID_REQUEST, "The request cannot be understood."))
                        : answer(known(failure, path));
        };
    }
}
