package io.trunkline.rest;

import io.trunkline.async.WorkerPool;
import jakarta.annotation.PreDestroy;
import jakarta.inject.Inject;
import jakarta.inject.Singleton;
import java.nio.ByteBuffer;
import java.util.concurrent.CompletableFuture;
import java.util.function.Function;
import java.util.function.Supplier;

/** Parses bodies: small ones at once, larger ones on threads of its own, since others wait for the event loop. */
@Singleton
class Parsing {
    private static final int SMALL_BODY = 32 * 1024;
    private static final int MOST_WAITING = 1_000;

    private final WorkerPool pool;

    @Inject
    Parsing() {
        this(Runtime.getRuntime().availableProcessors(), MOST_WAITING);
    }

    Parsing(int threads, int mostWaiting) {
        pool = new WorkerPool("parse", threads, mostWaiting);
    }

    @PreDestroy
    void close() {
        pool.close();
    }

    /**
     * What a parser makes of a body; fails with {@code OVERLOADED} when too many are waiting.
     *
     * @param body is asked when its turn comes, so that what a client that has gone sent is not held until then
     */
    <T> CompletableFuture<T> parse(Supplier<ByteBuffer> body, Function<ByteBuffer, T> parser) {
        return body.get().limit() <= SMALL_BODY
                ? CompletableFuture.completedFuture(parser.apply(body.get()))
                : pool.call(() -> parser.apply(body.get()));
    }

    /** Makes something that takes a moment on one of these threads; fails with {@code OVERLOADED} when too many are waiting. */
    <T> CompletableFuture<T> make(Supplier<T> maker) {
        return pool.call(maker::get);
    }
}
