package io.trunkline.rest;

import io.quarkus.vertx.http.runtime.filters.Filters;
import io.trunkline.access.Quotas;
import io.trunkline.error.TrunklineException;
import io.vertx.core.http.HttpMethod;
import io.vertx.ext.web.RoutingContext;
import jakarta.enterprise.event.Observes;
import jakarta.inject.Singleton;
import java.util.Optional;

/** Counts what a client uses before any work is done for it, and refuses what is too much. Costs nothing where nothing is limited. */
@Singleton
class QuotaFilter {
    private static final String ACCOUNT = QuotaFilter.class.getName();

    private final Quotas quotas;

    QuotaFilter(Quotas quotas) {
        this.quotas = quotas;
    }

    void register(@Observes Filters filters) {
        if (quotas.limitRequests()) {
            filters.register(this::count, FilterOrder.QUOTA);
        }
    }

    /** What the client of a request uses; empty where nothing is limited. */
    static Optional<Quotas.Account> account(RoutingContext context) {
        return Optional.ofNullable(context.get(ACCOUNT));
    }

    private void count(RoutingContext context) {
        if (account(context).isPresent()) {
            context.next(); // the same request under another path
            return;
        }
        Quotas.Account account = quotas.of(Caller.of(context).principal());
        try {
            account.request();
            if (isPoll(context)) {
                account.open();
                context.addEndHandler(end -> account.close());
            }
        } catch (TrunklineException e) {
            Refusals.refuse(context, e);
            return;
        }
        context.put(ACCOUNT, account);
        context.next();
    }

    /** Whether records are read, for which the client may wait. */
    private static boolean isPoll(RoutingContext context) {
        HttpMethod method = context.request().method();
        return (method == HttpMethod.GET || method == HttpMethod.HEAD)
                && ApiOperation.of(method, context.normalizedPath())
                        .filter(asked -> switch (asked.operation()) {
                            case FETCH, STREAM, POLL -> true;
                            default -> false;
                        })
                        .isPresent();
    }
}
