package io.trunkline.rest;

import io.quarkus.vertx.http.runtime.filters.Filters;
import io.vertx.ext.web.RoutingContext;
import jakarta.enterprise.event.Observes;
import jakarta.inject.Singleton;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicLong;
import org.jboss.logging.MDC;
import org.jspecify.annotations.Nullable;

/**
 * Gives every request an id, its client's or a new one, which stands in the answer and beside what is logged while the request
 * is handled.
 */
@Singleton
class RequestIds {
    static final String HEADER = "X-Request-Id";
    static final String LOG_KEY = "requestId";

    private static final int LONGEST = 128;

    /** Ids of this start begin with it, so that those of several replicas differ. */
    private final String prefix = UUID.randomUUID().toString().substring(0, 8) + "-";

    private final AtomicLong count = new AtomicLong();

    void register(@Observes Filters filters) {
        filters.register(this::identify, FilterOrder.REQUEST_ID);
    }

    private void identify(RoutingContext context) {
        String given = context.request().getHeader(HEADER);
        String id = isLegal(given) ? given : prefix + count.incrementAndGet();
        MDC.put(LOG_KEY, id);
        context.response().putHeader(HEADER, id);
        context.next();
    }

    /** Whether an id can be logged and answered as it is: characters that mean nothing to either. */
    private static boolean isLegal(@Nullable String id) {
        return id != null
                && !id.isEmpty()
                && id.length() <= LONGEST
                && id.chars()
                        .allMatch(c -> c >= 'a' && c <= 'z'
                                || c >= 'A' && c <= 'Z'
                                || c >= '0' && c <= '9'
                                || "-_.:/+=".indexOf(c) >= 0);
    }
}
