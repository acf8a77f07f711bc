package io.trunkline.rest;

import io.quarkus.vertx.http.runtime.filters.Filters;
import io.trunkline.edge.BrowserSession;
import io.trunkline.edge.ConsoleConfig;
import io.trunkline.error.ErrorCode;
import io.trunkline.error.TrunklineException;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.ext.web.RoutingContext;
import jakarta.enterprise.event.Observes;
import jakarta.inject.Singleton;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Sees to it that nothing is changed with a browser's cookie but by the console's own scripts, and by them only where the console
 * may change something; and that no response to a cookie is kept, which the next user of the browser could see.
 */
@Singleton
class ConsoleFilter {
    private static final String SESSION = "/session";

    private final boolean enabled;
    private final boolean readOnly;

    ConsoleFilter(ConsoleConfig config) {
        enabled = config.enabled();
        readOnly = config.readOnly();
    }

    void register(@Observes Filters filters) {
        if (enabled) {
            filters.register(this::check, FilterOrder.CONSOLE);
        }
    }

    private void check(RoutingContext context) {
        HttpServerRequest request = context.request();
        boolean byCookie = BrowserSession.of(context).isPresent();
        boolean byConsole = BrowserSession.isOfConsole(request);
        boolean ofSession = context.normalizedPath().startsWith(SESSION);
        if (!byCookie && !byConsole && !ofSession) {
            context.next();
            return;
        }
        if (byCookie) {
            context.addHeadersEndHandler(head -> context.response()
                    .headers()
                    .set(HttpHeaders.CACHE_CONTROL, "no-store")
                    .remove(HttpHeaders.ETAG));
        }
        TrunklineException refusal = isPlainRead(context) ? null : refusal(context, byCookie, byConsole);
        if (refusal == null) {
            context.next();
        } else {
            Refusals.refuse(context, refusal);
        }
    }

    private @Nullable TrunklineException refusal(RoutingContext context, boolean byCookie, boolean byConsole) {
        boolean login = asked(context).filter(ConsoleFilter::isSession).isPresent();
        if (login && !BrowserSession.isOfOwnPage(context.request())) {
            return new TrunklineException(
                    ErrorCode.ORIGIN_NOT_ALLOWED,
                    "A web page of another origin made this request. Sessions are for the service's own console, whatever"
                            + " quarkus.http.cors.origins allows.");
        }
        if ((byCookie || login) && !byConsole) {
            return new TrunklineException(
                    ErrorCode.CONSOLE_HEADER_MISSING,
                    "A request with the cookie of a session that is not a plain read needs the header "
                            + BrowserSession.HEADER + "; nothing was done.");
        }
        if (readOnly && !login) {
            return new TrunklineException(
                    ErrorCode.CONSOLE_READ_ONLY,
                    "The console of this service only shows things (trunkline.console.read-only); nothing was done.");
        }
        return null;
    }

    /** A poll moves the position of its consumer, and so does a stream of one. */
    private static boolean isPlainRead(RoutingContext context) {
        HttpMethod method = context.request().method();
        return (method == HttpMethod.GET || method == HttpMethod.HEAD)
                && asked(context)
                        .filter(operation -> operation == ApiOperation.POLL)
                        .isEmpty();
    }

    private static boolean isSession(ApiOperation operation) {
        return operation == ApiOperation.CREATE_SESSION || operation == ApiOperation.DELETE_SESSION;
    }

    private static Optional<ApiOperation> asked(RoutingContext context) {
        return ApiOperation.of(context.request().method(), context.normalizedPath())
                .map(ApiOperation.Asked::operation);
    }
}
