package io.trunkline.rest;

import io.quarkus.vertx.http.runtime.filters.Filters;
import io.trunkline.edge.Connections;
import io.trunkline.edge.Exchange;
import io.trunkline.edge.HttpConfig;
import io.trunkline.error.ErrorCode;
import io.trunkline.error.TrunklineException;
import io.vertx.core.net.HostAndPort;
import io.vertx.ext.web.RoutingContext;
import jakarta.enterprise.event.Observes;
import jakarta.inject.Singleton;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Counts every request, and refuses at once those that are too many or not meant for this service. */
@Singleton
class RequestFilter {
    private final Connections connections;
    private final Set<String> hosts;

    RequestFilter(Connections connections, HttpConfig config) {
        this.connections = connections;
        hosts = new HashSet<>();
        config.allowedHosts().orElse(List.of()).forEach(host -> hosts.add(host.toLowerCase(Locale.ROOT)));
    }

    void register(@Observes Filters filters) {
        filters.register(this::begin, FilterOrder.ADMISSION);
    }

    private void begin(RoutingContext context) {
        Exchange exchange = connections.begin(context);
        try {
            exchange.admit();
            checkHost(context.request().authority());
        } catch (TrunklineException e) {
            Refusals.refuse(context, e);
            return;
        }
        exchange.whenItsTurn(context::next);
    }

    private void checkHost(@Nullable HostAndPort authority) {
        if (!hosts.isEmpty()
                && (authority == null || !hosts.contains(authority.host().toLowerCase(Locale.ROOT)))) {
            throw new TrunklineException(
                    ErrorCode.HOST_NOT_ALLOWED,
                    "The service is not to be addressed under this host (trunkline.http.allowed-hosts).");
        }
    }
}
