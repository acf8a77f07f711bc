package io.trunkline.rest;

import io.quarkus.vertx.http.runtime.filters.Filters;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpVersion;
import io.vertx.core.http.impl.HttpServerRequestInternal;
import io.vertx.core.http.impl.HttpServerRequestWrapper;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Observes;
import org.jspecify.annotations.Nullable;

/**
 * Lets requests of HTTP/2 be paused when they have been read, as those of HTTP/1 can be: the resources' framework pauses every
 * request before it looks at it, and Vert.x fails that for a request of HTTP/2 whose body a filter has read.
 */
@ApplicationScoped
class Http2Requests {
    private static final ThreadLocal<Boolean> AGAIN = ThreadLocal.withInitial(() -> false);

    private @Nullable Router router;

    void router(@Observes Router main) {
        router = main;
    }

    void register(@Observes Filters filters) {
        filters.register(this::wrap, FilterOrder.HTTP_2);
    }

    private void wrap(RoutingContext context) {
        Router main = router;
        if (AGAIN.get()
                || main == null
                || context.request().version() != HttpVersion.HTTP_2
                || !(context.request() instanceof HttpServerRequestInternal request)) {
            AGAIN.set(false);
            context.next();
            return;
        }
        AGAIN.set(true);
        try {
            main.handle(new Pausable(request));
        } finally {
            AGAIN.set(false);
        }
    }

    /** A request that may be paused and resumed at any time. */
    private static final class Pausable extends HttpServerRequestWrapper {
        Pausable(HttpServerRequestInternal request) {
            super(request);
        }

        @Override
        public HttpServerRequest pause() {
            if (!isEnded()) {
                super.pause();
            }
            return this;
        }

        @Override
        public HttpServerRequest resume() {
            if (!isEnded()) {
                super.resume();
            }
            return this;
        }

        @Override
        public HttpServerRequest fetch(long amount) {
            if (!isEnded()) {
                super.fetch(amount);
            }
            return this;
        }
    }
}
