package io.trunkline.rest;

import io.trunkline.edge.Exchange;
import io.trunkline.edge.ResponseBudget;
import io.trunkline.error.TrunklineException;
import io.vertx.core.http.HttpMethod;
import io.vertx.ext.web.RoutingContext;
import jakarta.ws.rs.container.ContainerResponseContext;
import jakarta.ws.rs.core.HttpHeaders;
import org.jboss.resteasy.reactive.server.ServerResponseFilter;

/**
 * Counts large responses before they are sent. One that only tells something is refused where there is no room; one to a request
 * that has done something is sent all the same, since a refusal would say that nothing was done.
 */
class ResponseFilter {
    @ServerResponseFilter
    void count(ContainerResponseContext response, RoutingContext context) {
        if (!(response.getEntity() instanceof byte[] body) || body.length <= ResponseBudget.SMALL) {
            return;
        }
        if (context.request().method() != HttpMethod.GET) {
            return;
        }
        try {
            Exchange.of(context).take(body.length);
        } catch (TrunklineException e) {
            response.setEntity(ErrorView.of(e).toJson());
            response.setStatus(ErrorStatus.of(e.code()));
            response.getHeaders().putSingle(HttpHeaders.CONTENT_TYPE, MediaTypes.CONTROL);
            response.getHeaders().putSingle(HttpHeaders.RETRY_AFTER, Errors.RETRY_AFTER_SECONDS);
        }
    }
}
