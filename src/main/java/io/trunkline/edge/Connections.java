package io.trunkline.edge;

import io.vertx.core.net.impl.ConnectionBase;
import io.vertx.ext.web.RoutingContext;
import jakarta.inject.Singleton;

/** All connections of clients, and the requests on them. */
@Singleton
public class Connections {
    private final ClientLimits limits;
    private final ResponseBudget responses;

    Connections(ClientLimits limits, ResponseBudget responses) {
        this.limits = limits;
        this.responses = responses;
    }

    /**
     * A request begins. Used by its event loop.
     *
     * @return the request, from now on counted until the network has taken its response
     */
    public Exchange begin(RoutingContext context) {
        if (!(context.request().connection() instanceof ConnectionBase connection)) {
            throw new IllegalStateException("a connection without a channel");
        }
        ConnectionGuard guard = RequestFraming.guardOf(connection.channel(), limits);
        Exchange exchange = new Exchange(context, guard, limits, responses);
        exchange.begin();
        return exchange;
    }
}
