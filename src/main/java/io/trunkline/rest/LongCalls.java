package io.trunkline.rest;

import io.quarkus.runtime.ShutdownEvent;
import io.trunkline.access.Credentials;
import io.trunkline.async.WorkerPool;
import io.trunkline.error.Failures;
import io.trunkline.error.TrunklineException;
import io.vertx.ext.web.RoutingContext;
import jakarta.annotation.Priority;
import jakarta.enterprise.event.Observes;
import jakarta.inject.Singleton;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import org.jboss.logging.Logger;
import org.jspecify.annotations.Nullable;

/**
 * Requests that wait for records. Where clients must prove who they are, those that wait for longer than a moment are looked at
 * again and again, and end once their client may no longer do what it does, on whatever replica that was taken away: decisions are
 * a second old at most, so that takes less than two. There are never more of them than requests under way.
 */
@Singleton
class LongCalls {
    private static final Logger LOG = Logger.getLogger(LongCalls.class);
    private static final long INTERVAL_MILLIS = 400;
    private static final Watched UNWATCHED = new Watched() {
        @Override
        void onChange(Runnable then) {
            // Nobody is somebody in particular.
        }

        @Override
        <T> CompletableFuture<T> result(CompletableFuture<T> call, Consumer<T> giveBack) {
            return call;
        }
    };

    private final Callers callers;
    private final Set<Call> calls = ConcurrentHashMap.newKeySet();
    private final AtomicBoolean ticking = new AtomicBoolean();
    private final ScheduledExecutorService timer = WorkerPool.timer("access-check", 1);

    LongCalls(Callers callers) {
        this.callers = callers;
    }

    void stop(@Observes @Priority(5) ShutdownEvent event) {
        WorkerPool.stop(timer);
    }

    /** A request that may have to end. */
    static class Watched {
        private volatile @Nullable TrunklineException refusal;
        /** Null where nobody has to prove who they are. */
        private volatile @Nullable Caller caller;

        private volatile Runnable changed = () -> {};

        /** Who the client is as of a moment ago; empty where nobody has to prove who they are. */
        Optional<Caller> caller() {
            return Optional.ofNullable(caller);
        }

        /** @param then is called, on any thread, when the client has proven to be somebody with other roles than before */
        void onChange(Runnable then) {
            changed = then;
        }

        /** Why the request has to end; empty while it need not. */
        Optional<TrunklineException> refusal() {
            return Optional.ofNullable(refusal);
        }

        /**
         * A call as it ends for the client: with the refusal, where there is one.
         *
         * @param giveBack what to do with a result that the client does not get
         */
        <T> CompletableFuture<T> result(CompletableFuture<T> call, Consumer<T> giveBack) {
            return call.handle((result, failure) -> {
                        TrunklineException reason = refusal;
                        if (reason != null) {
                            if (failure == null) {
                                giveBack.accept(result);
                            }
                            return CompletableFuture.<T>failedFuture(reason);
                        }
                        return call;
                    })
                    .thenCompose(result -> result);
        }
    }

    /**
     * Watches a request until it has been responded to.
     *
     * @param end is completed where the request has to end, which {@link Watched#result} fails with
     */
    Watched watch(RoutingContext context, CompletableFuture<Void> end) {
        Optional<ApiOperation.Asked> asked = AuthenticationFilter.asked(context);
        if (asked.isEmpty()) {
            return UNWATCHED;
        }
        Call call = new Call(asked.get(), AuthenticationFilter.credentials(context), Caller.of(context), end);
        calls.add(call);
        end.whenComplete((ended, failure) -> calls.remove(call));
        tickLater();
        return call;
    }

    /** How many are watched. */
    int count() {
        return calls.size();
    }

    private void tickLater() {
        if (!ticking.get() && ticking.compareAndSet(false, true)) {
            try {
                timer.schedule(this::tick, INTERVAL_MILLIS, TimeUnit.MILLISECONDS);
            } catch (RejectedExecutionException e) {
                LOG.debug("Requests are not watched: the service is being stopped");
            }
        }
    }

    private void tick() {
        ticking.set(false);
        try {
            long now = System.nanoTime();
            for (Call call : calls) {
                if (now - call.since >= TimeUnit.MILLISECONDS.toNanos(INTERVAL_MILLIS)) {
                    call.look();
                }
            }
        } finally {
            if (!calls.isEmpty()) {
                tickLater();
            }
        }
    }

    private final class Call extends Watched {
        private final ApiOperation.Asked asked;
        private final Credentials credentials;
        private final CompletableFuture<Void> end;
        private final long since = System.nanoTime();

        Call(ApiOperation.Asked asked, Credentials credentials, Caller caller, CompletableFuture<Void> end) {
            super.caller = caller;
            this.asked = asked;
            this.credentials = credentials;
            this.end = end;
        }

        /** Where nobody can say now whether the client still may, the next look does. */
        private void look() {
            callers.identify(credentials).whenComplete((caller, failure) -> {
                Optional<TrunklineException> reason = caller == null ? reason(failure) : asked.refusal(caller);
                reason.ifPresent(this::end);
                if (caller != null && reason.isEmpty()) {
                    is(caller);
                }
            });
        }

        private void is(Caller now) {
            Caller before = super.caller;
            super.caller = now;
            if (before == null || !before.principal().equals(now.principal())) {
                super.changed.run();
            }
        }

        private void end(TrunklineException reason) {
            super.refusal = reason;
            end.complete(null);
        }
    }

    private static Optional<TrunklineException> reason(@Nullable Throwable failure) {
        return failure != null
                        && Failures.unwrapped(failure) instanceof TrunklineException known
                        && ErrorStatus.of(known.code()) < 500
                ? Optional.of(known)
                : Optional.empty();
    }
}
