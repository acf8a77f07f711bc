package io.trunkline.edge;

import io.netty.channel.Channel;
import io.netty.util.concurrent.EventExecutor;
import io.netty.util.concurrent.Future;
import io.quarkus.tls.CertificateUpdatedEvent;
import io.vertx.core.Context;
import io.vertx.core.Vertx;
import jakarta.annotation.Priority;
import jakarta.enterprise.event.Observes;
import jakarta.inject.Singleton;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * Lets new connections wait in the operating system's queue while the ports take renewed certificates. Vert.x throws away what
 * it had before it has built what comes next, and closes every connection that it accepts between (4.5.27,
 * {@code TCPServerBase.updateSSLOptions}). Quarkus updates the ports in an observer of the same event, which waits for them.
 */
@Singleton
class CertificateRenewal {
    private static final int FIRST = 1;
    private static final int LAST = Integer.MAX_VALUE;
    /** How long nothing is accepted at most, whatever becomes of the update. */
    private static final long MOST_PAUSE_SECONDS = 5;

    private final Vertx vertx;
    /** Guarded by this. */
    private final List<Future<?>> ends = new ArrayList<>();

    CertificateRenewal(Vertx vertx) {
        this.vertx = vertx;
    }

    synchronized void begins(@Observes @Priority(FIRST) CertificateUpdatedEvent event) {
        if (Context.isOnEventLoopThread()) {
            // Nothing may wait here. Quarkus reads certificates on a thread that may.
            return;
        }
        List<Future<?>> pauses = new ArrayList<>();
        for (Channel port : GuardInstaller.ports()) {
            pauses.add(port.eventLoop().submit(() -> accept(port, false)));
            ends.add(port.eventLoop().schedule(() -> accept(port, true), MOST_PAUSE_SECONDS, TimeUnit.SECONDS));
        }
        pauses.forEach(CertificateRenewal::await);
        // What was accepted before is set up with the certificates before, when the tasks of its event loop until now
        // have run.
        List<Future<?>> turns = new ArrayList<>();
        for (EventExecutor loop : vertx.nettyEventLoopGroup()) {
            turns.add(loop.submit(() -> {}));
        }
        turns.forEach(CertificateRenewal::await);
    }

    synchronized void ends(@Observes @Priority(LAST) CertificateUpdatedEvent event) {
        ends.forEach(end -> end.cancel(false));
        ends.clear();
        for (Channel port : GuardInstaller.ports()) {
            port.eventLoop().execute(() -> accept(port, true));
        }
    }

    private static void accept(Channel port, boolean accepts) {
        port.config().setAutoRead(accepts);
    }

    private static void await(Future<?> task) {
        task.awaitUninterruptibly(1, TimeUnit.SECONDS);
    }
}
