package io.trunkline.rest;

import io.trunkline.access.Access;
import io.trunkline.access.Credentials;
import io.trunkline.edge.Exchange;
import io.trunkline.edge.HttpCredentials;
import io.vertx.ext.web.RoutingContext;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/**
 * Who the last request of a connection proved to be, so that the next one with the same header, or cookie, needs no look at its token: most
 * connections show one token all the time, and hashing and looking it up costs more than everything else that is done to let a
 * request in. It counts as long as no token and no rule has changed, and for no longer than any other decision.
 *
 * @param header that had the credentials, or the cookie; the certificate is that of the connection
 * @param epoch of the tokens and rules that were gone by
 * @param until it counts, by the clock of {@link System#nanoTime}
 */
record Proof(String header, Credentials credentials, Caller caller, long epoch, long until) {
    private static final long LIFETIME_NANOS = TimeUnit.SECONDS.toNanos(1);
    /** Longer headers are read each time: every connection may hold one. */
    private static final int LONGEST = 2_048;

    /** The proof that lets in a request; empty where it has to be found out who makes it. */
    static Optional<Proof> of(RoutingContext context, Callers callers) {
        Optional<Proof> last = Exchange.of(context).remembered(Proof.class);
        if (last.isEmpty()) {
            return Optional.empty();
        }
        Proof proof = last.get();
        return proof.epoch == callers.epoch()
                        && System.nanoTime() - proof.until < 0
                        && HttpCredentials.text(context)
                                .filter(proof::isShownBy)
                                .isPresent()
                ? last
                : Optional.empty();
    }

    /**
     * Keeps what a request has proven.
     *
     * @param epoch before the credentials were looked at
     */
    static void keep(RoutingContext context, Credentials credentials, Caller caller, long epoch) {
        if (epoch == Access.STALE) {
            return;
        }
        HttpCredentials.text(context)
                .filter(header -> header.length() <= LONGEST)
                .ifPresent(header -> Exchange.of(context)
                        .remember(new Proof(header, credentials, caller, epoch, System.nanoTime() + LIFETIME_NANOS)));
    }

    /** In a time that does not tell how much of it is right: a connection may be that of a proxy, with many clients. */
    private boolean isShownBy(String text) {
        if (text.length() != header.length()) {
            return false;
        }
        int difference = 0;
        for (int i = 0; i < text.length(); i++) {
            difference |= text.charAt(i) ^ header.charAt(i);
        }
        return difference == 0;
    }

    /** Without the header, so that no log has it. */
    @Override
    public String toString() {
        return "Proof";
    }
}
